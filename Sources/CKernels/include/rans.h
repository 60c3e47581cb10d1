#ifndef FKV_RANS_H
#define FKV_RANS_H

#include <stddef.h>
#include <stdint.h>

/// Interleaved rANS for rows of signed integers: 32 lanes of 32-bit states at or above 2^16, refilled 16 bits at a time,
/// probabilities in units of 2^-15. formats/coding.md, "Coefficient streams", is the description.

enum { fkv_rans_lanes = 32, fkv_rans_bits = 15, fkv_rans_tables = 26, fkv_rans_low_state = 1 << 16 };

/// The symmetric static model of one table. Magnitude k < escape has `frequency[k]` for each sign and begins at
/// `start[k]`, its positive values first; k = 0 and k = escape have no sign.
typedef struct {
  uint16_t start[16];      // 32768 after the escape
  uint16_t frequency[16];  // 0 after the escape
  uint64_t reciprocal[16]; // floor(2^47 / frequency) + 1
  uint32_t escape;         // 2, 4, 8 or 15
} fkv_rans_model;

/// Fills `model` from the one-sided frequencies of magnitudes 0…escape-1 and of the escape.
void fkv_rans_make_model(fkv_rans_model *model, const uint16_t *frequency, uint32_t escape);

/// What is being read. States stand in the order of lanes 0, 2, …, 30, 1, 3, …, 31.
typedef struct {
  uint32_t state[fkv_rans_lanes];
  const uint8_t *words;  // the next 16-bit word
  const uint8_t *words_end;
  const uint8_t *escapes;
  uint64_t escape_bit;  // the next bit, from the top of each byte
  uint64_t escape_bits;
} fkv_rans_reader;

enum fkv_rans_result { fkv_rans_done = 0, fkv_rans_no_words = 1, fkv_rans_bad_escape = 2 };

/// Decodes `rows` rows of `length` values to `target` (rows * length), row r by model index `indices[r]` (0…62).
/// `tables` holds the family's 26 models. Every state must be at least 2^16. Reads nothing outside the reader's ranges
/// whatever they hold. `level` is one of `fkv_simd_level`, at most `fkv_simd_best()`.
int fkv_rans_decode(int level, fkv_rans_reader *reader, const fkv_rans_model *tables, const uint8_t *indices,
                    size_t rows, size_t length, int16_t *target);

/// Encodes the same rows from the last to the first, updating `state` and writing words downward from `end`; returns
/// the first word's address. The room must hold 2 bytes for each value of a row of index 1…26 and 4 for each of a higher.
uint8_t *fkv_rans_encode(uint32_t state[fkv_rans_lanes], const fkv_rans_model *tables, const uint8_t *indices,
                         size_t rows, size_t length, const int16_t *source, uint8_t *end);

/// What magnitudes cost under the tables of a family, in 2^-10 bits.
typedef struct {
  const fkv_rans_model *tables;
  const uint32_t *costs;         // 16 a table: of magnitudes 0…15, escape bits included
  const uint32_t *escape_costs;  // of each table's escape itself
} fkv_rans_costs;

/// What naming a model is taken to cost, in 2^-10 bits, by its distance from the expected one: `same` for 0, else the
/// smaller of `other` + distance * `step` and `far`.
typedef struct {
  uint32_t same, other, step, far;
} fkv_rans_side_costs;

/// Chooses model indices, for each family apart: of all ways through the rows row, row + period, row + 2 period, …, the
/// one whose values and changes of index together cost least. Writes `family_count` (1 or 2) times `rows` indices and
/// the sums of the costs. `rows`, `length` and `period` are at least 1. Returns 0 if memory for 63 bytes a row and family
/// could not be had.
int fkv_rans_choose(const fkv_rans_costs *families, size_t family_count, const int16_t *source, size_t rows,
                    size_t length, size_t period, const fkv_rans_side_costs *side, uint8_t *indices, uint64_t *totals);

/// Sets `found[row]` to 1 where the row needs escapes under its index, else to 0; returns how many do.
size_t fkv_rans_find_escapes(const fkv_rans_model *tables, const uint8_t *indices, const int16_t *source, size_t rows,
                             size_t length, uint8_t *found);

#endif
