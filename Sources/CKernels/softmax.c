#include "softmax.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#define MULTIVERSION __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define MULTIVERSION
#endif

// exp(x) for x ≤ 0: 2^n · p(r), r in [−ln2/2, ln2/2], Taylor to r^6; relative error below 2e-7. Zero below −87.
static inline __attribute__((always_inline)) float exponential(float x) {
  float clamped = x < -87.0f ? -87.0f : x;
  float n = __builtin_rintf(clamped * 1.44269504f);
  float r = clamped - n * 0.693359375f + n * 2.12194440e-4f;
  float p = 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  int32_t bits = ((int32_t)n + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return x < -87.0f ? 0.0f : p * power;
}

MULTIVERSION static float exponentials(float *row, size_t count, float maximum) {
  float sums[16] = {0};
  size_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (size_t j = 0; j < 16; j++) {
      float e = exponential(row[i + j] - maximum);
      row[i + j] = e;
      sums[j] += e;
    }
  for (; i < count; i++) {
    row[i] = exponential(row[i] - maximum);
    sums[0] += row[i];
  }
  float sum = 0;
  for (size_t j = 0; j < 16; j++) sum += sums[j];
  return sum;
}

MULTIVERSION static float maximum_of(const float *row, size_t count) {
  float lanes[16];
  for (size_t j = 0; j < 16; j++) lanes[j] = row[0];
  size_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (size_t j = 0; j < 16; j++) lanes[j] = row[i + j] > lanes[j] ? row[i + j] : lanes[j];
  for (; i < count; i++) lanes[0] = row[i] > lanes[0] ? row[i] : lanes[0];
  float maximum = lanes[0];
  for (size_t j = 1; j < 16; j++) maximum = lanes[j] > maximum ? lanes[j] : maximum;
  return maximum;
}

void fkv_softmax_row(float *row, size_t count, size_t first, size_t end, float cap) {
  for (size_t i = 0; i < first; i++) row[i] = 0;
  for (size_t i = end; i < count; i++) row[i] = 0;
  float *seen = row + first;
  size_t n = end - first;
  if (cap > 0)
    for (size_t i = 0; i < n; i++) seen[i] = cap * tanhf(seen[i] / cap);
  float factor = 1.0f / exponentials(seen, n, maximum_of(seen, n));
  for (size_t i = 0; i < n; i++) seen[i] *= factor;
}
