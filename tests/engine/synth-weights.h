/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random weights in every type. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* splitmix64 */
uint64_t synth_random (uint64_t *state);
/* About normal: mean 0, standard deviation 1. No libm, so the same everywhere. */
double synth_random_normal (uint64_t *state);

/* n weights (a multiple of the type's block length) of mean 0 and standard deviation deviation
 * into out, which has room for their blocks. */
void
synth_fill_weights (uint32_t type, uint64_t *state, double deviation, size_t n, unsigned char *out);
