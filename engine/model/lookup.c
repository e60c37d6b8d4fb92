/* SPDX-License-Identifier: GPL-3.0-or-later
 * Prompt lookup: finding a match, and weighing what a draft brings against what it costs. */
#include "model/lookup.h"

#define MIN_LENGTH 2  /* a match of one token says little */
#define MAX_LENGTH 32 /* a longer one says no more */

/* A match of each kind is at least so long. At first it is believed to hold so often, as if seen in
 * PRIOR_TRIES predictions. */
static const size_t KIND_LENGTH[LM_LOOKUP_KINDS] = { 2, 3, 4, 6, 12 };
static const float KIND_PRIOR[LM_LOOKUP_KINDS] = { 0.2f, 0.35f, 0.5f, 0.7f, 0.85f };
#define PRIOR_TRIES 4
#define MAX_TRIES   64 /* then all are halved: text changes */

/* Steps that one more token in a block costs, until it is measured. */
#define PRIOR_COST 0.45

/* A draft has to promise so many tokens in the time of one. */
#define MIN_GAIN 1.1

/* Every step of one token earns this part of a step for drafts that might fail, so that these never
 * cost more than about so much of the time; drafts that hold earn what they win, up to MAX_CREDIT,
 * which the longest draft needs. */
#define CREDIT_A_STEP 0.015
#define FIRST_CREDIT  2.0
#define MAX_CREDIT    7.0

/* A measured cost is taken back to the prior by this part at every step that could have drafted:
 * one that was measured in a bad moment is measured again some time. */
#define COST_OBLIVION 0.002

static double
prior_cost (uint32_t n)
{
  return 1 + PRIOR_COST * (n - 1);
}

void
lm_lookup_init (lm_lookup *lookup)
{
  *lookup = (lm_lookup) { .credit = FIRST_CREDIT };
  for (uint32_t n = 1; n <= LM_LOGITS_TOKENS; n++)
    lookup->cost[n] = prior_cost (n);
  for (int i = 0; i < LM_LOOKUP_KINDS; i++) {
    lookup->hits[i] = PRIOR_TRIES * KIND_PRIOR[i];
    lookup->tries[i] = PRIOR_TRIES;
  }
}

void
lm_lookup_forget (lm_lookup *lookup)
{
  lookup->match = 0;
}

static int
kind_of (size_t length)
{
  int kind = LM_LOOKUP_KINDS - 1;

  while (kind > 0 && length < KIND_LENGTH[kind])
    kind--;
  return kind;
}

/* The longest earlier stretch that the timeline ends with; of equals the latest. */
static void
find_match (lm_lookup *lookup, const lm_token *tokens, size_t n)
{
  lookup->match = 0;
  lookup->length = MIN_LENGTH - 1;
  for (size_t at = n - 1; at >= MIN_LENGTH && lookup->length < MAX_LENGTH; at--) {
    size_t length = 0;

    while (length < at && length < MAX_LENGTH && tokens[at - 1 - length] == tokens[n - 1 - length])
      length++;
    if (length > lookup->length) {
      lookup->match = at;
      lookup->length = length;
    }
  }
}

void
lm_lookup_judge (lm_lookup *lookup, bool was_predicted)
{
  int kind = kind_of (lookup->length);

  if (lookup->match == 0)
    return;
  lookup->hits[kind] += was_predicted;
  lookup->tries[kind]++;
  if (lookup->tries[kind] >= MAX_TRIES) {
    lookup->hits[kind] /= 2;
    lookup->tries[kind] /= 2;
  }
  if (!was_predicted)
    lookup->match = 0;
}

void
lm_lookup_follow (lm_lookup *lookup, const lm_token *tokens, size_t n_tokens)
{
  if (lookup->position + 1 == n_tokens)
    lm_lookup_judge (lookup, lookup->match > 0 && tokens[lookup->match] == tokens[n_tokens - 1]);
  else
    lookup->match = 0;
  lookup->position = n_tokens;
  if (lookup->match > 0) {
    lookup->match++;
    lookup->length++;
  } else {
    find_match (lookup, tokens, n_tokens);
  }
}

uint32_t
lm_lookup_choose (const lm_lookup *lookup, uint32_t n_drafted)
{
  double expected = 1, chance = 1, best_gain = MIN_GAIN;
  uint32_t best = 0;

  if (lookup->step_seconds == 0)
    return 0;
  for (uint32_t n = 1; n <= n_drafted; n++) {
    int kind = kind_of (lookup->length + n - 1);
    double cost = lookup->cost[n + 1];

    chance *= (double) (lookup->hits[kind] / lookup->tries[kind]);
    expected += chance;
    if (cost - 1 <= lookup->credit && expected / cost > best_gain) {
      best = n;
      best_gain = expected / cost;
    }
  }
  return best;
}

/* A measurement, of which what is beyond twice the known is not believed: a process that had to
 * wait for others says nothing. */
static double
believe (double known, double measured)
{
  return measured < 2 * known ? measured : 2 * known;
}

/* Waiting only makes things slower, so what is faster than was known counts for more. */
static double
blend (double known, double measured, double weight)
{
  return known + (believe (known, measured) - known) * (measured < known ? 4 * weight : weight);
}

/* What n tokens together cost says most about n, and something about other numbers. */
static void
learn_cost (lm_lookup *lookup, uint32_t n_computed, double cost)
{
  double slope = cost > 1 ? (cost - 1) / (n_computed - 1) : 0;

  for (uint32_t n = 2; n <= LM_LOGITS_TOKENS; n++)
    lookup->cost[n] =
        blend (lookup->cost[n], 1 + slope * (n - 1), n == n_computed ? 1.0 / 8 : 1.0 / 32);
}

void
lm_lookup_measure (lm_lookup *lookup, uint32_t n_computed, uint32_t n_kept, double seconds)
{
  double cost;

  if (n_computed == 1) {
    lookup->step_seconds =
        lookup->step_seconds > 0 ? blend (lookup->step_seconds, seconds, 1.0 / 8) : seconds;
    lookup->credit += CREDIT_A_STEP;
    if (lookup->match > 0)
      for (uint32_t n = 2; n <= LM_LOGITS_TOKENS; n++)
        lookup->cost[n] += (prior_cost (n) - lookup->cost[n]) * COST_OBLIVION;
  } else if (lookup->step_seconds > 0) {
    cost = believe (lookup->cost[n_computed], seconds / lookup->step_seconds);
    learn_cost (lookup, n_computed, cost);
    lookup->credit += n_kept - cost;
  }
  if (lookup->credit > MAX_CREDIT)
    lookup->credit = MAX_CREDIT;
}
