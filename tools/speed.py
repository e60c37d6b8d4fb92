#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures Linnet beside llama.cpp and puts the tables into docs/speed.md: what was to be reached,
what was.

  tools/speed.py [--peer-command CMD] [--level LEVEL=CMD]… [BENCH OPTION]… FILE…
      Runs ./dev bench on the model files, with the best level of instructions, and then with each
      LEVEL against a llama-bench that is started by CMD. The figures stay in build-dev/speed-*.json.
  tools/speed.py --from FIGURES.json…
      Takes figures that `./dev bench --json` has printed before. Where two files have the same test
      of the same model, the later one counts, unless only the earlier has llama.cpp beside it.

A section of the page is one computer and one level; only the sections that there are figures for
are written anew, all other words stay. --computer NAME says which computer it is, where its
processor's name does not. --page FILE: another page.
"""
import argparse
import json
import math
import pathlib
import re
import subprocess
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
PAGE = CHECKOUT / "docs" / "speed.md"
OPTIONS = ["-p", "512", "-n", "64", "-d", "0,4096"]
FIRST_TOKEN_SECONDS = 1.2  # after opening 3B Q4_K_M that is in the page cache
MEMORY_BEYOND = 150e6      # bytes that the program may have beside weights and KV cache
MEMORY_OFF = 0.03          # of what was foretold
DEEP = 4096  # tokens of context with which decode may be slower by a tenth

# Quantisations whose goals are more than "never slower".
MAIN_TYPES = ("Q4_0", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0")


def find_goals(model, result, baseline):
    """What is asked of a result: (text, whether it is reached; None: nobody can tell) each.
    baseline: ours at depth 0, for a result at another depth."""
    kind = model["quantisation"]
    ratio, share = result.get("ratio"), result["share"]
    is_decode = result["test"] == "decode"

    def at_least(value, least, text):
        return text, None if value is None else value >= least

    if is_decode and result["depth"] >= DEEP:
        relative = None if baseline is None else result["median"] / baseline
        return [at_least(relative, 0.90, "≥ 0.90 of depth 0")]
    if result["depth"] > 0:
        return []
    if kind not in MAIN_TYPES:
        return [at_least(ratio, 1, "≥ 1 ×")]
    if not is_decode and result["tokens"] < 512:
        return []
    if model["cpu"] in ("avx2", "avx-vnni"):
        return [at_least(ratio, 1.05, "≥ 1.05 ×") if is_decode else at_least(ratio, 1.8, "≥ 1.8 ×")]
    if is_decode:
        return [at_least(share, 0.92, "≥ 92 %"), at_least(ratio, 1.2, "≥ 1.2 ×")]
    goals = [at_least(ratio, 6, "≥ 6 ×") if kind == "Q8_0" else at_least(ratio, 2.2, "≥ 2.2 ×")]
    if kind in ("Q4_0", "Q8_0"):
        goals.append(at_least(share, 0.55, "≥ 55 %"))
    return goals


def join_cells(model, test, turns, goals, *cells):
    """A row of the table; turns: that the figures are medians of; goals as find_goals() gives
    them."""
    verdicts = [reached for _, reached in goals]
    verdict = "" if not goals or None in verdicts else "yes" if all(verdicts) else "no"
    goal = ", ".join(text for text, _ in goals)
    name = model["model"].removeprefix("synthetic-")
    row = (name, model["quantisation"], test, str(turns), goal, *cells, verdict)
    return "| " + " | ".join(row) + " |"


def describe_share(result):
    is_decode = result["test"] == "decode"
    limit = f"{result['limit']['median'] / 1e9:.0f} " + ("GB/s" if is_decode else "GMAC/s")
    text = f"{100 * result['share']:.0f} % of {limit}"
    if "weights" in result:
        weights = result["weights"]
        text += f"; {100 * weights['share']:.0f} % of {weights['median'] / 1e9:.0f}"
    return text


def make_row(model, result, baseline):
    peer = result.get("peer")
    test = f"{result['test']} {result['tokens']}"
    if result["depth"] > 0:
        test += f" at depth {result['depth']}"
    return join_cells(
        model, test, result["reps"], find_goals(model, result, baseline),
        f"{result['median']:.1f}",
        f"{peer['median']:.1f}" if peer else "", f"{result['ratio']:.2f}" if peer else "",
        describe_share(result))


def make_start_rows(model):
    """Those of `bench --start`: how long it takes to the first token, how much memory."""
    start, memory = model["start"], model["memory"]
    goals = []
    if model["model"].endswith("qwen2-3b") and model["quantisation"] == "Q4_K_M":
        goals = [(f"≤ {FIRST_TOKEN_SECONDS} s", start["median"] <= FIRST_TOKEN_SECONDS)]
    yield join_cells(model, f"first token after opening, prompt of {start['tokens']}",
                     start["reps"], goals, f"{start['median']:.2f} s", "", "", "")
    if memory["peak"] == 0:
        return
    most = memory["weights"] + memory["kv_cache"] + MEMORY_BEYOND
    off = memory["peak"] / memory["foretold"] - 1
    goals = [(f"≤ {most / 1e6:.0f} MB", memory["peak"] <= most),
             (f"foretold ± {100 * MEMORY_OFF:.0f} %", abs(off) <= MEMORY_OFF)]
    yield join_cells(model, f"memory at its peak, context {memory['context']}", 1,
                     goals, f"{memory['peak'] / 1e6:.0f} MB", "", "",
                     f"{memory['foretold'] / 1e6:.0f} MB foretold ({100 * off:+.1f} %)")


def make_rows(all_figures, level):
    """The rows of a level, models and types in the order in which they first come."""
    rows = {}
    for figures in all_figures:
        for model in figures["models"]:
            if model["cpu"] != level:
                continue
            baselines = {result["test"]: result["median"] for result in model["results"]
                         if result["depth"] == 0}
            tests = rows.setdefault(model["model"], {}).setdefault(model["quantisation"], {})
            for result in model["results"]:
                prompt = result["tokens"] if result["test"] == "prefill" else 0
                key = result["depth"], result["test"] == "decode", prompt
                if "peer" in result or not tests.get(key, {}).get("has_peer"):
                    tests[key] = {"row": make_row(model, result, baselines.get(result["test"])),
                                  "has_peer": "peer" in result}
            if "start" in model:
                for i, row in enumerate(make_start_rows(model)):
                    tests[math.inf, False, i] = {"row": row}  # behind every depth
    return [tests[key]["row"] for types in rows.values() for tests in types.values()
            for key in sorted(tests)]


def describe(figures, level):
    """The command of a run, without any path."""
    results = [result for model in figures["models"] for result in model["results"]]
    prefills = sorted({r["tokens"] for r in results if r["test"] == "prefill"}) or [0]
    decodes = sorted({r["tokens"] for r in results if r["test"] == "decode"}) or [0]
    depths = sorted({r["depth"] for r in results}) or [0]
    starts = [model["start"] for model in figures["models"] if "start" in model]
    reps = (results + starts)[0]["reps"]
    command = ["linnet-cli bench"] + (["--peer"] if figures["peer"] else [])
    command += ["--start"] if starts else []
    command += [f"--cpu {level} --threads {figures['threads']}"]
    if figures.get("kv", "f16") != "f16":
        command += [f"--kv {figures['kv']}"]
    if figures["threads_prefill"] != figures["threads"]:
        command += [f"--threads-prefill {figures['threads_prefill']}"]
    command += ["-p " + ",".join(map(str, prefills)), f"-n {decodes[0]}",
                "-d " + ",".join(map(str, depths)), f"--reps {reps}", "FILE…"]
    return "    " + " ".join(command)


def make_section(heading, all_figures, level):
    ours = [figures for figures in all_figures
            if any(model["cpu"] == level for model in figures["models"])]
    last = ours[-1]
    dates = sorted({figures["date"][:10] for figures in ours})
    memory = f", {last['memory'] / 2**30:.0f} GiB of memory" if last["memory"] else ""
    peers = sorted({figures["peer"] for figures in ours if figures["peer"]})
    commands = dict.fromkeys(describe(figures, level) for figures in ours)
    lines = [heading, "",
             f"{' to '.join(dict.fromkeys((dates[0], dates[-1])))}: {last['cores']} cores{memory}; "
             + " and ".join([f"Linnet {last['version']}"] + peers) + ".", "",
             "| model | type | test | turns | goal | Linnet | llama.cpp | ratio | share | reached |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    return "\n".join(lines + make_rows(ours, level) + ["", "Measured with", "", *commands]) + "\n"


def put_section(page, section):
    """The page with the section instead of the one of the same heading, or at its end."""
    heading = section.split("\n", 1)[0]
    parts = re.split(r"\n(?=## )", page.rstrip("\n") + "\n")
    found = [i for i, part in enumerate(parts) if part.split("\n", 1)[0] == heading]
    if found:
        parts[found[0]] = section
    else:
        parts.append(section)
    return "\n".join(parts)


def make_page(page, all_figures, computer):
    levels = dict.fromkeys(model["cpu"] for figures in all_figures for model in figures["models"])
    for level in levels:
        name = computer or all_figures[0]["processor"] or "a processor of unknown make"
        page = put_section(page, make_section(f"## {name}, level {level}", all_figures, level))
    return page


def measure(name, options):
    """The figures of one ./dev bench, which are kept in a file as well."""
    print(f"Measuring with {name} …", file=sys.stderr)
    done = subprocess.run([CHECKOUT / "dev", "bench", "--json", *options], stdout=subprocess.PIPE,
                          check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    (CHECKOUT / "build-dev" / f"speed-{name}.json").write_bytes(done.stdout)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="sources", nargs="*", metavar="FIGURES.json")
    parser.add_argument("--peer-command", metavar="CMD")
    parser.add_argument("--level", action="append", default=[], metavar="LEVEL=CMD")
    parser.add_argument("--computer", metavar="NAME")
    parser.add_argument("--page", type=pathlib.Path, default=PAGE, metavar="FILE")
    given, rest = parser.parse_known_args()
    if given.sources is not None:
        if rest:
            parser.error("--from takes nothing but files of figures")
        all_figures = [json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
                       for path in given.sources]
    else:
        if not rest:
            parser.error("name the model files to measure with")
        peer = ["--peer-command", given.peer_command] if given.peer_command else ["--peer"]
        all_figures = [measure("best", OPTIONS + peer + rest)]
        for level in given.level:
            name, _, command = level.partition("=")
            peer = ["--peer-command", command] if command else ["--peer"]
            all_figures.append(measure(name, OPTIONS + peer + ["--cpu", name] + rest))
    page = given.page.read_text(encoding="utf-8")
    given.page.write_text(make_page(page, all_figures, given.computer), encoding="utf-8")


main()
