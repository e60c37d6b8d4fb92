/* SPDX-License-Identifier: GPL-3.0-or-later
 * Choosing a token: pure functions of logits, history, seed and position. */
#pragma once

#include "lm.h"

/* One candidate; the array of them is the sampler's scratch, one a token of the vocabulary. */
typedef struct {
  lm_token token;
  float value; /* logit, later probability */
} lm_candidate;

/* The next token from n_vocab logits (not changed). history: the n_history tokens so far.
 * candidates: scratch of n_vocab. The random number is drawn from (sampling->seed, n_history)
 * alone, so the same prefix and seed always give the same token. Ties go to the lower id; NaN
 * counts as −∞. */
lm_token lm_sampler_choose (const lm_sampling *sampling,
                            const float *logits,
                            uint32_t n_vocab,
                            const lm_token *history,
                            size_t n_history,
                            lm_candidate *candidates);
