#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives linnet-cli as its users do: as a process, through pipes and in a terminal. Prints TAP.

  test_cli.py LINNET-CLI [NAME…]      NAME: run only these tests
"""
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

PROGRAM = sys.argv[1]
SPEED = pathlib.Path(__file__).resolve().parents[2] / "tools" / "speed.py"
FAKE_PEER = pathlib.Path(__file__).with_name("fake-llama-bench.py")
DATA = pathlib.Path(os.environ["LINNET_TEST_DATA"])
DEMO = pathlib.Path(os.environ["LINNET_DEMO_MODEL"])
GOLDEN = json.loads((DATA / "text" / "golden.json").read_text(encoding="utf-8"))
LONG_QUESTION = "请写一篇关于春天的很长的文章。"
TIMEOUT = 240

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def run(*arguments, stdin=b"", **environment):
    """Runs the program to its end; stdout and stderr come as text."""
    result = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True,
                            timeout=TIMEOUT, env={**os.environ, **environment})
    result.stdout = result.stdout.decode("utf-8")
    result.stderr = result.stderr.decode("utf-8")
    return result


def expect(condition, *explanation):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in explanation))


def expect_ok(result):
    expect(result.returncode == 0, "exit status", result.returncode, result.stderr)
    return result


def expect_complaint(result, status, word=""):
    """One sentence on stderr, nothing on stdout."""
    expect(result.returncode == status, "exit status", result.returncode, "not", status,
           result.stdout, result.stderr)
    expect(result.stdout == "", "stdout:", result.stdout)
    expect(result.stderr.startswith("linnet-cli: "), "stderr:", result.stderr)
    expect(word in result.stderr, repr(word), "is not in", result.stderr)
    expect("CRITICAL" not in result.stderr, result.stderr)


# ---- The program itself ------------------------------------------------------------------------

@test
def help_and_version():
    result = expect_ok(run("--help"))
    for command in ("chat", "demo", "tokenize", "inspect", "perplexity", "bench"):
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
        (["chat", "superfluous"], "superfluous"),
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
        (["bench", "--peer-timeout", "0"], "--peer-timeout"),
        (["bench", "-p", "0", "-n", "0"], "nothing to measure"),
        (["inspect"], "GGUF"),
        (["inspect", "a", "b"], "GGUF"),
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


QUICK_BENCH = ["-p", "8", "-n", "4", "--reps", "1", "--threads", "1"]


@test
def bench():
    options = ["-p", "16,32", "-n", "8", "-d", "0,24", "--reps", "2", "--threads", "1"]
    figures = json.loads(expect_ok(run("bench", *options, "--json")).stdout)
    expect(figures["threads"] == 1 and figures["threads_prefill"] == 1, figures)
    expect(figures["peer"] is None and figures["cores"] >= 1, figures)
    expect(figures["date"].startswith("20"), figures["date"])
    model, = figures["models"]
    expect(model["model"] == "MiniMind2-Small" and model["quantisation"] == "Q8_0", model)
    expect(model["file"] == DEMO.name and model["file_bytes"] == DEMO.stat().st_size, model)
    done = [(r["test"], r["tokens"], r["depth"]) for r in model["results"]]
    expect(done == [(test, n, depth) for depth in (0, 24)
                    for test, n in (("prefill", 16), ("prefill", 32), ("decode", 8))], done)
    for r in model["results"]:
        limit = r["limit"]
        expect(0 < r["min"] <= r["median"] <= r["max"] < 1e6, r)
        expect(r["reps"] == 2 == len(r["samples"]) == len(limit["samples"]), r)
        expect(1e8 < limit["min"] <= limit["median"] <= limit["max"] < 1e13, limit)
        share = r["median"] * limit["per_token"] / limit["median"]
        expect(abs(r["share"] / share - 1) < 1e-6 and 0 < share, r)
        expect("peer" not in r and "ratio" not in r, r)
    # Keys and values of half the depth and the eight tokens: 2 × 8 layers × 128 × 2 bytes.
    shallow, deep = (r["limit"]["per_token"] for r in model["results"] if r["test"] == "decode")
    expect(deep - shallow == 24 * 4096, shallow, deep)
    table = expect_ok(run("bench", *QUICK_BENCH)).stdout.splitlines()
    expect(sum("prefill" in line for line in table) == 1, table)
    expect(sum("decode" in line and "GB/s" in line for line in table) == 1, table)
    expect(not any("llama.cpp" in line for line in table), table)


@test
def levels_and_threads():
    levels = expect_ok(run("chat", "--cpu", "help")).stdout.split()
    expect(levels[-1] == "reference", levels)
    expect(expect_ok(run("bench", "--cpu", "list")).stdout.split() == levels, "list")
    for command in (["chat"], ["demo"], ["bench"], ["perplexity", "x"]):
        result = run(*command, "--cpu", "abacus")
        expect_complaint(result, 2, "“abacus”")
        expect(all(level in result.stderr for level in levels), result.stderr)
    for level in levels:
        figures = json.loads(expect_ok(run("bench", *QUICK_BENCH, "--cpu", level, "--json")).stdout)
        expect(figures["models"][0]["cpu"] == level, figures)
    figures = json.loads(expect_ok(run("bench", *QUICK_BENCH, "--threads", "2",
                                       "--threads-prefill", "1", "--json")).stdout)
    expect(figures["threads"] == 2 and figures["threads_prefill"] == 1, figures)
    answers = {expect_ok(run("chat", "-p", "你好", "--temp", "0", "-n", "12", *options)).stdout
               for options in ([], ["--threads-prefill", "1"], ["--threads", "1"])}
    expect(len(answers) == 1, "the answer depends on the threads", answers)


class FakePeer:
    """A llama-bench in a folder of its own."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name) / "llama-bench"
        shutil.copy(FAKE_PEER, self.path)
        self.path.chmod(0o755)
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def get_runs(self):
        """The options of each run so far."""
        lines = (self.path.parent / "runs").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def wait_for_child(self):
        """The process that a hanging one has started."""
        note = self.path.parent / "child"
        end = time.monotonic() + 60
        while not note.exists() or not note.read_text():
            expect(time.monotonic() < end, "the peer was never started")
            time.sleep(0.05)
        return int(note.read_text())


