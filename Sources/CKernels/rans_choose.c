#include "rans.h"

#include <stdlib.h>

#include "rans_step.h"

/// The magnitudes of a row: how often each below 16 occurs, how many are above, and what the bits of those are with an
/// escape at 2, 4, 8 and 15.
typedef struct {
  uint32_t near[16], far;
  uint64_t far_bits[4];
} magnitudes;

FKV_INLINE uint32_t magnitude_of(int value) { return (uint32_t)(value < 0 ? -value : value); }

/// Counts the magnitudes of what `shift` leaves of the values.
FKV_INLINE void count_row(const int16_t *source, size_t length, unsigned shift, magnitudes *row) {
  static const uint32_t escapes[4] = {2, 4, 8, 15};
  uint32_t histogram[4][17] = {{0}};
  int half = shift ? 1 << (shift - 1) : 0;
  for (size_t i = 0; i < length; i++) {
    uint32_t k = magnitude_of((source[i] + half) >> shift);
    histogram[i & 3][k < 16 ? k : 16]++;
  }
  memset(row, 0, sizeof *row);
  for (unsigned k = 0; k < 16; k++) row->near[k] = histogram[0][k] + histogram[1][k] + histogram[2][k] + histogram[3][k];
  row->far = histogram[0][16] + histogram[1][16] + histogram[2][16] + histogram[3][16];
  for (size_t i = 0; row->far && i < length; i++) {
    uint32_t k = magnitude_of((source[i] + half) >> shift);
    for (unsigned e = 0; k >= 16 && e < 4; e++) row->far_bits[e] += rans_escape_bits(k - escapes[e]) + 1;
  }
}

/// The cost of a row under table t, without shifted bits; `top` is at least its largest magnitude, or 15.
FKV_INLINE uint64_t cost_of(const magnitudes *row, const fkv_rans_costs *family, unsigned t, unsigned top) {
  uint64_t cost = 0;
  for (unsigned k = 0; k <= top; k++) cost += (uint64_t)row->near[k] * family->costs[16 * t + k];
  if (!row->far) return cost;
  uint32_t escape = family->tables[t].escape;
  unsigned class = escape == 2 ? 0 : escape == 4 ? 1 : escape == 8 ? 2 : 3;
  return cost + (uint64_t)row->far * family->escape_costs[t] + 1024 * row->far_bits[class];
}

enum { indices_count = 63 };
static const uint64_t impossible = UINT64_MAX / 4;

/// What coding one row under each index costs; `impossible` where it is not tried. Returns how many were tried: all
/// from 0 on or fewer.
static unsigned row_costs(const fkv_rans_costs *families, size_t family_count, const int16_t *source, size_t length,
                          uint64_t costs[][indices_count]) {
  uint64_t sum = 0;
  uint32_t largest = 0;
  for (size_t i = 0; i < length; i++) {
    uint32_t k = magnitude_of(source[i]);
    sum += k;
    largest = k > largest ? k : largest;
  }
  magnitudes row = {{(uint32_t)length}, 0, {0}};
  if (sum) count_row(source, length, 0, &row);
  unsigned top = largest < 15 ? largest : 15;
  for (size_t f = 0; f < family_count; f++) {
    costs[f][0] = sum ? impossible : 0;
    for (unsigned t = 0; t < fkv_rans_tables; t++) costs[f][t + 1] = cost_of(&row, &families[f], t, top);
    for (unsigned m = 27; m < indices_count; m++) costs[f][m] = impossible;
  }
  // Shifts whose high parts have a mean magnitude of 1 to 4; the tables without a shift serve smaller means better.
  uint64_t mean = sum / length;
  if (mean < 2) return 27;
  unsigned last = 63 - (unsigned)__builtin_clzll(mean), first = last > 2 ? last - 1 : 1;
  if (last > 12) last = 12;
  for (unsigned s = first; s <= last; s++) {
    count_row(source, length, s, &row);
    for (size_t f = 0; f < family_count; f++)
      for (unsigned j = 0; j < 3; j++)
        costs[f][27 + 3 * (s - 1) + j] = cost_of(&row, &families[f], 23 + j, 15) + 1024 * (uint64_t)s * length;
  }
  return 27 + 3 * last;
}

