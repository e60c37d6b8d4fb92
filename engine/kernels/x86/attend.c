/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attention over one span of the cache. Scores: lanes are positions, and a key is made floats once
 * for all queries. Mixing: lanes are dimensions, and a value is made floats once for all queries.
 * What becomes of a query does not depend on which others are in the call.
 *
 * A long cache comes from memory, in an order that a processor does not foresee: a tile of keys is
 * a page, and values are read a few dimensions at a time. So it is asked for: while a tile is
 * scored, the values of its positions; while values are mixed, the keys that come next; and of both
 * the pages that come later are opened. */
#include <math.h>
#include <stdbool.h>

#include "kernels/ref/ref.h"
#include "kernels/x86/lanes.h"
#include "kernels/x86/x86.h"

/* Queries that the registers hold the sums of, and vectors of dimensions mixed at once. */
#define MAX_QUERIES (LM_LANES == 16 ? 8 : 4)
#define N_MIXED     2
#define N_VECTORS   (LM_KEY_TILE / LM_LANES) /* of a tile's positions */

/* Queries that are worked on together: all of a call, or as many as the registers take. */
typedef struct {
  const lm_kv_span *kv;
  lm_query *queries;
  float *scores;   /* LM_ATTEND_CHUNK of each */
  size_t n_common; /* positions that all of the call's see */
  float scale;
} batch;

LM_INLINE size_t
value_bytes (const lm_kv_type type)
{
  return type == LM_KV_F16 ? sizeof (uint16_t) : sizeof (int8_t);
}

/* Has a line of memory, which may be anybody's, brought into the second cache. */
LM_INLINE void
ask_for (uintptr_t address)
{
  _mm_prefetch ((const char *) address, _MM_HINT_T1);
}

/* The same for the first lines of a page later on, if one begins in the bytes at address, which are
 * about to be asked for. */
LM_INLINE void
open_page (uintptr_t address, size_t bytes)
{
  lanes_open_page ((const void *) address, bytes, LANES_PAGES_AHEAD);
}

/* q·k of a tile's positions, in halves of the cache. A query has two sums, so that none waits for
 * the last: of the even and the odd dimensions, or, of a tile of two vectors, of each of these. */
