// The tile pass, included once for each set of instructions with NAME(x), WIDEN_HALF(pointer) and TARGET.

TARGET static INLINE v16 NAME(load)(const float *source) {
  v16 value;
  memcpy(&value, source, sizeof value);
  return value;
}

TARGET static INLINE void NAME(store)(float *target, v16 value) { memcpy(target, &value, sizeof value); }

TARGET static INLINE v16 NAME(choose)(i16 mask, v16 yes, v16 no) {
  return (v16)((mask & (i16)yes) | (~mask & (i16)no));
}

// exp(x) for x ≤ 0 as in softmax.c: relative error below 2e-7, 0 below −87.
TARGET static INLINE v16 NAME(exponential)(v16 x) {
  const v16 clamped = NAME(choose)(x < -87.0f, (v16){0} - 87.0f, x);
  // Adding and taking away 1.5·2^23 rounds to the nearest integer.
  const v16 n = (clamped * 1.44269504f + 12582912.0f) - 12582912.0f;
  const v16 r = clamped - n * 0.693359375f + n * 2.12194440e-4f;
  v16 p = r * (1.0f / 720) + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const v16 power = (v16)((__builtin_convertvector(n, i16) + 127) << 23);
  return NAME(choose)(x < -87.0f, (v16){0}, p * power);
}

TARGET static INLINE float NAME(largest)(v16 value) {
  float most = value[0];
  for (int i = 1; i < 16; i++) most = value[i] > most ? value[i] : most;
  return most;
}

TARGET static INLINE float NAME(total)(v16 value) {
  float sum = 0;
  for (int i = 0; i < 16; i++) sum += value[i];
  return sum;
}

TARGET static INLINE v16 NAME(widen)(const void *base, size_t index, int type) {
  if (type == fkv_attend_half) return WIDEN_HALF((const uint16_t *)base + index);
  v16 result;
  if (type == fkv_attend_float) {
    memcpy(&result, (const float *)base + index, sizeof result);
    return result;
  }
  h16 half;
  memcpy(&half, (const uint16_t *)base + index, sizeof half);
  return (v16)(__builtin_convertvector(half, u16) << 16);
}

// Scores of `count` rows from row `r` of a tile.
TARGET static INLINE void NAME(scores)(const fkv_attend_pass *a, size_t tile, size_t r, const size_t count, v16 *top,
                                       float *out, const int type, const size_t nq) {
  v16 sum[2][fkv_attend_queries];
  const size_t cell = tile * fkv_attend_lanes, features = a->key_features;
  for (size_t i = 0; i < count; i++)
    for (size_t q = 0; q < nq; q++) {
      sum[i][q] = (v16){0};
      if (a->scores) sum[i][q] = NAME(load)(out + ((r + i) * nq + q) * 16);
    }
  if (a->grid)
    for (size_t j = 0; j < fkv_attend_taps; j++)
      for (size_t q = 0; q < nq; q++) {
        const v16 y = NAME(load)(a->grid + q * a->grid_stride + cell + j);
        for (size_t i = 0; i < count; i++) sum[i][q] += a->weights[(r + i) * fkv_attend_taps + j] * y;
      }
  const size_t start = (tile * a->rows + r) * features;
  for (size_t f = 0; f < features; f++) {
    v16 key[2];
    for (size_t i = 0; i < count; i++) {
      key[i] = NAME(widen)(a->keys, (start + i * features + f) * 16, type);
      ahead(a->keys, (start + i * features + f) * 16, type);
    }
    for (size_t q = 0; q < nq; q++)
      for (size_t i = 0; i < count; i++) sum[i][q] += a->queries[f * nq + q] * key[i];
  }
  for (size_t i = 0; i < count; i++)
    for (size_t q = 0; q < nq; q++) {
      NAME(store)(out + ((r + i) * nq + q) * 16, sum[i][q]);
      top[q] = NAME(choose)(sum[i][q] > top[q], sum[i][q], top[q]);
    }
}

