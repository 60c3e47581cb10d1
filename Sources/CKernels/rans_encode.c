#include "rans.h"
#include "rans_step.h"

/// Writes the low 16 bits of `x` below `words` if x is at or above `limit`.
#define EMIT(x, words, limit)                       \
  do {                                              \
    uint16_t word_ = (uint16_t)(x);                 \
    unsigned full_ = (x) >= (limit);                \
    memcpy((words) - 2, &word_, 2);                 \
    (words) -= 2 * full_;                           \
    (x) >>= 16 * full_;                             \
  } while (0)

FKV_INLINE void put(uint32_t *state, const fkv_rans_model *model, int value, uint8_t **words) {
  uint32_t x = *state;
  uint32_t negative = value < 0, k = negative ? (uint32_t)-value : (uint32_t)value;
  if (k >= model->escape) k = model->escape, negative = 0;
  uint32_t f = model->frequency[k], start = model->start[k] + (negative ? f : 0);
  EMIT(x, *words, f << 17);
  uint32_t quotient = (uint32_t)(((uint64_t)x * model->reciprocal[k]) >> 47);
  *state = x + start + quotient * (32768 - f);
}

uint8_t *fkv_rans_encode(uint32_t state[fkv_rans_lanes], const fkv_rans_model *tables, const uint8_t *indices,
                         size_t rows, size_t length, const int16_t *source, uint8_t *words) {
  for (size_t row = rows; row-- > 0;) {
    if (!indices[row]) continue;
    rans_choice choice = rans_choice_of(tables, indices[row]);
    const fkv_rans_model *model = choice.model;
    unsigned shift = choice.shift;
    int half = shift ? 1 << (shift - 1) : 0;
    for (size_t at = (length + 31) / 32 * 32; at > 0;) {
      at -= 32;
      size_t count = length - at < 32 ? length - at : 32;
      const int16_t *values = source + row * length + at;
      if (shift)
        for (size_t parity = 2; parity-- > 0;)
          for (size_t i = (count + 1 - parity) / 2; i-- > 0;) {
            uint32_t x = state[16 * parity + i];
            EMIT(x, words, (uint32_t)1 << (32 - shift));
            state[16 * parity + i] = x << shift | ((uint32_t)(values[2 * i + parity] + half) & ((1u << shift) - 1));
          }
      for (size_t parity = 2; parity-- > 0;)
        for (size_t i = (count + 1 - parity) / 2; i-- > 0;)
          put(&state[16 * parity + i], model, (values[2 * i + parity] + half) >> shift, &words);
    }
  }
  return words;
}
