/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attention of a block of tokens over the KV cache, as jobs for the worker pool.
 *
 * The cache is worked through in chunks of LM_ATTEND_CHUNK positions, whose results are put
 * together in their order (Milakov & Gimelshein 2018, arXiv:1805.02867). With many tokens a task is
 * all chunks of some heads and, where few heads share keys and values, of some tokens; with few,
 * one chunk, so that a long context keeps every thread busy. Both do the same arithmetic in the
 * same order, and so does each query alone.
 */
#pragma once

#include "model/kvcache.h"
#include "util/threads.h"

#define LM_SPLIT_TOKENS 8 /* as many tokens have their chunks worked on side by side */

typedef struct {
  const lm_hparams *hparams;
  const lm_kernels *kernels;
  const lm_kv_cache *cache;
  uint32_t layer;
  uint32_t n_tokens;
  uint32_t n_past;
  const float *q; /* n_tokens × n_heads · head_dim */
  float *out;     /* likewise */
  float *scratch; /* a thread × lm_attention_scratch_floats() */
  float *parts;   /* lm_attention_parts_floats() */
} lm_attention;

/* Floats of scratch a thread needs, and floats for the results of chunks in a context of n_ctx. */
size_t lm_attention_scratch_floats (const lm_hparams *hparams);
uint64_t lm_attention_parts_floats (const lm_hparams *hparams, uint32_t n_ctx);

/* On n_threads of the pool. false: cancelled. */
bool lm_attention_run (const lm_attention *attention,
                       lm_pool *pool,
                       unsigned n_threads,
                       const atomic_bool *cancel);
