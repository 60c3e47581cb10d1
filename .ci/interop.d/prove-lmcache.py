#!/usr/bin/env python3
"""LMCache's own connector finds and reads the chunks that fkv wrote, and fkv reads those that it wrote.

    prove-lmcache.py CAPTURE MODEL.gguf MODEL_FOLDER WORK_FOLDER     with the program in FKV
"""
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, DynamicCache

from lmcache_store import Store
from proof import CONTINUATION, capture_tokens, check, finish, fkv, report_logits

CHUNK = 64
MODEL = "org/smollm2"


@torch.no_grad()
def logits(model, tokens, cache):
    return model(torch.tensor([tokens]), past_key_values=cache).logits[0].float().numpy()


def main(capture, gguf, folder, work):
    print(f"lmcache {version('lmcache')}, torch {torch.__version__}, transformers {version('transformers')}")
    work = Path(work)
    tokens = capture_tokens(capture)
    with safe_open(capture, "np") as f:
        layers, (heads, _, dim) = int(f.metadata()["layers"]), f.get_tensor("layers.0.key").shape

    def split(numbers):
        """(2, L, T, H·D) as pairs of (1, H, T, D)."""
        parts = numbers.reshape(2, layers, -1, heads, dim).transpose(2, 3).float()
        return [(parts[0, layer][None], parts[1, layer][None]) for layer in range(layers)]

    # fkv's folder, through LMCache's names and headers, into Transformers.
    fkv("convert", capture, work / "chunks", "--to", "lmcache", "--chunk-tokens", CHUNK, "--model-name", MODEL)
    store = Store(work / "chunks", MODEL, torch.float16, layers, heads, dim, CHUNK)
    numbers = store.get(tokens)
    check("LMCache finds every chunk by its hash", numbers is not None and numbers.shape[2] == len(tokens),
          f"{len(store.keys(tokens))} chunks of {CHUNK} tokens")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    own = DynamicCache()
    logits(model, tokens, own)
    pairs = [(layer.keys.half(), layer.values.half()) for layer in own.layers]
    following = tokens[:CONTINUATION]
    expected = logits(model, following, own)
    cache = DynamicCache()
    for layer, (key, value) in enumerate(split(numbers)):
        cache.update(key, value, layer)
    report_logits("Transformers goes on from its numbers", expected, logits(model, following, cache), 0.02)

    # LMCache's folder, through fkv, and back into bytes.
    theirs = torch.stack([torch.stack([pair[kind][0].transpose(0, 1).reshape(len(tokens), -1) for pair in pairs])
                          for kind in (0, 1)])
    Store(work / "theirs", MODEL, torch.float16, layers, heads, dim, CHUNK).put(tokens, theirs)
    (work / "ids").write_text(" ".join(map(str, tokens)))
    fkv("convert", work / "theirs", work / "from-lmcache.safetensors", "--to", "transformers", "--model", gguf,
        "--tokens", work / "ids")
    with safe_open(work / "from-lmcache.safetensors", "pt") as f:
        same = all(torch.equal(f.get_tensor(f"layers.{layer}.{name}"), pair[kind])
                   for layer, pair in enumerate(pairs) for kind, name in ((0, "keys"), (1, "values")))
    check("LMCache's chunks through fkv give the same numbers", same, f"{2 * layers} tensors, bit for bit")
    fkv("convert", work / "from-lmcache.safetensors", work / "again", "--to", "lmcache", "--chunk-tokens", CHUNK,
        "--model-name", MODEL)
    files = sorted(p.name for p in (work / "theirs").glob("*.data"))
    equal = all((work / "theirs" / name).read_bytes() == (work / "again" / name).read_bytes() for name in files)
    check("and fkv writes the same files", equal and len(files) == len(store.keys(tokens)), f"{len(files)} files")
    finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
