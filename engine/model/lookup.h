/* SPDX-License-Identifier: GPL-3.0-or-later
 * Prompt lookup: what followed when the text's last tokens stood there before, and whether it pays
 * to compute it ahead. Nothing here changes what is written, only how fast.
 *
 * The prediction is kept at every step, also where nothing is drafted from it: how often it holds
 * is then known without computing anything for it. */
#pragma once

#include "model/scratch.h"

#define LM_LOOKUP_MAX_DRAFT                                                                        \
  (LM_LOGITS_TOKENS - 1)  /* tokens computed together with a chosen one                            \
                           */
#define LM_LOOKUP_KINDS 5 /* of matches, by length */

typedef struct {
  size_t position;              /* the timeline's length that the match is of */
  size_t match;                 /* index of the token that is predicted to come next; 0: none */
  size_t length;                /* tokens before match that the timeline also ends with */
  float hits[LM_LOOKUP_KINDS];  /* predictions that held, old ones counting less and less … */
  float tries[LM_LOOKUP_KINDS]; /* … of so many */
  double step_seconds;          /* of one token; 0: unknown */
  double cost[LM_LOGITS_TOKENS + 1]; /* of n tokens together, in steps of one */
  double credit;                     /* steps that may be lost on drafts that do not hold */
} lm_lookup;

void lm_lookup_init (lm_lookup *lookup);

/* The timeline was changed other than by the functions below. */
void lm_lookup_forget (lm_lookup *lookup);

/* Token tokens[n_tokens - 1] has just been added: learns whether it was predicted, and predicts the
 * next. tokens: those of the timeline. */
void lm_lookup_follow (lm_lookup *lookup, const lm_token *tokens, size_t n_tokens);

/* The token after the timeline was chosen, but is not added: learns whether it was predicted. */
void lm_lookup_judge (lm_lookup *lookup, bool was_predicted);

/* How many of n_drafted (≤ LM_LOOKUP_MAX_DRAFT) predicted tokens to compute together with the one
 * that was chosen; 0: it does not pay. */
uint32_t lm_lookup_choose (const lm_lookup *lookup, uint32_t n_drafted);

/* What a step took in which n_computed tokens were computed together and n_kept of them were. */
void lm_lookup_measure (lm_lookup *lookup, uint32_t n_computed, uint32_t n_kept, double seconds);
