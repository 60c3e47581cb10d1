"""What the proofs share: running fkv, reading captures, comparing logits; every check prints one line and counts."""
import json
import os
import subprocess
import sys

import numpy as np
from safetensors import safe_open

CONTINUATION = 32
failed = []


def fkv(*arguments):
    """Runs the fkv that FKV names; its standard error is passed on."""
    subprocess.run([os.environ["FKV"], *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def check(what, passes, figures):
    """Reports one result; a failure is remembered."""
    print(f"{'ok  ' if passes else 'FAIL'}  {what}: {figures}", flush=True)
    if not passes:
        failed.append(what)


def finish():
    """Ends the program, with status 1 if anything failed."""
    sys.exit(1 if failed else 0)


def log_softmax(logits):
    logits = logits.astype(np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def compare(reference, other):
    """Mean and largest KL divergence, and the share of positions with the same most probable token."""
    p, q = log_softmax(reference), log_softmax(other)
    divergence = (np.exp(p) * (p - q)).sum(axis=-1)
    return divergence.mean(), divergence.max(), (p.argmax(-1) == q.argmax(-1)).mean()


def report_logits(what, reference, other, mean_limit):
    mean, largest, same = compare(reference, other)
    check(what, mean <= mean_limit,
          f"KL {mean:.2e} mean, {largest:.2e} max, same first token {same:.0%} of {len(reference)}")
    return mean


def capture_numbers(path):
    """Keys and values of a capture in F16 or F32, (H, T, D) a layer, in Float32."""
    with safe_open(path, "np") as f:
        layers = int(f.metadata()["layers"])
        return [[f.get_tensor(f"layers.{layer}.{kind}").astype(np.float32) for layer in range(layers)]
                for kind in ("key", "value")]


def relative_error(found, expected):
    """√(Σ|found − expected|² / Σ|expected|²) over all layers."""
    difference = sum(float(((a - b).astype(np.float64) ** 2).sum()) for a, b in zip(found, expected))
    return (difference / sum(float((b.astype(np.float64) ** 2).sum()) for b in expected)) ** 0.5


def capture_tokens(path):
    with safe_open(path, "np") as f:
        return f.get_tensor("tokens").tolist()


def texts(path):
    """A safetensors file's metadata."""
    with open(path, "rb") as f:
        count = int.from_bytes(f.read(8), "little")
        return json.loads(f.read(count)).get("__metadata__") or {}