def is_running(pid):
    """Whether a process is there and is no zombie."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@test
def bench_against_a_peer():
    with FakePeer() as peer:
        path = f"{peer.path.parent}:{os.environ['PATH']}"
        figures = json.loads(expect_ok(run(
            "bench", "--peer", DEMO, "-p", "8,16", "-n", "4", "-d", "0,24", "--reps", "3",
            "--threads", "2", "--json", PATH=path)).stdout)
        expect(figures["peer"].startswith("llama.cpp 4711 (c0ffee"), figures["peer"])
        expect("\x1b" not in figures["peer"], "control characters of the peer's")
        results = figures["models"][0]["results"]
        for depth, first in ((0, 1), (24, 4)):
            small, large, decode = (r for r in results if r["depth"] == depth)
            expect(decode["peer"]["samples"] == [100.0 * (first + i) for i in range(3)], decode)
            expect(decode["peer"]["median"] == 100.0 * (first + 1), decode)
            expect(small["peer"]["samples"] == large["peer"]["samples"], small, large)
            for r in (small, large, decode):
                expect(abs(r["ratio"] / (r["median"] / r["peer"]["median"]) - 1) < 1e-6, r)
        runs = peer.get_runs()
        expect(len(runs) == 6, runs)
        for index, arguments in enumerate(runs):
            wanted = ["-m", str(DEMO), "-t", "2", "-p", "8,16", "-n", "4"]
            wanted += ["-d", "24"] if index >= 3 else []
            expect(arguments == wanted + ["-r", "1", "-o", "json"], arguments)
        table = expect_ok(run("bench", f"--peer={peer.path}", *QUICK_BENCH)).stdout
        expect("llama.cpp 4711 (c0ffee" in table and "Ratio" in table, table)
        expect("\x1b" not in table, "control characters of the peer's")


@test
def eight_bit_cache():
    """--kv q8_0 does what it says, in every command that takes it."""
    text = (DATA / "text" / "mixed.txt").read_bytes()[:600]
    memory, losses, reading = {}, {}, {}
    with FakePeer() as peer:
        for kv in ("f16", "q8_0"):
            about = json.loads(expect_ok(run("inspect", "--kv", kv, "--json", DEMO)).stdout)
            expect(about["memory_kv"] == kv and f"--kv {kv}" in
                   expect_ok(run("inspect", "--kv", kv.upper(), DEMO)).stdout, about["memory_kv"])
            memory[kv] = about["memory"][0]
            measured = json.loads(expect_ok(run("perplexity", "--kv", kv, "--ctx", "64", "--json",
                                                "-", stdin=text)).stdout)
            expect(measured["kv"] == kv, measured)
            losses[kv] = measured["mean_nll"]
            command = ["bench", f"--peer={peer.path}", *QUICK_BENCH, "-p", "0", "--kv", kv]
            figures = json.loads(expect_ok(run(*command, "--json")).stdout)
            expect(figures["kv"] == kv, figures)
            reading[kv] = figures["models"][0]["results"][0]["limit"]["per_token"]
            expect(f"--kv {kv}" in expect_ok(run(*command)).stdout, "not in the table")
        wants = [arguments[8:] for arguments in peer.get_runs()]
        plain = ["-r", "1", "-o", "json"]
        expect(wants == [plain] * 2 + [["-fa", "1", "-ctk", "q8_0", "-ctv", "q8_0", *plain]] * 2,
               wants)
    # 34 bytes for 32 values instead of 64; bench writes 4 tokens, so that 2.5 are read on average.
    expect(memory["q8_0"]["kv_cache"] * 64 == memory["f16"]["kv_cache"] * 34, memory)
    expect(memory["q8_0"]["weights"] == memory["f16"]["weights"], memory)
    expect(reading["f16"] - reading["q8_0"] == 2.5 * 4096 * 30 / 64, reading)
    expect(0 < abs(losses["q8_0"] / losses["f16"] - 1) < 0.01, losses)
    expect(abs(json.loads(expect_ok(run("perplexity", "--ctx", "64", "--json", "-", stdin=text))
                          .stdout)["mean_nll"] - losses["f16"]) < 1e-9, "f16 is the default")


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


def demo_with_small_heads(folder):
    """The demo model with its 8 heads of 64 cut into 32 of 16: nonsense, but a model."""
    content = bytearray(DEMO.read_bytes())
    for key, number in ((b"llama.attention.head_count", 32), (b"llama.attention.head_count_kv", 8),
                        (b"llama.rope.dimension_count", 16)):
        entry = len(key).to_bytes(8, "little") + key
        content[content.index(entry) + len(entry) + 4] = number
    path = pathlib.Path(folder) / "small.gguf"
    path.write_bytes(content)
    return path


@test
def eight_bit_cache_that_does_not_fit():
    with tempfile.TemporaryDirectory() as folder:
        model = demo_with_small_heads(folder)
        expect_ok(run("chat", "-m", model, "-n", "2", "-p", "a"))
        expect("KV cache" in expect_ok(run("inspect", model)).stdout, "16 bits do")
        for command in (["chat", "-m", model, "-p", "a"], ["bench", *QUICK_BENCH, model],
                        ["perplexity", "-m", model, DATA / "text" / "mixed.txt"]):
            expect_complaint(run(*command, "--kv", "q8_0"), 1, "heads of 16")
        text = expect_ok(run("inspect", "--kv", "q8_0", model)).stdout
        expect("heads of 16" in text and "KV cache" not in text, text)


@test
def bench_with_a_wrapped_peer():
    with FakePeer() as peer:
        command = f"env NOTHING= '{peer.path}' fake-good"
        expect_ok(run("bench", "--peer-command", command, "-p", "8", "-n", "4", "--reps", "1",
                      "--threads", "2", "--threads-prefill", "1", DEMO, DEMO))
        runs = [arguments[1:] for arguments in peer.get_runs()]
        # Two models, each read with one thread and written with two.
        shapes = [arguments[2:8] for arguments in runs]
        expect(shapes == [["-t", "1", "-p", "8", "-n", "0"], ["-t", "2", "-p", "0", "-n", "4"]] * 2,
               shapes)


@test
def speed_table():
    with FakePeer() as peer:
        figures = json.loads(expect_ok(run(
            "bench", f"--peer={peer.path}", "-p", "512", "-n", "4", "-d", "0,8", "--reps", "1",
            "--json")).stdout)
        for result in figures["models"][0]["results"][2:]:
            result["depth"] = 4096
        # Of each kind of goal one that is reached, one that is not, one that nobody can tell.
        prefill, decode, _, deep = figures["models"][0]["results"]
        figures["models"][0]["cpu"] = "avx512-vnni"
        prefill.update(ratio=6.1, share=0.5)
        decode.update(ratio=1.2, share=0.93, median=100.0)
        deep.update(median=89.0)
        other = json.loads(json.dumps(figures))
        other["models"][0].update(cpu="avx2", quantisation="Q4_K_M")
        del other["models"][0]["results"][0]["ratio"], other["models"][0]["results"][0]["peer"]
        paths = []
        for name, content in (("a", figures), ("b", other)):
            paths.append(peer.path.with_name(name))
            paths[-1].write_text(json.dumps(content), encoding="utf-8")
        page = subprocess.run([sys.executable, SPEED, "--output", "-", "--from", *paths],
                              capture_output=True, check=True).stdout.decode()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines()
            if line.startswith(("| prefill", "| decode"))]
    expect([(row[0], row[1], row[6]) for row in rows] == [
        ("prefill 512", "≥ 6 ×, ≥ 55 %", "no"), ("decode 4", "≥ 92 %, ≥ 1.2 ×", "yes"),
        ("prefill 512 at depth 4096", "", ""), ("decode 4 at depth 4096", "≥ 0.90 of depth 0", "no"),
        ("prefill 512", "≥ 1.8 ×", ""), ("decode 4", "≥ 1.05 ×", "yes"),
        ("prefill 512 at depth 4096", "", ""), ("decode 4 at depth 4096", "≥ 0.90 of depth 0", "no"),
    ], page)
    expect(rows[1][2:6] == ["100.0", "100.0", "1.20", rows[1][5]] and "93 % of" in rows[1][5], page)
    expect("--peer --cpu avx2" in page and peer.folder.name not in page, page)


@test
def peers_that_fail():
    with FakePeer() as peer:
        quickest = ["-p", "8", "-n", "0", "--reps", "1", "--threads", "1"]
        for behaviour, words in (
            ("garbage", "llama-bench (-o json)"), ("truncated", "llama-bench (-o json)"),
            ("nested", "llama-bench (-o json)"), ("empty", "llama-bench (-o json)"),
            ("numbers", "-p 8 -n 0 -d 0"), ("strings", "-p 8 -n 0 -d 0"),
            ("negative", "-p 8 -n 0 -d 0"), ("flood", "stopped"), ("failing", "no such backend · giving up"),
            ("killed", "killed"),
        ):
            result = run("bench", "--peer-command", f"'{peer.path}' fake-{behaviour}",
                         *quickest, "--json")
            expect_complaint(result, 1, words)
        expect_complaint(run("bench", f"--peer={peer.path}-not", *quickest), 1, "--peer-command")
        expect_complaint(run("bench", "--peer", *quickest, PATH="/nonexistent"), 1, "llama.cpp")
        expect_complaint(run("bench", "--peer-command", "'half a quote"), 1, "half a quote")
        expect_complaint(run("bench", "--peer-command", "/nonexistent/bench x", *quickest), 1,
                         "/nonexistent/bench")
        # Nothing is measured if a file is bad, be it the last.
        runs = len(peer.get_runs())
        result = run("bench", f"--peer={peer.path}", *quickest, DEMO, "/nonexistent.gguf")
        expect_complaint(result, 1, "nonexistent.gguf")
        expect(len(peer.get_runs()) == runs, "the peer was run all the same")


@test
def peer_that_hangs():
    with FakePeer() as peer:
        command = ["bench", "--peer-command", f"'{peer.path}' fake-hanging", *QUICK_BENCH]
        expect_complaint(run(*command, "--peer-timeout", "2"), 1, "2 seconds")
        expect(not is_running(peer.wait_for_child()), "what the peer had started is still there")
        (peer.path.parent / "child").unlink()
        with subprocess.Popen([PROGRAM, *command], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            child = peer.wait_for_child()
            process.send_signal(signal.SIGINT)
            start = time.monotonic()
            output = process.stdout.read()
            status = process.wait(TIMEOUT)
        expect(status == 130 and output == b"", "exit status", status)
        expect(time.monotonic() - start < 5, "it took long to stop")
        expect(not is_running(child), "what the peer had started is still there")


@test
def interrupted_bench():
    with subprocess.Popen([PROGRAM, "bench", "-p", "0", "-n", "100000"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        process.stdout.read()
        status = process.wait(TIMEOUT)
    expect(status == 130, "exit status", status)
    expect(time.monotonic() - start < 5, "it took long to stop")


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


def main():
    names = sys.argv[2:]
    tests = [t for t in TESTS if not names or t.__name__ in names]
    failures = 0
    print(f"1..{len(tests)}", flush=True)
    for number, function in enumerate(tests, 1):
        name = function.__name__.replace("_", " ")
        start = time.monotonic()
        try:
            reason = function()
        except Exception:
            failures += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {name}", flush=True)
            continue
        print(f"# {time.monotonic() - start:.1f} s")
        print(f"ok {number} - {name}" + (f" # SKIP {reason}" if reason else ""), flush=True)
    return 1 if failures else 0


sys.exit(main())
