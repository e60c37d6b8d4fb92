/* SPDX-License-Identifier: GPL-3.0-or-later
 * Ways to read memory as fast as it can be read. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Reads bytes of memory, a multiple of LM_READ_STEP and aligned to 64, once and in their order. */
#define LM_READ_STEP 256
typedef void (*lm_read_fn) (const uint8_t *memory, size_t bytes);

/* The ways that this computer has, without those that a wider one replaces: writes them to ways and
 * returns how many. */
#define LM_MAX_READ_WAYS 8
size_t lm_read_list_ways (lm_read_fn ways[LM_MAX_READ_WAYS]);
