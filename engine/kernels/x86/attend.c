/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attention over one span of the cache, a step of some positions after the other: their scores, the
 * weights that these make beside the largest so far, and what those mix of the values. Scores: lanes
 * are positions, and a key is made floats once for all queries. Mixing: lanes are dimensions, and a
 * value is made floats once for all queries. What becomes of a query does not depend on which others
 * are in the call.
 *
 * A long cache comes from memory, in an order that a processor does not foresee: keys and values by
 * turns, and values a few dimensions at a time. So what the next step reads is asked for meanwhile,
 * values while keys are scored and keys while values are mixed, and pages that come later are
 * opened. */
#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "kernels/ref/ref.h"
#include "kernels/x86/lanes.h"
#include "kernels/x86/x86.h"

/* Queries that the registers hold the sums of, and vectors of positions or dimensions worked on at
 * once. */
#define MAX_QUERIES (LM_LANES == 16 ? 8 : 4)
#define N_VECTORS   2

#define SCORED (N_VECTORS * LM_LANES) /* positions at once */
#define STEP   (2 * LM_KEY_TILE)
#define LINE   64 /* bytes */

_Static_assert (LM_ATTEND_CHUNK % STEP == 0 && STEP % SCORED == 0, "spans are whole steps");

/* Queries that are worked on together in a step: all of a call, or as many as the registers take. */
typedef struct {
  const lm_kv_span *kv;
  lm_query *queries;
  size_t first;  /* position of the step */
  size_t n;      /* positions in it that any query of the call sees */
  float *scores; /* STEP of each query, then weights */
  float *less;   /* of each query: what former weights are multiplied with */
  float scale;
} batch;

/* Positions of a step that a query sees. */
LM_INLINE size_t
count_seen (const batch *s, const lm_query *query)
{
  size_t left = query->n_positions > s->first ? query->n_positions - s->first : 0;

  return left < STEP ? left : STEP;
}

LM_INLINE size_t
value_bytes (const lm_kv_type type)
{
  return type == LM_KV_F16 ? sizeof (uint16_t) : sizeof (int8_t);
}

/* Has the line that begins in the bytes at address, which may be anybody's, brought into the first
 * cache, and opens a page beyond it if one begins there. */
LM_INLINE void
ask_for (uintptr_t address, const size_t bytes)
{
  lanes_open_page ((const void *) address, bytes, LANES_PAGES_AHEAD);
  if (address % LINE < bytes)
    _mm_prefetch ((const char *) address, _MM_HINT_T0);
}

/* ---- Scores ------------------------------------------------------------------------------- */

/* Where the keys of SCORED positions lie, from p on, and how far their second vector is from the
 * first: in the same tile, or in the next if anybody sees it. */
LM_INLINE size_t
find_keys (const batch *s, size_t p, size_t *second)
{
  size_t tile = p / LM_KEY_TILE * LM_KEY_TILE, lane = p % LM_KEY_TILE;

  if (SCORED <= LM_KEY_TILE)
    *second = LM_LANES;
  else
    *second = p + LM_KEY_TILE < s->first + s->n ? LM_KEY_TILE * s->kv->head_dim : 0;
  return tile * s->kv->head_dim + lane;
}

/* q·k of SCORED positions from p on, in halves of the cache. */
LM_INLINE void
score_halves (
    const batch *s, size_t p, lanes_f totals[][N_VECTORS], const bool asks, const int n)
{
  const lm_kv_span *kv = s->kv;
  const lm_query *queries = s->queries;
  const uint16_t *keys = kv->keys, *values = kv->values;
  size_t second, step = SCORED * sizeof *keys;

  keys += find_keys (s, p, &second);
  values += (p + STEP) * kv->head_dim;
#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    totals[j][0] = totals[j][1] = f_zero ();
  for (size_t i = 0; i < kv->head_dim; i++) {
    const uint16_t *key = keys + i * LM_KEY_TILE;
    lanes_f k0 = f_halves (key), k1 = f_halves (key + second);

    if (asks)
      ask_for ((uintptr_t) values + i * step, step);
#pragma GCC unroll 8
    for (int j = 0; j < n; j++) {
      lanes_f q = f_set (queries[j].q[i]);

      totals[j][0] = f_fma (k0, q, totals[j][0]);
      totals[j][1] = f_fma (k1, q, totals[j][1]);
    }
  }
}

