#include "attend.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "simd.h"

#define INLINE inline __attribute__((always_inline))

// Vectors never cross a call: every function that has them is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t i16 __attribute__((vector_size(64)));
typedef uint32_t u16 __attribute__((vector_size(64)));
typedef uint16_t h16 __attribute__((vector_size(32)));

// Asks for what is read some microseconds later.
static INLINE void ahead(const void *base, size_t index, int type) {
  __builtin_prefetch((const char *)base + index * (type == fkv_attend_float ? 4 : 2) + 8192);
}

// Tokens of a tile: from R·16·tile on, R·16 of them.
static int sees_all(const fkv_attend_pass *a, size_t tile) {
  const ptrdiff_t count = (ptrdiff_t)(a->rows * fkv_attend_lanes), start = count * (ptrdiff_t)tile;
  for (size_t q = 0; q < a->query_count; q++)
    if (a->first[q] > start || a->end[q] < start + count) return 0;
  return 1;
}

static int sees_any(const fkv_attend_pass *a, size_t tile) {
  const ptrdiff_t count = (ptrdiff_t)(a->rows * fkv_attend_lanes), start = count * (ptrdiff_t)tile;
  for (size_t q = 0; q < a->query_count; q++)
    if (a->first[q] < start + count && a->end[q] > start) return 1;
  return 0;
}

// What nobody sees has no probability.
static void forget(const fkv_attend_pass *a, size_t tile) {
  const size_t size = a->rows * a->query_count * 16;
  memset(a->scores + (tile - a->first_tile) * size, 0, size * sizeof(float));
}

// Caps scores and takes out those that a query does not see; the largest are found again.
static void settle(const fkv_attend_pass *a, size_t tile, float *p, float *top) {
  const size_t nq = a->query_count;
  for (size_t q = 0; q < nq; q++) {
    float most = -INFINITY;
    for (size_t r = 0; r < a->rows; r++)
      for (size_t lane = 0; lane < 16; lane++) {
        float *score = p + (r * nq + q) * 16 + lane;
        const ptrdiff_t token = (ptrdiff_t)(a->rows * (tile * 16 + lane) + r);
        if (a->cap > 0) *score = a->cap * tanhf(*score / a->cap);
        if (token < a->first[q] || token >= a->end[q]) *score = -INFINITY;
        if (*score > most) most = *score;
      }
    top[q] = most;
  }
}

// Probabilities of a tile of which nothing is seen: 0, or NaN where a score is one.
static float nothing(const fkv_attend_pass *a, float *p, size_t q) {
  float sum = 0;
  for (size_t r = 0; r < a->rows; r++)
    for (size_t lane = 0; lane < 16; lane++) {
      float *score = p + (r * a->query_count + q) * 16 + lane;
      *score = *score == -INFINITY ? 0 : NAN;
      sum += *score;
    }
  return sum;
}

static void scale(float *numbers, size_t count, float factor) {
  for (size_t i = 0; i < count; i++) numbers[i] *= factor;
}

// Makes `most` the maximum of query q where it is larger, and brings what was summed so far to it.
static void raise(const fkv_attend_pass *a, size_t tile, size_t q, float most) {
  if (!(most > a->maximum[q])) return;
  const float factor = expf(a->maximum[q] - most);
  a->maximum[q] = most;
  if (a->sum[q] == 0) return;
  a->sum[q] *= factor;
  for (size_t f = 0; f < a->value_features; f++) scale(a->outputs + (f * a->query_count + q) * 16, 16, factor);
  if (a->grid) scale(a->spread + q * a->grid_stride, a->grid_stride, factor);
  if (!a->scores) return;
  for (size_t r = 0; r < a->rows * (tile - a->first_tile); r++)
    scale(a->scores + (r * a->query_count + q) * 16, 16, factor);
}

// Half precision without instructions for it: the exponent is moved by a multiplication, which denormals survive.
static INLINE v16 widen_half_portable(const uint16_t *source) {
  h16 half;
  memcpy(&half, source, sizeof half);
  const u16 bits = __builtin_convertvector(half, u16);
  const u16 magnitude = (bits & 0x7fff) << 13;
  const v16 scaled = (v16)magnitude * 0x1p112f;
  const u16 special = (u16)((bits & 0x7c00) == 0x7c00) & 0x7f800000u;
  return (v16)((u16)scaled | special | (bits & 0x8000) << 16);
}

#define TARGET
#define NAME(x) x##_portable
#define WIDEN_HALF(pointer) widen_half_portable(pointer)
#include "attend_pass.h"
#undef TARGET
#undef NAME
#undef WIDEN_HALF

#if defined(__x86_64__)
#include <immintrin.h>

typedef float v8 __attribute__((vector_size(32)));

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define NAME(x) x##_avx2
#define WIDEN_HALF(pointer) \
  __builtin_shufflevector((v8)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(pointer))), \
                          (v8)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(pointer) + 1)), 0, 1, 2, 3, 4, 5, 6, \
                          7, 8, 9, 10, 11, 12, 13, 14, 15)
#include "attend_pass.h"
#undef TARGET
#undef NAME
#undef WIDEN_HALF

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,f16c")))
#define NAME(x) x##_avx512
#define WIDEN_HALF(pointer) (v16)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(pointer)))
#include "attend_pass.h"
#endif

void fkv_attend(const fkv_attend_pass *pass) {
#if defined(__x86_64__)
  const int level = fkv_simd_level();
  if (level >= fkv_simd_avx512) {
    attend_avx512(pass);
    return;
  }
  if (level >= fkv_simd_avx2 && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
    attend_avx2(pass);
    return;
  }
#endif
  attend_portable(pass);
}
