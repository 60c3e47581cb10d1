#include "half.h"

#include <string.h>

static float half_to_float_one(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
  uint32_t exponent = (h >> 10) & 0x1fu;
  uint32_t mantissa = h & 0x3ffu;
  uint32_t bits;
  if (exponent == 31) {
    bits = sign | 0x7f800000u | (mantissa << 13);
    if (mantissa) bits |= 0x00400000u;  // quiet, as the hardware does
  } else if (exponent != 0) {
    bits = sign | ((exponent + 112) << 23) | (mantissa << 13);
  } else if (mantissa == 0) {
    bits = sign;
  } else {
    uint32_t shift = (uint32_t)__builtin_clz(mantissa) - 21;
    bits = sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ffu) << 13);
  }
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint16_t float_to_half_one(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint16_t sign = (uint16_t)((bits >> 16) & 0x8000u);
  uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu));
  if (magnitude >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u);
  if (magnitude < 0x33000001u) return sign;
  uint32_t exponent = magnitude >> 23;
  uint32_t mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  uint32_t shift = exponent < 113 ? 126 - exponent : 13;
  uint32_t base = exponent < 113 ? 0 : (exponent - 113) << 10;
  uint32_t half = base + (mantissa >> shift);
  uint32_t rest = mantissa & ((1u << shift) - 1);
  uint32_t tie = 1u << (shift - 1);
  if (rest > tie || (rest == tie && (half & 1))) half++;
  return (uint16_t)(sign | half);
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx,f16c"))) static void half_to_float_f16c(const uint16_t *source, float *target,
                                                                   size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    _mm256_storeu_ps(target + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(source + i))));
  for (; i < count; i++) target[i] = half_to_float_one(source[i]);
}

__attribute__((target("avx,f16c"))) static void float_to_half_f16c(const float *source, uint16_t *target,
                                                                   size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    _mm_storeu_si128((__m128i *)(target + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(source + i), _MM_FROUND_TO_NEAREST_INT));
  for (; i < count; i++) target[i] = float_to_half_one(source[i]);
}
#endif

void fkv_half_to_float(const uint16_t *source, float *target, size_t count) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("f16c")) {
    half_to_float_f16c(source, target, count);
    return;
  }
#endif
  for (size_t i = 0; i < count; i++) target[i] = half_to_float_one(source[i]);
}

void fkv_float_to_half(const float *source, uint16_t *target, size_t count) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("f16c")) {
    float_to_half_f16c(source, target, count);
    return;
  }
#endif
  for (size_t i = 0; i < count; i++) target[i] = float_to_half_one(source[i]);
}
