#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a table of docs/agreement.md from what the test prints of one level of instructions:

    ./dev exec env LINNET_TEST_CPU=avx2 LINNET_TEST_DATA=tests/data \\
        LINNET_DEMO_MODEL=data/minimind2-small-q8_0.gguf \\
        build-dev/tests/engine/test-golden | tests/data/golden/table.py
"""
import re
import sys

LINE = re.compile(r"# (\S+): mean \|Δlogp\| (\S+) +max (\S+) +KL (\S+) +best (\d+)/(\d+)")

rows = {}
for line in sys.stdin:
    match = LINE.match(line)
    if match:
        name, mean, _, kl, equal, checked = match.groups()
        base, is_exact = name.removesuffix("-exact"), name.endswith("-exact")
        # Some models come again, with a cache in 8 bits: those figures have a table of their own.
        rows.setdefault(base, {}).setdefault(
            is_exact, (float(mean), float(kl), f"{equal}/{checked}")
        )

print("| model | as it is: mean | KL | best token | same weights: mean | KL | best token |")
print("|---|---|---|---|---|---|---|")
for base, figures in rows.items():
    cells = []
    for is_exact in (False, True):
        mean, kl, best = figures.get(is_exact, (None, None, ""))
        cells += ["", "", ""] if mean is None else [f"{mean:.5f}", f"{kl:.1e}", best]
    print(f"| {base} | " + " | ".join(cells) + " |")
