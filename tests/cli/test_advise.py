#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives linnet-cli advise, in folders of its own. See clilib.py."""
import json
import pathlib
import tempfile

from clilib import expect, expect_complaint, expect_ok, main, run, test

FOLDER = tempfile.TemporaryDirectory()
HOME = {
    "XDG_DATA_HOME": f"{FOLDER.name}/data",
    "XDG_CONFIG_HOME": f"{FOLDER.name}/config",
}


def advise(*options):
    return json.loads(expect_ok(run("advise", *options, "--json", **HOME)).stdout)


@test
def figures():
    advice = advise("--task", "code", "--wait", "30", "--quiet", "--languages", "zh,en")
    expect(advice["task"] == "code" and advice["wait"] == 30 and advice["quiet"], advice)
    expect(advice["languages"] == ["zh", "en"], advice["languages"])
    expect(len(advice["ranked"]) == 61, len(advice["ranked"]))
    for entry in advice["ranked"]:
        memory = entry["memory"]
        expect(entry["verdict"] in ("easy", "fits", "struggle", "no"), entry)
        expect(memory["total"] == memory["weights"] + memory["kv_cache"] + memory["scratch"], entry)
        expect(entry["decode"]["low"] < entry["decode"]["value"] < entry["decode"]["high"], entry)
        expect(entry["reasons"] and entry["references"], entry)
        if entry["verdict"] in ("easy", "fits"):
            expect(memory["total"] <= entry["memory_limit"], entry)
    if advice["recommended"] is not None:
        first = advice["ranked"][advice["recommended"]]
        expect(first["memory"]["total"] <= first["memory_limit"], first)


@test
def measured_once():
    advise()
    kept = pathlib.Path(HOME["XDG_DATA_HOME"], "linnet", "measurements.json")
    before = kept.read_bytes()
    advise("--task", "reasoning")
    expect(kept.read_bytes() == before, "measured again")


@test
def text():
    result = expect_ok(run("advise", **HOME))
    expect("Qwen2.5 3B Instruct" in result.stdout and "Qwen Research" in result.stdout,
           result.stdout)
    expect("Verdict" in result.stdout, result.stdout)


@test
def mistakes():
    expect_complaint(run("advise", "--task", "gardening", **HOME), 2, "gardening")
    expect_complaint(run("advise", "--wait", "-1", **HOME), 2, "--wait")
    expect_complaint(run("advise", "--wait", "soon", **HOME), 2, "--wait")


@test
def own_catalogue():
    folder = pathlib.Path(HOME["XDG_CONFIG_HOME"], "linnet")
    folder.mkdir(parents=True, exist_ok=True)
    own = folder / "catalogue.json"
    own.write_text('{"version": 1, "models": [{"id": "mine"}]}', encoding="utf-8")
    try:
        expect_complaint(run("advise", **HOME), 1, "mine")
    finally:
        own.unlink()


main()
