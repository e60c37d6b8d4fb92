/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attention's mixing of values: lanes are dimensions, and a value is made floats once for all
 * queries. */
#include "kernels/x86/attend.h"

LM_INLINE size_t
value_bytes (const lm_kv_type type)
{
  return type == LM_KV_F16 ? sizeof (uint16_t) : sizeof (int8_t);
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

/* scaled = the queries' weights × the scale that a group of each position's values has, so that it
 * is multiplied with once a query instead of once a value. */
LM_INLINE void
scale_weights (const attend_step *s, size_t group, float *scaled)
{
  size_t n_groups = s->kv->head_dim / LM_KV_GROUP;
  _Alignas (LINE) float scales[STEP];

  for (size_t i = 0; i < STEP; i += LM_LANES) {
    /* Where nobody sees anything there may be no tile. */
    size_t p = s->first + (i < s->n_seen ? i : 0);

    f_store (scales + i, f_halves (s->kv->value_scales + lm_find_in_tiles (n_groups, p, group)));
  }
  for (size_t at = 0; at < s->n_queries * STEP; at += LM_LANES)
    f_store (scaled + at, f_mul (f_load (s->scores + at), f_load (scales + at % STEP)));
}

/* n_mixed vectors of dimensions from i on. */
LM_INLINE void
mix_columns (const attend_step *s,
             const lm_kv_type type,
             size_t i,
             const int n_mixed,
             const bool asks,
             const int n)
{
  const lm_kv_span *kv = s->kv;
  const float *weights = s->scores;
  lm_query *queries = s->queries;
  lanes_f sums[MAX_QUERIES][N_VECTORS];
  /* Of the keys from half a step beyond the next on as many bytes as are read of the values. */
  size_t step = (size_t) n_mixed * LM_LANES * value_bytes (type);
  size_t next = s->first + STEP + STEP / 2;
  size_t ahead = (next * kv->head_dim + i * STEP) * value_bytes (type);
  uintptr_t keys = (uintptr_t) kv->keys + ahead;

#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    for (int k = 0; k < n_mixed; k++)
      sums[j][k] = f_mul (f_load (queries[j].out + i + k * LM_LANES), f_set (s->less[j]));
  for (size_t p = 0; p < s->n_seen; p++) {
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
  for (int j = 0; j < n; j++)
    for (int k = 0; k < n_mixed; k++)
      f_store (queries[j].out + i + k * LM_LANES, sums[j][k]);
}

/* Columns of all queries, while they are in the innermost cache. Those queries that come first ask
 * for what the others need as well. */
LM_INLINE void
mix_queries (const attend_step *all, const lm_kv_type type, size_t i, const int n_mixed)
{
  for (size_t done = 0; done < all->n_queries; done += MAX_QUERIES) {
    attend_step s = take (all, done);

    if (done == 0)
      WITH_KNOWN (s.n_queries, mix_columns, &s, type, i, n_mixed, true)
    else
      WITH_KNOWN (s.n_queries, mix_columns, &s, type, i, n_mixed, false)
  }
}

/* A group of bytes is one or two passes of columns, and so are all of a head's. */
LM_INLINE void
mix_all (const attend_step *all, const lm_kv_type type)
{
  _Alignas (LINE) float scaled[LM_ATTEND_QUERIES * STEP];
  size_t head_dim = all->kv->head_dim, i;
  attend_step weighted = *all;

  if (type == LM_KV_Q8_0)
    weighted.scores = scaled;
  for (i = 0; i + N_VECTORS * LM_LANES <= head_dim; i += N_VECTORS * LM_LANES) {
    if (type == LM_KV_Q8_0 && i % LM_KV_GROUP == 0)
      scale_weights (all, i / LM_KV_GROUP, scaled);
    mix_queries (&weighted, type, i, N_VECTORS);
  }
  for (; i < head_dim; i += LM_LANES)
    mix_queries (&weighted, type, i, 1);
}

void
LM_LEVEL (mix_step) (const attend_step *step)
{
  if (step->kv->type == LM_KV_F16)
    mix_all (step, LM_KV_F16);
  else
    mix_all (step, LM_KV_Q8_0);
}
