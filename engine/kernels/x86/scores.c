/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attention's scores: lanes are positions, and a key is made floats, or 16-bit integers, once for
 * all queries. */
#include "kernels/x86/attend.h"

/* How far from its first vector, of SCORED positions from p on, the second is: in the same tile, or
 * in the next, if somebody sees that. n: items that a position has. */
LM_INLINE size_t
find_second (const attend_step *s, size_t n, size_t p)
{
  if (SCORED <= LM_KEY_TILE)
    return LM_LANES;
  return p + LM_KEY_TILE < s->first + s->n_seen ? LM_KEY_TILE * n : 0;
}

/* totals += q·k of a dimension of SCORED positions. */
LM_INLINE void
score_dimension (const uint16_t *key,
                 size_t second,
                 const float *const *q,
                 size_t i,
                 lanes_f totals[][N_VECTORS],
                 const int n)
{
  lanes_f k0 = f_halves (key), k1 = f_halves (key + second);

#pragma GCC unroll 8
  for (int j = 0; j < n; j++) {
    lanes_f q_i = f_set (q[j][i]);

    totals[j][0] = f_fma (k0, q_i, totals[j][0]);
    totals[j][1] = f_fma (k1, q_i, totals[j][1]);
  }
}

/* q·k of SCORED positions from p on, in halves of the cache. */
LM_INLINE void
score_halves (
    const attend_step *s, size_t p, lanes_f totals[][N_VECTORS], const bool asks, const int n)
{
  const lm_kv_span *kv = s->kv;
  const uint16_t *keys = (const uint16_t *) kv->keys + lm_find_in_tiles (kv->head_dim, p, 0);
  size_t second = find_second (s, kv->head_dim, p);
  uintptr_t values = (uintptr_t) ((const uint16_t *) kv->values + (p + STEP) * kv->head_dim);
  const float *q[MAX_QUERIES]; /* what the compiler would read again after every line asked for */

#pragma GCC unroll 8
  for (int j = 0; j < n; j++) {
    q[j] = s->queries[j].q;
    totals[j][0] = totals[j][1] = f_zero ();
  }
  for (size_t i = 0; i < kv->head_dim; i += A_LINE, values += LINE) {
    if (asks)
      ask_for (values);
#pragma GCC unroll 2
    for (size_t r = 0; r < A_LINE; r++)
      score_dimension (keys + (i + r) * LM_KEY_TILE, second, q, i + r, totals, n);
  }
}

/* sums += q·k of two dimensions of SCORED positions. */
LM_INLINE void
score_pair (const uint16_t *key,
            size_t second,
            const rounded_query *queries,
            size_t i,
            lanes_i sums[][N_VECTORS],
            const int n)
{
  lanes_i k0 = i_pairs (key), k1 = i_pairs (key + second);

#pragma GCC unroll 8
  for (int j = 0; j < n; j++) {
    lanes_i q = i_spread (queries[j].q + 2 * i);

    sums[j][0] = i_dot16 (sums[j][0], k0, q);
    sums[j][1] = i_dot16 (sums[j][1], k1, q);
  }
}

/* sums = q·k of a group's dimensions, two at once. */
LM_INLINE void
score_group (const rounded_query *queries,
             const uint16_t *keys,
             size_t second,
             size_t group,
             uintptr_t values,
             lanes_i sums[][N_VECTORS],
             const bool asks,
             const int n)
{
  size_t first = group * LM_KV_GROUP / 2;

#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    sums[j][0] = sums[j][1] = i_zero ();
  values += group * LM_KV_GROUP * SCORED;
  for (size_t i = first; i < first + LM_KV_GROUP / 2; i += A_LINE, values += LINE) {
    if (asks)
      ask_for (values);
#pragma GCC unroll 2
    for (size_t r = 0; r < A_LINE; r++)
      score_pair (keys + (i + r) * LM_KEY_TILE, second, queries, i + r, sums, n);
  }
}

/* The same as score_halves() in integers: the sum of each group is multiplied with both of its
 * scales. */
LM_INLINE void
score_bytes (
    const attend_step *s, size_t p, lanes_f totals[][N_VECTORS], const bool asks, const int n)
{
  const lm_kv_span *kv = s->kv;
  size_t n_pairs = kv->head_dim / 2, n_groups = kv->head_dim / LM_KV_GROUP;
  const uint16_t *keys = (const uint16_t *) kv->keys + lm_find_in_tiles (n_pairs, p, 0);
  const uint16_t *scales = kv->key_scales + lm_find_in_tiles (n_groups, p, 0);
  size_t second = find_second (s, n_pairs, p), second_scale = find_second (s, n_groups, p);
  uintptr_t values = (uintptr_t) ((const int8_t *) kv->values + (p + STEP) * kv->head_dim);

#pragma GCC unroll 8
  for (int j = 0; j < n; j++)
    totals[j][0] = totals[j][1] = f_zero ();
  for (size_t g = 0; g < n_groups; g++, scales += LM_KEY_TILE) {
    lanes_f s0 = f_halves (scales), s1 = f_halves (scales + second_scale);
    lanes_i sums[MAX_QUERIES][N_VECTORS];

    score_group (s->rounded, keys, second, g, values, sums, asks, n);
#pragma GCC unroll 8
    for (int j = 0; j < n; j++) {
      lanes_f scale = f_set (s->rounded[j].scales[g]);

      totals[j][0] = f_fma (f_mul (f_int (sums[j][0]), scale), s0, totals[j][0]);
      totals[j][1] = f_fma (f_mul (f_int (sums[j][1]), scale), s1, totals[j][1]);
    }
  }
}

LM_INLINE void
score_known (const attend_step *s, const lm_kv_type type, const bool asks, const int n)
{
  for (size_t i = 0; i < STEP && i < s->n_seen; i += SCORED) {
    lanes_f totals[MAX_QUERIES][N_VECTORS];

    if (type == LM_KV_F16)
      score_halves (s, s->first + i, totals, asks, n);
    else
      score_bytes (s, s->first + i, totals, asks, n);
#pragma GCC unroll 8
    for (int j = 0; j < n; j++)
      for (int k = 0; k < N_VECTORS; k++)
        f_store (s->scores + j * STEP + i + k * LM_LANES, f_mul (totals[j][k], f_set (s->scale)));
  }
}

/* Those queries that come first ask for what the others need as well. */
LM_INLINE void
score_all (const attend_step *all, const lm_kv_type type)
{
  for (size_t done = 0; done < all->n_queries; done += MAX_QUERIES) {
    attend_step s = take (all, done);

    if (done == 0)
      WITH_KNOWN (s.n_queries, score_known, &s, type, true)
    else
      WITH_KNOWN (s.n_queries, score_known, &s, type, false)
  }
}

void
LM_LEVEL (score_step) (const attend_step *step)
{
  if (step->kv->type == LM_KV_F16)
    score_all (step, LM_KV_F16);
  else
    score_all (step, LM_KV_Q8_0);
}
