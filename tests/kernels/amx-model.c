/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tiles as Intel describes them: Intel 64 and IA-32 Architectures Software Developer's Manual,
 * volume 2, "LDTILECFG", "TDPBSSD", "TILELOADD", "TILERELEASE", "TILESTORED" and "TILEZERO", for
 * palette 1. */
#include "amx-model.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_TILES   8
#define MAX_ROWS  16
#define MAX_BYTES 64 /* of a row */

typedef struct {
  unsigned n_rows, row_bytes; /* 0: not configured */
  uint8_t rows[MAX_ROWS][MAX_BYTES];
} tile_register;

static _Thread_local struct {
  bool is_configured;
  tile_register tiles[N_TILES];
} state;

static void
require (bool condition, const char *what)
{
  if (condition)
    return;
  fprintf (stderr, "tiles: %s\n", what);
  abort ();
}

void
lm_tile_configure (const void *config)
{
  const uint8_t *bytes = config;

  require (bytes[0] == 1, "the palette is not 1");
  for (int i = 1; i < 16; i++)
    require (bytes[i] == 0, "a reserved byte, or the row to start from, is not zero");
  for (int i = 0; i < 16; i++) {
    unsigned row_bytes = bytes[16 + 2 * i] | (unsigned) bytes[17 + 2 * i] << 8;
    unsigned n_rows = bytes[48 + i];

    require (i < N_TILES || (row_bytes == 0 && n_rows == 0), "there is no such tile");
    require (row_bytes <= MAX_BYTES && n_rows <= MAX_ROWS, "a tile is too large");
    require ((row_bytes == 0) == (n_rows == 0), "a tile has rows or bytes, not both");
    if (i < N_TILES)
      state.tiles[i] = (tile_register) { .n_rows = n_rows, .row_bytes = row_bytes };
  }
  state.is_configured = true;
}

void
lm_tile_end (void)
{
  memset (&state, 0, sizeof state);
}

static tile_register *
find_tile (int tile)
{
  require (state.is_configured, "used before they are configured");
  require (tile >= 0 && tile < N_TILES && state.tiles[tile].n_rows > 0, "this one has no shape");
  return &state.tiles[tile];
}

void
lm_tile_zero (int tile)
{
  tile_register *t = find_tile (tile);

  memset (t->rows, 0, sizeof t->rows);
}

void
lm_tile_load (int tile, const void *from, size_t stride)
{
  tile_register *t = find_tile (tile);

  memset (t->rows, 0, sizeof t->rows);
  for (unsigned r = 0; r < t->n_rows; r++)
    memcpy (t->rows[r], (const uint8_t *) from + r * stride, t->row_bytes);
}

void
lm_tile_store (int tile, void *to, size_t stride)
{
  const tile_register *t = find_tile (tile);

  for (unsigned r = 0; r < t->n_rows; r++)
    memcpy ((uint8_t *) to + r * stride, t->rows[r], t->row_bytes);
}

/* sums += the products of column k, four bytes, of x with row k of w, four bytes for each sum. */
static void
add_products (uint32_t sums[MAX_ROWS][MAX_BYTES / 4],
              const tile_register *x,
              const tile_register *w,
              unsigned k)
{
  int32_t wide[4][MAX_BYTES / 4];

  for (unsigned n = 0; n < MAX_BYTES / 4; n++)
    for (unsigned i = 0; i < 4; i++)
      wide[i][n] = (int8_t) w->rows[k][4 * n + i];
  for (unsigned m = 0; m < x->n_rows; m++)
    for (unsigned i = 0; i < 4; i++) {
      int32_t factor = (int8_t) x->rows[m][4 * k + i];

      for (unsigned n = 0; n < MAX_BYTES / 4; n++)
        sums[m][n] += (uint32_t) (factor * wide[i][n]);
    }
}

void
lm_tile_dot (int sum, int x, int w)
{
  tile_register *c = find_tile (sum);
  const tile_register *a = find_tile (x), *b = find_tile (w);
  uint32_t sums[MAX_ROWS][MAX_BYTES / 4];

  require (sum != x && sum != w && x != w, "the same tile twice");
  require (c->row_bytes % 4 == 0 && a->row_bytes % 4 == 0 && b->row_bytes % 4 == 0,
           "a row is not whole words");
  require (c->n_rows == a->n_rows && a->row_bytes / 4 == b->n_rows && c->row_bytes == b->row_bytes,
           "their shapes do not fit");
  memcpy (sums, c->rows, sizeof sums);
  for (unsigned k = 0; k < b->n_rows; k++)
    add_products (sums, a, b, k);
  memset (c->rows, 0, sizeof c->rows);
  for (unsigned m = 0; m < c->n_rows; m++)
    memcpy (c->rows[m], sums[m], c->row_bytes);
}
