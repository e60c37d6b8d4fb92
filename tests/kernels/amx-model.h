/* SPDX-License-Identifier: GPL-3.0-or-later
 * A software model of the AMX tiles, under the names of engine/kernels/amx/tiles.h. Every thread
 * has tiles of its own. What a processor answers with a fault, the model answers with abort(). */
#pragma once

#include <stddef.h>

/* LDTILECFG: config is 64 bytes. */
void lm_tile_configure (const void *config);
/* TILERELEASE. */
void lm_tile_end (void);
/* TILELOADD, TILESTORED: rows are stride bytes apart. */
void lm_tile_load (int tile, const void *from, size_t stride);
void lm_tile_store (int tile, void *to, size_t stride);
/* TILEZERO. */
void lm_tile_zero (int tile);
/* TDPBSSD. */
void lm_tile_dot (int sum, int x, int w);
