#ifndef FKV_SIMD_H
#define FKV_SIMD_H

/// How far the kernels may go. `fkv_simd_reference` asks callers for their plain Swift code.
enum fkv_simd_level {
  fkv_simd_reference = 0,
  fkv_simd_portable = 1,
  fkv_simd_avx2 = 2,
  fkv_simd_avx512 = 3,
};

/// The highest level that this machine has.
int fkv_simd_best(void);

/// The level in use: that named by the environment variable FKV_SIMD (`reference`, `portable`, `avx2`, `avx512`) where
/// it is set and this machine has it, else the best.
int fkv_simd_level(void);

#endif
