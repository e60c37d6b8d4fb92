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
  unsigned n_threads; /* of the pool, at most */
  char *scratch;      /* a thread × scratch_bytes, 64-byte aligned */
  size_t scratch_bytes;
} lm_products;

/* Computes them on the pool. false: cancel (NULL allowed) was set, and what outs hold is worthless.
 */
bool lm_products_run (const lm_products *products, lm_pool *pool, const atomic_bool *cancel);
