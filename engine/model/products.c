/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cutting matrix products into tiles of rows. */
#include "model/products.h"

/* Weight rows a task multiplies, a multiple of LM_MAX_PANEL_ROWS: few enough that threads end
 * together and stopping is quick, enough that handing out tasks costs nothing. */
#define TILE_ROWS        32
#define TILE_ROWS_DECODE 64

static size_t
tile_rows (const lm_products *p)
{
  return p->n_tokens == 1 ? TILE_ROWS_DECODE : TILE_ROWS;
}

static size_t
n_tiles (const lm_products *p, const lm_linear *linear)
{
  return (linear->matrix.n_rows + tile_rows (p) - 1) / tile_rows (p);
}

static void
multiply_tile (void *data, size_t index, unsigned worker)
{
  const lm_products *p = data;
  const lm_linear *linear;
  size_t i = 0, first, n;
  lm_input input = { .x = p->x, .prepared = p->prepared, .n_tokens = p->n_tokens };
  float *out;

  while (index >= n_tiles (p, p->linears[i]))
    index -= n_tiles (p, p->linears[i++]);
  linear = p->linears[i];
  first = index * tile_rows (p);
  n = linear->matrix.n_rows - first;
  n = n < tile_rows (p) ? n : tile_rows (p);
  out = p->outs[i] + first;
  input.n_cols = linear->matrix.n_cols;
  p->kernels->matmul (&linear->matrix, first, n, &input, out, linear->matrix.n_rows,
                      p->scratch + worker * p->scratch_bytes);
  if (linear->bias != NULL)
    for (size_t t = 0; t < p->n_tokens; t++)
      p->kernels->add (out + t * linear->matrix.n_rows, linear->bias + first, n);
}

bool
lm_products_run (const lm_products *products,
                 lm_pool *pool,
                 unsigned n_threads,
                 const atomic_bool *cancel)
{
  size_t n = 0;

  for (size_t i = 0; i < products->n_linears; i++)
    n += n_tiles (products, products->linears[i]);
  return lm_pool_run_on (pool, n_threads, n, multiply_tile, (void *) products, cancel);
}
