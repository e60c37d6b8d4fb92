/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tables of the IQ types, which are part of the file format. */
#pragma once

#include <stdint.h>

/* What the 4 bits of an IQ4 weight stand for. */
extern const int8_t lm_iq4_values[16];
/* Seven signs, the lowest bit first, and the eighth that makes the number of minuses even. */
extern const uint8_t lm_iq_signs[128];

/* Magnitudes of eight (IQ2) or four (IQ3) weights, ≤ 62 each; the first in the lowest byte. */
extern const uint64_t lm_iq2_xxs_grid[256];
extern const uint64_t lm_iq2_xs_grid[512];
extern const uint64_t lm_iq2_s_grid[1024];
extern const uint32_t lm_iq3_xxs_grid[256];
extern const uint32_t lm_iq3_s_grid[512];
