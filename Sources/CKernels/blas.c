#define _GNU_SOURCE
#include "blas.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#include <dlfcn.h>

void fkv_choose_blas_kernels(void) {
  if (getenv("OPENBLAS_CORETYPE")) return;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512cd"))
    return;
  char *(*name)(void) = (char *(*)(void))dlsym(RTLD_DEFAULT, "gotoblas_corename");
  void (*quit)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_quit");
  void (*init)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_init");
  if (!name || !quit || !init) return;
  if (strcmp(name(), "Haswell") != 0 && strcmp(name(), "Zen") != 0) return;
  setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
  quit();
  init();
  unsetenv("OPENBLAS_CORETYPE");
}
#else
void fkv_choose_blas_kernels(void) {}
#endif
