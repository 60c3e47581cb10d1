#include "rans.h"

#include "rans_step.h"

void fkv_rans_make_model(fkv_rans_model *model, const uint16_t *frequency, uint32_t escape) {
  uint32_t start = 0;
  model->escape = escape;
  for (uint32_t k = 0; k < 16; k++) {
    uint32_t f = k <= escape ? frequency[k] : 0;
    model->start[k] = (uint16_t)start;
    model->frequency[k] = (uint16_t)f;
    model->reciprocal[k] = f ? ((uint64_t)1 << 47) / f + 1 : 0;
    start += k == 0 || k == escape ? f : 2 * f;
  }
}

static unsigned escape_bit(fkv_rans_reader *reader) {
  uint64_t at = reader->escape_bit++;
  return reader->escapes[at >> 3] >> (7 - (at & 7)) & 1;
}

int fkv_rans_read_escape(fkv_rans_reader *reader, uint32_t escape, unsigned shift, int16_t *value) {
  unsigned zeros = 0;
  for (;;) {
    if (reader->escape_bit >= reader->escape_bits || zeros > 15) return 0;
    if (escape_bit(reader)) break;
    zeros++;
  }
  if (reader->escape_bits - reader->escape_bit < zeros + 1) return 0;
  uint32_t number = 1;
  for (unsigned i = 0; i < zeros; i++) number = number << 1 | escape_bit(reader);
  int32_t magnitude = (int32_t)(escape + number - 1);
  int32_t high = escape_bit(reader) ? -magnitude : magnitude;
  // High parts of Int16: from that of -32768 to that of 32767.
  int32_t half = shift ? 1 << (shift - 1) : 0;
  if (high < (half - 32768) >> shift || high > (half + 32767) >> shift) return 0;
  *value = (int16_t)high;
  return 1;
}

FKV_INLINE int refill(fkv_rans_reader *reader, uint32_t *state) {
  if (*state >= fkv_rans_low_state) return 1;
  if (reader->words_end - reader->words < 2) return 0;
  *state = *state << 16 | reader->words[0] | (uint32_t)reader->words[1] << 8;
  reader->words += 2;
  return 1;
}

int fkv_rans_decode_group(fkv_rans_reader *reader, const fkv_rans_model *model, unsigned shift, size_t count,
                          int16_t *target) {
  uint32_t escaped = 0;
  for (size_t parity = 0; parity < 2; parity++)
    for (size_t lane = parity; lane < count; lane += 2) {
      uint32_t *state = &reader->state[16 * parity + lane / 2];
      uint32_t x = *state, slot = x & 0x7fff, k = 0;
      for (unsigned t = 1; t < 16; t++) k += slot >= model->start[t];
      uint32_t f = model->frequency[k], rest = slot - model->start[k];
      int negative = rest >= f;
      if (negative) rest -= f;
      if (k == model->escape) escaped |= (uint32_t)1 << lane;
      target[lane] = (int16_t)(negative ? -(int)k : (int)k);
      *state = f * (x >> fkv_rans_bits) + rest;
      if (!refill(reader, state)) return fkv_rans_no_words;
    }
  for (; escaped; escaped &= escaped - 1)
    if (!fkv_rans_read_escape(reader, model->escape, shift, target + __builtin_ctz(escaped)))
      return fkv_rans_bad_escape;
  if (!shift) return fkv_rans_done;
  for (size_t parity = 0; parity < 2; parity++)
    for (size_t lane = parity; lane < count; lane += 2) {
      uint32_t *state = &reader->state[16 * parity + lane / 2];
      uint32_t low = *state & ((1u << shift) - 1);
      target[lane] = (int16_t)(((uint32_t)target[lane] << shift) + low - (1u << (shift - 1)));
      *state >>= shift;
      if (!refill(reader, state)) return fkv_rans_no_words;
    }
  return fkv_rans_done;
}

static int decode_portable(fkv_rans_reader *reader, const fkv_rans_model *tables, const uint8_t *indices, size_t rows,
                           size_t length, int16_t *target) {
  for (size_t row = 0; row < rows; row++, target += length) {
    if (!indices[row]) {
      memset(target, 0, length * sizeof *target);
      continue;
    }
    rans_choice choice = rans_choice_of(tables, indices[row]);
    for (size_t at = 0; at < length; at += fkv_rans_lanes) {
      size_t count = length - at < fkv_rans_lanes ? length - at : fkv_rans_lanes;
      int result = fkv_rans_decode_group(reader, choice.model, choice.shift, count, target + at);
      if (result) return result;
    }
  }
  return fkv_rans_done;
}

int fkv_rans_decode(int level, fkv_rans_reader *reader, const fkv_rans_model *tables, const uint8_t *indices,
                    size_t rows, size_t length, int16_t *target) {
#if defined(__x86_64__)
  if (level == 3) return fkv_rans_decode_avx512(reader, tables, indices, rows, length, target);
  if (level == 2) return fkv_rans_decode_avx2(reader, tables, indices, rows, length, target);
#endif
  (void)level;
  return decode_portable(reader, tables, indices, rows, length, target);
}
