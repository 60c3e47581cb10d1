#ifndef FKV_PLANES_H
#define FKV_PLANES_H

#include <stddef.h>
#include <stdint.h>

/// Byte i of `source` goes to plane i mod `stride` (2 or 4); the planes follow each other in `target`, plane p with
/// (count - p + stride - 1) / stride bytes. `count` bytes each side, no overlap.
void fkv_planes_split(const uint8_t *source, uint8_t *target, size_t count, size_t stride);

/// The inverse of `fkv_planes_split`.
void fkv_planes_join(const uint8_t *source, uint8_t *target, size_t count, size_t stride);

#endif
