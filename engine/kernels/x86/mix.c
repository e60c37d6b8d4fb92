/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attention's mixing of values: lanes are dimensions, and a value is made floats, or 16-bit
 * integers, once for all queries. */
#include "kernels/x86/attend.h"
#include "kernels/x86/round.h"

/* What is asked for meanwhile of the keys from half a step beyond the next on: for each position as
 * many bytes as are read of the values, value_bytes each, of n dimensions from i on. */
LM_INLINE uintptr_t
find_next_keys (const attend_step *s, size_t value_bytes, size_t i)
{
  size_t next = s->first + STEP + STEP / 2;

  return (uintptr_t) s->kv->keys + (next * s->kv->head_dim + i * STEP) * value_bytes;
}

/* ---- Halves --------------------------------------------------------------------------------- */

/* sums += weight × value of n_mixed vectors of a position. */
LM_INLINE void
mix_position (const uint16_t *row,
              const float *weights,
              lanes_f sums[][N_VECTORS],
              const int n_mixed,
              const int n)
{
  lanes_f values[N_VECTORS];

  for (int k = 0; k < n_mixed; k++)
    values[k] = f_halves (row + k * LM_LANES);
#pragma GCC unroll 8
  for (int j = 0; j < n; j++) {
    lanes_f weight = f_set (weights[j * STEP]);

    for (int k = 0; k < n_mixed; k++)
      sums[j][k] = f_fma (weight, values[k], sums[j][k]);
  }
}

/* n_mixed vectors of dimensions from i on; as many positions at once as read a line. */
LM_INLINE void
mix_halves (const attend_step *s, size_t i, const int n_mixed, const bool asks, const int n)
{
  const size_t n_rows = A_LINE * N_VECTORS / n_mixed;
  size_t head_dim = s->kv->head_dim, p = 0;
  const uint16_t *row = (const uint16_t *) s->kv->values + s->first * head_dim + i;
  uintptr_t keys = find_next_keys (s, sizeof *row, i);
  lanes_f sums[MAX_QUERIES][N_VECTORS];

#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    for (int k = 0; k < n_mixed; k++)
      sums[j][k] = f_mul (f_load (s->queries[j].out + i + k * LM_LANES), f_set (s->less[j]));
  for (; p + n_rows <= s->n_seen; keys += LINE) {
    if (asks)
      ask_for (keys);
#pragma GCC unroll 4
    for (size_t r = 0; r < n_rows; r++, p++, row += head_dim)
      mix_position (row, s->scores + p, sums, n_mixed, n);
  }
  for (; p < s->n_seen; p++, row += head_dim)
    mix_position (row, s->scores + p, sums, n_mixed, n);
#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    for (int k = 0; k < n_mixed; k++)
      f_store (s->queries[j].out + i + k * LM_LANES, sums[j][k]);
}

/* Columns of all queries, while they are in the innermost cache. Those queries that come first ask
 * for what the others need as well. */
