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

/* q·k of a tile's positions, in halves of the cache. A query has two sums, so that none waits for
 * the last: of the even and the odd dimensions, or, where a tile is two vectors, of each of these.
 * Meanwhile the values of the same positions are asked for. */
LM_INLINE void
score_halves (const lm_kv_span *kv,
              const lm_query *queries,
              size_t tile,
              lanes_f totals[][N_VECTORS],
              const int n)
{
  const uint16_t *keys = (const uint16_t *) kv->keys + tile * LM_KEY_TILE * kv->head_dim;
  const uint16_t *values = (const uint16_t *) kv->values + tile * LM_KEY_TILE * kv->head_dim;
  lanes_f sums[MAX_QUERIES][2];

#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    sums[j][0] = sums[j][1] = f_zero ();
  for (size_t i = 0; i < kv->head_dim; i += 2) {
    _mm_prefetch ((const char *) (values + i * LM_KEY_TILE), _MM_HINT_T1);
#pragma GCC unroll 2
    for (size_t odd = 0; odd < 2; odd++) {
      lanes_f vectors[N_VECTORS];

#pragma GCC unroll 2
      for (size_t part = 0; part < N_VECTORS; part++)
        vectors[part] = f_halves (keys + (i + odd) * LM_KEY_TILE + part * LM_LANES);
#pragma GCC unroll 8
      for (int j = 0; j < n; j++) {
        lanes_f q = f_set (queries[j].q[i + odd]);

#pragma GCC unroll 2
        for (size_t part = 0; part < N_VECTORS; part++) {
          size_t at = N_VECTORS == 1 ? odd : part;

          sums[j][at] = f_fma (vectors[part], q, sums[j][at]);
        }
      }
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < n; j++) {
#if LM_LANES == 16
    totals[j][0] = f_add (sums[j][0], sums[j][1]);
#else
    totals[j][0] = sums[j][0];
    totals[j][1] = sums[j][1];
#endif
  }
}

/* The same in integers: the sum of each group is multiplied with its scale. */
LM_INLINE void
score_bytes (const lm_kv_span *kv,
             const lm_query *queries,
             size_t tile,
             lanes_f totals[][N_VECTORS],
             const int n)
{
  size_t n_groups = kv->head_dim / LM_KV_GROUP;
  const int8_t *keys = (const int8_t *) kv->keys + tile * LM_KEY_TILE * kv->head_dim;
  const uint16_t *scales = kv->key_scales + tile * n_groups * LM_KEY_TILE;

#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    for (int part = 0; part < N_VECTORS; part++)
      totals[j][part] = f_zero ();
  for (size_t g = 0; g < n_groups; g++) {
    lanes_f sums[MAX_QUERIES][N_VECTORS];

#pragma GCC unroll 8
    for (int j = 0; j < n; j++)
      for (int part = 0; part < N_VECTORS; part++)
        sums[j][part] = f_zero ();
    for (size_t i = g * LM_KV_GROUP; i < (g + 1) * LM_KV_GROUP; i++) {
      lanes_f vectors[N_VECTORS];

#pragma GCC unroll 2
      for (size_t part = 0; part < N_VECTORS; part++)
        vectors[part] = f_int (i_bytes (keys + i * LM_KEY_TILE + part * LM_LANES));
#pragma GCC unroll 8
      for (int j = 0; j < n; j++) {
        lanes_f q = f_set (queries[j].q[i]);

#pragma GCC unroll 2
        for (size_t part = 0; part < N_VECTORS; part++)
          sums[j][part] = f_fma (vectors[part], q, sums[j][part]);
      }
    }
#pragma GCC unroll 2
    for (int part = 0; part < N_VECTORS; part++) {
      lanes_f scale = f_halves (scales + g * LM_KEY_TILE + (size_t) (part * LM_LANES));

#pragma GCC unroll 8
      for (int j = 0; j < n; j++)
        totals[j][part] = f_fma (sums[j][part], scale, totals[j][part]);
    }
  }
}

/* Scores of n queries at n_positions. */
LM_INLINE void
score (const lm_kv_span *kv,
       const lm_kv_type type,
       const lm_query *queries,
       size_t n_positions,
       float scale,
       float *scores,
       const int n)
{
  for (size_t tile = 0; tile < (n_positions + LM_KEY_TILE - 1) / LM_KEY_TILE; tile++) {
    lanes_f totals[MAX_QUERIES][N_VECTORS];

    if (type == LM_KV_F16)
      score_halves (kv, queries, tile, totals, n);
    else
      score_bytes (kv, queries, tile, totals, n);
#pragma GCC unroll 8
    for (int j = 0; j < n; j++)
      for (int part = 0; part < N_VECTORS; part++)
        f_store (scores + j * LM_ATTEND_CHUNK + tile * LM_KEY_TILE + part * LM_LANES,
                 f_mul (totals[j][part], f_set (scale)));
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

/* n vectors of a position's values, from dimension i on; in bytes, all of one group. */
LM_INLINE void
load_values (const lm_kv_span *kv,
             const lm_kv_type type,
             size_t position,
             size_t i,
             lanes_f *values,
             const int n)
{
  size_t at = position * kv->head_dim + i;
  lanes_f scale;

  if (type == LM_KV_F16) {
    for (int k = 0; k < n; k++)
      values[k] = f_halves ((const uint16_t *) kv->values + at + (size_t) (k * LM_LANES));
    return;
  }
  scale = f_halves_one (kv->value_scales + at / LM_KV_GROUP);
  for (int k = 0; k < n; k++)
    values[k] =
        f_mul (f_int (i_bytes ((const int8_t *) kv->values + at + (size_t) (k * LM_LANES))), scale);
}

/* out = Σ_p weight[p] × v[p] of n queries, in n_mixed vectors of dimensions from i on: the
 * positions that all of them see, then each query's others. */
LM_INLINE void
mix_columns (const lm_kv_span *kv,
             const lm_kv_type type,
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

    load_values (kv, type, p, i, values, n_mixed);
#pragma GCC unroll 8
    for (int j = 0; j < n; j++)
      for (int k = 0; k < n_mixed; k++)
        sums[j][k] = f_fma (f_set (weights[j * LM_ATTEND_CHUNK + p]), values[k], sums[j][k]);
  }
#pragma GCC unroll 8
  for (int j = 0; j < n; j++) {
    for (size_t p = n_common; p < queries[j].n_positions; p++) {
      lanes_f values[N_MIXED];

      load_values (kv, type, p, i, values, n_mixed);
      for (int k = 0; k < n_mixed; k++)
        sums[j][k] = f_fma (f_set (weights[j * LM_ATTEND_CHUNK + p]), values[k], sums[j][k]);
    }
    for (int k = 0; k < n_mixed; k++)
      f_store (queries[j].out + i + k * LM_LANES, sums[j][k]);
  }
}

LM_INLINE void
attend_n (const lm_kv_span *kv,
          const lm_kv_type type,
          lm_query *queries,
          float scale,
          float *scores,
          const int n)
{
  size_t most = 0, least = LM_ATTEND_CHUNK, i;

  for (int j = 0; j < n; j++) {
    most = queries[j].n_positions > most ? queries[j].n_positions : most;
    least = queries[j].n_positions < least ? queries[j].n_positions : least;
  }
  score (kv, type, queries, most, scale, scores, n);
  for (int j = 0; j < n; j++)
    weigh (&queries[j], scores + j * LM_ATTEND_CHUNK);
  for (i = 0; i + N_MIXED * LM_LANES <= kv->head_dim; i += N_MIXED * LM_LANES)
    mix_columns (kv, type, queries, least, scores, i, n, N_MIXED);
  for (; i < kv->head_dim; i += LM_LANES)
    mix_columns (kv, type, queries, least, scores, i, n, 1);
}

LM_INLINE void
attend_some (const lm_kv_span *kv,
             const lm_kv_type type,
             lm_query *queries,
             size_t n,
             float scale,
             float *scores)
{
  switch (n) {
#if LM_LANES == 16
  case 8:
    attend_n (kv, type, queries, scale, scores, 8);
    break;
  case 7:
    attend_n (kv, type, queries, scale, scores, 7);
    break;
  case 6:
    attend_n (kv, type, queries, scale, scores, 6);
    break;
  case 5:
    attend_n (kv, type, queries, scale, scores, 5);
    break;
#endif
  case 4:
    attend_n (kv, type, queries, scale, scores, 4);
    break;
  case 3:
    attend_n (kv, type, queries, scale, scores, 3);
    break;
  case 2:
    attend_n (kv, type, queries, scale, scores, 2);
    break;
  default:
    attend_n (kv, type, queries, scale, scores, 1);
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
  for (size_t i = 0; i < n_queries; i += MAX_QUERIES) {
    size_t n = n_queries - i < MAX_QUERIES ? n_queries - i : MAX_QUERIES;

    if (kv->type == LM_KV_F16)
      attend_some (kv, LM_KV_F16, queries + i, n, scale, scores);
    else
      attend_some (kv, LM_KV_Q8_0, queries + i, n, scale, scores);
  }
}
