/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attention over one span of the cache. Scores: lanes are positions, and a key is made floats once
 * for all queries. Mixing: lanes are dimensions, and a value is made floats once for all queries.
 * What becomes of a query does not depend on which others are in the call. */
#include <math.h>

#include "kernels/ref/ref.h"
#include "kernels/x86/lanes.h"
#include "kernels/x86/x86.h"

/* Queries that the registers hold the sums of, and vectors of dimensions mixed at once. */
#define MAX_QUERIES (LM_LANES == 16 ? 8 : 4)
#define N_MIXED     2
#define N_VECTORS   (LM_KEY_TILE / LM_LANES) /* of a tile's positions */

/* Vector `part` of dimension i of a tile: the keys of LM_LANES positions. */
LM_INLINE lanes_f
load_keys (const lm_kv_span *kv, size_t tile, size_t i, int part)
{
  size_t at = (tile * kv->head_dim + i) * LM_KEY_TILE + (size_t) (part * LM_LANES);

  if (kv->type == LM_KV_F16)
    return f_halves ((const uint16_t *) kv->keys + at);
  return f_int (i_bytes ((const int8_t *) kv->keys + at));
}

/* q·k of a tile's positions, in halves of the cache: two sums for each query, of the even and the
 * odd dimensions. Meanwhile the values of the same positions are asked for. */
