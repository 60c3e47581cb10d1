#!/usr/bin/env python3
"""Writes the caches under Tests/InterchangeTests/Resources/transformers and …/torch with torch, safetensors and
Transformers' own DynamicCache.

    samples-torch.py FOLDER [SUFFIX]    SUFFIX tells versions of Transformers apart; with one, only DynamicCache is saved

Two layers, two heads, five tokens of eight dims; numbers as in samples-mlx.py.
"""
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import DynamicCache

LAYERS, HEADS, TOKENS, DIM = 2, 2, 5, 8


def part(layer, value, dtype=torch.float16, first=0):
    return torch.tensor([[[[(31 * layer + 17 * value + 7 * h + 13 * p + d) % 127 - 63 for d in range(DIM)]
                           for p in range(first, TOKENS)] for h in range(HEADS)]]).to(dtype)


def pairs(dtype=torch.float16):
    return [(part(layer, 0, dtype), part(layer, 1, dtype)) for layer in range(LAYERS)]


def dynamic():
    cache = DynamicCache()
    for layer, (key, value) in enumerate(pairs()):
        # As models hand them over: a view of (1, T, H, D) with heads and tokens exchanged.
        key, value = (x.transpose(1, 2).contiguous().transpose(1, 2) for x in (key, value))
        cache.update(key[:, :, :3], value[:, :, :3], layer)
        cache.update(key[:, :, 3:], value[:, :, 3:], layer)
    return cache


def main(out, suffix):
    for folder in ("transformers", "torch"):
        os.makedirs(f"{out}/{folder}", exist_ok=True)
    torch.save(dynamic(), f"{out}/torch/dynamic{suffix}.pt")
    if suffix:
        return

    flat = [("key", layer, k) for layer, (k, _) in enumerate(pairs())]
    flat += [("value", layer, v) for layer, (_, v) in enumerate(pairs())]
    for name, rename in (
            ("attributes", lambda kind, layer: f"layers.{layer}.{kind}s"),
            ("legacy", lambda kind, layer: f"{kind}_cache.{layer}"),
            ("onnx", lambda kind, layer: f"past_key_values.{layer}.{kind}"),
            ("letters", lambda kind, layer: f"{kind[0]}_{layer}"),
            ("tuple", lambda kind, layer: f"past_key_values.{layer}.{'kv'.index(kind[0])}")):
        save_file({rename(kind, layer): x for kind, layer, x in flat}, f"{out}/transformers/{name}.safetensors")
    extra = {f"layers.{layer}.{kind}": x[0].bfloat16() for kind, layer, x in flat}
    extra |= {"input_ids": torch.tensor([[1, 2, 3, 5, 8]]), "attention_mask": torch.ones(1, TOKENS)}
    save_file(extra, f"{out}/transformers/extra.safetensors", {"format": "pt"})

    torch.save(tuple(pairs()), f"{out}/torch/tuples.pt")
    torch.save([list(pair) for pair in pairs(torch.bfloat16)], f"{out}/torch/lists.pt")
    torch.save({"key_cache": [k for k, _ in pairs(torch.float32)], "value_cache": [v for _, v in pairs(torch.float32)]},
               f"{out}/torch/lists-by-kind.pt")
    torch.save({f"layers.{layer}.{kind}s": x for kind, layer, x in flat}, f"{out}/torch/names.pt")
    torch.save({"past_key_values": dynamic(), "input_ids": torch.tensor([[1, 2, 3, 5, 8]]), "note": "one"},
               f"{out}/torch/inside.pt")
    # One storage for everything, of which tensors are slices with strides of their own.
    whole = torch.stack([torch.stack(pair) for pair in pairs()]).transpose(-1, -2).contiguous().transpose(-1, -2)
    torch.save(tuple((layer[0], layer[1]) for layer in whole), f"{out}/torch/slices.pt")
    torch.save(tuple(pairs()), f"{out}/torch/before-zip.pt", _use_new_zipfile_serialization=False)
    torch.save({"weight": torch.zeros(3, 2)}, f"{out}/torch/weights.pt")

    # A window of four beside a full layer; Transformers keeps one token less than the window.
    from transformers import Gemma3TextConfig
    config = Gemma3TextConfig(num_hidden_layers=2, sliding_window=4, layer_types=["full_attention", "sliding_attention"])
    cache = DynamicCache(config=config)
    for layer, (key, value) in enumerate(pairs()):
        cache.update(key, value, layer)
    torch.save(cache, f"{out}/torch/window.pt")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
