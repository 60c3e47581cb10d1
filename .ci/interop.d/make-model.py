#!/usr/bin/env python3
"""The test model as Transformers and mlx-lm load it: weights of the GGUF file, widened to Float32.

    make-model.py MODEL.gguf FOLDER    torch, transformers and gguf must be importable
"""
import json
import os
import sys

import torch
from transformers import AutoModelForCausalLM


def main(gguf, folder):
    model = AutoModelForCausalLM.from_pretrained(
        os.path.dirname(gguf), gguf_file=os.path.basename(gguf), dtype=torch.float32)
    # The weights are plain numbers now, whatever they were read from.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    for name in ("hf_quantizer", "is_quantized", "quantization_method"):
        if hasattr(model, name):
            setattr(model, name, None)
    model.save_pretrained(folder)
    # Where mlx-lm looks for what Transformers keeps under rope_parameters.
    path = os.path.join(folder, "config.json")
    with open(path) as f:
        config = json.load(f)
    config["rope_theta"] = config["rope_parameters"]["rope_theta"]
    with open(path, "w") as f:
        json.dump(config, f, indent=2)


if __name__ == "__main__":
    main(*sys.argv[1:])
