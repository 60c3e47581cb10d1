#!/usr/bin/env python3
"""llama.cpp, llama-server and llama-completion go on from what fkv wrote, and fkv reads what they wrote.

    prove-llama.py MODEL.gguf WORK_FOLDER TOOLS_FOLDER [GEMMA.gguf]     with the program in FKV

TOOLS_FOLDER holds llama-server, llama-completion and llama-state (llama-state.cpp here). Only Python itself is needed.
"""
import array
import json
import math
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

TOKENS = 200
FOLLOWING = 4
failed = []


def check(what, passes, figures):
    print(f"{'ok  ' if passes else 'FAIL'}  {what}: {figures}", flush=True)
    if not passes:
        failed.append(what)


def fkv(*arguments):
    subprocess.run([os.environ["FKV"], *map(str, arguments)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


class Tools:
    def __init__(self, folder, model, work, prompt):
        self.folder, self.model, self.work, self.prompt = folder, model, work, prompt

    def save(self, path, kind, keys, values, flash="on"):
        subprocess.run([self.folder / "llama-state", "save", self.model, path, kind, keys, values, flash, str(TOKENS)],
                       check=True, input=self.prompt.encode())

    def logits(self, path, kind, keys, values, flash="on"):
        out = self.work / "logits"
        subprocess.run([self.folder / "llama-state", "logits", self.model, path, kind, keys, values, flash, out], check=True)
        return out.read_bytes()


def divergence(reference, other):
    """Mean KL divergence over the rows of two arrays of logits, and how often the most probable token is the same."""
    rows = [array.array("f", data) for data in (reference, other)]
    width = len(rows[0]) // FOLLOWING
    total, same = 0.0, 0
    for row in range(FOLLOWING):
        p, q = (x[row * width:(row + 1) * width] for x in rows)
        logs = []
        for x in (p, q):
            top = max(x)
            norm = top + math.log(sum(math.exp(v - top) for v in x))
            logs.append([v - norm for v in x])
        total += sum(math.exp(a) * (a - b) for a, b in zip(*logs))
        same += p.index(max(p)) == q.index(max(q))
    return total / FOLLOWING, same


def prove_states(tools, name):
    work, model = tools.work, ["--model", tools.model, "--cell-rotation", "hadamard"]
    own, capture, ours = (work / f for f in ("own", "capture", "ours"))

    def equal(what, kind, keys, values, flash, *options):
        """A file of llama.cpp's, as a capture, as a file again: both loaded, both gone on from."""
        tools.save(own, kind, keys, values, flash)
        fkv("convert", own, capture, *model, *options[:2])
        fkv("convert", capture, ours, "--to", "llama-state" if kind == "sequence" else "llama-session", *options[2:])
        expected, found = (tools.logits(path, kind, keys, values, flash) for path in (own, ours))
        check(f"{name}, {what}", found == expected,
              f"{TOKENS} tokens, logits equal to the last bit" if found == expected else "logits differ")
        return expected

    for keys, values in (("f16", "f16"), ("bf16", "bf16"), ("f32", "f32"), ("f32", "f16")):
        equal(f"sequence file, keys {keys}, values {values}", "sequence", keys, values, "on")
    equal("session file, f16", "session", "f16", "f16", "on")
    equal("sequence file, f16, without flash attention", "sequence", "f16", "f16", "off", *["--output-dtype", "f16"],
          "--transpose-values")
    for keys, values in (("q8_0", "q8_0"), ("q8_0", "q4_0"), ("q4_1", "q4_1"), ("q5_0", "q5_0"), ("q5_1", "q5_1")):
        equal(f"sequence file, keys {keys}, values {values}", "sequence", keys, values, "on", "--output-dtype", "f32",
              "--cell-type", f"{keys},{values}")
    # A rotation that is left out on both ways would not show above.
    for keys in ("q8_0", "iq4_nl"):
        tools.save(own, "sequence", keys, keys)
        fkv("convert", own, ours, "--to", "llama-state", *model)
        kl, same = divergence(tools.logits(own, "sequence", keys, keys), tools.logits(ours, "sequence", "f16", "f16"))
        fkv("convert", own, ours, "--to", "llama-state", "--model", tools.model, "--cell-rotation", "none")
        wrong, _ = divergence(tools.logits(own, "sequence", keys, keys), tools.logits(ours, "sequence", "f16", "f16"))
        check(f"{name}, {keys} cells written as f16", kl < 0.1 and wrong > 10 * kl,
              f"KL {kl:.1e} (queries are no longer quantised), same first token {same} of {FOLLOWING}; "
              f"KL {wrong:.1e} if the rotation is left out")


class Server:
    """llama-server with one slot, whose files lie in a folder."""

    def __init__(self, tools, folder, slots="1"):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.log = open(folder / "log", "ab")
        self.process = subprocess.Popen(
            [tools.folder / "llama-server", "-m", tools.model, "--port", str(self.port), "--slot-save-path", folder,
             "-c", "2048", "-np", slots, "-t", "1"], stdout=self.log, stderr=self.log)

    def __enter__(self):
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2):
                    return self
            except OSError:
                time.sleep(0.5)
        raise RuntimeError("llama-server does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def post(self, path, **body):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.load(answer)

    def complete(self, prompt, count):
        return self.post("/completion", prompt=prompt, n_predict=count, temperature=0, cache_prompt=True, n_probs=5,
                         id_slot=0)


def prove_server(tools):
    folder = tools.work / "slots"
    folder.mkdir()
    longer = tools.prompt + " The main point of"
    with Server(tools, folder) as server:
        server.complete(tools.prompt, 1)
        saved = server.post("/slots/0?action=save", filename="own.bin")
        expected = server.complete(longer, 16)
    fkv("convert", folder / "own.bin", folder / "ours.bin", "--to", "llama-state", "--model", tools.model)
    fkv("compress", folder / "own.bin", "-o", folder / "own.fkv", "--profile", "lossless", "--model", tools.model)
    fkv("restore", folder / "own.fkv", "-o", folder / "restored.bin", "--to", "llama-state")
    for name, what in (("ours.bin", "converted"), ("restored.bin", "compressed and restored")):
        with Server(tools, folder) as server:
            restored = server.post("/slots/0?action=restore", filename=name)
            found = server.complete(longer, 16)
        passes = (restored["n_restored"] == saved["n_saved"] and found["content"] == expected["content"]
                  and found["completion_probabilities"] == expected["completion_probabilities"]
                  and found["timings"]["prompt_n"] == expected["timings"]["prompt_n"])
        check(f"llama-server restores a slot that fkv {what}", passes,
              f"{restored['n_restored']} tokens, {found['timings']['prompt_n']} evaluated anew, "
              f"same 16 tokens and probabilities: {passes}")


def prove_completion(tools):
    own, ours = tools.work / "own.session", tools.work / "ours.session"

    def complete(session, prompt, count):
        run = subprocess.run(
            [tools.folder / "llama-completion", "-m", tools.model, "-p", prompt, "--prompt-cache", session, "-n", str(count),
             "--temp", "0", "-no-cnv", "-t", "1", "--no-display-prompt", "--prompt-cache-ro"][:-1 if count == 1 else None],
            capture_output=True, text=True)
        return run.stdout, run.stderr

    complete(own, tools.prompt, 1)
    fkv("convert", own, ours, "--to", "llama-session", "--model", tools.model)
    longer = tools.prompt + " The main point of"
    (expected, _), (found, log) = complete(own, longer, 16), complete(ours, longer, 16)
    loaded = [line.split("completion: ")[-1] for line in log.splitlines() if "loaded a session" in line]
    check("llama-completion --prompt-cache goes on from a session that fkv wrote",
          found == expected and bool(loaded), f"{'; '.join(loaded)}; same text: {found == expected}")


def main(model, work, folder, gemma=None):
    work, folder = Path(work), Path(folder)
    prompt = (Path(__file__).resolve().parents[2] / "LICENSE").read_text()[:1500]
    tools = Tools(folder, model, work, prompt)
    build = subprocess.run([folder / "llama-server", "--version"], capture_output=True, text=True)
    print((build.stderr + build.stdout).splitlines()[0])
    prove_states(tools, "SmolLM2-135M")
    if gemma:
        prove_states(Tools(folder, gemma, work, prompt), "gemma-3-270m")
    prove_server(tools)
    prove_completion(tools)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
