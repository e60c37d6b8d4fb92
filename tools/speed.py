#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures Linnet beside llama.cpp and writes docs/speed.md: what was to be reached, what was.

  tools/speed.py [--peer-command CMD] [--level LEVEL=CMD]… [BENCH OPTION]… FILE…
      Runs ./dev bench on the model files, with the best level of instructions, and then with each
      LEVEL against a llama-bench that is started by CMD. The figures stay in build-dev/speed-*.json.
  tools/speed.py --from FIGURES.json…
      Writes the page from figures that `./dev bench --json` has printed before.

--output FILE writes elsewhere ("-": standard output).
"""
import argparse
import json
import pathlib
import subprocess
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
OPTIONS = ["-p", "512", "-n", "64", "-d", "0,4096"]
DEEP = 4096  # tokens of context with which decode may be slower by a tenth

INTRODUCTION = """# Speed

How fast Linnet reads a prompt (prefill) and writes an answer (decode), in tokens a second, beside
llama.cpp's `llama-bench` on the same file with as many threads. The two run by turns, because a
computer is not the same from one minute to the next; each figure is the median of these turns.

- *Ratio*: Linnet's speed over llama.cpp's.
- *Share*: of what the computer could do at most, measured beside each of Linnet's runs by its own
  probes: for decode the bytes of weights and of the KV cache that a token takes, of the streaming
  read bandwidth; for prefill the multiply-adds with weights, of those the level's instructions for
  8-bit integers reach in registers.

`tools/speed.py` measures and writes this page; `linnet-cli bench --help` says how one figure is
measured.
"""

NOTHING = """
There are no figures yet: `tools/speed.py FILE…` puts them here.
"""

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


def make_row(model, result, baseline):
    goals = find_goals(model, result, baseline)
    peer = result.get("peer")
    verdicts = [reached for _, reached in goals]
    verdict = "" if not goals or None in verdicts else "yes" if all(verdicts) else "no"
    test = f"{result['test']} {result['tokens']}"
    if result["depth"] > 0:
        test += f" at depth {result['depth']}"
    cells = (
        test, ", ".join(text for text, _ in goals), f"{result['median']:.1f}",
        f"{peer['median']:.1f}" if peer else "", f"{result['ratio']:.2f}" if peer else "",
        f"{100 * result['share']:.0f} % of {result['limit']['median'] / 1e9:.0f} "
        + ("GB/s" if result["test"] == "decode" else "GMAC/s"),
        verdict,
    )
    return "| " + " | ".join(cells) + " |"


def make_table(model):
    lines = [f"### {model['model']}, {model['quantisation']}, level {model['cpu']}", "",
             "| test | goal | Linnet | llama.cpp | ratio | share | reached |",
             "|---|---|---|---|---|---|---|"]
    baselines = {result["test"]: result["median"] for result in model["results"]
                 if result["depth"] == 0}
    for result in model["results"]:
        lines.append(make_row(model, result, baselines.get(result["test"])))
    return "\n".join(lines) + "\n"


def describe(figures):
    """The computer, the programs and the command, without any path."""
    results = [result for model in figures["models"] for result in model["results"]]
    prefills = sorted({r["tokens"] for r in results if r["test"] == "prefill"}) or [0]
    decodes = sorted({r["tokens"] for r in results if r["test"] == "decode"}) or [0]
    depths = sorted({r["depth"] for r in results})
    command = ["linnet-cli bench"] + (["--peer"] if figures["peer"] else [])
    command += [f"--cpu {level}" for level in sorted({m["cpu"] for m in figures["models"]})]
    command += [f"--threads {figures['threads']}"]
    if figures.get("kv", "f16") != "f16":
        command += [f"--kv {figures['kv']}"]
    if figures["threads_prefill"] != figures["threads"]:
        command += [f"--threads-prefill {figures['threads_prefill']}"]
    command += ["-p " + ",".join(map(str, prefills)), f"-n {decodes[0]}",
                "-d " + ",".join(map(str, depths)), f"--reps {results[0]['reps']}", "FILE…"]
    memory = f", {figures['memory'] / 2**30:.0f} GiB of memory" if figures["memory"] else ""
    peer = f" and {figures['peer']}" if figures["peer"] else ""
    return (f"## {figures['date'][:10]}, {figures['processor'] or 'a processor of unknown make'}\n\n"
            f"{figures['cores']} cores{memory}; Linnet {figures['version']}{peer}.\n\n"
            f"    {' '.join(command)}\n")


def make_page(all_figures):
    parts = [INTRODUCTION]
    for figures in all_figures:
        parts += ["\n" + describe(figures)]
        parts += ["\n" + make_table(model) for model in figures["models"]]
    if not all_figures:
        parts.append(NOTHING)
    return "".join(parts)


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
    parser.add_argument("--output", default=CHECKOUT / "docs" / "speed.md", metavar="FILE")
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
    page = make_page(all_figures)
    if str(given.output) == "-":
        sys.stdout.write(page)
    else:
        pathlib.Path(given.output).write_text(page, encoding="utf-8")


main()