// Adds p·v of `nf` features from feature `f`, whose numbers stand from index `start` on.
TARGET static INLINE void NAME(values)(const fkv_attend_pass *a, size_t start, size_t f, const size_t nf,
                                       const float *p, const int type, const size_t nq) {
  v16 sum[4][fkv_attend_queries];
  for (size_t i = 0; i < nf; i++)
    for (size_t q = 0; q < nq; q++) sum[i][q] = NAME(load)(a->outputs + ((f + i) * nq + q) * 16);
  for (size_t r = 0; r < a->rows; r++) {
    v16 own[fkv_attend_queries];
    for (size_t q = 0; q < nq; q++) own[q] = NAME(load)(p + (r * nq + q) * 16);
    for (size_t i = 0; i < nf; i++) {
      const v16 value = NAME(widen)(a->values, start + (r * nf + i) * 16, type);
      ahead(a->values, start + (r * nf + i) * 16, type);
      for (size_t q = 0; q < nq; q++) sum[i][q] += own[q] * value;
    }
  }
  for (size_t i = 0; i < nf; i++)
    for (size_t q = 0; q < nq; q++) NAME(store)(a->outputs + ((f + i) * nq + q) * 16, sum[i][q]);
}

TARGET static INLINE void NAME(tile)(const fkv_attend_pass *a, size_t tile, const int type, const size_t nq) {
  const size_t rows = a->rows, cell = tile * fkv_attend_lanes;
  float *p = a->scores ? a->scores + (tile - a->first_tile) * rows * nq * 16 : a->scratch;
  v16 top[fkv_attend_queries];
  for (size_t q = 0; q < nq; q++) top[q] = (v16){0} - __builtin_inff();
  size_t r = 0;
  for (; r + 2 <= rows; r += 2) NAME(scores)(a, tile, r, 2, top, p, type, nq);
  for (; r < rows; r++) NAME(scores)(a, tile, r, 1, top, p, type, nq);
  float most[fkv_attend_queries];
  for (size_t q = 0; q < nq; q++) most[q] = NAME(largest)(top[q]);
  if (a->cap > 0 || !sees_all(a, tile)) settle(a, tile, p, most);
  for (size_t q = 0; q < nq; q++) raise(a, tile, q, most[q]);

  for (size_t q = 0; q < nq; q++) {
    const float maximum = a->maximum[q];
    v16 sum = {0};
    if (maximum == -__builtin_inff()) {
      a->sum[q] += nothing(a, p, q);
      continue;
    }
    for (size_t i = 0; i < rows; i++) {
      const v16 e = NAME(exponential)(NAME(load)(p + (i * nq + q) * 16) - maximum);
      NAME(store)(p + (i * nq + q) * 16, e);
      sum += e;
    }
    a->sum[q] += NAME(total)(sum);
    if (!a->grid) continue;
    v16 taps[fkv_attend_taps];
    for (size_t j = 0; j < fkv_attend_taps; j++) taps[j] = (v16){0};
    for (size_t i = 0; i < rows; i++) {
      const v16 e = NAME(load)(p + (i * nq + q) * 16);
      for (size_t j = 0; j < fkv_attend_taps; j++) taps[j] += a->weights[i * fkv_attend_taps + j] * e;
    }
    for (size_t j = 0; j < fkv_attend_taps; j++) {
      float *target = a->spread + q * a->grid_stride + cell + j;
      NAME(store)(target, NAME(load)(target) + taps[j]);
    }
  }
  const size_t start = tile * rows * a->value_features * 16;
  size_t f = 0;
  for (; f + 4 <= a->value_features; f += 4) NAME(values)(a, start + rows * f * 16, f, 4, p, type, nq);
  switch (a->value_features - f) {
    case 1: NAME(values)(a, start + rows * f * 16, f, 1, p, type, nq); break;
    case 2: NAME(values)(a, start + rows * f * 16, f, 2, p, type, nq); break;
    case 3: NAME(values)(a, start + rows * f * 16, f, 3, p, type, nq); break;
    default: break;
  }
}

TARGET static void NAME(attend)(const fkv_attend_pass *a) {
#define TILES(type, nq) \
  for (size_t tile = a->first_tile; tile < a->end_tile; tile++) { \
    if (sees_any(a, tile)) \
      NAME(tile)(a, tile, type, nq); \
    else if (a->scores) \
      forget(a, tile); \
  }
  if (a->query_count == 1) {
    if (a->type == fkv_attend_half) TILES(fkv_attend_half, 1)
    if (a->type == fkv_attend_bfloat) TILES(fkv_attend_bfloat, 1)
    if (a->type == fkv_attend_float) TILES(fkv_attend_float, 1)
  } else {
    if (a->type == fkv_attend_half) TILES(fkv_attend_half, 4)
    if (a->type == fkv_attend_bfloat) TILES(fkv_attend_bfloat, 4)
    if (a->type == fkv_attend_float) TILES(fkv_attend_float, 4)
  }
#undef TILES
}
