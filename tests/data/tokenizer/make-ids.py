#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the token ids that llama.cpp gives for lines.txt and specials.txt.

Usage: make-ids.py PEER DEMO_MODEL VOCABULARIES
  PEER          a command that runs its arguments where llama-tokenize and python3-gguf are installed
  DEMO_MODEL    data/minimind2-small-q8_0.gguf
  VOCABULARIES  the folder with ggml-vocab-*.gguf

For each pair in SETS it writes VOCABULARY.PRE.ids: for each line of lines.txt its ids; then for each
line of specials.txt the ids with special tokens parsed, and those with special tokens as plain text.
The lines are tokenised in one go, with a special token between them: that cuts the text.
"""

import os
import re
import subprocess
import sys
import tempfile

SETS = [
    ("demo", "gpt-2"), ("demo", "smollm"), ("demo", "default"), ("demo", "qwen2"),
    ("demo", "llama-bpe"), ("demo", "deepseek-r1-qwen"),
    ("qwen2", "qwen2"), ("qwen2", "deepseek-r1-qwen"), ("qwen2", "smollm"), ("qwen2", "default"),
    ("gpt-2", "gpt-2"), ("gpt-2", "smollm"), ("gpt-2", "default"),
    ("llama-bpe", "llama-bpe"), ("llama-spm", "spm"),
]
SEPARATORS = {"demo": "<|endoftext|>", "qwen2": "<|endoftext|>", "gpt-2": "<|endoftext|>",
              "llama-bpe": "<|end_of_text|>", "llama-spm": "</s>"}
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}

# Run by the peer's Python: the metadata of one file, with another tokenizer.ggml.pre, and no tensors.
COPY = """
import sys, gguf
source, target, pre = sys.argv[1:]
reader = gguf.GGUFReader(source)
writer = gguf.GGUFWriter(target, reader.fields["general.architecture"].contents())
for key, field in reader.fields.items():
    if key.startswith("GGUF.") or key == "general.architecture":
        continue
    value = pre if key == "tokenizer.ggml.pre" else field.contents()
    sub = field.types[1] if len(field.types) > 1 else None
    writer.add_key_value(key, value, field.types[0], sub)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.close()
"""


def unescape(line):
    def replace(match):
        if match[1]:
            return ESCAPES[match[1]]
        return chr(int(match[2] or match[3], 16))
    return re.sub(r"\\(?:([nrt\\])|u([0-9a-f]{4})|u\{([0-9a-f]+)\})", replace, line)


def read_lines(name):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    with open(path, encoding="utf-8", newline="\n") as file:
        return [unescape(line) for line in file.read().split("\n")[:-1]]


def tokenize(peer, model, text, folder, parse_special=True):
    path = os.path.join(folder, "text")
    with open(path, "wb") as file:
        file.write(text.encode())
    command = [peer, "llama-tokenize", "-m", model, "--ids", "--no-escape", "--no-bos", "-bf", path]
    if not parse_special:
        command.append("--no-parse-special")
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [int(number) for number in output.strip().split("\n")[-1].strip("[]").split(",") if number]


def main():
    peer, demo, vocabularies = sys.argv[1:]
    lines, specials = read_lines("lines.txt"), read_lines("specials.txt")
    with tempfile.TemporaryDirectory() as folder:
        for vocabulary, pre in SETS:
            model = demo if vocabulary == "demo" else f"{vocabularies}/ggml-vocab-{vocabulary}.gguf"
            if pre != "spm":
                copy = os.path.join(folder, "copy.gguf")
                subprocess.run([peer, "python3", "-c", COPY, model, copy, pre], check=True)
                model = copy
            separator = SEPARATORS[vocabulary]
            [separator_id] = tokenize(peer, model, separator, folder)
            rows, row = [], []
            for token in tokenize(peer, model, separator.join(lines) + separator, folder):
                if token == separator_id:
                    rows.append(row)
                    row = []
                else:
                    row.append(token)
            assert len(rows) == len(lines), (len(rows), len(lines))
            for text in specials:
                rows.append(tokenize(peer, model, text, folder))
                rows.append(tokenize(peer, model, text, folder, parse_special=False))
            target = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{vocabulary}.{pre}.ids")
            with open(target, "w", encoding="utf-8") as file:
                file.writelines(" ".join(map(str, row)) + "\n" for row in rows)


if __name__ == "__main__":
    main()
