#!/usr/bin/env python3
"""Writes the chunks under Tests/InterchangeTests/Resources/lmcache with LMCache's own connector.

    samples-lmcache.py OUT

Two layers, two heads, ten tokens (1 to 10) of eight dims in chunks of four; numbers as in samples-mlx.py.
"""
import sys

import torch

from lmcache_store import Store

LAYERS, HEADS, TOKENS, DIM = 2, 2, 10, 8


def numbers(dtype):
    return torch.tensor([[[[(31 * layer + 17 * value + 7 * h + 13 * p + d) % 127 - 63
                            for h in range(HEADS) for d in range(DIM)] for p in range(TOKENS)]
                          for layer in range(LAYERS)] for value in (0, 1)]).to(dtype)


def main(out):
    tokens = list(range(1, TOKENS + 1))
    for folder, dtype in (("half", torch.float16), ("bfloat", torch.bfloat16)):
        Store(f"{out}/{folder}", "org/tiny", dtype, LAYERS, HEADS, DIM, 4).put(tokens, numbers(dtype))


if __name__ == "__main__":
    main(sys.argv[1])
