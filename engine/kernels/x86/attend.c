/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attention over one span of the cache, a step of some positions after the other: their scores, the
 * weights that these make beside the largest so far, and what those mix of the values (Milakov &
 * Gimelshein 2018, arXiv:1805.02867). What becomes of a query does not depend on which others are
 * in the call. */
#include "kernels/x86/attend.h"

#include <float.h>
#include <math.h>

#include "kernels/ref/ref.h"
#include "kernels/x86/round.h"

/* A group's sum, of 32 products below 2¹⁵ · 2⁷, is far from an overflow. */
static void
round_query (const float *q, size_t n, rounded_query *out)
{
  for (size_t i = 0; i < n; i += LM_KV_GROUP) {
    float *scale = &out->scales[i / LM_KV_GROUP];
    lanes_f inverse =
        f_set (find_inverse (find_largest (q + i, LM_GROUP_LENGTH), INT16_MAX, scale));

    for (size_t j = i; j < i + LM_KV_GROUP; j += 2 * LM_LANES)
      i_store (out->q + j, i_narrow (i_float (f_mul (f_load (q + j), inverse)),
                                     i_float (f_mul (f_load (q + j + LM_LANES), inverse))));
  }
}

/* The step's largest score of a query; no less than what there is from the beginning, so that
 * nothing is subtracted from minus infinity. */
LM_INLINE float
find_largest_score (const attend_step *s, float *scores)
{
  lanes_f max = f_set (-FLT_MAX);

  for (size_t i = s->n_seen; i < STEP; i++)
    scores[i] = -INFINITY;
  for (size_t i = 0; i < STEP; i += LM_LANES)
    max = f_max (max, f_load (scores + i));
  return f_largest (max);
}

/* Turns a query's scores into weights relative to the largest; returns their sum. */
LM_INLINE lanes_f
weigh_scores (float *scores, float largest)
{
  lanes_f max = f_set (largest), sum = f_zero ();

  for (size_t i = 0; i < STEP; i += LM_LANES) {
    lanes_f weights = f_exp (f_sub (f_load (scores + i), max));

    f_store (scores + i, weights);
    sum = f_add (sum, weights);
  }
  return sum;
}

/* Sums and out are relative to the largest score so far. So are weights, but those that become
 * integers, which are relative to the step's own largest: some are large then in every step. */
static void
weigh_step (const attend_step *s, lanes_f *sums)
{
  _Alignas (LINE) float less[LM_LANES] = { 0 }, more[LM_LANES] = { 0 };
  float largest[LM_ATTEND_QUERIES];

  for (size_t j = 0; j < s->n_queries; j++) {
    lm_query *query = &s->queries[j];
    float former = query->max;

    largest[j] = find_largest_score (s, s->scores + j * STEP);
    query->max = largest[j] > former ? largest[j] : former;
    if (s->kv->type != LM_KV_Q8_0)
      largest[j] = query->max;
    less[j] = former - query->max;
    more[j] = largest[j] - query->max;
  }
  f_store (s->less, f_exp (f_load (less)));
  f_store (s->more, f_exp (f_load (more)));
  for (size_t j = 0; j < s->n_queries; j++) {
    lanes_f sum = weigh_scores (s->scores + j * STEP, largest[j]);

    sums[j] = f_fma (sum, f_set (s->more[j]), f_mul (sums[j], f_set (s->less[j])));
  }
}

/* Asks for the next step's scales of keys and values, a few lines which nothing else foresees. */
static void
ask_for_scales (const attend_step *s)
{
  size_t n_groups = s->kv->head_dim / LM_KV_GROUP;
  size_t next = lm_find_in_tiles (n_groups, s->first + STEP, 0) * sizeof (uint16_t);

  if (s->kv->type != LM_KV_Q8_0)
    return;
  for (size_t i = next; i < next + n_groups * STEP * sizeof (uint16_t); i += LINE) {
    ask_for ((uintptr_t) s->kv->key_scales + i);
    ask_for ((uintptr_t) s->kv->value_scales + i);
  }
}

/* The first step's state of a query. */
static void
begin_query (const lm_kv_span *kv, lm_query *query, rounded_query *rounded)
{
  query->max = -FLT_MAX;
  memset (query->out, 0, kv->head_dim * sizeof *query->out);
  if (kv->type == LM_KV_Q8_0)
    round_query (query->q, kv->head_dim, rounded);
}

void
LM_LEVEL (attend) (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores)
{
  rounded_query rounded[LM_ATTEND_QUERIES];
  _Alignas (LINE) float less[LM_LANES], more[LM_LANES];
  lanes_f sums[LM_ATTEND_QUERIES];
  attend_step s = { .kv = kv,
                    .queries = queries,
                    .n_queries = n_queries,
                    .rounded = rounded,
                    .scores = scores,
                    .less = less,
                    .more = more,
                    .scale = scale };

  if (kv->head_dim % LM_LANES != 0 || (kv->type == LM_KV_Q8_0 && kv->head_dim > MAX_ROUNDED)) {
    lm_ref_attend (kv, queries, n_queries, scale, scores);
    return;
  }
  for (size_t j = 0; j < n_queries; j++) {
    sums[j] = f_zero ();
    begin_query (kv, &queries[j], &rounded[j]);
  }
  for (s.first = 0; s.first < kv->n_positions; s.first += STEP) {
    s.n_seen = kv->n_positions - s.first < STEP ? kv->n_positions - s.first : STEP;
    ask_for_scales (&s);
    LM_LEVEL (score_step) (&s);
    weigh_step (&s, sums);
    LM_LEVEL (mix_step) (&s);
  }
  for (size_t j = 0; j < n_queries; j++)
    queries[j].sum = f_sum (sums[j]);
}
