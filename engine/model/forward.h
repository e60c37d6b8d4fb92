/* SPDX-License-Identifier: GPL-3.0-or-later
 * The transformer itself: one block of tokens through all layers. Prefill and decode are the same
 * code with many tokens or one. */
#pragma once

#include "model/kvcache.h"
#include "model/model.h"
#include "model/scratch.h"

typedef struct {
  const lm_model *model;
  lm_scratch *scratch;
  lm_kv_cache *cache;
  const atomic_bool *cancel;
} lm_forward;

/* Puts a block of n_tokens (1 … LM_BLOCK_TOKENS, valid ids) that follow n_past others into scratch:
 * their embeddings, which are read from the file, and the angles of their positions. LM_ERROR_IO,
 * LM_ERROR_TRUNCATED. */
lm_status lm_forward_embed (const lm_forward *forward,
                            const lm_token *tokens,
                            uint32_t n_tokens,
                            uint32_t n_past,
                            lm_error *error);

/* Runs the block that was embedded; its keys and values are written to the cache, which has room,
 * and the last hidden states of the last n_states (0 … n_tokens) of its tokens stay in scratch->x.
 * false: cancelled, the cache beyond n_past is worthless. */
bool
lm_forward_run (const lm_forward *forward, uint32_t n_tokens, uint32_t n_past, uint32_t n_states);

/* Logits of n (≤ LM_LOGITS_TOKENS) tokens of the block just run, from index first on, whose states
 * there are, to scratch->logits. false: cancelled. */
bool lm_forward_logits (const lm_forward *forward, uint32_t first, uint32_t n);
