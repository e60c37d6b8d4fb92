#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the golden files of this folder with llama.cpp's own programs.

    make.py --peer DIR-OR-PREFIX --synth build/tests/engine/lm-synth [--only demo|types|NAME]
    make.py --peer DIR-OR-PREFIX --model FILE --out GOLDEN       (one file, any model)

--peer is what stands before llama-server, llama-perplexity and llama-quantize: "" when they are on
the path.

Demo model (and --model): llama-server gives the log-probabilities of every token after each prefix
of chat.txt, a conversation. Synthetic models, whose tokens are bytes: llama-perplexity saves those
of the second half of text.txt. NAME.golden is of the file as it is, NAME-exact.golden of the same
weights as 32-bit floats, where llama.cpp does not round activations. A golden file holds,
little-endian:

    "LGLD", u32 n_vocab, u32 first, u32 n_positions, u32 stride
    u16 tokens[first + n_positions + 1]
    f32 log_probability[n_positions]     of tokens[first + i + 1] after tokens[0 … first + i]
    f32 margin[n_positions]              between the two best tokens
    u16 best[n_positions]
    u16 distribution[n_positions / stride][n_vocab]   −2000 × log-probability, each stride-th

greedy.golden: the demo model's greedy answers to prompts.txt, as text: for each prompt a line
"Q prompt", a line "T" with the ids of the rendered chat and a line "A" with id:margin of each token.
"""
import argparse
import json
import os
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
DEMO = os.path.join(ROOT, "data", "minimind2-small-q8_0.gguf")
TYPES = ("F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL IQ4_XS IQ2_XXS "
         "IQ2_XS IQ2_S IQ3_XXS IQ3_S").split()
# name: arguments of lm-synth; the same models are listed in tests/engine/test-golden.c
VARIANTS = {
    "llama-linear": "llama F32 linear=4",
    "llama-factors": "llama F32 rope_factors",
    "qwen2-yarn": "qwen2 F32 yarn=4,512",
    "qwen2-untied": "qwen2 F16 untied",
    "qwen3-mixture": "qwen3 Q4_K embedding=Q6_K query_key=IQ4_XS value=Q6_K attention=Q5_0 gate_up=Q4_K"
                     " down=Q5_K",
}
N_POSITIONS, STRIDE, PORT, N_GREEDY = 256, 8, 8097, 64
FLOATS = ("F32", "F16")


class Server:
    """llama-server on one model, for the length of a with block."""

    def __init__(self, peer, model):
        self.command = shlex.split(peer) + [
            "llama-server", "-m", model, "--port", str(PORT), "-c", "1024", "-np", "1", "-t", "2", "--no-webui"]

    def __enter__(self):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", PORT)) == 0:
                raise SystemExit(f"make.py: something listens on port {PORT} already")
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health").read()
                return self
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        raise SystemExit(f"make.py: the server did not start: {' '.join(self.command)}")

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)  # the command may be a wrapper
        self.process.wait()

    def ask(self, path, **body):
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}",
                                         json.dumps(body).encode() if body else None)
        return json.load(urllib.request.urlopen(request))

    def tokenize(self, text, **options):
        return self.ask("/tokenize", content=text, **options)["tokens"]


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def next_log_probabilities(server, tokens, harmless, n):
    """The n likeliest tokens after tokens, best first, as (id, log-probability).

    The server keeps back a token that is part of a character, and its probabilities with it; so it
    is made to choose a harmless one, which leaves the probabilities as they are."""
    answer = server.ask("/completion", prompt=tokens, n_predict=1, n_probs=n, temperature=0,
                        cache_prompt=True, logit_bias=[[harmless, 1000]])
    return [(t["id"], t["logprob"]) for t in answer["completion_probabilities"][0]["top_logprobs"]]


def write_golden(out, tokens, first, distributions, stride):
    """distributions: for each position, the log-probability of each token."""
    n_vocab = len(distributions[0])
    target, margin, best, full = [], [], [], []
    for i, row in enumerate(distributions):
        order = sorted(range(n_vocab), key=lambda t: (-row[t], t))[:2]
        target.append(row[tokens[first + i + 1]])
        margin.append(row[order[0]] - row[order[1]])
        best.append(order[0])
        if i % stride == 0:
            full.append([min(65535, max(0, round(-2000 * x))) for x in row])
    n = len(distributions)
    with open(out, "wb") as file:
        file.write(struct.pack("<4sIIII", b"LGLD", n_vocab, first, n, stride))
        file.write(struct.pack(f"<{first + n + 1}H", *tokens[:first + n + 1]))
        file.write(struct.pack(f"<{n}f", *target))
        file.write(struct.pack(f"<{n}f", *margin))
        file.write(struct.pack(f"<{n}H", *best))
        for row in full:
            file.write(struct.pack(f"<{n_vocab}H", *row))


def golden_by_server(server, out):
    """Every prefix of chat.txt."""
    tokens = server.tokenize(read("chat.txt"), parse_special=True)[:N_POSITIONS + 1]
    harmless = server.tokenize(".")[0]
    rows = []
    for i in range(N_POSITIONS):
        top = dict(next_log_probabilities(server, tokens[:i + 1], harmless, 1 << 20))
        rows.append([top[t] for t in range(len(top))])
    write_golden(out, tokens, 0, rows, STRIDE)


def golden_by_perplexity(peer, model, out, stride):
    """The second half of text.txt: llama-perplexity scores the second half of its context."""
    n_ctx, saved = 2 * N_POSITIONS + 2, model + ".logits"
    run(peer, "llama-perplexity", "-m", model, "-f", os.path.join(HERE, "text.txt"), "-c",
        str(n_ctx), "--chunks", "1", "-t", "2", "--kl-divergence-base", saved)
    with open(saved, "rb") as file:
        magic, ctx, n_vocab, n_chunks = struct.unpack("<8sIii", file.read(20))
        assert magic == b"_logits_" and ctx == n_ctx and n_chunks == 1, (magic, ctx, n_chunks)
        tokens = struct.unpack(f"<{n_ctx}i", file.read(4 * n_ctx))
        rows = []
        for _ in range(N_POSITIONS):
            scale, lowest = struct.unpack("<ff", file.read(8))
            padded = (n_vocab + 1) // 2 * 2
            row = struct.unpack(f"<{padded}H", file.read(2 * padded))[:n_vocab]
            rows.append([lowest + scale * x for x in row])
    os.remove(saved)
    write_golden(out, tokens, n_ctx // 2, rows, stride)


def run(peer, program, *arguments):
    subprocess.run(shlex.split(peer) + [program, *arguments], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def as_floats(peer, model):
    """The model with the same weights as 32-bit floats, for which llama.cpp rounds nothing."""
    run(peer, "llama-quantize", "--allow-requantize", model, model + ".f32", "F32", "2")
    return model + ".f32"


def greedy(server, out):
    lines = []
    harmless = server.tokenize(".")[0]
    end = server.tokenize(server.ask("/props")["eos_token"], parse_special=True)[0]
    for prompt in read("prompts.txt").splitlines():
        text = server.ask("/apply-template", messages=[{"role": "user", "content": prompt}],
                          chat_template_kwargs={"enable_thinking": True})["prompt"]
        tokens = server.tokenize(text, parse_special=True)
        answer, pairs = [], []
        while len(answer) < N_GREEDY and end not in answer:
            (best, first), (_, second) = next_log_probabilities(
                server, tokens + answer, harmless, 2)[:2]
            answer.append(best)
            pairs.append(f"{best}:{first - second:.4f}")
        lines += [f"Q {prompt}", "T " + " ".join(map(str, tokens)), "A " + " ".join(pairs)]
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def make_demo(peer):
    with Server(peer, DEMO) as server:
        golden_by_server(server, os.path.join(HERE, "demo-Q8_0.golden"))
    with tempfile.TemporaryDirectory() as folder:
        with Server(peer, as_floats(peer, shutil.copy(DEMO, folder))) as server:
            golden_by_server(server, os.path.join(HERE, "demo-Q8_0-exact.golden"))
            greedy(server, os.path.join(HERE, "greedy.golden"))


def make_synthetic(peer, synth, name, arguments):
    architecture, kind, *more = arguments.split()
    out = os.path.join(HERE, name)
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "model.gguf")
        subprocess.run([synth, architecture, kind, model, *more], check=True)
        golden_by_perplexity(peer, model, out + ".golden", STRIDE)
        if kind not in FLOATS:
            golden_by_perplexity(peer, as_floats(peer, model), out + "-exact.golden", N_POSITIONS)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", required=True)
    parser.add_argument("--synth")
    parser.add_argument("--model")
    parser.add_argument("--out")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if options.model:
        with Server(options.peer, options.model) as server:
            golden_by_server(server, options.out)
        return
    if options.only in ("", "demo"):
        make_demo(options.peer)
    models = {f"{a}-{t}": f"{a} {t}" for a in ("llama", "qwen2", "qwen3") for t in TYPES}
    for name, arguments in {**models, **VARIANTS}.items():
        if options.only in ("", "types", name):
            make_synthetic(options.peer, options.synth, name, arguments)
            print(name, flush=True)


if __name__ == "__main__":
    sys.exit(main())