LM_INLINE void
score_halves (
    const batch *s, size_t tile, lanes_f totals[][N_VECTORS], const bool asks, const int n)
{
  const lm_kv_span *kv = s->kv;
  const lm_query *queries = s->queries;
  size_t at = tile * LM_KEY_TILE * kv->head_dim;
  const uint16_t *keys = (const uint16_t *) kv->keys + at;
  uintptr_t values = (uintptr_t) ((const uint16_t *) kv->values + at);
  lanes_f sums[MAX_QUERIES][2];

  if (asks)
    open_page (values, LM_KEY_TILE * kv->head_dim * sizeof *keys);
#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    sums[j][0] = sums[j][1] = f_zero ();
  for (size_t i = 0; i < kv->head_dim; i += 2) {
    if (asks)
      ask_for (values + i * LM_KEY_TILE * sizeof *keys);
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
          size_t which = N_VECTORS == 1 ? odd : part;

          sums[j][which] = f_fma (vectors[part], q, sums[j][which]);
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
score_bytes (const batch *s, size_t tile, lanes_f totals[][N_VECTORS], const bool asks, const int n)
{
  const lm_kv_span *kv = s->kv;
  const lm_query *queries = s->queries;
  size_t n_groups = kv->head_dim / LM_KV_GROUP, at = tile * LM_KEY_TILE * kv->head_dim;
  const int8_t *keys = (const int8_t *) kv->keys + at;
  uintptr_t values = (uintptr_t) ((const int8_t *) kv->values + at);
  const uint16_t *scales = kv->key_scales + tile * n_groups * LM_KEY_TILE;

  if (asks)
    open_page (values, LM_KEY_TILE * kv->head_dim);
#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    for (int part = 0; part < N_VECTORS; part++)
      totals[j][part] = f_zero ();
  for (size_t g = 0; g < n_groups; g++) {
    lanes_f sums[MAX_QUERIES][N_VECTORS];

    for (size_t line = 0; asks && line < LM_KV_GROUP * LM_KEY_TILE; line += 64)
      ask_for (values + g * LM_KV_GROUP * LM_KEY_TILE + line);
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

/* Scores of n queries at a tile's positions. */
LM_INLINE void
score_tile (const batch *s, const lm_kv_type type, size_t tile, const bool asks, const int n)
{
  lanes_f totals[MAX_QUERIES][N_VECTORS];

  if (type == LM_KV_F16)
    score_halves (s, tile, totals, asks, n);
  else
    score_bytes (s, tile, totals, asks, n);
#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    for (int part = 0; part < N_VECTORS; part++)
      f_store (s->scores + j * LM_ATTEND_CHUNK + tile * LM_KEY_TILE + part * LM_LANES,
               f_mul (totals[j][part], f_set (s->scale)));
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

/* scaled = the queries' weights × the scale that a group of each position's values has, so that it
 * is multiplied with once a query instead of once a value. */
LM_INLINE void
scale_weights (const batch *all, size_t n_queries, size_t n_positions, size_t group, float *scaled)
{
  size_t n_groups = all->kv->head_dim / LM_KV_GROUP;
  _Alignas (64) float scales[LM_ATTEND_CHUNK] = { 0 };

  for (size_t p = 0; p < n_positions; p++)
    scales[p] = _cvtsh_ss (all->kv->value_scales[p * n_groups + group]);
  for (size_t j = 0; j < n_queries; j++)
    for (size_t p = 0; p < all->queries[j].n_positions; p += LM_LANES) {
      size_t at = j * LM_ATTEND_CHUNK + p;

      f_store (scaled + at, f_mul (f_load (all->scores + at), f_load (scales + p)));
    }
}

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

/* out = Σ_p score[p] × v[p] of n queries, in n_mixed vectors of dimensions from i on: the
 * positions that all of them see, then each query's others. */
LM_INLINE void
mix_columns (const batch *s,
             const lm_kv_type type,
             size_t i,
             const int n_mixed,
             const bool asks,
             const int n)
{
  const lm_kv_span *kv = s->kv;
  const float *weights = s->scores;
  lm_query *queries = s->queries;
  lanes_f sums[MAX_QUERIES][N_MIXED];
  /* Of the next chunk's keys as many bytes as are read of the values. */
  size_t step = (size_t) n_mixed * LM_LANES * value_bytes (type);
  uintptr_t keys = (uintptr_t) kv->keys + LM_ATTEND_CHUNK * (kv->head_dim + i) * value_bytes (type);

#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    for (int k = 0; k < n_mixed; k++)
      sums[j][k] = f_zero ();
  for (size_t p = 0; p < s->n_common; p++) {
    lanes_f values[N_MIXED];

    if (asks) {
      open_page (keys + p * step, step);
      ask_for (keys + p * step);
    }
    load_values (kv, type, p, i, values, n_mixed);
#pragma GCC unroll 8
    for (int j = 0; j < n; j++)
      for (int k = 0; k < n_mixed; k++)
        sums[j][k] = f_fma (f_set (weights[j * LM_ATTEND_CHUNK + p]), values[k], sums[j][k]);
  }
#pragma GCC unroll 8
  for (int j = 0; j < n; j++) {
    for (size_t p = s->n_common; p < queries[j].n_positions; p++) {
      lanes_f values[N_MIXED];

      load_values (kv, type, p, i, values, n_mixed);
      for (int k = 0; k < n_mixed; k++)
        sums[j][k] = f_fma (f_set (weights[j * LM_ATTEND_CHUNK + p]), values[k], sums[j][k]);
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
  s.scores += done * LM_ATTEND_CHUNK;
  return s;
}

/* A tile, or columns, of all queries, while they are in the innermost cache. Those that come first
 * ask for what the others need as well. */
LM_INLINE void
score_all (const batch *all, size_t n_queries, const lm_kv_type type, size_t tile)
{
  for (size_t n, done = 0; done < n_queries; done += n) {
    batch s = take (all, n_queries, done, &n);

    if (done == 0)
      WITH_KNOWN (n, score_tile, &s, type, tile, true)
    else
      WITH_KNOWN (n, score_tile, &s, type, tile, false)
  }
}

LM_INLINE void
mix_all (const batch *all, size_t n_queries, const lm_kv_type type, size_t i, const int n_mixed)
{
  for (size_t n, done = 0; done < n_queries; done += n) {
    batch s = take (all, n_queries, done, &n);

    if (done == 0 && s.n_common == LM_ATTEND_CHUNK)
      WITH_KNOWN (n, mix_columns, &s, type, i, n_mixed, true)
    else
      WITH_KNOWN (n, mix_columns, &s, type, i, n_mixed, false)
  }
}

/* A group of bytes is one or two passes of columns, and so are all of a head's. */
LM_INLINE void
attend_type (const batch *all, size_t n_queries, const lm_kv_type type)
{
  _Alignas (64) float scaled[LM_ATTEND_QUERIES * LM_ATTEND_CHUNK];
  size_t head_dim = all->kv->head_dim, most = 0, i;
  batch weighted = *all;

  for (size_t j = 0; j < n_queries; j++)
    most = all->queries[j].n_positions > most ? all->queries[j].n_positions : most;
  for (size_t tile = 0; tile < (most + LM_KEY_TILE - 1) / LM_KEY_TILE; tile++)
    score_all (all, n_queries, type, tile);
  for (size_t j = 0; j < n_queries; j++)
    weigh (&all->queries[j], all->scores + j * LM_ATTEND_CHUNK);
  if (type == LM_KV_Q8_0)
    weighted.scores = scaled;
  for (i = 0; i + N_MIXED * LM_LANES <= head_dim; i += N_MIXED * LM_LANES) {
    if (type == LM_KV_Q8_0 && i % LM_KV_GROUP == 0)
      scale_weights (all, n_queries, most, i / LM_KV_GROUP, scaled);
    mix_all (&weighted, n_queries, type, i, N_MIXED);
  }
  for (; i < head_dim; i += LM_LANES)
    mix_all (&weighted, n_queries, type, i, 1);
}

void
LM_LEVEL (attend) (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores)
{
  batch all = {
    .kv = kv, .queries = queries, .scores = scores, .n_common = LM_ATTEND_CHUNK, .scale = scale
  };

  if (kv->head_dim % LM_LANES != 0) {
    lm_ref_attend (kv, queries, n_queries, scale, scores);
    return;
  }
  for (size_t j = 0; j < n_queries; j++)
    all.n_common = queries[j].n_positions < all.n_common ? queries[j].n_positions : all.n_common;
  if (kv->type == LM_KV_F16)
    attend_type (&all, n_queries, LM_KV_F16);
  else
    attend_type (&all, n_queries, LM_KV_Q8_0);
}