/* The same in integers: the sum of each group is multiplied with its scale. */
LM_INLINE void
score_bytes (const batch *s, size_t p, lanes_f totals[][N_VECTORS], const bool asks, const int n)
{
  const lm_kv_span *kv = s->kv;
  const lm_query *queries = s->queries;
  const int8_t *keys = kv->keys, *values = kv->values;
  size_t second, at = find_keys (s, p, &second);

  keys += at;
  values += (p + STEP) * kv->head_dim;
#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    totals[j][0] = totals[j][1] = f_zero ();
  for (size_t g = 0; g < kv->head_dim; g += LM_KV_GROUP) {
    /* A group's scales of a tile are as many as its values of a dimension. */
    size_t tile = p / LM_KEY_TILE * LM_KEY_TILE * kv->head_dim;
    const uint16_t *scales = kv->key_scales + ((at - tile) + (tile + g * LM_KEY_TILE) / LM_KV_GROUP);
    lanes_f sums[MAX_QUERIES][N_VECTORS];
    size_t second_scale = SCORED <= LM_KEY_TILE ? second : second / LM_KV_GROUP;
    lanes_f s0 = f_halves (scales), s1 = f_halves (scales + second_scale);

#pragma GCC unroll 8
    for (int j = 0; j < n; j++)
      sums[j][0] = sums[j][1] = f_zero ();
    for (size_t i = g; i < g + LM_KV_GROUP; i++) {
      const int8_t *key = keys + i * LM_KEY_TILE;
      lanes_f k0 = f_int (i_bytes (key)), k1 = f_int (i_bytes (key + second));

      if (asks)
        ask_for ((uintptr_t) values + i * SCORED, SCORED);
#pragma GCC unroll 8
      for (int j = 0; j < n; j++) {
        lanes_f q = f_set (queries[j].q[i]);

        sums[j][0] = f_fma (k0, q, sums[j][0]);
        sums[j][1] = f_fma (k1, q, sums[j][1]);
      }
    }
#pragma GCC unroll 8
    for (int j = 0; j < n; j++) {
      totals[j][0] = f_fma (sums[j][0], s0, totals[j][0]);
      totals[j][1] = f_fma (sums[j][1], s1, totals[j][1]);
    }
  }
}

/* Scores of n queries at the step's positions. */
LM_INLINE void
score (const batch *s, const lm_kv_type type, const bool asks, const int n)
{
  for (size_t i = 0; i < STEP && i < s->n; i += SCORED) {
    lanes_f totals[MAX_QUERIES][N_VECTORS];

    if (type == LM_KV_F16)
      score_halves (s, s->first + i, totals, asks, n);
    else
      score_bytes (s, s->first + i, totals, asks, n);
#pragma GCC unroll 8
    for (int j = 0; j < n; j++)
      for (int k = 0; k < N_VECTORS; k++)
        f_store (s->scores + j * STEP + i + k * LM_LANES,
                 f_mul (totals[j][k], f_set (s->scale)));
  }
}

/* ---- Weights ------------------------------------------------------------------------------ */

/* Notes the largest score of a query up to this step; returns by how much the former one is less.
 * There is one from the beginning, so that nothing is subtracted from minus infinity. */
LM_INLINE float
find_largest (const batch *s, lm_query *query, float *scores)
{
  lanes_f max = f_set (query->max);
  float former = query->max;

  for (size_t i = count_seen (s, query); i < STEP; i++)
    scores[i] = -INFINITY;
  for (size_t i = 0; i < STEP; i += LM_LANES)
    max = f_max (max, f_load (scores + i));
  query->max = f_largest (max);
  return former - query->max;
}

