# SPDX-License-Identifier: GPL-3.0-or-later
# Writes blocks of every quantised type and what python3-gguf makes of them: make.py > golden.bin
#
# For each type, little-endian: u32 type, u32 weights, u32 bytes; the blocks; the weights as f32.
# Blocks are random but for d and dmin, which go through all kinds of finite halves, and for the
# indices of grids, which go through every row.
import sys

import numpy as np
import gguf
import gguf.quants as quants

# Offsets of d and dmin, number of blocks.
TYPES = {
    "Q4_0": ([0], 32),
    "Q4_1": ([0, 2], 32),
    "Q5_0": ([0], 32),
    "Q5_1": ([0, 2], 32),
    "Q8_0": ([0], 32),
    "Q2_K": ([80, 82], 8),
    "Q3_K": ([108], 8),
    "Q4_K": ([0, 2], 8),
    "Q5_K": ([0, 2], 8),
    "Q6_K": ([208], 8),
    "IQ4_NL": ([0], 32),
    "IQ4_XS": ([0], 8),
    "IQ2_XXS": ([0], 9),
    "IQ2_XS": ([0], 18),
    "IQ2_S": ([0], 36),
    "IQ3_XXS": ([0], 8),
    "IQ3_S": ([0], 9),
}
# Smallest, largest, zeros, ones, subnormals of both signs.
SPECIAL = [0x3C00, 0x0001, 0x8001, 0x03FF, 0x83FF, 0x0400, 0x7BFF, 0xFBFF, 0x0000, 0x8000]

rng = np.random.default_rng(20261123)


def random_half():
    while True:
        half = int(rng.integers(0, 1 << 16))
        if half & 0x7C00 != 0x7C00:
            return half


def visit_grid(name, blocks):
    """Sets the grid indices of the last blocks to all rows in turn."""
    n = len(blocks)
    if name == "IQ2_XXS":
        index = np.arange(256, dtype=np.uint8).reshape(8, 8, 4)
        blocks[n - 8 :, 2:66].reshape(8, 8, 8)[:, :, :4] = index
    elif name == "IQ2_XS":
        words = blocks[n - 16 :, 2:66].copy().view(np.uint16)
        words = (words & 0xFE00) | np.arange(512, dtype=np.uint16).reshape(16, 32)
        blocks[n - 16 :, 2:66] = words.view(np.uint8)
    elif name == "IQ2_S":
        index = np.arange(1024).reshape(32, 8, 4)
        blocks[n - 32 :, 2:34] = (index & 255).reshape(32, 32)
        blocks[n - 32 :, 66:74] = ((index >> 8) << np.array([0, 2, 4, 6])).sum(axis=-1)
    elif name == "IQ3_XXS":
        blocks[n - 4 :, 2:66] = np.arange(256).reshape(4, 64)
    elif name == "IQ3_S":
        index = np.arange(512).reshape(8, 8, 8)
        blocks[n - 8 :, 2:66] = (index & 255).reshape(8, 64)
        blocks[n - 8 :, 66:74] = ((index >> 8) << np.arange(8)).sum(axis=-1)


for name, (halves, n) in TYPES.items():
    kind = gguf.GGMLQuantizationType[name]
    length, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (n, size), dtype=np.uint8)
    visit_grid(name, blocks)
    for i in range(n):
        for j, offset in enumerate(halves):
            k = i + 3 * j
            half = SPECIAL[k] if k < len(SPECIAL) // 2 else random_half()
            blocks[i, offset : offset + 2] = (half & 255, half >> 8)
    # The other special halves go last, where every type has room for them.
    for i, half in enumerate(SPECIAL[len(SPECIAL) // 2 :]):
        offset = halves[i % len(halves)]
        blocks[n - 3 + i // 2 if i < 4 else n - 4, offset : offset + 2] = (half & 255, half >> 8)
    weights = quants.dequantize(blocks, kind).astype(np.float32)
    assert np.isfinite(weights).all() and weights.size == n * length
    header = np.array([kind, weights.size, blocks.size], dtype="<u4")
    sys.stdout.buffer.write(header.tobytes() + blocks.tobytes() + weights.tobytes())
