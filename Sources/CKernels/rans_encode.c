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

/// The magnitudes of a row: how often each below 16 occurs, how many are above, and what the bits of those are with an
/// escape at 2, 4, 8 and 15.
typedef struct {
  uint32_t near[16], far;
  uint64_t far_bits[4];
} magnitudes;

FKV_INLINE void count_far(magnitudes *row, uint32_t k) {
  row->far_bits[0] += rans_escape_bits(k - 2) + 1;
  row->far_bits[1] += rans_escape_bits(k - 4) + 1;
  row->far_bits[2] += rans_escape_bits(k - 8) + 1;
  row->far_bits[3] += rans_escape_bits(k - 15) + 1;
}

/// The cost of a row under table t, without shifted bits.
FKV_INLINE uint64_t cost_of(const magnitudes *row, const fkv_rans_model *tables, const uint32_t *costs,
                            const uint32_t *escape_costs, unsigned t, unsigned top) {
  uint64_t cost = 0;
  for (unsigned k = 0; k <= top; k++) cost += (uint64_t)row->near[k] * costs[16 * t + k];
  if (!row->far) return cost;
  uint32_t escape = tables[t].escape;
  unsigned class = escape == 2 ? 0 : escape == 4 ? 1 : escape == 8 ? 2 : 3;
  return cost + (uint64_t)row->far * escape_costs[t] + 1024 * row->far_bits[class];
}

FKV_INLINE uint32_t high_magnitude(int value, unsigned shift) {
  int high = (value + (1 << (shift - 1))) >> shift;
  return (uint32_t)(high < 0 ? -high : high);
}

uint64_t fkv_rans_choose(const fkv_rans_model *tables, const uint32_t *costs, const uint32_t *escape_costs,
                         const int16_t *source, size_t rows, size_t length, uint8_t *indices) {
  uint64_t total = 0;
  for (size_t row = 0; row < rows; row++, source += length) {
    uint64_t sum = 0;
    uint32_t largest = 0;
    for (size_t i = 0; i < length; i++) {
      uint32_t k = (uint32_t)(source[i] < 0 ? -source[i] : source[i]);
      sum += k;
      largest = k > largest ? k : largest;
    }
    indices[row] = 0;
    if (!largest) continue;
    uint32_t histogram[4][17] = {{0}};
    for (size_t i = 0; i < length; i++) {
      uint32_t k = (uint32_t)(source[i] < 0 ? -source[i] : source[i]);
      histogram[i & 3][k < 16 ? k : 16]++;
    }
    magnitudes all = {{0}, 0, {0}};
    for (unsigned k = 0; k < 16; k++)
      all.near[k] = histogram[0][k] + histogram[1][k] + histogram[2][k] + histogram[3][k];
    all.far = histogram[0][16] + histogram[1][16] + histogram[2][16] + histogram[3][16];
    for (size_t i = 0; all.far && i < length; i++) {
      uint32_t k = (uint32_t)(source[i] < 0 ? -source[i] : source[i]);
      if (k >= 16) count_far(&all, k);
    }
    unsigned top = largest < 15 ? largest : 15;
    uint64_t best = UINT64_MAX;
    unsigned chosen = 0;
    for (unsigned t = 0; t < fkv_rans_tables; t++) {
      uint64_t cost = cost_of(&all, tables, costs, escape_costs, t, top);
      if (cost < best) best = cost, chosen = t + 1;
    }
    uint32_t reach = largest;
    // Shifts whose high parts have a mean magnitude of 1 to 4; the tables without a shift serve smaller means better.
    uint64_t mean = sum / length;
    unsigned middle = mean ? 63 - (unsigned)__builtin_clzll(mean) : 0;
    for (unsigned shift = middle > 2 ? middle - 1 : 1; mean > 1 && shift <= middle && shift <= 12; shift++) {
      magnitudes high = {{0}, 0, {0}};
      uint32_t most = 0;
      for (size_t i = 0; i < length; i++) {
        uint32_t k = high_magnitude(source[i], shift);
        most = k > most ? k : most;
        if (k < 16) high.near[k]++;
        else high.far++, count_far(&high, k);
      }
      for (unsigned j = 0; j < 3; j++) {
        uint64_t cost = cost_of(&high, tables, costs, escape_costs, 23 + j, 15) + 1024 * (uint64_t)shift * length;
        if (cost < best) best = cost, chosen = 27 + 3 * (shift - 1) + j, reach = most;
      }
    }
    indices[row] = (uint8_t)(chosen | (reach >= rans_choice_of(tables, chosen).model->escape ? 0x80 : 0));
    total += best;
  }
  return total;
}
