#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""linnet-cli machine: the report, its JSON, and what is kept of a measurement. See clilib.py."""
import json
import os
import pathlib
import sys
import tempfile

from clilib import expect, expect_ok, main, run, test

TYPES = ["Q4_K", "Q4_0", "Q5_K", "Q6_K", "Q8_0", "Q2_K", "Q3_K", "F16"]


def described(*arguments):
    """The JSON of a run."""
    return json.loads(expect_ok(run("machine", "--json", *arguments)).stdout)


def in_a_home_of_its_own(function):
    """Runs function with the folder that measurements are kept in."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("XDG_DATA_HOME")
        os.environ["XDG_DATA_HOME"] = folder
        try:
            function(pathlib.Path(folder))
        finally:
            if before is None:
                del os.environ["XDG_DATA_HOME"]
            else:
                os.environ["XDG_DATA_HOME"] = before


@test
def nothing_is_measured_unless_asked():
    def check(folder):
        machine = described("--no-measure")
        expect(machine["measurements"] is None, machine)
        expect(machine["cores"] >= 1 and machine["threads"] >= machine["cores"], machine)
        expect(isinstance(machine["instructions"], list), machine)
        expect(isinstance(machine["virtual"], bool), machine)
        expect(machine["disk"]["folder"] == str(folder / "linnet" / "models"), machine)
        expect(machine["disk"]["free_bytes"] > 0, machine)
        expect(list(folder.iterdir()) == [], "something was written")
        text = expect_ok(run("machine", "--no-measure")).stdout
        for word in ("Processor: ", "Memory: ", "Disk: "):
            expect(word in text, word, "is not in", text)
        expect("GB/s" not in text, text)

    in_a_home_of_its_own(check)


@test
def a_measurement_is_told_and_kept():
    def check(folder):
        result = expect_ok(run("machine"))
        for word in ["Memory speed: ", "Arithmetic: ", *TYPES]:
            expect(word in result.stdout, word, "is not in", result.stdout)
        expect(result.stderr == "", "progress without a terminal:", result.stderr)
        kept = json.loads((folder / "linnet" / "measurements.json").read_text())
        expect([speed["type"] for speed in kept["speeds"]] == TYPES, kept)
        expect(described("--no-measure")["measurements"] == kept, "what was kept is not shown")
        # With threads of one's own it is an experiment, and is not kept.
        other = described("--threads", "1")["measurements"]
        expect(other["n_threads"] == 1 and other["measured_at"] >= kept["measured_at"], other)
        expect(described("--no-measure")["measurements"] == kept, "the experiment was kept")
        (folder / "linnet" / "measurements.json").write_text('{"version": 1, "speeds": [')
        expect(described("--no-measure")["measurements"] is None, "damage was believed")

    in_a_home_of_its_own(check)


@test
def a_folder_that_cannot_be_written():
    def check(folder):
        (folder / "linnet").write_text("no folder")
        result = run("machine")
        expect(result.returncode == 0 and "Memory speed: " in result.stdout, result)
        expect("could not be kept" in result.stderr, result.stderr)

    in_a_home_of_its_own(check)


sys.exit(main())
