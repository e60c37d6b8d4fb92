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

#if LM_LANES == 16
LM_INLINE void
i_store_words (int16_t *out, lanes_i x)
{
  _mm256_storeu_si256 ((__m256i *) (void *) out, _mm512_cvtsepi32_epi16 (x));
}
#else
LM_INLINE void
i_store_words (int16_t *out, lanes_i x)
{
  __m256i words = _mm256_permute4x64_epi64 (_mm256_packs_epi32 (x, x), 0x08);

  _mm_storeu_si128 ((__m128i *) (void *) out, _mm256_castsi256_si128 (words));
}
#endif

/* A group's sum, of 32 products below 2¹⁵ · 2⁷, is far from an overflow. */
static void
round_query (const float *q, size_t n, rounded_query *out)
{
  for (size_t i = 0; i < n; i += LM_KV_GROUP) {
    float *scale = &out->scales[i / LM_KV_GROUP];
    lanes_f inverse = f_set (find_inverse (find_largest (q + i), INT16_MAX, scale));

    for (size_t j = i; j < i + LM_KV_GROUP; j += LM_LANES)
      i_store_words (out->q + j, i_float (f_mul (f_load (q + j), inverse)));
  }
}

/* Notes the largest score of a query up to this step; returns by how much the former one is less.
 * There is one from the beginning, so that nothing is subtracted from minus infinity. */
LM_INLINE float
note_largest (const attend_step *s, lm_query *query, float *scores)
{
  lanes_f max = f_set (query->max);
  float former = query->max;

  for (size_t i = s->n_seen; i < STEP; i++)
    scores[i] = -INFINITY;
  for (size_t i = 0; i < STEP; i += LM_LANES)
    max = f_max (max, f_load (scores + i));
  query->max = f_largest (max);
  return former - query->max;
}

/* Turns the queries' scores into weights relative to the largest. sums: of each query's. */
static void
weigh_step (const attend_step *s, lanes_f *sums)
{
  _Alignas (LINE) float differences[LM_LANES] = { 0 };

  for (size_t j = 0; j < s->n_queries; j++)
    differences[j] = note_largest (s, &s->queries[j], s->scores + j * STEP);
  f_store (s->less, f_exp (f_load (differences)));
  for (size_t j = 0; j < s->n_queries; j++) {
    float *scores = s->scores + j * STEP;
    lanes_f max = f_set (s->queries[j].max);

    sums[j] = f_mul (sums[j], f_set (s->less[j]));
    for (size_t i = 0; i < STEP; i += LM_LANES) {
      lanes_f weights = f_exp (f_sub (f_load (scores + i), max));

      f_store (scores + i, weights);
      sums[j] = f_add (sums[j], weights);
    }
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
  _Alignas (LINE) float less[LM_LANES];
  lanes_f sums[LM_ATTEND_QUERIES];
  attend_step s = { .kv = kv,
                    .queries = queries,
                    .n_queries = n_queries,
                    .rounded = rounded,
                    .scores = scores,
                    .less = less,
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
    LM_LEVEL (score_step) (&s);
    weigh_step (&s, sums);
    LM_LEVEL (mix_step) (&s);
  }
  for (size_t j = 0; j < n_queries; j++)
    queries[j].sum = f_sum (sums[j]);
}