LM_INLINE void
score_halves (const lm_kv_span *kv,
              const lm_query *queries,
              size_t tile,
              int part,
              lanes_f *totals,
              const int n)
{
  const char *values = (const char *) kv->values + tile * LM_KEY_TILE * kv->head_dim * 2;
  lanes_f odd[MAX_QUERIES];

#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    totals[j] = odd[j] = f_zero ();
  for (size_t i = 0; i < kv->head_dim; i += 2) {
    lanes_f first = load_keys (kv, tile, i, part), second = load_keys (kv, tile, i + 1, part);

    if (part == 0)
      _mm_prefetch (values + i * LM_KEY_TILE * 2, _MM_HINT_T1);
#pragma GCC unroll 8
    for (int j = 0; j < n; j++) {
      totals[j] = f_fma (first, f_set (queries[j].q[i]), totals[j]);
      odd[j] = f_fma (second, f_set (queries[j].q[i + 1]), odd[j]);
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    totals[j] = f_add (totals[j], odd[j]);
}

/* The same in integers: the sum of each group is multiplied with its scale. */
LM_INLINE void
score_bytes (const lm_kv_span *kv,
             const lm_query *queries,
             size_t tile,
             int part,
             lanes_f *totals,
             const int n)
{
  size_t n_groups = kv->head_dim / LM_KV_GROUP;
  const uint16_t *scales =
      kv->key_scales + tile * n_groups * LM_KEY_TILE + (size_t) (part * LM_LANES);

#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    totals[j] = f_zero ();
  for (size_t g = 0; g < n_groups; g++) {
    lanes_f scale = f_halves (scales + g * LM_KEY_TILE);
    lanes_f sums[MAX_QUERIES];

#pragma GCC unroll 8
    for (int j = 0; j < n; j++)
      sums[j] = f_zero ();
    for (size_t i = g * LM_KV_GROUP; i < (g + 1) * LM_KV_GROUP; i++) {
      lanes_f keys = load_keys (kv, tile, i, part);

#pragma GCC unroll 8
      for (int j = 0; j < n; j++)
        sums[j] = f_fma (keys, f_set (queries[j].q[i]), sums[j]);
    }
#pragma GCC unroll 8
    for (int j = 0; j < n; j++)
      totals[j] = f_fma (sums[j], scale, totals[j]);
  }
}

/* Scores of n queries at n_positions. */
LM_INLINE void
score (const lm_kv_span *kv,
       const lm_query *queries,
       size_t n_positions,
       float scale,
       float *scores,
       const int n)
{
  for (size_t tile = 0; tile < (n_positions + LM_KEY_TILE - 1) / LM_KEY_TILE; tile++)
    for (int part = 0; part < N_VECTORS; part++) {
      lanes_f totals[MAX_QUERIES];

      if (kv->type == LM_KV_F16)
        score_halves (kv, queries, tile, part, totals, n);
      else
        score_bytes (kv, queries, tile, part, totals, n);
#pragma GCC unroll 8
      for (int j = 0; j < n; j++)
        f_store (scores + j * LM_ATTEND_CHUNK + tile * LM_KEY_TILE + part * LM_LANES,
                 f_mul (totals[j], f_set (scale)));
    }
}

/* Turns a query's scores into weights relative to the largest. */
static void
weigh (lm_query *query, float *scores)
{
  size_t n = (query->n_positions + LM_LANES - 1) / LM_LANES * LM_LANES;
  lanes_f max = f_set (-INFINITY), sum = f_zero ();

  for (size_t p = query->n_positions; p < n; p++)
    scores[p] = -INFINITY;
  for (size_t p = 0; p < n; p += LM_LANES)
    max = f_max (max, f_load (scores + p));
  query->max = f_largest (max);
  max = f_set (query->max);
  for (size_t p = 0; p < n; p += LM_LANES) {
    lanes_f weights = f_exp (f_sub (f_load (scores + p), max));

    f_store (scores + p, weights);
    sum = f_add (sum, weights);
  }
  query->sum = f_sum (sum);
}

/* LM_LANES values of a position, from dimension i on. */
LM_INLINE lanes_f
load_values (const lm_kv_span *kv, size_t position, size_t i)
{
  size_t at = position * kv->head_dim + i;

  if (kv->type == LM_KV_F16)
    return f_halves ((const uint16_t *) kv->values + at);
  return f_mul (f_int (i_bytes ((const int8_t *) kv->values + at)),
                f_halves_one (kv->value_scales + at / LM_KV_GROUP));
}

/* out = Σ_p weight[p] × v[p] of n queries, in n_mixed vectors of dimensions from i on: the
 * positions that all of them see, then each query's others. */
LM_INLINE void
mix_columns (const lm_kv_span *kv,
             lm_query *queries,
             size_t n_common,
             const float *weights,
             size_t i,
             const int n,
             const int n_mixed)
{
  lanes_f sums[MAX_QUERIES][N_MIXED];

#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    for (int k = 0; k < n_mixed; k++)
      sums[j][k] = f_zero ();
  for (size_t p = 0; p < n_common; p++) {
    lanes_f values[N_MIXED];

    for (int k = 0; k < n_mixed; k++)
      values[k] = load_values (kv, p, i + (size_t) (k * LM_LANES));
#pragma GCC unroll 8
    for (int j = 0; j < n; j++)
      for (int k = 0; k < n_mixed; k++)
        sums[j][k] = f_fma (f_set (weights[j * LM_ATTEND_CHUNK + p]), values[k], sums[j][k]);
  }
#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    for (int k = 0; k < n_mixed; k++) {
      for (size_t p = n_common; p < queries[j].n_positions; p++)
        sums[j][k] = f_fma (f_set (weights[j * LM_ATTEND_CHUNK + p]),
                            load_values (kv, p, i + (size_t) (k * LM_LANES)), sums[j][k]);
      f_store (queries[j].out + i + k * LM_LANES, sums[j][k]);
    }
}

LM_INLINE void
attend_n (const lm_kv_span *kv, lm_query *queries, float scale, float *scores, const int n)
{
  size_t most = 0, least = LM_ATTEND_CHUNK, i;

  for (int j = 0; j < n; j++) {
    most = queries[j].n_positions > most ? queries[j].n_positions : most;
    least = queries[j].n_positions < least ? queries[j].n_positions : least;
  }
  score (kv, queries, most, scale, scores, n);
  for (int j = 0; j < n; j++)
    weigh (&queries[j], scores + j * LM_ATTEND_CHUNK);
  for (i = 0; i + N_MIXED * LM_LANES <= kv->head_dim; i += N_MIXED * LM_LANES)
    mix_columns (kv, queries, least, scores, i, n, N_MIXED);
  for (; i < kv->head_dim; i += LM_LANES)
    mix_columns (kv, queries, least, scores, i, n, 1);
}

static void
attend_some (const lm_kv_span *kv, lm_query *queries, size_t n, float scale, float *scores)
{
  switch (n) {
#if LM_LANES == 16
  case 8:
    attend_n (kv, queries, scale, scores, 8);
    break;
  case 7:
    attend_n (kv, queries, scale, scores, 7);
    break;
  case 6:
    attend_n (kv, queries, scale, scores, 6);
    break;
  case 5:
    attend_n (kv, queries, scale, scores, 5);
    break;
#endif
  case 4:
    attend_n (kv, queries, scale, scores, 4);
    break;
  case 3:
    attend_n (kv, queries, scale, scores, 3);
    break;
  case 2:
    attend_n (kv, queries, scale, scores, 2);
    break;
  default:
    attend_n (kv, queries, scale, scores, 1);
  }
}

void
LM_LEVEL (attend) (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores)
{
  if (kv->head_dim % LM_LANES != 0) {
    lm_ref_attend (kv, queries, n_queries, scale, scores);
    return;
  }
  for (size_t i = 0; i < n_queries; i += MAX_QUERIES)
    attend_some (kv, queries + i, n_queries - i < MAX_QUERIES ? n_queries - i : MAX_QUERIES, scale,
                 scores);
}
