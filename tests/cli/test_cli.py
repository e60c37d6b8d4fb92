#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives linnet-cli through pipes and in a terminal. See clilib.py."""
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from clilib import (
    DATA, DEMO, GOLDEN, LONG_QUESTION, PROGRAM, TIMEOUT, expect, expect_complaint,
    expect_ok, main, run, test,
)

# ---- The program itself ------------------------------------------------------------------------

@test
def help_and_version():
    result = expect_ok(run("--help"))
    for command in ("chat", "pull", "list", "show", "create", "rm", "demo", "machine", "tokenize",
                    "inspect", "perplexity", "advise", "bench"):
        expect(command in result.stdout, command, "is not in the help")
        own = expect_ok(run(command, "--help"))
        expect(f"linnet-cli {command}" in own.stdout, own.stdout)
    version = expect_ok(run("--version")).stdout.split()
    expect(version[0] == "linnet-cli" and version[1][0].isdigit(), version)


@test
def wrong_command_lines():
    for arguments, word in (
        ([], "missing"),
        (["chta"], "“chat”"),
        (["bnech"], "“bench”"),
        (["insp"], "“inspect”"),
        (["xyzzy"], "xyzzy"),
        (["--frobnicate"], "--frobnicate"),
        (["chat", "--frobnicate"], "--frobnicate"),
        (["chat", "x", "superfluous"], "superfluous"),
        (["chat", "-n", "0"], "-n"),
        (["chat", "-n", "many"], "many"),
        (["chat", "--temp", "-1"], "--temp"),
        (["chat", "--temp", "warm"], "warm"),
        (["chat", "--temp", "nan"], "--temp"),
        (["chat", "--seed", "-5"], "--seed"),
        (["chat", "--threads", "0"], "--threads"),
        (["demo", "--threads-prefill", "1025"], "--threads-prefill"),
        (["chat", "--ctx", "3"], "--ctx"),
        (["chat", "-p", "   "], "empty"),
        (["chat", "--kv", "q4_0"], "“q4_0”"),
        (["bench", "--kv", ""], "q8_0 (8 bits"),
        (["perplexity", "--kv", "f32", "x"], "f16 (16 bits)"),
        (["inspect", "--kv", "8", "x"], "“8”"),
        (["bench", "-p", "128,,5"], "-p"),
        (["bench", "-d", "1,x"], "-d"),
        (["bench", "--reps", "0"], "--reps"),
        (["bench", "--probe-ms", "5"], "--probe-ms"),
        (["bench", "--peer-timeout", "0"], "--peer-timeout"),
        (["bench", "-p", "0", "-n", "0"], "nothing to measure"),
        (["inspect"], "GGUF"),
        (["inspect", "a", "b"], "GGUF"),
        (["machine", "--threads", "0"], "--threads"),
        (["machine", "mine"], "mine"),
        (["perplexity"], "text file"),
        (["perplexity", "--ctx", "1", "x"], "--ctx"),
    ):
        expect_complaint(run(*arguments), 2, word)


@test
def text_that_is_not_utf8():
    result = subprocess.run([PROGRAM, "chat", "-p", b"\xff\xfe\xfa"], capture_output=True,
                            timeout=TIMEOUT, env={**os.environ, "LC_ALL": "C.UTF-8"})
    expect(result.returncode == 2, result)
    expect(b"UTF-8" in result.stderr, result.stderr)
    result = run("chat", stdin=b"\xff\xfe\xfa\n")
    expect(result.returncode == 1 and "UTF-8" in result.stderr, result)


