// 32 lanes as four registers of 32-bit states, even lanes apart from odd ones as in rans_avx512.c.
#include "rans_step.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET2 __attribute__((target("avx2,popcnt")))
#define INLINE2 static inline __attribute__((always_inline)) TARGET2

/// For each mask of eight lanes, which fresh word each lane takes: the set bits below it.
#define RANK(m, i) ((uint64_t)__builtin_popcount((m) & ((1u << (i)) - 1)) << (8 * (i)))
#define R1(m) \
  (RANK(m, 0) | RANK(m, 1) | RANK(m, 2) | RANK(m, 3) | RANK(m, 4) | RANK(m, 5) | RANK(m, 6) | RANK(m, 7))
#define R4(m) R1(m), R1((m) + 1), R1((m) + 2), R1((m) + 3)
#define R16(m) R4(m), R4((m) + 4), R4((m) + 8), R4((m) + 12)
#define R64(m) R16(m), R16((m) + 16), R16((m) + 32), R16((m) + 48)
static const uint64_t ranks[256] = {R64(0u), R64(64u), R64(128u), R64(192u)};

typedef struct {
  __m256i even[2], odd[2];
  const uint8_t *words;
} lanes;

/// The two registers' lanes that take part, all ones each.
typedef struct {
  __m256i even[2], odd[2];
} lane_mask;

INLINE2 const uint8_t *refill(__m256i *x, __m256i active, const uint8_t *words) {
  __m256i low = _mm256_and_si256(active, _mm256_cmpeq_epi32(_mm256_srli_epi32(*x, 16), _mm256_setzero_si256()));
  unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(low));
  __m256i fresh = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)words));
  __m256i order = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)&ranks[mask]));
  fresh = _mm256_or_si256(_mm256_slli_epi32(*x, 16), _mm256_permutevar8x32_epi32(fresh, order));
  *x = _mm256_blendv_epi8(*x, fresh, low);
  return words + 2 * (unsigned)_mm_popcnt_u32(mask);
}

/// Sixteen 16-bit entries as two byte tables for `_mm256_shuffle_epi8`.
typedef struct {
  __m256i low, high;
} table16;

INLINE2 table16 make_table(const uint16_t *entries) {
  uint8_t low[16], high[16];
  for (int i = 0; i < 16; i++) low[i] = (uint8_t)entries[i], high[i] = (uint8_t)(entries[i] >> 8);
  return (table16){_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)low)),
                   _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)high))};
}

INLINE2 __m256i look_up(table16 table, __m256i both) {
  return _mm256_blendv_epi8(_mm256_shuffle_epi8(table.low, both), _mm256_shuffle_epi8(table.high, both),
                            _mm256_set1_epi16((short)0xff00));
}

INLINE2 int group(fkv_rans_reader *reader, lanes *state, const __m256i *below, table16 starts, table16 frequencies,
                  const unsigned escape, unsigned shift, const lane_mask *active, size_t count, int16_t *target) {
  __m256i low = _mm256_set1_epi32(0xffff), values[2];
  uint32_t escaped = 0;
  for (int h = 0; h < 2; h++) {
    __m256i slots = _mm256_and_si256(
        _mm256_blend_epi16(state->even[h], _mm256_slli_epi32(state->odd[h], 16), 0xaa), _mm256_set1_epi16(0x7fff));
    __m256i k = _mm256_setzero_si256();
    for (unsigned t = 0; t < escape; t++) k = _mm256_sub_epi16(k, _mm256_cmpgt_epi16(slots, below[t]));
    __m256i both = _mm256_or_si256(k, _mm256_slli_epi16(k, 8));
    __m256i rest = _mm256_sub_epi16(slots, look_up(starts, both));
    __m256i f = look_up(frequencies, both);
    __m256i positive = _mm256_cmpgt_epi16(f, rest);
    rest = _mm256_sub_epi16(rest, _mm256_andnot_si256(positive, f));
    __m256i negative = _mm256_cmpeq_epi16(positive, _mm256_setzero_si256());
    values[h] = _mm256_sub_epi16(_mm256_xor_si256(k, negative), negative);
    escaped |= (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi16(k, _mm256_set1_epi16((short)escape))) ? 1u << h : 0;
    __m256i even = _mm256_add_epi32(
        _mm256_mullo_epi32(_mm256_and_si256(f, low), _mm256_srli_epi32(state->even[h], fkv_rans_bits)),
        _mm256_and_si256(rest, low));
    __m256i odd = _mm256_add_epi32(
        _mm256_mullo_epi32(_mm256_srli_epi32(f, 16), _mm256_srli_epi32(state->odd[h], fkv_rans_bits)),
        _mm256_srli_epi32(rest, 16));
    state->even[h] = _mm256_blendv_epi8(state->even[h], even, active->even[h]);
    state->odd[h] = _mm256_blendv_epi8(state->odd[h], odd, active->odd[h]);
  }
  for (int h = 0; h < 2; h++) state->words = refill(&state->even[h], active->even[h], state->words);
  for (int h = 0; h < 2; h++) state->words = refill(&state->odd[h], active->odd[h], state->words);
  if (__builtin_expect(escaped != 0, 0)) {
    int16_t patched[32];
    for (int h = 0; h < 2; h++) _mm256_storeu_si256((__m256i *)(patched + 16 * h), values[h]);
    for (size_t i = 0; i < count; i++)
      if (patched[i] == (int16_t)escape && !fkv_rans_read_escape(reader, escape, shift, patched + i))
        return fkv_rans_bad_escape;
    for (int h = 0; h < 2; h++) values[h] = _mm256_loadu_si256((const __m256i *)(patched + 16 * h));
  }
  if (shift) {
    __m128i by = _mm_cvtsi32_si128((int)shift);
    __m256i mask = _mm256_set1_epi32((1 << shift) - 1);
    for (int h = 0; h < 2; h++) {
      __m256i even = state->even[h], odd = state->odd[h];
      __m256i bits =
          _mm256_or_si256(_mm256_and_si256(even, mask), _mm256_slli_epi32(_mm256_and_si256(odd, mask), 16));
      values[h] = _mm256_add_epi16(_mm256_sll_epi16(values[h], by), bits);
      values[h] = _mm256_sub_epi16(values[h], _mm256_set1_epi16((short)(1 << (shift - 1))));
      state->even[h] = _mm256_blendv_epi8(even, _mm256_srl_epi32(even, by), active->even[h]);
      state->odd[h] = _mm256_blendv_epi8(odd, _mm256_srl_epi32(odd, by), active->odd[h]);
    }
    for (int h = 0; h < 2; h++) state->words = refill(&state->even[h], active->even[h], state->words);
    for (int h = 0; h < 2; h++) state->words = refill(&state->odd[h], active->odd[h], state->words);
  }
  if (count == 32) {
    for (int h = 0; h < 2; h++) _mm256_storeu_si256((__m256i *)(target + 16 * h), values[h]);
  } else {
    int16_t whole[32];
    for (int h = 0; h < 2; h++) _mm256_storeu_si256((__m256i *)(whole + 16 * h), values[h]);
    memcpy(target, whole, count * sizeof *target);
  }
  return fkv_rans_done;
}

