#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives linnet-cli bench, alone and against a llama-bench of the tests' own. See clilib.py."""
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from clilib import (
    DATA, DEMO, PROGRAM, TIMEOUT, expect, expect_complaint, expect_ok, main, run, test,
)

SPEED = pathlib.Path(__file__).resolve().parents[2] / "tools" / "speed.py"
PAGE = SPEED.parents[1] / "docs" / "speed.md"
FAKE_PEER = pathlib.Path(__file__).with_name("fake-llama-bench.py")
QUICK = ["--probe-ms", "50"]
QUICK_BENCH = ["-p", "8", "-n", "4", "--reps", "1", "--threads", "1", *QUICK]


@test
def bench():
    options = ["-p", "16,32", "-n", "8", "-d", "0,24", "--reps", "2", "--threads", "1", *QUICK]
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
        shares = [rate * limit["per_token"] / least
                  for rate, least in zip(r["samples"], limit["samples"])]
        expect(abs(r["share"] / statistics.median(shares) - 1) < 1e-6 and 0 < r["share"], r)
        expect("peer" not in r and "ratio" not in r, r)
        expect(("weights" in r) == (r["test"] == "decode"), r)
        if "weights" in r:
            reads = r["weights"]
            expect(1e8 < reads["min"] <= reads["median"] <= reads["max"] < 1e13, reads)
            shares = [rate * limit["per_token"] / read
                      for rate, read in zip(r["samples"], reads["samples"], strict=True)]
            expect(abs(reads["share"] / statistics.median(shares) - 1) < 1e-6, r)
    # Keys and values of half the depth and the eight tokens: 2 × 8 layers × 128 × 2 bytes.
    shallow, deep = (r["limit"]["per_token"] for r in model["results"] if r["test"] == "decode")
    expect(deep - shallow == 24 * 4096, shallow, deep)
    table = expect_ok(run("bench", *QUICK_BENCH)).stdout.splitlines()
    expect(sum("prefill" in line for line in table) == 1, table)
    expect(sum("decode" in line and "GB/s" in line for line in table) == 1, table)
    expect(not any("llama.cpp" in line for line in table), table)
    header, = (line for line in table if line.startswith("Test"))
    expect(header.endswith("of reading it"), header)
    for line in table:
        if line.startswith(("prefill", "decode")):
            ends = line.rstrip().endswith("%")
            expect(ends == line.startswith("decode"), "only decode has a last column", line)


@test
def start():
    """The way to the first token, and the memory that a full context takes."""
    nothing_else = ["-p", "0", "-n", "0", "--start", "--threads", "2"]
    figures = json.loads(expect_ok(run("bench", *nothing_else, "--reps", "2", "--json")).stdout)
    model, = figures["models"]
    first, memory = model["start"], model["memory"]
    expect(model["results"] == [] and first["tokens"] == 16, model)
    expect(0 < first["min"] <= first["median"] <= first["max"] < 60, first)
    expect(first["reps"] == 2 == len(first["samples"]), first)
    expect(memory["context"] == 4096 and memory["kv_cache"] == 4096 * 4096, memory)
    expect(memory["weights"] + memory["kv_cache"] <= memory["foretold"], memory)
    if memory["peak"] > 0:
        # The program itself has some 10 MB; a second copy of the weights would be 27.
        expect(memory["foretold"] <= memory["peak"] < memory["foretold"] + 20e6, memory)
    text = expect_ok(run("bench", *QUICK_BENCH, "--start", "--threads", "2")).stdout
    expect(re.search(r"First token \d\.\d\d s after opening the file", text), text)
    expect("4096 tokens of context" in text and "decode" in text, text)