/* Turns the queries' scores into weights relative to the largest. sums: of each query's. */
LM_INLINE void
weigh (const batch *s, size_t n_queries, lanes_f *sums)
{
  _Alignas (64) float differences[LM_LANES] = { 0 };

  _Static_assert (LM_ATTEND_QUERIES <= LM_LANES, "a lane for each query");
  for (size_t j = 0; j < n_queries; j++)
    differences[j] = find_largest (s, &s->queries[j], s->scores + j * STEP);
  f_store (s->less, f_exp (f_load (differences)));
  for (size_t j = 0; j < n_queries; j++) {
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

/* scaled = the queries' weights × the scale that a group of each position's values has, so that it
 * is multiplied with once a query instead of once a value. */
LM_INLINE void
scale_weights (const batch *s, size_t n_queries, size_t group, float *scaled)
{
  size_t n_groups = s->kv->head_dim / LM_KV_GROUP;
  const uint16_t *value_scales = s->kv->value_scales + s->first * n_groups + group;
  _Alignas (64) float scales[STEP] = { 0 };

  for (size_t p = 0; p < s->n; p++)
    scales[p] = _cvtsh_ss (value_scales[p * n_groups]);
  for (size_t at = 0; at < n_queries * STEP; at += LM_LANES)
    f_store (scaled + at, f_mul (f_load (s->scores + at), f_load (scales + at % STEP)));
}

/* ---- Mixing ------------------------------------------------------------------------------- */

/* n vectors of a position's values, from dimension i on; bytes without their scale. */
LM_INLINE void
load_values (const lm_kv_span *kv,
             const lm_kv_type type,
             size_t position,
             size_t i,
             lanes_f *values,
             const int n)
{
  size_t at = position * kv->head_dim + i;

  for (int k = 0; k < n; k++, at += LM_LANES)
    values[k] = type == LM_KV_F16 ? f_halves ((const uint16_t *) kv->values + at)
                                  : f_int (i_bytes ((const int8_t *) kv->values + at));
}

/* out = out × less + Σ_p weight[p] × v[p] of n queries, in n_mixed vectors of dimensions from i on:
 * the first n_common positions of the step, that all of them see, then each query's others. */
LM_INLINE void
mix_columns (const batch *s,
             const lm_kv_type type,
             size_t n_common,
             size_t i,
             const int n_mixed,
             const bool asks,
             const int n)
{
  const lm_kv_span *kv = s->kv;
  const float *weights = s->scores;
  lm_query *queries = s->queries;
  lanes_f sums[MAX_QUERIES][N_VECTORS];
  /* Of the keys of the step after next as many bytes as are read of the values. */
  size_t step = (size_t) n_mixed * LM_LANES * value_bytes (type);
  size_t ahead = ((s->first + 2 * STEP) * kv->head_dim + i * STEP) * value_bytes (type);
  uintptr_t keys = (uintptr_t) kv->keys + ahead;

#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    for (int k = 0; k < n_mixed; k++)
      sums[j][k] = f_mul (f_load (queries[j].out + i + k * LM_LANES), f_set (s->less[j]));
  for (size_t p = 0; p < n_common; p++) {
    lanes_f values[N_VECTORS];

    if (asks)
      ask_for (keys + p * step, step);
    load_values (kv, type, s->first + p, i, values, n_mixed);
#pragma GCC unroll 8
    for (int j = 0; j < n; j++)
      for (int k = 0; k < n_mixed; k++)
        sums[j][k] = f_fma (f_set (weights[j * STEP + p]), values[k], sums[j][k]);
  }
#pragma GCC unroll 8
  for (int j = 0; j < n; j++) {
    for (size_t p = n_common; p < count_seen (s, &queries[j]); p++) {
      lanes_f values[N_VECTORS];

      load_values (kv, type, s->first + p, i, values, n_mixed);
      for (int k = 0; k < n_mixed; k++)
        sums[j][k] = f_fma (f_set (weights[j * STEP + p]), values[k], sums[j][k]);
    }
    for (int k = 0; k < n_mixed; k++)
      f_store (queries[j].out + i + k * LM_LANES, sums[j][k]);
  }
}

/* ---- All queries of a call ----------------------------------------------------------------- */

/* do_part (…, n) with an n that the compiler knows, so that the sums are in registers. */
#if LM_LANES == 16
#define CASES_BEYOND_FOUR(do_part, ...)                                                            \
  case 8:                                                                                          \
    do_part (__VA_ARGS__, 8);                                                                      \
    break;                                                                                         \
  case 7:                                                                                          \
    do_part (__VA_ARGS__, 7);                                                                      \
    break;                                                                                         \
  case 6:                                                                                          \
    do_part (__VA_ARGS__, 6);                                                                      \
    break;                                                                                         \
  case 5:                                                                                          \
    do_part (__VA_ARGS__, 5);                                                                      \
    break;
#else
#define CASES_BEYOND_FOUR(do_part, ...)
#endif
#define WITH_KNOWN(n, do_part, ...)                                                                \
  switch (n) {                                                                                     \
    CASES_BEYOND_FOUR (do_part, __VA_ARGS__)                                                       \
  case 4:                                                                                          \
    do_part (__VA_ARGS__, 4);                                                                      \
    break;                                                                                         \
  case 3:                                                                                          \
    do_part (__VA_ARGS__, 3);                                                                      \
    break;                                                                                         \
  case 2:                                                                                          \
    do_part (__VA_ARGS__, 2);                                                                      \
    break;                                                                                         \
  default:                                                                                         \
    do_part (__VA_ARGS__, 1);                                                                      \
  }

/* The queries behind the first done of all, n of them: as many as the registers take. */
LM_INLINE batch
take (const batch *all, size_t n_queries, size_t done, size_t *n)
{
  batch s = *all;

  *n = n_queries - done < MAX_QUERIES ? n_queries - done : MAX_QUERIES;
  s.queries += done;
  s.scores += done * STEP;
  s.less += done;
  return s;
}

/* A step's keys, or columns of its values, with all queries, while they are in the innermost cache.
 * Those that come first ask for what the others need as well. */
LM_INLINE void
score_all (const batch *all, size_t n_queries, const lm_kv_type type)
{
  for (size_t n, done = 0; done < n_queries; done += n) {
    batch s = take (all, n_queries, done, &n);

    if (done == 0)
      WITH_KNOWN (n, score, &s, type, true)
    else
      WITH_KNOWN (n, score, &s, type, false)
  }
}

LM_INLINE void
mix_all (const batch *all,
         size_t n_queries,
         const lm_kv_type type,
         size_t n_common,
         size_t i,
         const int n_mixed)
{
  for (size_t n, done = 0; done < n_queries; done += n) {
    batch s = take (all, n_queries, done, &n);

    if (done == 0 && n_common == STEP)
      WITH_KNOWN (n, mix_columns, &s, type, n_common, i, n_mixed, true)
    else
      WITH_KNOWN (n, mix_columns, &s, type, n_common, i, n_mixed, false)
  }
}

/* A group of bytes is one or two passes of columns, and so are all of a head's. */
LM_INLINE void
mix_step (const batch *all, size_t n_queries, const lm_kv_type type)
{
  _Alignas (64) float scaled[LM_ATTEND_QUERIES * STEP];
  size_t head_dim = all->kv->head_dim, n_common = STEP, i;
  batch weighted = *all;

  for (size_t j = 0; j < n_queries; j++) {
    size_t n = count_seen (all, &all->queries[j]);

    n_common = n < n_common ? n : n_common;
  }
  if (type == LM_KV_Q8_0)
    weighted.scores = scaled;
  for (i = 0; i + N_VECTORS * LM_LANES <= head_dim; i += N_VECTORS * LM_LANES) {
    if (type == LM_KV_Q8_0 && i % LM_KV_GROUP == 0)
      scale_weights (all, n_queries, i / LM_KV_GROUP, scaled);
    mix_all (&weighted, n_queries, type, n_common, i, N_VECTORS);
  }
  for (; i < head_dim; i += LM_LANES)
    mix_all (&weighted, n_queries, type, n_common, i, 1);
}

LM_INLINE void
attend_type (batch *all, size_t n_queries, const lm_kv_type type)
{
  lanes_f sums[LM_ATTEND_QUERIES];
  size_t most = 0;

  for (size_t j = 0; j < n_queries; j++) {
    lm_query *query = &all->queries[j];

    most = query->n_positions > most ? query->n_positions : most;
    query->max = -FLT_MAX;
    sums[j] = f_zero ();
    memset (query->out, 0, all->kv->head_dim * sizeof *query->out);
  }
  for (all->first = 0; all->first < most; all->first += STEP) {
    all->n = most - all->first < STEP ? most - all->first : STEP;
    score_all (all, n_queries, type);
    weigh (all, n_queries, sums);
    mix_step (all, n_queries, type);
  }
  for (size_t j = 0; j < n_queries; j++)
    all->queries[j].sum = f_sum (sums[j]);
}

void
LM_LEVEL (attend) (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores)
{
  _Alignas (64) float less[LM_LANES];
  batch all = { .kv = kv, .queries = queries, .scores = scores, .less = less, .scale = scale };

  if (kv->head_dim % LM_LANES != 0)
    lm_ref_attend (kv, queries, n_queries, scale, scores);
  else if (kv->type == LM_KV_F16)
    attend_type (&all, n_queries, LM_KV_F16);
  else
    attend_type (&all, n_queries, LM_KV_Q8_0);
}
