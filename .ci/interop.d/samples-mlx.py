#!/usr/bin/env python3
"""Writes the mlx-lm prompt caches under Tests/InterchangeTests/Resources/mlx with mlx-lm's own save_prompt_cache.

    samples-mlx.py OUT [SUFFIX]        mlx and mlx-lm must be importable; SUFFIX tells versions of mlx-lm apart

Two layers, two heads, five tokens of eight dims (32 where quantised: the smallest group). Numbers are
((31 l + 17 [value] + 7 h + 13 p + d) mod 127) − 63 for layer l, head h, position p and dim d: exact in every type.
Quantised caches come with the numbers that mx.dequantize gives in Float32, in a plain safetensors file beside them.
"""
import sys

import mlx.core as mx
from mlx_lm.models.cache import (
    ArraysCache, ChunkedKVCache, KVCache, QuantizedKVCache, RotatingKVCache, save_prompt_cache)

LAYERS, HEADS = 2, 2


def part(layer, value, first, count, dim, dtype):
    rows = [[[(31 * layer + 17 * value + 7 * h + 13 * p + d) % 127 - 63 for d in range(dim)]
             for p in range(first, first + count)] for h in range(HEADS)]
    return mx.array([rows]).astype(dtype)


def fill(cache, layer, pieces, dim, dtype):
    first = 0
    for count in pieces:
        cache.update_and_fetch(
            part(layer, 0, first, count, dim, dtype), part(layer, 1, first, count, dim, dtype))
        first += count
    return cache


def caches(make, pieces, dim=8, dtype=mx.float16):
    return [fill(make(), layer, pieces, dim, dtype) for layer in range(LAYERS)]


def main(out, suffix):
    # Buffers grow by eight rows instead of 256, which keeps the samples small.
    KVCache.step = RotatingKVCache.step = ChunkedKVCache.step = QuantizedKVCache.step = 8

    def save(name, cache, metadata={}):
        save_prompt_cache(f"{out}/{name}{suffix}.safetensors", cache, metadata)

    save("plain", caches(KVCache, [5]), {"model": "tiny/model", "note": 'a "quoted" word'})
    save("bfloat", caches(KVCache, [5], dtype=mx.bfloat16))
    save("single", caches(KVCache, [5], dtype=mx.float32))
    # A window of 4 that has not wrapped, was filled at once, and has wrapped one token at a time.
    save("window-short", caches(lambda: RotatingKVCache(max_size=8), [3, 1, 1]))
    save("window-once", caches(lambda: RotatingKVCache(max_size=4), [5]))
    save("window-wrapped", caches(lambda: RotatingKVCache(max_size=4), [3, 1, 1, 1]))
    save("window-kept", caches(lambda: RotatingKVCache(max_size=4, keep=1), [3, 1, 1, 1]))
    save("chunked", caches(lambda: ChunkedKVCache(4), [5]))
    arrays = ArraysCache(1)
    arrays[0] = mx.zeros((1, 3))
    save("arrays", caches(KVCache, [5])[:1] + [arrays])
    for bits in (2, 3, 4, 5, 6, 8):
        cache = [c.to_quantized(group_size=32, bits=bits) for c in caches(KVCache, [5], dim=32)]
        save(f"quantized-{bits}", cache)
        if suffix:
            continue
        numbers = {}
        for layer, c in enumerate(cache):
            for name, (q, scales, biases) in (("key", c.keys), ("value", c.values)):
                numbers[f"{layer}.{name}"] = mx.dequantize(
                    q, scales.astype(mx.float32), biases.astype(mx.float32), group_size=32, bits=bits)
        mx.save_safetensors(f"{out}/quantized-{bits}-numbers.safetensors", numbers)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