@test
def forecast():
    figures = json.loads(expect_ok(run("bench", *QUICK_BENCH, "--forecast", "--json")).stdout)
    model, = figures["models"]
    for r in model["results"]:
        forecast = r["forecast"]
        expect(len(forecast["samples"]) == 1 and 0 < forecast["median"] < 1e6, r)
        expect(abs(forecast["ratio"] - r["median"] / forecast["median"]) < 1e-9, r)
    table = expect_ok(run("bench", *QUICK_BENCH, "--forecast")).stdout
    expect("Foretold" in table, table)
    # How near is no matter for the tiny demo model; that it is judged is.
    expect_ok(run("bench", *QUICK_BENCH, "--within", "1000"))
    runs = (run("bench", *QUICK_BENCH, "--within", "1") for _ in range(3))
    expect(any(r.returncode == 1 and "what was foretold" in r.stderr for r in runs),
           "three times what was foretold")
    expect_complaint(run("bench", "--forecast", "--cpu", "reference"), 2, "--cpu")


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
            "--threads", "2", *QUICK, "--json", PATH=path)).stdout)
        expect(figures["peer"].startswith("llama.cpp 4711 (c0ffee"), figures["peer"])
        expect("\x1b" not in figures["peer"], "control characters of the peer's")
        results = figures["models"][0]["results"]
        for depth, first in ((0, 1), (24, 2)):  # the depths take turns
            small, large, decode = (r for r in results if r["depth"] == depth)
            expect(decode["peer"]["samples"] == [100.0 * (first + 2 * i) for i in range(3)], decode)
            expect(decode["peer"]["median"] == 100.0 * (first + 2), decode)
            expect(small["peer"]["samples"] == large["peer"]["samples"], small, large)
            for r in (small, large, decode):
                expect(abs(r["ratio"] / (r["median"] / r["peer"]["median"]) - 1) < 1e-6, r)
        runs = peer.get_runs()
        expect(len(runs) == 6, runs)
        for index, arguments in enumerate(runs):
            wanted = ["-m", str(DEMO), "-t", "2", "-p", "8,16", "-n", "4"]
            wanted += ["-d", "24"] if index % 2 == 1 else []
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
                      "--threads", "2", "--threads-prefill", "1", *QUICK, DEMO, DEMO))
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
            *QUICK, "--json")).stdout)
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
        copy = peer.path.with_name("speed.md")
        shutil.copy(PAGE, copy)
        subprocess.run([sys.executable, SPEED, "--page", copy, "--computer", "Abacus", "--from",
                        *paths], check=True)
        page = copy.read_text(encoding="utf-8")
    # What others wrote on the page stays, the tables of this computer come behind it.
    before, *sections = re.split("^(?=## Abacus, level )", page, flags=re.MULTILINE)
    expect(before.rstrip() == PAGE.read_text(encoding="utf-8").rstrip(), before)
    rows = [[cell.strip() for cell in line.split("|")[3:-1]] for section in sections
            for line in section.splitlines() if "| prefill" in line or "| decode" in line]
    expect([(row[0], row[2], row[7]) for row in rows] == [
        ("prefill 512", "≥ 6 ×, ≥ 55 %", "no"), ("decode 4", "≥ 92 %, ≥ 1.2 ×", "yes"),
        ("prefill 512 at depth 4096", "", ""), ("decode 4 at depth 4096", "≥ 0.90 of depth 0", "no"),
        ("prefill 512", "≥ 1.8 ×", ""), ("decode 4", "≥ 1.05 ×", "yes"),
        ("prefill 512 at depth 4096", "", ""), ("decode 4 at depth 4096", "≥ 0.90 of depth 0", "no"),
    ], page)
    expect(rows[1][3:6] == ["100.0", "100.0", "1.20"] and "93 % of" in rows[1][6], page)
    expect({row[1] for row in rows} == {"1"}, "turns", page)
    expect("--peer --cpu avx2" in page and peer.folder.name not in page, page)


