#!/usr/bin/env python3
"""mlx-lm goes on from caches that fkv wrote, and fkv reads those of mlx-lm.

    prove-mlx.py CAPTURE MODEL.gguf MODEL_FOLDER WORK_FOLDER     with the program in FKV
"""
import json
import sys
from pathlib import Path

import mlx.core as mx
import numpy as np
from importlib.metadata import version
from mlx_lm.models.cache import RotatingKVCache, load_prompt_cache, make_prompt_cache, save_prompt_cache
from mlx_lm.utils import load_model

from proof import (
    CONTINUATION, capture_numbers, capture_tokens, check, finish, fkv, relative_error, report_logits)


def logits(model, tokens, cache):
    out = model(mx.array([tokens]), cache=cache)[0].astype(mx.float32)
    mx.eval(out)
    return np.array(out)


def greedy(model, token, cache, count=24):
    found = []
    for _ in range(count):
        token = int(logits(model, [token], cache)[-1].argmax())
        found.append(token)
    return found


def main(capture, gguf, folder, work):
    print(f"mlx {version('mlx')}, mlx-lm {version('mlx-lm')}")
    # 0.32 writes the newer layout; older versions read the older one only.
    dialect = "0.32" if tuple(map(int, version("mlx-lm").split(".")[:2])) >= (0, 32) else "0.31"
    work = Path(work)
    model, _ = load_model(Path(folder))
    tokens = capture_tokens(capture)
    following = tokens[:CONTINUATION]

    own = make_prompt_cache(model)
    logits(model, tokens, own)
    save_prompt_cache(str(work / "own.safetensors"), own, {"model": "smollm2", "tokenizer_config": "{}"})
    expected = logits(model, following, own)

    # llama.cpp's cache, the keys permuted on the way.
    fkv("convert", capture, work / "ours.safetensors", "--to", "mlx", "--mlx-version", dialect)
    cache, metadata = load_prompt_cache(str(work / "ours.safetensors"), return_metadata=True)
    check("metadata come through", json.loads(metadata["tokens"]) == tokens and metadata["model"] != "",
          f"{len(tokens)} token ids, model {metadata['model']!r}")
    mean = report_logits("mlx-lm goes on from llama.cpp's cache", expected, logits(model, following, cache), 0.02)
    fkv("convert", capture, work / "wrong.safetensors", "--to", "mlx", "--mlx-version", dialect,
        "--key-layout", "interleaved")
    wrong = load_prompt_cache(str(work / "wrong.safetensors"))
    control = report_logits("the same with keys in llama.cpp's order, which must fail", expected,
                            logits(model, following, wrong), float("inf"))
    check("the control fails", control > 20 * mean, f"{control / mean:.0f} times the divergence")

    # mlx-lm's own cache through fkv and back: nothing may change.
    fkv("convert", work / "own.safetensors", work / "back.safetensors", "--to", "mlx", "--mlx-version", dialect,
        "--model", gguf)
    back = load_prompt_cache(str(work / "back.safetensors"))
    same = logits(model, following, back)
    check("mlx-lm's cache through fkv and back gives the same logits", np.array_equal(same, expected),
          f"largest difference {np.abs(same - expected).max()}")
    # Not load_prompt_cache's object any more: a fresh one each, since going on changes it.
    first = int(expected[0].argmax())
    a = greedy(model, first, load_prompt_cache(str(work / "own.safetensors")))
    b = greedy(model, first, load_prompt_cache(str(work / "back.safetensors")))
    check("and the same text", a == b, f"{len(a)} tokens")

    # mlx-lm's numbers in llama.cpp's order, against llama.cpp's.
    fkv("convert", work / "own.safetensors", work / "own-capture.safetensors", "--to", "capture", "--model", gguf,
        "--key-layout", "interleaved")
    keys, values = (relative_error(x, y) for x, y in
                    zip(capture_numbers(work / "own-capture.safetensors"), capture_numbers(capture)))
    check("numbers against llama.cpp's", keys < 0.05 and values < 0.05, f"keys {keys:.4f}, values {values:.4f}")

    # Rings: a window of half the prompt, filled and turned.
    half = len(tokens) // 2
    ring = [RotatingKVCache(max_size=half) for _ in model.layers]
    for token in tokens[:half]:
        logits(model, [token], ring)
    for token in tokens[half:half + 7]:
        logits(model, [token], ring)
    save_prompt_cache(str(work / "ring.safetensors"), ring, {})
    expected = logits(model, [tokens[half + 7]], ring)
    fkv("convert", work / "ring.safetensors", work / "ring-back.safetensors", "--to", "mlx", "--mlx-version", dialect,
        "--model", gguf)
    found = logits(model, [tokens[half + 7]], load_prompt_cache(str(work / "ring-back.safetensors")))
    difference = float(np.abs(found - expected).max())
    # The rows stand in another order, so that sums round otherwise.
    check("a ring that has turned, through fkv and back", difference < 1e-3 * np.abs(expected).max(),
          f"largest difference of a logit {difference:.1e} of {np.abs(expected).max():.1f}")

    # Quantised to 8 bits by mlx-lm, numbers again by fkv.
    quantized = [c.to_quantized(group_size=64, bits=8) for c in load_prompt_cache(str(work / "own.safetensors"))]
    save_prompt_cache(str(work / "quantized.safetensors"), quantized, {})
    expected = logits(model, following, load_prompt_cache(str(work / "quantized.safetensors")))
    fkv("convert", work / "quantized.safetensors", work / "quantized-back.safetensors", "--to", "mlx",
        "--mlx-version", dialect, "--model", gguf, "--output-dtype", "f32")
    found = logits(model, following, load_prompt_cache(str(work / "quantized-back.safetensors")))
    report_logits("a cache of 8 bits, as numbers", expected, found, 1e-3)
    finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
