#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for llama.cpp's llama-bench, good or bad: test_cli.py copies it into a folder of its
own, where it notes its arguments in the file "runs", a line of JSON for each run.

  fake-llama-bench.py [fake-BEHAVIOUR] [OPTION VALUE]…
"""
import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))
BEHAVIOUR = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1].startswith("fake-") else "fake-good"
ARGUMENTS = [argument for argument in sys.argv[1:] if argument != BEHAVIOUR]
OPTIONS = dict(zip(ARGUMENTS[::2], ARGUMENTS[1::2]))


def note(name, text):
    with open(os.path.join(HERE, name), "a", encoding="utf-8") as file:
        file.write(text)


def figure(n_prompt, n_gen, rate):
    return {"build_number": 4711, "build_commit": "c0ffee\x1b[31m", "n_prompt": n_prompt,
            "n_gen": n_gen, "n_depth": int(OPTIONS.get("-d", 0)), "avg_ts": rate,
            "n_threads": int(OPTIONS["-t"]), "samples_ts": [rate]}


def hang():
    """With a child, as a wrapper has one."""
    child = subprocess.Popen(["sleep", "600"])
    note("child", str(child.pid))
    child.wait()


def flood():
    end = time.monotonic() + 60
    while time.monotonic() < end:
        print("x" * 65536)


def main():
    note("runs", json.dumps(sys.argv[1:]) + "\n")
    with open(os.path.join(HERE, "runs"), encoding="utf-8") as file:
        n_runs = len(file.readlines())
    figures = [figure(int(size), 0, 1000.0 + n_runs)
               for size in OPTIONS["-p"].split(",") if size != "0"]
    if OPTIONS["-n"] != "0":
        figures.append(figure(0, int(OPTIONS["-n"]), 100.0 * n_runs))
    print("loading the backend", file=sys.stderr)
    behaviour = BEHAVIOUR.removeprefix("fake-")
    if behaviour == "good":
        print(json.dumps(figures))
    elif behaviour == "garbage":
        print("| model | size |\n| --- | --- |")
    elif behaviour == "truncated":
        print(json.dumps(figures)[:-20])
    elif behaviour == "nested":
        print("[" * 100000)
    elif behaviour == "numbers":
        print("[1, null, [], {}, 2.5]")
    elif behaviour == "strings":
        print(json.dumps([{key: str(value) for key, value in each.items()} for each in figures]))
    elif behaviour == "negative":
        print(json.dumps([{**each, "avg_ts": -1} for each in figures]))
    elif behaviour == "flood":
        flood()
    elif behaviour == "failing":
        sys.exit("error: no such backend\n\ngiving up\n\n")
    elif behaviour == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif behaviour == "hanging":
        hang()
    elif behaviour != "empty":
        sys.exit(f"there is no behaviour “{behaviour}”")


main()
