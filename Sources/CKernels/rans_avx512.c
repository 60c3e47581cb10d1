// 32 lanes as two registers of 32-bit states: lanes 0, 2, … and lanes 1, 3, …, so that their low halves interleave to
// one register of 16-bit slots in the order of the values.
#include "rans_step.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,popcnt,bmi,bmi2")))
#define INLINE512 static inline __attribute__((always_inline)) TARGET512

INLINE512 const uint8_t *refill(__m512i *x, __mmask16 active, const uint8_t *words) {
  __mmask16 low = _mm512_mask_cmplt_epu32_mask(active, *x, _mm512_set1_epi32(fkv_rans_low_state));
  __m512i fresh = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)words));
  fresh = _mm512_maskz_expand_epi32(low, fresh);
  *x = _mm512_mask_or_epi32(*x, low, _mm512_slli_epi32(*x, 16), fresh);
  return words + 2 * (unsigned)_mm_popcnt_u32(low);
}

typedef struct {
  __m512i even, odd;
  const uint8_t *words;
} lanes;

/// The escaped values of one group, read in order.
__attribute__((noinline)) TARGET512 static int patch(fkv_rans_reader *reader, uint32_t escaped, uint32_t escape,
                                                     unsigned shift, __m512i *values) {
  int16_t patched[32];
  _mm512_storeu_si512(patched, *values);
  for (; escaped; escaped &= escaped - 1)
    if (!fkv_rans_read_escape(reader, escape, shift, patched + __builtin_ctz(escaped))) return fkv_rans_bad_escape;
  *values = _mm512_loadu_si512(patched);
  return fkv_rans_done;
}

/// One group of `active` lanes under a model whose escape is `escape`.
INLINE512 int group(fkv_rans_reader *reader, lanes *state, const __m512i *thresholds, __m512i starts,
                    __m512i frequencies, const unsigned escape, unsigned shift, __mmask32 active, __mmask16 evens,
                    __mmask16 odds, int16_t *target) {
  __m512i even = state->even, odd = state->odd;
  __m512i slots = _mm512_and_si512(
      _mm512_mask_mov_epi16(_mm512_slli_epi32(odd, 16), 0x55555555, even), _mm512_set1_epi16(0x7fff));
  __m512i one = _mm512_set1_epi16(1), a = _mm512_setzero_si512(), b = a;
  for (unsigned t = 0; t < escape; t += 2) {
    __mmask32 reached = _mm512_cmpge_epu16_mask(slots, thresholds[t]);
    a = _mm512_mask_add_epi16(a, reached, a, one);
    if (t + 1 < escape) {
      reached = _mm512_cmpge_epu16_mask(slots, thresholds[t + 1]);
      b = _mm512_mask_add_epi16(b, reached, b, one);
    }
  }
  __m512i k = _mm512_add_epi16(a, b);
  __m512i rest = _mm512_sub_epi16(slots, _mm512_permutexvar_epi16(k, starts));
  __m512i f = _mm512_permutexvar_epi16(k, frequencies);
  __mmask32 negative = _mm512_cmpge_epu16_mask(rest, f);
  rest = _mm512_mask_sub_epi16(rest, negative, rest, f);
  __m512i values = _mm512_mask_sub_epi16(k, negative, _mm512_setzero_si512(), k);
  __m512i low = _mm512_set1_epi32(0xffff);
  __m512i next_even = _mm512_add_epi32(
      _mm512_mullo_epi32(_mm512_and_si512(f, low), _mm512_srli_epi32(even, fkv_rans_bits)), _mm512_and_si512(rest, low));
  __m512i next_odd = _mm512_add_epi32(
      _mm512_mullo_epi32(_mm512_srli_epi32(f, 16), _mm512_srli_epi32(odd, fkv_rans_bits)), _mm512_srli_epi32(rest, 16));
  even = _mm512_mask_mov_epi32(even, evens, next_even);
  odd = _mm512_mask_mov_epi32(odd, odds, next_odd);
  state->words = refill(&even, evens, state->words);
  state->words = refill(&odd, odds, state->words);
  __mmask32 escaped = _mm512_mask_cmpeq_epi16_mask(active, k, _mm512_set1_epi16((short)escape));
  if (__builtin_expect(escaped != 0, 0) && patch(reader, escaped, escape, shift, &values)) return fkv_rans_bad_escape;
  if (shift) {
    __m128i by = _mm_cvtsi32_si128((int)shift);
    __m512i mask = _mm512_set1_epi32((1 << shift) - 1);
    __m512i bits = _mm512_or_si512(_mm512_and_si512(even, mask), _mm512_slli_epi32(_mm512_and_si512(odd, mask), 16));
    values = _mm512_add_epi16(_mm512_sll_epi16(values, by), bits);
    values = _mm512_sub_epi16(values, _mm512_set1_epi16((short)(1 << (shift - 1))));
    even = _mm512_mask_srl_epi32(even, evens, even, by);
    odd = _mm512_mask_srl_epi32(odd, odds, odd, by);
    state->words = refill(&even, evens, state->words);
    state->words = refill(&odd, odds, state->words);
  }
  _mm512_mask_storeu_epi16(target, active, values);
  state->even = even;
  state->odd = odd;
  return fkv_rans_done;
}

INLINE512 void save(fkv_rans_reader *reader, const lanes *state) {
  _mm512_storeu_si512(reader->state, state->even);
  _mm512_storeu_si512(reader->state + 16, state->odd);
  reader->words = state->words;
}

INLINE512 void load(const fkv_rans_reader *reader, lanes *state) {
  state->even = _mm512_loadu_si512(reader->state);
  state->odd = _mm512_loadu_si512(reader->state + 16);
  state->words = reader->words;
}

INLINE512 int row(fkv_rans_reader *reader, lanes *state, const fkv_rans_model *model, const unsigned escape,
                  unsigned shift, size_t length, int16_t *target) {
  __m512i thresholds[15];
  for (unsigned t = 0; t < escape; t++)
    thresholds[t] = _mm512_set1_epi16((short)(t < 15 ? model->start[t + 1] : 0));
  __m512i starts = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)model->start));
  __m512i frequencies = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)model->frequency));
  size_t at = 0;
  for (; at + 32 <= length && reader->words_end - state->words >= rans_slack; at += 32)
    if (group(reader, state, thresholds, starts, frequencies, escape, shift, 0xffffffff, 0xffff, 0xffff, target + at))
      return fkv_rans_bad_escape;
  if (at < length && length - at < 32 && reader->words_end - state->words >= rans_slack) {
    unsigned left = (unsigned)(length - at);
    return group(reader, state, thresholds, starts, frequencies, escape, shift, _bzhi_u32(0xffffffff, left),
                 (__mmask16)_bzhi_u32(0xffff, (left + 1) / 2), (__mmask16)_bzhi_u32(0xffff, left / 2), target + at);
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

TARGET512 int fkv_rans_decode_avx512(fkv_rans_reader *reader, const fkv_rans_model *tables, const uint8_t *indices,
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
