/* SPDX-License-Identifier: GPL-3.0-or-later
 * The numbers that shape a model, read from a GGUF file's metadata and checked. */
#pragma once

#include "gguf/gguf.h"
#include "kernels/kernels.h"

typedef enum {
  LM_ROPE_SCALING_NONE,
  LM_ROPE_SCALING_LINEAR,
  LM_ROPE_SCALING_YARN,
} lm_rope_scaling;

typedef struct {
  const char *architecture; /* a literal: "llama", "qwen2", "qwen3" */
  uint32_t n_vocab;
  uint32_t n_embd;
  uint32_t n_layers;
  uint32_t n_ff;
  uint32_t n_heads;
  uint32_t n_kv_heads; /* divides n_heads: each serves n_heads / n_kv_heads query heads */
  uint32_t head_dim;   /* of queries, keys and values alike */
  uint32_t n_ctx_train;
  float norm_epsilon;
  bool has_qk_norm; /* qwen3: queries and keys are normalised before they are rotated */

  lm_rope_layout rope_layout;
  uint32_t n_rot; /* values of a head that are rotated; even, ≤ head_dim */
  float rope_base;
  lm_rope_scaling rope_scaling;
  float rope_factor; /* how many times longer the context was made; 1: not */
  uint32_t rope_original_ctx;
  float rope_attn_factor;
  float yarn_beta_fast;
  float yarn_beta_slow;
} lm_hparams;

/* LM_ERROR_ARCHITECTURE: unknown (subject: its name) or with parts the engine does not have;
 * LM_ERROR_FORMAT: a key is missing or senseless (subject: the key). */
lm_status lm_hparams_read (const lm_gguf *gguf, lm_hparams *hparams, lm_error *error);

/* The same of a model that is only planned, for counting memory; what shape does not say is left at
 * zero. LM_ERROR_ARCHITECTURE; LM_ERROR_ARGUMENT, subject "shape": a number is senseless. */
lm_status lm_hparams_plan (const lm_shape *shape, lm_hparams *hparams, lm_error *error);
