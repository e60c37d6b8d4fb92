# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the chat goldens and the engine to what the real Jinja says. Prints TAP.

Renders every golden file again, and then random conversations, which lm-render must render alike.
"""
import os
import random
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

DATA = os.path.join(os.environ["LINNET_TEST_DATA"], "chat")
LM_RENDER = os.environ["LINNET_LM_RENDER"]
SEED = int(os.environ.get("LINNET_TEST_SEED", "20240726"))
N_CONVERSATIONS = int(os.environ.get("LINNET_TEST_CONVERSATIONS", "400"))

# What random texts are made of: all that a template looks for, strips or could trip over.
PIECES = [
    "", " ", "\n", "\n\n", "\t", "\u3000", "\u00a0", "\u2028", "\x1c", "\u200b", "a", "Hello",
    "你好", "é", "🙂", "\\n", "'", '"', "<think>", "</think>", "<think>\n", "\n</think>\n\n",
    "<tool_response>", "</tool_response>", "<|im_start|>", "<|im_end|>", "[INST]", " [/INST]",
    "<<SYS>>", "<</SYS>>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<|user|>", "</s>", "<｜User｜>",
    "{{ x }}", "{% raw %}",
]


def random_conversation(rng, index):
    """A name, whether the answer is to come, and messages, mostly in an order that makes sense."""
    def text():
        return "".join(rng.choice(PIECES) for _ in range(rng.choice([0, 1, 1, 2, 3, 5, 8])))

    roles = []
    if rng.random() < 0.4:
        roles.append("system")
    for turn in range(rng.randint(1, 6)):
        roles.append("user" if turn % 2 == 0 else "assistant")
    if rng.random() < 0.25:
        roles[rng.randrange(len(roles))] = rng.choice(["system", "user", "assistant"])
    return f"random-{index}", rng.random() < 0.6, [(role, text()) for role in roles]


def entries(golden):
    """Splits a golden file: what is said of each conversation, by name."""
    found = {}
    position = 0
    while position < len(golden):
        end = golden.index(b"\n", position)
        words = golden[position:end].decode().split(" ")
        position = end + 1
        found[words[0]] = None
        if words[1] == "ok":
            length = int(words[2])
            found[words[0]] = golden[position:position + length]
            position += length + 1
    return found


def compare(golden, actual):
    """Says where the two first differ; True when they do not."""
    if golden == actual:
        return True
    expected, got = entries(golden), entries(actual)
    for name, text in expected.items():
        if got.get(name) != text:
            print(f"# {name}: Jinja gives {text!r}, not {got.get(name)!r}")
            break
    return False


def engine_render(template, conversations_path):
    command = [LM_RENDER, template.path, template.bos, template.eos, conversations_path]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def read(*path):
    with open(os.path.join(DATA, *path), "rb") as file:
        return file.read()


def main():
    sys.path.insert(0, DATA)
    try:
        import make
    except ImportError as error:
        print(f"1..0 # SKIP the real Jinja is not installed ({error})")
        return 0
    results = []
    conversations = make.format_conversations(make.CONVERSATIONS)
    results.append(("conversations.txt is what make.py writes",
                    conversations == read("conversations.txt")))
    rng = random.Random(SEED)
    made = [random_conversation(rng, i) for i in range(N_CONVERSATIONS)]
    print(f"# {N_CONVERSATIONS} random conversations, seed {SEED}")
    with tempfile.NamedTemporaryFile() as file:
        file.write(make.format_conversations(made))
        file.flush()
        for template in make.known_templates():
            golden = template.golden(make.CONVERSATIONS)
            results.append((f"{template.name}: the golden file is what Jinja gives",
                            compare(golden, read("golden", template.name + ".txt"))))
            golden = template.golden(made)
            results.append((f"{template.name}: random conversations are what Jinja gives",
                            compare(golden, engine_render(template, file.name))))
    for number, (name, is_right) in enumerate(results, 1):
        print(f"{'ok' if is_right else 'not ok'} {number} - {name}")
    print(f"1..{len(results)}")
    return 0 if all(is_right for _, is_right in results) else 1


sys.exit(main())