INLINE2 void save(fkv_rans_reader *reader, const lanes *state) {
  for (int h = 0; h < 2; h++) {
    _mm256_storeu_si256((__m256i *)(reader->state + 8 * h), state->even[h]);
    _mm256_storeu_si256((__m256i *)(reader->state + 16 + 8 * h), state->odd[h]);
  }
  reader->words = state->words;
}

INLINE2 void load(const fkv_rans_reader *reader, lanes *state) {
  for (int h = 0; h < 2; h++) {
    state->even[h] = _mm256_loadu_si256((const __m256i *)(reader->state + 8 * h));
    state->odd[h] = _mm256_loadu_si256((const __m256i *)(reader->state + 16 + 8 * h));
  }
  state->words = reader->words;
}

/// The mask of the first `count` of 32 lanes.
INLINE2 lane_mask first(int count) {
  lane_mask mask;
  __m256i lane = _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14), limit = _mm256_set1_epi32(count);
  for (int h = 0; h < 2; h++) {
    mask.even[h] = _mm256_cmpgt_epi32(limit, _mm256_add_epi32(lane, _mm256_set1_epi32(16 * h)));
    mask.odd[h] = _mm256_cmpgt_epi32(limit, _mm256_add_epi32(lane, _mm256_set1_epi32(16 * h + 1)));
  }
  return mask;
}

INLINE2 int row(fkv_rans_reader *reader, lanes *state, const fkv_rans_model *model, const unsigned escape,
                unsigned shift, size_t length, int16_t *target) {
  __m256i below[15];
  for (unsigned t = 0; t < escape; t++) below[t] = _mm256_set1_epi16((short)(model->start[t + 1] - 1));
  table16 starts = make_table(model->start), frequencies = make_table(model->frequency);
  lane_mask all = first(32);
  size_t at = 0;
  for (; at + 32 <= length && reader->words_end - state->words >= rans_slack; at += 32)
    if (group(reader, state, below, starts, frequencies, escape, shift, &all, 32, target + at))
      return fkv_rans_bad_escape;
  if (at < length && length - at < 32 && reader->words_end - state->words >= rans_slack) {
    lane_mask some = first((int)(length - at));
    return group(reader, state, below, starts, frequencies, escape, shift, &some, length - at, target + at);
  }
  if (at == length) return fkv_rans_done;
  // Near the end of the words: one lane at a time.
  save(reader, state);
  for (; at < length; at += 32) {
    size_t count = length - at < 32 ? length - at : 32;
    int result = fkv_rans_decode_group(reader, model, shift, count, target + at);
    if (result) return result;
  }
  load(reader, state);
  return fkv_rans_done;
}

TARGET2 int fkv_rans_decode_avx2(fkv_rans_reader *reader, const fkv_rans_model *tables, const uint8_t *indices,
                                 size_t rows, size_t length, int16_t *target) {
  lanes state;
  load(reader, &state);
  for (size_t r = 0; r < rows; r++, target += length) {
    if (!indices[r]) {
      memset(target, 0, length * sizeof *target);
      continue;
    }
    rans_choice choice = rans_choice_of(tables, indices[r]);
    int result;
    switch (choice.model->escape) {
      case 2: result = row(reader, &state, choice.model, 2, choice.shift, length, target); break;
      case 4: result = row(reader, &state, choice.model, 4, choice.shift, length, target); break;
      case 8: result = row(reader, &state, choice.model, 8, choice.shift, length, target); break;
      default: result = row(reader, &state, choice.model, 15, choice.shift, length, target); break;
    }
    if (result) return result;
  }
  save(reader, &state);
  return fkv_rans_done;
}
#endif