/// One step along a chain: adds to each index's `costs` the cheapest way there from `before`, kept in `from`.
static void step(const fkv_rans_side_costs *side, const uint64_t *before, uint64_t *costs, uint8_t *from,
                 unsigned count) {
  uint64_t way[indices_count], best = before[0];
  unsigned best_index = 0;
  for (unsigned m = 1; m < count; m++)
    if (before[m] < best) best = before[m], best_index = m;
  for (unsigned m = 0; m < count; m++) {
    way[m] = best + side->far;
    from[m] = (uint8_t)best_index;
    if (before[m] + side->same < way[m]) way[m] = before[m] + side->same, from[m] = (uint8_t)m;
  }
  uint64_t walk = impossible * 2;
  unsigned origin = 0;
  for (unsigned m = 1; m < count; m++) {
    walk += side->step;
    if (before[m - 1] + side->other + side->step < walk) walk = before[m - 1] + side->other + side->step, origin = m - 1;
    if (walk < way[m]) way[m] = walk, from[m] = (uint8_t)origin;
  }
  walk = impossible * 2;
  for (unsigned m = count - 1; m-- > 0;) {
    walk += side->step;
    if (before[m + 1] + side->other + side->step < walk) walk = before[m + 1] + side->other + side->step, origin = m + 1;
    if (walk < way[m]) way[m] = walk, from[m] = (uint8_t)origin;
  }
  for (unsigned m = 0; m < count; m++) costs[m] = costs[m] < impossible ? costs[m] + way[m] : impossible;
}

int fkv_rans_choose(const fkv_rans_costs *families, size_t family_count, const int16_t *source, size_t rows,
                    size_t length, size_t period, const fkv_rans_side_costs *side, uint8_t *indices, uint64_t *totals) {
  if (period > rows) period = rows;
  uint8_t(*from)[indices_count] = malloc(family_count * rows * sizeof *from);
  if (!from) return 0;
  for (size_t f = 0; f < family_count; f++) totals[f] = 0;
  for (size_t chain = 0; chain < period; chain++) {
    uint64_t before[2][indices_count], costs[2][indices_count];
    unsigned used = 1;
    size_t row = chain;
    for (; row < rows; row += period) {
      unsigned count = row_costs(families, family_count, source + row * length, length, costs);
      used = used > count ? used : count;
      for (size_t f = 0; f < family_count; f++) {
        if (row != chain) step(side, before[f], costs[f], from[f * rows + row], used);
        memcpy(before[f], costs[f], sizeof before[f]);
      }
    }
    for (size_t f = 0; f < family_count; f++) {
      unsigned index = 0;
      for (unsigned m = 1; m < indices_count; m++)
        if (before[f][m] < before[f][index]) index = m;
      totals[f] += before[f][index];
      for (size_t r = row - period;; r -= period) {
        indices[f * rows + r] = (uint8_t)index;
        if (r == chain) break;
        index = from[f * rows + r][index];
      }
    }
  }
  free(from);
  return 1;
}

size_t fkv_rans_find_escapes(const fkv_rans_model *tables, const uint8_t *indices, const int16_t *source, size_t rows,
                             size_t length, uint8_t *found) {
  size_t count = 0;
  for (size_t row = 0; row < rows; row++, source += length) {
    found[row] = 0;
    if (!indices[row]) continue;
    rans_choice choice = rans_choice_of(tables, indices[row]);
    int half = choice.shift ? 1 << (choice.shift - 1) : 0;
    uint32_t largest = 0;
    for (size_t i = 0; i < length; i++) {
      uint32_t k = magnitude_of((source[i] + half) >> choice.shift);
      largest = k > largest ? k : largest;
    }
    found[row] = largest >= choice.model->escape;
    count += found[row];
  }
  return count;
}
