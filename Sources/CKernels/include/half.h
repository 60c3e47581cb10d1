#ifndef FKV_HALF_H
#define FKV_HALF_H

#include <stddef.h>
#include <stdint.h>

/// IEEE binary16 to binary32, exact. `count` elements; the buffers must not overlap.
void fkv_half_to_float(const uint16_t *source, float *target, size_t count);

/// binary32 to IEEE binary16, round to nearest, ties to even; overflow gives infinity.
void fkv_float_to_half(const float *source, uint16_t *target, size_t count);

#endif
