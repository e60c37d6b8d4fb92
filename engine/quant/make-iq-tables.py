# SPDX-License-Identifier: GPL-3.0-or-later
# Writes iq-tables.c from the grids in python3-gguf (MIT): make-iq-tables.py > iq-tables.c
import numpy as np
import gguf.quants as quants

HEAD = """\
/* SPDX-License-Identifier: MIT
 * The tables of the IQ types, which are part of the file format. Made by make-iq-tables.py.
 * From ggml and gguf-py, copyright (c) 2023-2026 The ggml authors, under the MIT licence. */
#include "quant/iq-tables.h"
"""


def emit(declaration, rows):
    print("\n" + declaration + " = {")
    line = " "
    for row in rows:
        if len(line) + len(row) + 2 > 100:
            print(line)
            line = " "
        line += " " + row + ","
    print(line + "\n};")


def grid(name, cls):
    cls.init_grid()
    length = cls.grid_shape[1]
    values = cls.grid.reshape(cls.grid_shape).astype(np.uint8)
    bits = 8 * length
    # The first weight is in the lowest byte.
    rows = ["0x%0*x" % (bits // 4, int.from_bytes(bytes(row), "little")) for row in values]
    emit("const uint%d_t lm_%s[%d]" % (bits, name, len(rows)), rows)


print(HEAD, end="")
emit("const int8_t lm_iq4_values[16]", ["%d" % value for value in quants.IQ4_NL.kvalues])
emit("const uint8_t lm_iq_signs[128]", ["0x%02x" % byte for byte in quants.IQ2_XXS.ksigns])
grid("iq2_xxs_grid", quants.IQ2_XXS)
grid("iq2_xs_grid", quants.IQ2_XS)
grid("iq2_s_grid", quants.IQ2_S)
grid("iq3_xxs_grid", quants.IQ3_XXS)
grid("iq3_s_grid", quants.IQ3_S)
