#!/usr/bin/env python3
"""Writes the folders under Tests/InterchangeTests/Resources/vllm as vLLM's ExampleConnector lays them out.

    samples-vllm.py OUT

vLLM itself needs a GPU build; this does what the connector's source does with a paged buffer: gather the slots of the
prompt's blocks, and save them as `kv_cache` under the layer's name in a folder named by the MD5 of the token ids. Two
layers, two heads, eight tokens (1 to 8) of eight dims in blocks of four; numbers as in samples-mlx.py.
"""
import hashlib
import os
import sys

import torch
from safetensors.torch import save_file

LAYERS, HEADS, TOKENS, DIM, BLOCK = 2, 2, 8, 8, 4


def number(layer, value, head, position, dim):
    return (31 * layer + 17 * value + 7 * head + 13 * position + dim) % 127 - 63


def paged(layer, slots, dtype):
    """A buffer (2, pages, page size, H, D) in which other prompts' pages hold 99."""
    pages = torch.full((2, 6 * BLOCK, HEADS, DIM), 99.0)
    for position, slot in enumerate(slots):
        for value in (0, 1):
            pages[value, slot] = torch.tensor(
                [[number(layer, value, h, position, d) for d in range(DIM)] for h in range(HEADS)])
    return pages.reshape(2, 6, BLOCK, HEADS, DIM).to(dtype)


def main(out):
    blocks = torch.tensor([4, 1])
    slots = (torch.arange(BLOCK).reshape(1, BLOCK) + blocks.reshape(-1, 1) * BLOCK).flatten()
    ids = torch.arange(1, TOKENS + 1)
    name = hashlib.md5(ids.numpy().tobytes()).hexdigest()
    layouts = {
        "fused": lambda x: x.reshape(2, -1, HEADS * DIM)[:, slots],
        "heads": lambda x: x.reshape(2, -1, HEADS, DIM)[:, slots],
        "pairs": lambda x: x.permute(1, 2, 0, 3, 4).reshape(-1, 2, HEADS, DIM)[slots],
        "packed": lambda x: torch.cat([x[0], x[1]], dim=-1).reshape(-1, HEADS, 2 * DIM)[slots],
    }
    for folder, layout in layouts.items():
        os.makedirs(f"{out}/{folder}/{name}", exist_ok=True)
        for layer in range(LAYERS):
            kv = layout(paged(layer, slots, torch.float16 if folder != "heads" else torch.bfloat16)).contiguous()
            save_file({"kv_cache": kv}, f"{out}/{folder}/{name}/model.layers.{layer}.self_attn.attn.safetensors")


if __name__ == "__main__":
    main(sys.argv[1])
