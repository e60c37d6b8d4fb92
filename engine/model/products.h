/* SPDX-License-Identifier: GPL-3.0-or-later
 * Products of weight matrices with a block of tokens, cut into tasks for the worker pool. */
#pragma once

#include <stdatomic.h>

#include "model/weights.h"

#define LM_MAX_LINEARS 3

/* Up to three products of the same input, so that their rows are one job. */
typedef struct {
  const lm_kernels *kernels;
  const lm_linear *linears[LM_MAX_LINEARS];
  float *outs[LM_MAX_LINEARS]; /* each n_tokens × its n_rows */
  size_t n_linears;
  const float *x;       /* n_tokens × n_cols */
  const void *prepared; /* what the kernels' prepare() made of it; unused where that is NULL */
  size_t n_tokens;
  lm_prefetch prefetch;
  unsigned n_threads; /* of the pool, at most */
  char *scratch;      /* a thread × scratch_bytes, 64-byte aligned */
  size_t scratch_bytes;
} lm_products;

/* Computes them on the pool. false: cancel (NULL allowed) was set, and what outs hold is worthless.
 */
bool lm_products_run (const lm_products *products, lm_pool *pool, const atomic_bool *cancel);

/* Products that it takes to find out how weights are best asked for. */
#define LM_PREFETCH_TURNS  15
#define LM_PREFETCH_TRIALS (LM_PREFETCH_TURNS * LM_PREFETCH_WAYS)

/* Multiplies linears, each of which takes the place of the products' only one, a few megabytes that
 * are in no cache, asking for them in all ways by turns, and returns the way that was the fastest.
 */
lm_prefetch lm_products_find_prefetch (const lm_products *products,
                                       const lm_linear linears[LM_PREFETCH_TRIALS],
                                       lm_pool *pool);

/* The same for a model's weights, which are prepared, with n_threads: takes some hundredths of a
 * second. Where that means nothing, for weights of less than 256 MB or kernels that do not ask, or
 * where memory is short: LM_PREFETCH_NONE. */
lm_prefetch lm_weights_find_prefetch (const lm_weights *weights,
                                      const lm_kernels *kernels,
                                      lm_pool *pool,
                                      unsigned n_threads);
