#!/usr/bin/env python3
"""Transformers goes on from caches that fkv wrote, and fkv reads what people save of its caches.

    prove-transformers.py CAPTURE MODEL.gguf MODEL_FOLDER WORK_FOLDER     with the program in FKV
"""
import copy
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, DynamicCache

from proof import (
    CONTINUATION, capture_numbers, capture_tokens, check, finish, fkv, relative_error, report_logits)


@torch.no_grad()
def logits(model, tokens, cache):
    return model(torch.tensor([tokens]), past_key_values=cache).logits[0].float().numpy()


def rebuilt(path):
    """A DynamicCache of a file that fkv wrote, as formats/transformers.md says."""
    tensors = load_file(path)
    count = sum(name.endswith(".keys") for name in tensors)
    cache = DynamicCache()
    for layer in range(count):
        cache.update(tensors[f"layers.{layer}.keys"].float(), tensors[f"layers.{layer}.values"].float(), layer)
    return cache, tensors["input_ids"][0].tolist() if "input_ids" in tensors else None


def main(capture, gguf, folder, work):
    print(f"torch {torch.__version__}, transformers {version('transformers')}")
    work = Path(work)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokens = capture_tokens(capture)
    following = tokens[:CONTINUATION]
    own = DynamicCache()
    logits(model, tokens, own)
    expected = logits(model, following, copy.deepcopy(own))

    fkv("convert", capture, work / "ours.safetensors", "--to", "transformers")
    cache, ids = rebuilt(work / "ours.safetensors")
    check("token ids come through", ids == tokens, f"{len(tokens)} of them")
    mean = report_logits("Transformers goes on from llama.cpp's cache", expected, logits(model, following, cache), 0.02)
    fkv("convert", capture, work / "wrong.safetensors", "--to", "transformers", "--key-layout", "interleaved")
    control = report_logits("the same with keys in llama.cpp's order, which must fail", expected,
                            logits(model, following, rebuilt(work / "wrong.safetensors")[0]), float("inf"))
    check("the control fails", control > 20 * mean, f"{control / mean:.0f} times the divergence")

    pairs = [(layer.keys, layer.values) for layer in own.layers]
    torch.save(own, work / "object.pt")
    torch.save(tuple(pairs), work / "tuples.pt")
    save_file({f"past_key_values.{i}.{name}": x.contiguous() for i, pair in enumerate(pairs)
               for name, x in zip(("key", "value"), pair)}, work / "names.safetensors")
    for name in ("object.pt", "tuples.pt", "names.safetensors"):
        back = work / f"{name}-back.safetensors"
        fkv("convert", work / name, back, "--to", "transformers", "--model", gguf)
        same = logits(model, following, rebuilt(back)[0])
        check(f"its own cache, saved as {name}, through fkv and back gives the same logits",
              np.array_equal(same, expected), f"largest difference {np.abs(same - expected).max()}")

    fkv("convert", work / "object.pt", work / "own-capture.safetensors", "--to", "capture", "--model", gguf,
        "--key-layout", "interleaved")
    keys, values = (relative_error(x, y) for x, y in
                    zip(capture_numbers(work / "own-capture.safetensors"), capture_numbers(capture)))
    check("numbers against llama.cpp's", keys < 0.05 and values < 0.05, f"keys {keys:.4f}, values {values:.4f}")
    finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