@test
def speed_table_of_starts():
    """Which goals count for which model, and that each can be missed."""
    memory = {"context": 4096, "peak": 1_030_000_000, "weights": 900_000_000,
              "kv_cache": 100_000_000, "foretold": 1_050_000_000}
    demo = {"model": "demo", "quantisation": "Q8_0", "cpu": "avx2", "results": [],
            "start": {"tokens": 16, "reps": 3, "median": 0.1}, "memory": memory}
    asked = {**demo, "quantisation": "Q4_K_M"}
    figures = {"version": "1", "peer": None, "date": "2026-01-02T03:04:05Z", "processor": "Abacus",
               "cores": 2, "memory": 0, "threads": 2, "threads_prefill": 2}
    cases = [  # seconds, peak, whether both are reached
        (1.2, 1_050_000_000, "yes", "yes"), (1.21, 1_080_000_000, "no", "yes"),
        (1.0, 1_082_000_000, "yes", "no"), (1.0, 1_018_000_000, "yes", "no"),
    ]
    figures["models"] = [demo] + [
        {**asked, "model": f"{i}-qwen2-3b", "start": {**demo["start"], "median": seconds},
         "memory": {**memory, "peak": peak}} for i, (seconds, peak, *_) in enumerate(cases)]
    with tempfile.TemporaryDirectory() as folder:
        source, page = pathlib.Path(folder, "figures"), pathlib.Path(folder, "speed.md")
        source.write_text(json.dumps(figures), encoding="utf-8")
        page.write_text("# Words\n")
        subprocess.run([sys.executable, SPEED, "--page", page, "--computer", "Abacus", "--from",
                        source], check=True)
        rows = [[cell.strip() for cell in line.split("|")[1:-1]]
                for line in page.read_text(encoding="utf-8").splitlines() if "| Q" in line]
        expect("bench --start" in page.read_text(encoding="utf-8"), "the command")
    expect([row[2].split(",")[0] for row in rows] ==
           ["first token after opening", "memory at its peak"] * 5, rows)
    expect(rows[0][4] == "" and rows[0][-1] == "", "of the demo model nothing is asked", rows[0])
    expect([row[-1] for row in rows[2:]] == [v for *_, a, b in cases for v in (a, b)], rows)
    expect("(-3.0 %)" in rows[-1][-2] and "1018 MB" in rows[-1][5], rows[-1])


@test
def speed_table_written_again():
    figures = {"version": "1", "peer": None, "date": "2026-01-02T03:04:05Z", "processor": "Abacus",
               "cores": 2, "memory": 0, "threads": 2, "threads_prefill": 2, "models": []}
    result = {"test": "decode", "tokens": 8, "depth": 0, "reps": 1, "median": 7.0, "share": 0.5,
              "limit": {"median": 2e9}}
    model = {"model": "small", "quantisation": "Q8_0", "cpu": "avx2", "results": [result]}
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder, name) for name in ("first", "second", "unlike")]
        beside = {**result, "median": 8.0, "peer": {"median": 4.0}, "ratio": 2.0,
                  "weights": {"median": 1e9, "share": 0.75}}
        deep = [{**result, "depth": 64, "median": median} for median in (5.0, 4.0, 3.0)]
        alone = (result, beside, {**result, "median": 9.0})
        for file, *content in zip(files, alone, deep):
            one = {**figures, "models": [{**model, "results": content}]}
            file.write_text(json.dumps(one), encoding="utf-8")
        page = pathlib.Path(folder, "speed.md")
        page.write_text("# Words\n\n## Abacus, level avx2\n\nold\n\n## Other\n\nkept\n")
        subprocess.run([sys.executable, SPEED, "--page", page, "--from", *files], check=True)
        words, table, other = page.read_text(encoding="utf-8").split("\n## ")
    expect(words == "# Words\n" and other == "Other\n\nkept\n", words, other)
    expect("old" not in table and table.count("| decode 8 |") == 1, table)
    expect("| 8.0 | 4.0 | 2.00 | 50 % of 2 GB/s; 75 % of 1 |" in table,
           "what has llama.cpp beside it counts", table)
    expect("| 3.0 |" in table and "| 5.0 |" not in table, "otherwise the later counts", table)


@test
def peers_that_fail():
    with FakePeer() as peer:
        quickest = ["-p", "8", "-n", "0", "--reps", "1", "--threads", "1", *QUICK]
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


sys.exit(main())
