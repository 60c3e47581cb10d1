#include "planes.h"

static void starts(const uint8_t **plane, const uint8_t *base, size_t count, size_t stride) {
  for (size_t p = 0; p < stride; p++) {
    plane[p] = base;
    base += (count + stride - 1 - p) / stride;
  }
}

void fkv_planes_split(const uint8_t *source, uint8_t *target, size_t count, size_t stride) {
  const uint8_t *plane[4];
  starts(plane, target, count, stride);
  size_t whole = count / stride;
  if (stride == 2) {
    uint8_t *restrict low = (uint8_t *)plane[0], *restrict high = (uint8_t *)plane[1];
    for (size_t i = 0; i < whole; i++) low[i] = source[2 * i], high[i] = source[2 * i + 1];
  } else {
    for (size_t p = 0; p < stride; p++) {
      uint8_t *restrict to = (uint8_t *)plane[p];
      for (size_t i = 0; i < whole; i++) to[i] = source[stride * i + p];
    }
  }
  for (size_t i = whole * stride; i < count; i++) ((uint8_t *)plane[i % stride])[whole] = source[i];
}

void fkv_planes_join(const uint8_t *source, uint8_t *target, size_t count, size_t stride) {
  const uint8_t *plane[4];
  starts(plane, source, count, stride);
  size_t whole = count / stride;
  if (stride == 2) {
    const uint8_t *restrict low = plane[0], *restrict high = plane[1];
    for (size_t i = 0; i < whole; i++) target[2 * i] = low[i], target[2 * i + 1] = high[i];
  } else {
    for (size_t i = 0; i < whole; i++)
      for (size_t p = 0; p < stride; p++) target[stride * i + p] = plane[p][i];
  }
  for (size_t i = whole * stride; i < count; i++) target[i] = plane[i % stride][whole];
}
