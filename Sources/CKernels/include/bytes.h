#ifndef FKV_BYTES_H
#define FKV_BYTES_H

#include <stddef.h>
#include <stdint.h>

/// rANS of bytes: 32 lanes of 32-bit states at or above 2^16, refilled 16 bits at a time, probabilities in units of
/// 2^-12. Byte i of the whole belongs to lane i mod 32; a segment begins at byte `first` and has one table.
/// formats/coding.md, "Entropy-coded bytes", is the description.

enum { fkv_bytes_lanes = 32, fkv_bytes_bits = 12 };

/// Counts the bytes of `source`.
void fkv_bytes_count(const uint8_t *source, size_t count, uint32_t counts[256]);

/// Encodes one segment from its last byte to its first, writing words downward from `end`; returns the first word's
/// address. The room must hold 2 bytes a byte. Every byte that occurs must have a frequency; they add up to 4096.
uint8_t *fkv_bytes_encode(uint32_t state[fkv_bytes_lanes], const uint16_t frequency[256], const uint8_t *source,
                          size_t count, size_t first, uint8_t *end);

/// Decodes one segment, taking words from `words` up to `end`; returns the next word's address or NULL if they ran out.
const uint8_t *fkv_bytes_decode(uint32_t state[fkv_bytes_lanes], const uint16_t frequency[256], const uint8_t *words,
                                const uint8_t *end, uint8_t *target, size_t count, size_t first);

#endif
