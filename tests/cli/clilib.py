# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of linnet-cli share: they run it as its users do, and print TAP.

  test_….py LINNET-CLI [NAME…]      NAME: run only these tests
"""
import json
import os
import pathlib
import subprocess
import sys
import time
import traceback

PROGRAM = sys.argv[1]
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
