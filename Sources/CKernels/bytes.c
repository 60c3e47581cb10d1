#include "bytes.h"

#include <string.h>

void fkv_bytes_count(const uint8_t *source, size_t count, uint32_t counts[256]) {
  uint32_t part[4][256] = {{0}};
  for (size_t i = 0; i < count; i++) part[i & 3][source[i]]++;
  for (int s = 0; s < 256; s++) counts[s] = part[0][s] + part[1][s] + part[2][s] + part[3][s];
}

uint8_t *fkv_bytes_encode(uint32_t state[fkv_bytes_lanes], const uint16_t frequency[256], const uint8_t *source,
                          size_t count, size_t first, uint8_t *end) {
  uint64_t reciprocal[256];  // floor(2^44 / f) + 1: exact quotients, within 64 bits, for x < 2^20 f and f < 4096
  uint32_t start[256], sum = 0;
  for (int s = 0; s < 256; s++) {
    reciprocal[s] = frequency[s] ? ((uint64_t)1 << 44) / frequency[s] + 1 : 0;
    start[s] = sum;
    sum += frequency[s];
  }
  for (size_t i = count; i-- > 0;) {
    unsigned s = source[i];
    uint32_t f = frequency[s], x = state[(first + i) % fkv_bytes_lanes];
    unsigned full = x >= (uint64_t)f << 20;
    uint16_t word = (uint16_t)x;
    memcpy(end - 2, &word, 2);
    end -= 2 * full;
    x >>= 16 * full;
    // A frequency of 4096 leaves every state as it is.
    uint32_t quotient = f == 4096 ? x >> 12 : (uint32_t)((x * reciprocal[s]) >> 44);
    state[(first + i) % fkv_bytes_lanes] = x + start[s] + quotient * (4096 - f);
  }
  return end;
}

const uint8_t *fkv_bytes_decode(uint32_t state[fkv_bytes_lanes], const uint16_t frequency[256], const uint8_t *words,
                                const uint8_t *end, uint8_t *target, size_t count, size_t first) {
  uint32_t table[4096];  // symbol, frequency - 1, distance from the symbol's start
  uint32_t slot = 0;
  for (uint32_t s = 0; s < 256; s++)
    for (uint32_t i = 0; i < frequency[s] && slot < 4096; i++)
      table[slot++] = s << 24 | (uint32_t)(frequency[s] - 1) << 12 | i;
  if (slot != 4096) return NULL;
  size_t i = 0;
  while (i < count) {
    size_t lane = (first + i) % fkv_bytes_lanes;
    size_t group = fkv_bytes_lanes - lane < count - i ? fkv_bytes_lanes - lane : count - i;
    if ((size_t)(end - words) >= 2 * fkv_bytes_lanes) {
      for (size_t j = 0; j < group; j++) {
        uint32_t x = state[lane + j], entry = table[x & 4095];
        x = ((entry >> 12 & 4095) + 1) * (x >> 12) + (entry & 4095);
        target[i + j] = (uint8_t)(entry >> 24);
        unsigned low = x < 65536;
        uint32_t fresh = x << 16 | words[0] | (uint32_t)words[1] << 8;
        words += 2 * low;
        state[lane + j] = low ? fresh : x;
      }
    } else {
      for (size_t j = 0; j < group; j++) {
        uint32_t x = state[lane + j], entry = table[x & 4095];
        x = ((entry >> 12 & 4095) + 1) * (x >> 12) + (entry & 4095);
        target[i + j] = (uint8_t)(entry >> 24);
        if (x < 65536) {
          if (end - words < 2) return NULL;
          x = x << 16 | words[0] | (uint32_t)words[1] << 8;
          words += 2;
        }
        state[lane + j] = x;
      }
    }
    i += group;
  }
  return words;
}
