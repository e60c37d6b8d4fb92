/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finding out how weights are best asked for before they are read. What makes one processor read a
 * fifth faster makes the next read a fifth more slowly, so this is measured, on what is going to be
 * read. */
#include "model/products.h"
#include "util/clock.h"
#include "util/error.h"

/* Weights that may be in a cache are not worth it. */
#define CACHED_BYTES (256u << 20)

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

lm_prefetch
lm_products_find_prefetch (const lm_products *products,
                           const lm_linear *const linears[LM_PREFETCH_TRIALS],
                           lm_pool *pool)
{
  double fastest[LM_PREFETCH_WAYS] = { 0 };
  lm_prefetch best = LM_PREFETCH_NONE;

  for (int i = 0; i < LM_PREFETCH_TRIALS; i++) {
    lm_prefetch way = (lm_prefetch) (i % LM_PREFETCH_WAYS);
    double rate = time_product (*products, linears[i], way, pool);

    fastest[way] = rate > fastest[way] ? rate : fastest[way];
  }
  for (lm_prefetch way = LM_PREFETCH_NONE; way < LM_PREFETCH_WAYS; way++)
    best = fastest[way] > fastest[best] ? way : best;
  return best;
}

/* The same with the layers' gates, one layer after the other. */
static lm_prefetch
try_gates (const lm_weights *weights, const lm_products *products, lm_pool *pool)
{
  const lm_linear *gates[LM_PREFETCH_TRIALS];

  for (uint32_t i = 0; i < LM_PREFETCH_TRIALS; i++)
    gates[i] = &weights->layers[i % weights->n_layers].gate;
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
