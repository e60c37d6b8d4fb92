/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tile registers of AMX, as products of 8-bit integers use them. With LM_AMX_MODEL the
 * instructions are functions of a software model, which the tests include before this, so that they
 * run where no processor has tiles.
 *
 * Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18. */
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define LM_TILE_ROWS  16
#define LM_TILE_BYTES 64 /* of a row at most */

/* The eight registers; plain numbers, for they become part of the instruction. */
#define LM_TILE_SUM_0 0 /* 16 tokens × 16 rows of the matrix, 32 bits each */
#define LM_TILE_SUM_1 1
#define LM_TILE_SUM_2 2
#define LM_TILE_SUM_3 3
#define LM_TILE_X_0   4 /* 16 tokens × some columns */
#define LM_TILE_X_1   5
#define LM_TILE_W_0   6 /* those columns, four by four × 16 rows of the matrix */
#define LM_TILE_W_1   7

/* What LDTILECFG reads. */
typedef struct {
  uint8_t palette;
  uint8_t start_row;
  uint8_t reserved[14];
  uint16_t row_bytes[16];
  uint8_t n_rows[16];
} lm_tile_config;

#ifndef LM_AMX_MODEL
/* gcc does not know which memory the instructions touch: all that is written before must be there,
 * and nothing that is read afterwards may be known already. */
#define lm_tile_fence() __asm__ volatile ("" ::: "memory")

#define lm_tile_configure(config)                                                                  \
  do {                                                                                             \
    lm_tile_fence ();                                                                              \
    _tile_loadconfig (config);                                                                     \
  } while (0)
/* Rows of a tile from memory, stride bytes from one to the next, and back. */
#define lm_tile_load(tile, from, stride)                                                           \
  do {                                                                                             \
    lm_tile_fence ();                                                                              \
    _tile_loadd (tile, from, stride);                                                              \
  } while (0)
#define lm_tile_store(tile, to, stride)                                                            \
  do {                                                                                             \
    _tile_stored (tile, to, stride);                                                               \
    lm_tile_fence ();                                                                              \
  } while (0)
#define lm_tile_zero(tile) _tile_zero (tile)
/* sum[m][n] += Σ_k x[m][k] · w[k / 4][4 n + k % 4], all of them bytes with a sign. */
#define lm_tile_dot(sum, x, w) _tile_dpbssd (sum, x, w)
/* Afterwards the thread has no tiles, which switching threads would have to save. */
#define lm_tile_end() _tile_release ()
#endif

/* Sets the calling thread's tiles up for products of so many columns, a multiple of 4 up to 64. */
static inline void
lm_tile_begin (int n_columns)
{
  lm_tile_config config = { .palette = 1 };

  for (int tile = LM_TILE_SUM_0; tile <= LM_TILE_W_1; tile++) {
    config.row_bytes[tile] = LM_TILE_BYTES;
    config.n_rows[tile] = LM_TILE_ROWS;
  }
  config.row_bytes[LM_TILE_X_0] = config.row_bytes[LM_TILE_X_1] = (uint16_t) n_columns;
  config.n_rows[LM_TILE_W_0] = config.n_rows[LM_TILE_W_1] = (uint8_t) (n_columns / 4);
  lm_tile_configure (&config);
}