LM_INLINE void
mix_columns (const attend_step *all, size_t i, const int n_mixed)
{
  for (size_t done = 0; done < all->n_queries; done += MAX_QUERIES) {
    attend_step s = take (all, done);

    if (done == 0)
      WITH_KNOWN (s.n_queries, mix_halves, &s, i, n_mixed, true)
    else
      WITH_KNOWN (s.n_queries, mix_halves, &s, i, n_mixed, false)
  }
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

/* What a group's weights are multiplied with: the scale of each position's values over the largest,
 * times the largest integer. Returns the scale of the products, for a weight is one at most. */
static float
find_steps (const attend_step *s, size_t group, float *steps)
{
  size_t n_groups = s->kv->head_dim / LM_KV_GROUP;
  lanes_f inverse;
  float scale;

  for (size_t i = 0; i < s->n_seen; i += LM_LANES)
    f_store (steps + i,
             f_halves (s->kv->value_scales + lm_find_in_tiles (n_groups, s->first + i, group)));
  for (size_t i = s->n_seen; i < STEP; i++)
    steps[i] = 0;
  inverse = f_set (find_inverse (find_largest (steps, STEP), INT16_MAX, &scale));
  for (size_t i = 0; i < STEP; i += LM_LANES)
    f_store (steps + i, f_mul (f_load (steps + i), inverse));
  return scale;
}

/* The queries' weights × what a group's values of each position are multiplied with, as integers:
 * so one is multiplied with both once a query instead of once a value. A sum of STEP products below
 * 2¹⁵ · 2⁷ is far from an overflow. */
static void
round_weights (const attend_step *s, const float *steps, rounded_weights *out)
{
  for (size_t i = 0; i < STEP; i += 2 * LM_LANES) {
    lanes_f s0 = f_load (steps + i), s1 = f_load (steps + i + LM_LANES);

    for (size_t j = 0; j < s->n_queries; j++) {
      const float *weights = s->scores + j * STEP + i;

      i_store (out[j].w + i, i_narrow (i_float (f_mul (f_load (weights), s0)),
                                       i_float (f_mul (f_load (weights + LM_LANES), s1))));
    }
  }
}

/* sums += weight × value of N_VECTORS vectors of two positions, p and the next. */
LM_INLINE void
mix_pair (const int8_t *pair,
          const rounded_weights *weights,
          size_t p,
          lanes_i sums[][N_VECTORS],
          const int n)
{
  lanes_i v0 = i_pairs (pair), v1 = i_pairs (pair + 2 * LM_LANES);

#pragma GCC unroll 8
  for (int j = 0; j < n; j++) {
    lanes_i w = i_spread (weights[j].w + p);

    sums[j][0] = i_dot16 (sums[j][0], v0, w);
    sums[j][1] = i_dot16 (sums[j][1], v1, w);
  }
}

/* N_VECTORS vectors of dimensions from i on; what is in the last tile beyond the positions that
 * there are has a weight of zero. scale: of the products. */
LM_INLINE void
mix_bytes (const attend_step *s,
           const rounded_weights *weights,
           float scale,
           size_t i,
           const bool asks,
           const int n)
{
  size_t head_dim = s->kv->head_dim;
  const int8_t *pair = (const int8_t *) s->kv->values + s->first * head_dim + 2 * i;
  uintptr_t keys = find_next_keys (s, sizeof *pair, i);
  lanes_i sums[MAX_QUERIES][N_VECTORS];

#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    sums[j][0] = sums[j][1] = i_zero ();
  for (size_t p = 0; p < s->n_seen; keys += LINE) {
    if (asks)
      ask_for (keys);
#pragma GCC unroll 2
    for (size_t r = 0; r < A_LINE; r++, p += 2, pair += 2 * head_dim)
      mix_pair (pair, weights, p, sums, n);
  }
#pragma GCC unroll 8
  for (int j = 0; j < n; j++) {
    float *out = s->queries[j].out + i;
    lanes_f less = f_set (s->less[j]), more = f_set (s->more[j] * scale);

    for (int k = 0; k < N_VECTORS; k++, out += LM_LANES)
      f_store (out, f_fma (f_int (sums[j][k]), more, f_mul (f_load (out), less)));
  }
}

LM_INLINE void
mix_group (const attend_step *all, size_t group, const rounded_weights *weights, float scale)
{
  for (size_t i = group * LM_KV_GROUP; i < (group + 1) * LM_KV_GROUP; i += N_VECTORS * LM_LANES)
    for (size_t done = 0; done < all->n_queries; done += MAX_QUERIES) {
      attend_step s = take (all, done);

      if (done == 0)
        WITH_KNOWN (s.n_queries, mix_bytes, &s, weights, scale, i, true)
      else
        WITH_KNOWN (s.n_queries, mix_bytes, &s, weights + done, scale, i, false)
    }
}

/* All groups' scales come first, for each takes long until it is known. */
static void
mix_groups (const attend_step *s)
{
  size_t n_groups = s->kv->head_dim / LM_KV_GROUP;
  _Alignas (LINE) float steps[MAX_ROUNDED / LM_KV_GROUP][STEP];
  float scales[MAX_ROUNDED / LM_KV_GROUP];
  rounded_weights weights[LM_ATTEND_QUERIES];

  for (size_t g = 0; g < n_groups; g++)
    scales[g] = find_steps (s, g, steps[g]);
  for (size_t g = 0; g < n_groups; g++) {
    round_weights (s, steps[g], weights);
    mix_group (s, g, weights, scales[g]);
  }
}

void
LM_LEVEL (mix_step) (const attend_step *step)
{
  size_t head_dim = step->kv->head_dim, i;

  if (step->kv->type == LM_KV_Q8_0) {
    mix_groups (step);
    return;
  }
  for (i = 0; i + N_VECTORS * LM_LANES <= head_dim; i += N_VECTORS * LM_LANES)
    mix_columns (step, i, N_VECTORS);
  for (; i < head_dim; i += LM_LANES)
    mix_columns (step, i, 1);
}
