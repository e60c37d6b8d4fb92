/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finding out how weights are best asked for before they are read. What makes one processor read a
 * fifth faster makes the next read a fifth more slowly, so this is measured, on what is going to be
 * read. */
#include "kernels/panels.h"
#include "model/products.h"
#include "util/error.h"
#include "util/measure.h"

/* Weights that may be in a cache are not worth it. */
#define CACHED_BYTES (256u << 20)

/* Of a product: so long that it streams, so short that a turn of all ways sees the same memory. */
#define TRIAL_BYTES ((size_t) 8 << 20)
#define WHOLE_ROWS  ((size_t) LM_PANEL_GROUP * LM_MAX_PANEL_ROWS) /* lie as among others */

/* Bytes a second. */
static double
time_product (lm_products products, const lm_linear *linear, lm_prefetch way, lm_pool *pool)
{
  double start = lm_now_seconds ();

  products.linears[0] = linear;
  products.prefetch = way;
  lm_products_run (&products, pool, NULL);
  return (double) linear->matrix.n_rows * (double) linear->matrix.row_bytes /
         (lm_now_seconds () - start);
}

/* Of each turn it is the parts of the three that count, for memory may be twice as fast in one
 * moment as in the next. */
lm_prefetch
lm_products_find_prefetch (const lm_products *products,
                           const lm_linear linears[LM_PREFETCH_TRIALS],
                           lm_pool *pool)
{
  double parts[LM_PREFETCH_WAYS][LM_PREFETCH_TURNS], best_part = 0;
  lm_prefetch best = LM_PREFETCH_NONE;

  for (int turn = 0; turn < LM_PREFETCH_TURNS; turn++) {
    double rates[LM_PREFETCH_WAYS], sum = 0;

    for (int way = 0; way < LM_PREFETCH_WAYS; way++)
      sum += rates[way] = time_product (*products, &linears[turn * LM_PREFETCH_WAYS + way],
                                        (lm_prefetch) way, pool);
    for (int way = 0; way < LM_PREFETCH_WAYS; way++)
      parts[way][turn] = rates[way] / sum;
  }
  for (int way = 0; way < LM_PREFETCH_WAYS; way++) {
    double part = lm_find_quantile (parts[way], LM_PREFETCH_TURNS, 0.5);

    if (part > best_part) {
      best = (lm_prefetch) way;
      best_part = part;
    }
  }
  return best;
}

/* The same with the first rows of the layers' gates, one layer after the other. */
static lm_prefetch
try_gates (const lm_weights *weights, const lm_products *products, lm_pool *pool)
{
  lm_linear gates[LM_PREFETCH_TRIALS];

  for (uint32_t i = 0; i < LM_PREFETCH_TRIALS; i++) {
    lm_matrix *m = &gates[i].matrix;
    size_t n_rows;

    gates[i] = weights->layers[i % weights->n_layers].gate;
    n_rows = TRIAL_BYTES / m->row_bytes / WHOLE_ROWS * WHOLE_ROWS;
    m->n_rows = n_rows > 0 && n_rows < m->n_rows ? (uint32_t) n_rows : m->n_rows;
  }
  return lm_products_find_prefetch (products, gates, pool);
}

lm_prefetch
lm_weights_find_prefetch (const lm_weights *weights,
                          const lm_kernels *kernels,
                          lm_pool *pool,
                          unsigned n_threads)
{
  const lm_matrix *gate = &weights->layers[0].gate.matrix;
  lm_products products = { .kernels = kernels, .n_linears = 1, .n_tokens = 1 };
  lm_prefetch best = LM_PREFETCH_NONE;
  float *x;
  void *prepared; /* of zeros, which all levels make zeros of */

  if (!kernels->prefetches || weights->memory_bytes < CACHED_BYTES)
    return best;
  products.n_threads = n_threads;
  products.scratch_bytes = (lm_matmul_scratch_bytes (gate->n_cols) + 63) & ~(size_t) 63;
  products.scratch = lm_aligned_alloc (lm_pool_get_n_threads (pool), products.scratch_bytes);
  products.outs[0] = lm_aligned_alloc (gate->n_rows, sizeof (float));
  products.x = x = lm_aligned_alloc (gate->n_cols, sizeof (float));
  products.prepared = prepared = lm_aligned_alloc (kernels->prepared_bytes (gate->n_cols), 1);
  if (products.scratch != NULL && products.outs[0] != NULL && x != NULL && prepared != NULL)
    best = try_gates (weights, &products, pool);
  lm_aligned_free (products.scratch);
  lm_aligned_free (products.outs[0]);
  lm_aligned_free (x);
  lm_aligned_free (prepared);
  return best;
}