@test
def bad_model_files():
    whole = DEMO.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        files = {
            "missing.gguf": None,
            "empty.gguf": b"",
            "text.gguf": b"Once upon a time there was a file that was no model.\n" * 50,
            "magic.gguf": b"GGUF",
            "header.gguf": whole[:1000],
            "half.gguf": whole[:len(whole) // 2],
        }
        for name, content in files.items():
            path = folder / name
            if content is not None:
                path.write_bytes(content)
            for command in (["inspect", path], ["chat", "-p", "Hi", "--model", path],
                            ["tokenize", "--model", path], ["bench", "--model", path]):
                expect_complaint(run(*command), 1, name)
        expect_complaint(run("inspect", folder), 1)
        expect_complaint(run("chat", "-p", "Hi", "--model", folder), 1)


@test
def no_demo_model():
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(PROGRAM).resolve()
        built = (here.parent.parent.parent / "data" / DEMO.name).exists()
        result = run("tokenize", stdin=b"x", LINNET_DATA_DIR=folder)
        # The build has a copy of its own, found beside the program.
        if built:
            expect_ok(result)
        else:
            expect_complaint(result, 1, "--model")


@test
def full_disk():
    if not os.path.exists("/dev/full"):
        return "there is no /dev/full here"
    with open("/dev/full", "wb") as full:
        result = subprocess.run([PROGRAM, "inspect", DEMO], stdout=full, stderr=subprocess.PIPE,
                                timeout=TIMEOUT)
    expect(result.returncode == 1, result)
    expect(result.stderr.startswith(b"linnet-cli: "), result.stderr)


@test
def reader_that_leaves_early():
    text = (DATA / "text" / "mixed.txt").read_bytes() * 8
    with subprocess.Popen([PROGRAM, "tokenize"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdin.write(text)
        process.stdin.close()
        expect(len(process.stdout.read(10)) == 10, "no output")
        process.stdout.close()
        complaint = process.stderr.read()
        status = process.wait(TIMEOUT)
    expect(status == -signal.SIGPIPE, "exit status", status)
    expect(complaint == b"", complaint)


# ---- tokenize, inspect, perplexity, bench, demo ------------------------------------------------

@test
def tokens_are_the_peers():
    text = (DATA / "text" / "tokens.txt").read_bytes()
    for options, golden in (([], "plain"), (["--special"], "special")):
        result = expect_ok(run("tokenize", "--model", DEMO, *options, stdin=text))
        expect(result.stdout.endswith("\n") and result.stdout.count("\n") == 1, result.stdout)
        expect([int(word) for word in result.stdout.split()] == GOLDEN[golden], golden,
               result.stdout)
    expect(expect_ok(run("tokenize")).stdout == "\n", "the empty text has no tokens")
    expect(len(expect_ok(run("tokenize", stdin=b"a\0b\xff")).stdout.split()) >= 4, "NUL cuts")


@test
def inspection():
    result = expect_ok(run("inspect", "--json", DEMO))
    about = json.loads(result.stdout)
    expect(about["title"] == "MiniMind2-Small", about["title"])
    expect(about["architecture"] == "llama", about["architecture"])
    expect(about["quantisation"] == "Q8_0", about["quantisation"])
    expect(about["layers"] == 8 and about["embedding"] == 512, "shape")
    expect(about["heads"] == 8 and about["kv_heads"] == 2, "heads")
    expect(about["vocabulary"] == 6400, about["vocabulary"])
    expect(about["file_bytes"] == DEMO.stat().st_size, about["file_bytes"])
    tensors = about["tensors"]
    expect(tensors["count"] == len(tensors["list"]), "count")
    expect(sum(t["count"] for t in tensors["by_type"]) == tensors["count"], "by type")
    expect(sum(t["bytes"] for t in tensors["by_type"]) == tensors["bytes"], "bytes")
    expect(sum(t["elements"] for t in tensors["by_type"]) == about["parameters"], "parameters")
    q8 = next(t for t in tensors["by_type"] if t["type"] == "Q8_0")
    expect(q8["bytes"] * 32 == q8["elements"] * 34, "a block of 32 takes 34 bytes")
    metadata = {entry["key"]: entry for entry in about["metadata"]}
    expect(metadata["llama.block_count"]["value"] == 8, "block count")
    expect(metadata["tokenizer.ggml.add_bos_token"]["value"] is False, "add_bos_token")
    expect(metadata["tokenizer.ggml.tokens"]["count"] == 6400, "tokens")
    expect(abs(metadata["llama.rope.freq_base"]["value"] - 1e6) < 1, "frequency base")
    contexts = [need["context"] for need in about["memory"]]
    expect(contexts == sorted(set(contexts)) and len(contexts) >= 3, contexts)
    for need in about["memory"]:
        expect(need["total"] == need["weights"] + need["kv_cache"] + need["scratch"], need)
        # F16 keys and values: 2 × 8 layers × 2 heads × 64 × 2 bytes a token.
        expect(need["kv_cache"] >= need["context"] * 4096, need)
    text = expect_ok(run("inspect", DEMO)).stdout
    for part in ("MiniMind2-Small", "llama.block_count", "Q8_0", "KV cache"):
        expect(part in text, part)
    expect("\x1b" not in text, "colours in a pipe")


@test
def perplexity_is_the_peers():
    golden = GOLDEN["perplexity"]
    # Asking for BOS, as tests/data/text/make.py does: see there.
    key = b"tokenizer.ggml.add_bos_token"
    content = bytearray(DEMO.read_bytes())
    content[content.index(key) + len(key) + 4] = 1
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "with-bos.gguf"
        path.write_bytes(content)
        result = expect_ok(run("perplexity", "--model", path, "--ctx", golden["context"], "--json",
                               DATA / "text" / "mixed.txt"))
    ours = json.loads(result.stdout)
    expect(ours["windows"] == golden["windows"], ours)
    expect(ours["scored"] == ours["windows"] * (golden["context"] // 2 - 1), ours)
    off = abs(ours["perplexity"] / golden["perplexity"] - 1)
    print(f"# perplexity {ours['perplexity']:.2f}, the peer's {golden['perplexity']:.2f}: "
          f"{off:.3%} off")
    expect(off < 0.005, ours, golden)


@test
def perplexity_for_people():
    text = (DATA / "text" / "mixed.txt").read_bytes()[:600]
    result = expect_ok(run("perplexity", "--ctx", "32", "-", stdin=text))
    for word in ("Tokens", "NLL", "PPL"):
        expect(word in result.stdout, result.stdout)
    expect_complaint(run("perplexity", "-", stdin=b"Too short."), 1, "tokens")
    expect_complaint(run("perplexity", "/nonexistent/text"), 1, "/nonexistent/text")



@test
def demo():
    result = expect_ok(run("demo"))
    lines = result.stdout.splitlines()
    question = next(i for i, line in enumerate(lines) if line.startswith("> "))
    expect(sum(line != "" for line in lines[:question]) == 3, lines)
    expect("".join(lines[question + 1:]).strip() != "", "no answer")
    expect("tokens/s" in result.stderr, result.stderr)


# ---- chat --------------------------------------------------------------------------------------

@test
def one_question():
    result = expect_ok(run("chat", "-p", "中国的首都是哪里？", "--temp", "0", "-n", "40"))
    expect("北京" in result.stdout, result.stdout)
    expect("<|im" not in result.stdout and "�" not in result.stdout, result.stdout)
    expect(result.stdout.endswith("\n"), "no newline at the end")
    expect("tokens/s" in result.stderr and "\x1b" not in result.stderr, result.stderr)
    # In the plain C locale as well: everything is UTF-8.
    plain = expect_ok(run("chat", "-p", "中国的首都是哪里？", "--temp", "0", "-n", "40", LC_ALL="C"))
    expect(plain.stdout == result.stdout, plain.stdout)


@test
def seeds_and_threads():
    def answer(*options):
        return expect_ok(run("chat", "-p", "写一首诗", "-n", "24", "--temp", "1", *options)).stdout

    first = answer("--seed", "7", "--threads", "1")
    expect(answer("--seed", "7", "--threads", "2") == first, "a seed gives one answer")
    others = [answer("--seed", str(seed)) for seed in (8, 9, 10)]
    expect(any(other != first for other in others), "every seed gives the same answer")


@test
def system_prompt():
    plain = expect_ok(run("chat", "-p", "你是谁？", "--temp", "0", "-n", "24"))
    other = expect_ok(run("chat", "-p", "你是谁？", "--temp", "0", "-n", "24",
                          "--system", "你是一只会说话的猫，名字叫小花。" * 4))
    expect(plain.stderr.split(" read")[0] != other.stderr.split(" read")[0],
           "the system prompt adds no tokens", plain.stderr, other.stderr)


@test
def length_limit():
    result = expect_ok(run("chat", "-p", LONG_QUESTION, "-n", "5", "--temp", "0"))
    expect("5 tokens written" in result.stderr, result.stderr)
    expect("-n" in result.stderr, result.stderr)


@test
def small_context():
    result = run("chat", "-p", LONG_QUESTION * 20, "--ctx", "64")
    expect_complaint(result, 1)
    # An answer that fills the context stands, and says so.
    result = expect_ok(run("chat", "-p", LONG_QUESTION, "--ctx", "64", "--temp", "0"))
    expect(result.stdout.strip() != "" and "--ctx" in result.stderr, result)


@test
def questions_from_a_pipe():
    result = expect_ok(run("chat", "--temp", "0", "-n", "16",
                           stdin="中国的首都是哪里？\n\n你好".encode()))
    expect("> " not in result.stdout, "a prompt in a pipe")
    expect(result.stderr.count("tokens/s") == 4, "two answers, two figures each", result.stderr)
    expect(expect_ok(run("chat")).stdout == "", "no question, no answer")


@test
def lookup_changes_nothing():
    question = "请把下面这段话原样重复一遍：春天来了，公园里的花都开了，孩子们在草地上奔跑。" * 2
    options = ["-p", question, "-n", "48", "--threads", "1", "--ctx", "512"]
    for choices in (["--temp", "0"], ["--temp", "0.5", "--seed", "3"]):
        plain = expect_ok(run("chat", *options, *choices, "--no-lookup"))
        guessed = expect_ok(run("chat", *options, *choices))
        expect(plain.stdout == guessed.stdout, plain.stdout, guessed.stdout)
        expect("guess" not in plain.stderr, plain.stderr)
        print("#", guessed.stderr.splitlines()[0])
        # The answer repeats the question, so that guesses are made, and are right. The first is made
        # before any has been timed, on a slow computer as on a fast one.
        guesses = re.search(r"· (\d+) of (\d+) guess", guessed.stderr)
        expect(guesses and int(guesses[1]) > 0, "no guess was right", guessed.stderr)


@test
def state_is_kept():
    def chat(state, *options, question="你是谁？"):
        return run("chat", "-p", question, "--temp", "0", "-n", "16", "--system",
                   "你是一只会说话的猫，名字叫小花。" * 8, "--state", state, *options)

    with tempfile.TemporaryDirectory() as folder:
        state = pathlib.Path(folder) / "小花.state"
        first = expect_ok(chat(state))
        expect("brings back" not in first.stderr and state.exists(), first.stderr)
        n_read = int(first.stderr.split(" read")[0].split()[-1])
        again = expect_ok(chat(state))
        expect("“小花.state” brings back" in again.stderr, again.stderr)
        expect("· 1 read" in again.stderr, "it was read again", again.stderr)
        expect(again.stdout == first.stdout, again.stdout, first.stdout)
        other = expect_ok(chat(state, question="你喜欢什么？"))
        expect(int(other.stderr.split(" read")[0].split()[-1]) < n_read / 2, other.stderr)
        expect(list(state.parent.iterdir()) == [state], list(state.parent.iterdir()))

        # What does not fit is told in a sentence, read anew and replaced.
        content = bytearray(state.read_bytes())
        content[len(content) // 2] ^= 4
        state.write_bytes(content)
        damaged = expect_ok(chat(state))
        expect("“小花.state” is damaged" in damaged.stderr, damaged.stderr)
        expect(f"· {n_read} read" in damaged.stderr, damaged.stderr)
        expect(damaged.stdout == first.stdout, damaged.stdout)
        expect("brings back" in expect_ok(chat(state)).stderr, "not replaced")
        small = run("chat", "-p", "你好", "--ctx", "64", "-n", "4", "--state", state)
        expect("larger context" in expect_ok(small).stderr, small.stderr)

        # What is something else is left alone.
        notes = pathlib.Path(folder) / "notes.txt"
        notes.write_text("Do not lose me.", encoding="utf-8")
        expect_complaint(chat(notes), 1, "notes.txt")
        expect(notes.read_text(encoding="utf-8") == "Do not lose me.", "notes are lost")
        lost = chat(pathlib.Path(folder) / "none" / "state")
        expect(lost.returncode == 1 and "written" in lost.stderr, lost)
        expect(lost.stdout == first.stdout, "the answer is lost as well", lost.stdout)
        # Without a question there is nothing to keep.
        expect_ok(run("chat", "--state", pathlib.Path(folder) / "new"))
        expect(not (pathlib.Path(folder) / "new").exists(), "an empty state")


@test
def eight_bit_conversation():
    """A conversation kept in 8 bits is saved as such, and not taken for one in 16."""
    ask = ("chat", "--temp", "0", "-n", "24", "-p", "中国的首都是哪里？")
    with tempfile.TemporaryDirectory() as folder:
        state = pathlib.Path(folder) / "state"
        first = expect_ok(run(*ask, "--kv", "q8_0", "--state", state))
        n_bytes = state.stat().st_size
        again = expect_ok(run(*ask, "--kv", "q8_0", "--state", state))
        expect("brings back" in again.stderr and again.stdout == first.stdout, again.stderr)
        other = expect_ok(run(*ask, "--state", state))
        expect("number of bits" in other.stderr, other.stderr)
        expect("北京" in first.stdout and "北京" in other.stdout, first.stdout, other.stdout)
        expect(state.stat().st_size > 1.8 * n_bytes, "it was not replaced")


@test
def interrupted_question():
    with subprocess.Popen([PROGRAM, "chat", "-p", LONG_QUESTION, "--temp", "0"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        expect(len(process.stdout.read(3)) == 3, "no output")
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        process.stdout.read()
        status = process.wait(TIMEOUT)
    expect(status == 130, "exit status", status)
    expect(time.monotonic() - start < 5, "it took long to stop")


@test
def model_that_becomes_shorter():
    """A file that somebody cuts off during a chat is a sentence, not a crash."""
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model.gguf"
        shutil.copy(DEMO, model)
        with subprocess.Popen([PROGRAM, "chat", "-m", model, "-n", "12"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            process.stdin.write("Hello.\n")
            process.stdin.flush()
            expect(process.stdout.readline().strip() != "", "no answer")
            os.truncate(model, 100)
            _, errors = process.communicate("And again?\n", timeout=TIMEOUT)
        expect(process.returncode == 1, "exit status", process.returncode, errors)
        expect("model.gguf” is incomplete" in errors, errors)


@test
def too_little_memory_is_said_before_loading():
    """A computer of 4 GiB, and what of it is free."""
    with tempfile.TemporaryDirectory() as folder:
        meminfo = pathlib.Path(folder) / "proc" / "meminfo"
        meminfo.parent.mkdir()
        chat = ("chat", "-p", "Hello.", "-n", "4", "--machine-root", folder)
        for mebibytes, sentence in ((200, "take a smaller model"), (556, "with --ctx 4096")):
            meminfo.write_text(f"MemTotal: 4194304 kB\nMemAvailable: {mebibytes * 1024} kB\n",
                               encoding="utf-8")
            result = run(*chat)
            expect_complaint(result, 1, sentence)
            expect(DEMO.name in result.stderr, result.stderr)
            expect_ok(run(*chat, "--anyway"))
        context = result.stderr.split("or take --ctx ")[1].split(";")[0]
        expect(int(context) < 4096, context)
        expect_ok(run(*chat, "--ctx", context))
        meminfo.write_text("MemTotal: 4194304 kB\nMemAvailable: 3000000 kB\n", encoding="utf-8")
        expect_ok(run(*chat))


# ---- In a terminal -----------------------------------------------------------------------------

class Terminal:
    """The program in a terminal of its own."""

    def __init__(self, *arguments):
        import pty
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            try:
                os.execv(PROGRAM, [PROGRAM, *arguments])
            finally:
                os._exit(127)

    def type(self, text):
        os.write(self.fd, text.encode())

    def read(self, timeout):
        """More output; False when there is none any more."""
        ready, _, _ = select.select([self.fd], [], [], timeout)
        if not ready:
            raise AssertionError(f"nothing more comes after {self.seen!r}")
        try:
            block = os.read(self.fd, 65536)
        except OSError:
            block = b""
        self.seen += block
        return block != b""

    def wait_for(self, text, timeout=60):
        """Reads until text has come, and forgets all up to it."""
        wanted = text.encode()
        end = time.monotonic() + timeout
        while wanted not in self.seen:
            if not self.read(max(end - time.monotonic(), 0.01)):
                raise AssertionError(f"{text!r} never came; {self.seen!r}")
        before, _, self.seen = self.seen.partition(wanted)
        return before.decode("utf-8", "replace")

    def wait_for_bytes(self, n, timeout=60):
        while len(self.seen) < n:
            expect(self.read(timeout), "the program ended", self.seen)

    def wait_for_end(self):
        while self.read(60):
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


@test
def interrupt_stops_the_answer():
    terminal = Terminal("chat", "--temp", "0")
    terminal.wait_for("> ")
    terminal.type(LONG_QUESTION + "\n")
    terminal.wait_for("\n")
    terminal.wait_for_bytes(12)
    terminal.type("\x03")
    start = time.monotonic()
    terminal.wait_for("Stopped.")
    expect(time.monotonic() - start < 5, "it took long to stop")
    terminal.wait_for("> ")
    terminal.type("中国的首都是哪里？\n")
    terminal.wait_for("\n")
    answer = terminal.wait_for("tokens/s")
    expect("\x1b[2m" in answer, "the figures are not dim", answer)
    expect(len(answer) > 8, "no second answer", answer)
    terminal.wait_for("> ")
    terminal.type("\x04")
    expect(terminal.wait_for_end() == 0, "Ctrl+D ends well")


@test
def interrupt_ends_at_the_prompt():
    terminal = Terminal("chat")
    terminal.wait_for("> ")
    terminal.type("\x03")
    expect(terminal.wait_for_end() == 130, "exit status")


sys.exit(main())
