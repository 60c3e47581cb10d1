#include "simd.h"

#include <stdlib.h>
#include <string.h>

int fkv_simd_best(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    return fkv_simd_avx512;
  if (__builtin_cpu_supports("avx2")) return fkv_simd_avx2;
#endif
  return fkv_simd_portable;
}

int fkv_simd_level(void) {
  static const char *const names[] = {"reference", "portable", "avx2", "avx512"};
  const char *wanted = getenv("FKV_SIMD");
  int best = fkv_simd_best();
  if (wanted)
    for (int level = 0; level <= best; level++)
      if (!strcmp(wanted, names[level])) return level;
  return best;
}
