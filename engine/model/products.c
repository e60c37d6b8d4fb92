/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cutting matrix products into tiles of rows. */
#include "model/products.h"

#include "kernels/panels.h"

/* Weight rows a task multiplies with many tokens, whose activations it reads from far away once for
 * all of its rows: many, but so few that every thread has several tasks, for they are to end
 * together, and that a task is at most 50 ms of a core, for stopping is to be quick: 2^30
 * multiply-adds where vectors do them. */
#define MIN_ROWS          32
#define MAX_ROWS          128
#define MAX_PRODUCTS      (1u << 30)
#define TASKS_OF_A_THREAD 4

/* With one token, which is read rather than computed, it is the bytes that count: whole stretches
 * of panels, long ones, for between two tiles nothing is read for a while, but so many that all
 * threads end together. */
#define MIN_BYTES_DECODE  (96u << 10)
#define MAX_BYTES_DECODE  (384u << 10)
#define TILES_OF_A_THREAD 32

_Static_assert (MIN_ROWS % LM_MAX_PANEL_ROWS == 0, "tasks end with a panel");

static size_t
tile_rows_of_many (const lm_products *p)
{
  size_t n_rows = 0, n = MAX_PRODUCTS / p->n_tokens / p->linears[0]->matrix.n_cols;

  for (size_t i = 0; i < p->n_linears; i++)
    n_rows += p->linears[i]->matrix.n_rows;
  n_rows /= TASKS_OF_A_THREAD * p->n_threads;
  n = n < n_rows ? n : n_rows;
  n = n < MAX_ROWS ? n / MIN_ROWS * MIN_ROWS : MAX_ROWS;
  return n > MIN_ROWS && p->kernels->prepare != NULL ? n : MIN_ROWS;
}

/* Bytes of a tile with one token. */
static size_t
tile_bytes (const lm_products *p)
{
  size_t n = 0;

  for (size_t i = 0; i < p->n_linears; i++)
    n += p->linears[i]->matrix.n_rows * p->linears[i]->matrix.row_bytes;
  n /= (size_t) TILES_OF_A_THREAD * p->n_threads;
  n = n < MAX_BYTES_DECODE ? n : MAX_BYTES_DECODE;
  return n > MIN_BYTES_DECODE ? n : MIN_BYTES_DECODE;
}

static size_t
tile_rows (const lm_products *p, const lm_matrix *matrix)
{
  size_t step, n;

  if (p->n_tokens > 1)
    return tile_rows_of_many (p);
  step = lm_panels_step (matrix);
  n = tile_bytes (p) / matrix->row_bytes / step * step;
  return n > step ? n : step;
}

/* The products as a job. */
typedef struct {
  const lm_products *products;
  size_t n_rows[LM_MAX_LINEARS]; /* of a tile of each */
  size_t n_tiles[LM_MAX_LINEARS];
} tiling;

static void
multiply_tile (void *data, size_t index, unsigned worker)
{
  const tiling *tiles = data;
  const lm_products *p = tiles->products;
  const lm_linear *linear;
  size_t i = 0, first, n, n_left;
  lm_input input = {
    .x = p->x, .prepared = p->prepared, .n_tokens = p->n_tokens, .prefetch = p->prefetch
  };
  float *out;

  while (index >= tiles->n_tiles[i])
    index -= tiles->n_tiles[i++];
  linear = p->linears[i];
  n = tiles->n_rows[i];
  first = index * n;
  n_left = linear->matrix.n_rows - first;
  n = n < n_left ? n : n_left;
  out = p->outs[i] + first;
  input.n_cols = linear->matrix.n_cols;
  p->kernels->matmul (&linear->matrix, first, n, &input, out, linear->matrix.n_rows,
                      p->scratch + worker * p->scratch_bytes);
  if (linear->bias != NULL)
    for (size_t t = 0; t < p->n_tokens; t++)
      p->kernels->add (out + t * linear->matrix.n_rows, linear->bias + first, n);
}

bool
lm_products_run (const lm_products *products, lm_pool *pool, const atomic_bool *cancel)
{
  tiling tiles = { .products = products };
  size_t n = 0;

  for (size_t i = 0; i < products->n_linears; i++) {
    const lm_matrix *matrix = &products->linears[i]->matrix;

    tiles.n_rows[i] = tile_rows (products, matrix);
    tiles.n_tiles[i] = (matrix->n_rows + tiles.n_rows[i] - 1) / tiles.n_rows[i];
    n += tiles.n_tiles[i];
  }
  return lm_pool_run_on (pool, products->n_threads, n, multiply_tile, &tiles, cancel);
}
