#ifndef FKV_QUANTISE_H
#define FKV_QUANTISE_H

#include <stddef.h>
#include <stdint.h>

/// q = source / step moved toward 0 by `dead` (past 0 if that is nearer), rounded to the nearest integer, ties to even, held to -32768…32767; NaN gives 0. Returns how many
/// did not fit or were NaN. `level` is one of `fkv_simd_level`.
size_t fkv_quantise(int level, const float *source, int16_t *target, size_t count, float step, float dead);

/// x = (q - bias) step for q > 0, (q + bias) step for q < 0, 0 for 0, each operation rounded to binary32.
void fkv_dequantise(int level, const int16_t *source, float *target, size_t count, float step, float bias);

#endif
