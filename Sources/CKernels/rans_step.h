// Shared by the paths of the rANS decoder: what an index means, escapes, and one group of at most 32 values.
#ifndef FKV_RANS_STEP_H
#define FKV_RANS_STEP_H

#include <string.h>

#include "rans.h"

#define FKV_INLINE static inline __attribute__((always_inline))

typedef struct {
  const fkv_rans_model *model;
  unsigned shift;
} rans_choice;

/// The table and shift of index 1…62.
FKV_INLINE rans_choice rans_choice_of(const fkv_rans_model *tables, unsigned index) {
  if (index <= 26) return (rans_choice){tables + index - 1, 0};
  return (rans_choice){tables + 23 + (index - 27) % 3, (index - 27) / 3 + 1};
}

/// The bits of an escaped magnitude `excess` above the escape, without its sign.
FKV_INLINE unsigned rans_escape_bits(uint32_t excess) { return 2 * (31 - (unsigned)__builtin_clz(excess + 1)) + 1; }

/// Reads one escaped value; returns 0 if it is damaged or beyond what Int16 holds at that shift.
int fkv_rans_read_escape(fkv_rans_reader *reader, uint32_t escape, unsigned shift, int16_t *value);

/// Decodes `count` (1…32) values of one row without SIMD.
int fkv_rans_decode_group(fkv_rans_reader *reader, const fkv_rans_model *model, unsigned shift, size_t count,
                          int16_t *target);

#if defined(__x86_64__)
int fkv_rans_decode_avx2(fkv_rans_reader *reader, const fkv_rans_model *tables, const uint8_t *indices, size_t rows,
                         size_t length, int16_t *target);
int fkv_rans_decode_avx512(fkv_rans_reader *reader, const fkv_rans_model *tables, const uint8_t *indices, size_t rows,
                           size_t length, int16_t *target);
#endif

/// A group may refill every lane twice, and a vector load may reach 32 bytes past what it uses.
enum { rans_slack = 2 * 2 * fkv_rans_lanes + 64 };

#endif
