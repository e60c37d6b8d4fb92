#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes golden.json with llama.cpp: what the demo model's tokens and perplexity have to be.

  make.py PEER      PEER: a program that runs its arguments where llama.cpp's tools are on PATH
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parent.parent.parent / "data" / "minimind2-small-q8_0.gguf"
CONTEXT = 512


def tokens(peer, *options):
    output = subprocess.run(
        [peer, "llama-tokenize", "-m", MODEL, "-f", HERE / "tokens.txt", "--ids", "--log-disable"]
        + list(options),
        check=True, capture_output=True, text=True).stdout
    return json.loads(output[output.index("["):])


def with_bos(folder):
    """The demo model's file does not ask for BOS, without which the model is at a loss (its
    perplexity is worse than chance); a copy that does."""
    key = b"tokenizer.ggml.add_bos_token"
    content = bytearray(MODEL.read_bytes())
    content[content.index(key) + len(key) + 4] = 1
    path = pathlib.Path(folder) / "with-bos.gguf"
    path.write_bytes(content)
    return path


def perplexity(peer):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [peer, "llama-perplexity", "-m", with_bos(folder), "-f", HERE / "mixed.txt",
             "-c", str(CONTEXT)], check=True, capture_output=True, text=True)
    output = run.stdout + run.stderr
    return {
        "context": CONTEXT,
        "windows": int(re.search(r"over (\d+) chunks", output).group(1)),
        "perplexity": float(re.search(r"PPL = ([0-9.]+)", output).group(1)),
    }


def main():
    peer = sys.argv[1]
    golden = {
        "plain": tokens(peer, "--no-parse-special"),
        "special": tokens(peer),
        "perplexity": perplexity(peer),
    }
    (HERE / "golden.json").write_text(json.dumps(golden) + "\n", encoding="utf-8")


main()
