#include "quantise.h"

#include <math.h>

#pragma clang fp contract(off)

static inline __attribute__((always_inline)) size_t quantise(const float *restrict source, int16_t *restrict target,
                                                             size_t count, float step, float dead) {
  uint32_t outside = 0;
  for (size_t i = 0; i < count; i++) {
    float scaled = source[i] / step;
    float q = __builtin_rintf(scaled - __builtin_copysignf(dead, scaled));
    float held = q > -32768.0f ? q : -32768.0f;
    held = held < 32767.0f ? held : 32767.0f;
    held = q == q ? held : 0.0f;
    outside += held != q;
    target[i] = (int16_t)(int32_t)held;
  }
  return outside;
}

static inline __attribute__((always_inline)) void dequantise(const int16_t *restrict source, float *restrict target,
                                                             size_t count, float step, float bias) {
  for (size_t i = 0; i < count; i++) {
    float q = (float)source[i];
    float toward = q > 0 ? bias : q < 0 ? -bias : 0.0f;  // 0 - 0 is +0
    target[i] = (q - toward) * step;
  }
}

#if defined(__x86_64__)
#define VARIANT(name, features)                                                                                   \
  __attribute__((target(features))) static size_t quantise_##name(const float *source, int16_t *target,           \
                                                                  size_t count, float step, float dead) {         \
    return quantise(source, target, count, step, dead);                                                           \
  }                                                                                                               \
  __attribute__((target(features))) static void dequantise_##name(const int16_t *source, float *target,           \
                                                                  size_t count, float step, float bias) {         \
    dequantise(source, target, count, step, bias);                                                                \
  }
VARIANT(avx2, "avx2")
VARIANT(avx512, "avx512f,avx512bw,avx512vl,avx512dq")
#endif

size_t fkv_quantise(int level, const float *source, int16_t *target, size_t count, float step, float dead) {
  size_t outside = 0;
  // The inner counter has 32 bits.
  for (const size_t block = (size_t)1 << 24; count; ) {
    size_t part = count < block ? count : block;
#if defined(__x86_64__)
    if (level >= 3) outside += quantise_avx512(source, target, part, step, dead);
    else if (level == 2) outside += quantise_avx2(source, target, part, step, dead);
    else
#endif
      outside += quantise(source, target, part, step, dead);
    source += part, target += part, count -= part;
  }
  (void)level;
  return outside;
}

void fkv_dequantise(int level, const int16_t *source, float *target, size_t count, float step, float bias) {
#if defined(__x86_64__)
  if (level >= 3) {
    dequantise_avx512(source, target, count, step, bias);
    return;
  }
  if (level == 2) {
    dequantise_avx2(source, target, count, step, bias);
    return;
  }
#endif
  (void)level;
  dequantise(source, target, count, step, bias);
}
