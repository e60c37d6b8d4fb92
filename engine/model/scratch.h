/* SPDX-License-Identifier: GPL-3.0-or-later
 * The memory a session computes in: one slab, laid out by one function that also tells its size
 * beforehand. */
#pragma once

#include "model/hparams.h"

#define LM_BLOCK_TOKENS  256 /* tokens prefilled together */
#define LM_LOGITS_TOKENS 8   /* tokens whose logits are computed together */

/* Rows of T = LM_BLOCK_TOKENS tokens, each n wide. */
typedef struct {
  void *row;       /* a token's embedding, as the file has it */
  float *x;        /* T × n_embd: the residual stream */
  float *normed;   /* T × n_embd */
  float *delta;    /* T × n_embd: what a sublayer adds */
  float *q;        /* T × n_heads · head_dim */
  float *k;        /* T × n_kv_heads · head_dim */
  float *v;        /* T × n_kv_heads · head_dim */
  float *attended; /* T × n_heads · head_dim */
  float *gate;     /* T × n_ff */
  float *up;       /* T × n_ff */
  float *cosines;  /* T × n_rot / 2 */
  float *sines;    /* T × n_rot / 2 */
  void *prepared;  /* T × kernels->prepared_bytes of the widest: what is multiplied next */
  float *attend;   /* a thread × lm_attention_scratch_floats() */
  float *parts;    /* lm_attention_parts_floats() */
  char *matmul;    /* a thread × matmul_bytes */
  size_t matmul_bytes;
  float *logits; /* LM_LOGITS_TOKENS × n_vocab */
  void *slab;    /* owned */
} lm_scratch;

/* Bytes that lm_scratch_init() will allocate; 0: they do not fit a size_t. */
uint64_t lm_scratch_bytes (const lm_hparams *hparams,
                           const lm_kernels *kernels,
                           uint32_t n_ctx,
                           unsigned n_threads);
/* false: out of memory. */
bool lm_scratch_init (lm_scratch *scratch,
                      const lm_hparams *hparams,
                      const lm_kernels *kernels,
                      uint32_t n_ctx,
                      unsigned n_threads);
void lm_scratch_clear (lm_scratch *scratch);
