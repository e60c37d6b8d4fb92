/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tensors of a model, found by name, checked against its shape. */
#pragma once

#include "model/hparams.h"
#include "util/threads.h"

/* y = W x + b. */
typedef struct {
  lm_matrix matrix;
  float *bias; /* owned, matrix.n_rows values; NULL: none */
} lm_linear;

typedef struct {
  float *attn_norm; /* owned, n_embd */
  float *q_norm;    /* owned, head_dim; NULL without has_qk_norm */
  float *k_norm;
  lm_linear q;           /* n_heads × head_dim rows, n_embd columns */
  lm_linear k;           /* n_kv_heads × head_dim rows */
  lm_linear v;           /* n_kv_heads × head_dim rows */
  lm_linear attn_output; /* n_embd rows, n_heads × head_dim columns */
  float *ffn_norm;       /* owned, n_embd */
  lm_linear gate;        /* n_ff rows */
  lm_linear up;          /* n_ff rows */
  lm_linear down;        /* n_embd rows, n_ff columns */
} lm_layer;

typedef struct {
  lm_matrix embeddings; /* n_vocab rows, n_embd columns */
  lm_linear output;     /* n_vocab rows; the embeddings where the file ties them */
  float *output_norm;   /* owned, n_embd */
  float *rope_factors;  /* owned, n_rot / 2 (Llama 3); NULL: none */
  lm_layer *layers;     /* owned, n_layers */
  uint32_t n_layers;
  void *memory; /* owned: the matrices, when they are ready */
  uint64_t memory_bytes;
} lm_weights;

/* Matrices point into gguf's mapping, until they are prepared; small vectors are copied as
 * floats. On failure (LM_ERROR_TENSOR, LM_ERROR_TYPE, LM_ERROR_MEMORY) weights is empty. */
lm_status lm_weights_read (const lm_gguf *gguf,
                           const lm_hparams *hparams,
                           lm_weights *weights,
                           lm_error *error);
void lm_weights_clear (lm_weights *weights);

/* Makes the weights, of gguf, ready to be computed with, telling progress in bytes: matrices are
 * read from the file, and those that kernels want in panels repacked. LM_ERROR_IO,
 * LM_ERROR_TRUNCATED, LM_ERROR_MEMORY, LM_ERROR_CANCELLED. */
lm_status lm_weights_prepare (lm_weights *weights,
                              const lm_gguf *gguf,
                              const lm_kernels *kernels,
                              lm_pool *pool,
                              lm_progress_fn progress,
                              void *user_data,
                              lm_error *error);
