/* SPDX-License-Identifier: GPL-3.0-or-later
 * ARM attention over one span of the cache. Scores: lanes are positions, and a key is made floats
 * once for all queries. Mixing: lanes are dimensions, and a value is made floats once for all
 * queries. What becomes of a query does not depend on which others are in the call. */
#include <math.h>

#include "kernels/neon/neon.h"
#include "kernels/ref/ref.h"

#define MAX_QUERIES 4 /* that the registers hold the sums of */
#define N_VECTORS   4 /* of a tile's positions, and of the dimensions mixed at once */
#define WIDTH       (4 * N_VECTORS)

/* A float for each of sixteen positions or dimensions. */
typedef struct {
  float32x4_t v[N_VECTORS];
} sixteen;

LM_INLINE sixteen
load_halves (const uint16_t *p)
{
  sixteen x;

#pragma GCC unroll 4
  for (int i = 0; i < N_VECTORS; i++)
    x.v[i] = f_halves (p + 4 * i);
  return x;
}

LM_INLINE sixteen
make_floats (int8x16_t bytes)
{
  int16x8_t low = vmovl_s8 (vget_low_s8 (bytes)), high = vmovl_high_s8 (bytes);

  return (sixteen) {
    { vcvtq_f32_s32 (vmovl_s16 (vget_low_s16 (low))), vcvtq_f32_s32 (vmovl_high_s16 (low)),
      vcvtq_f32_s32 (vmovl_s16 (vget_low_s16 (high))), vcvtq_f32_s32 (vmovl_high_s16 (high)) }
  };
}

LM_INLINE sixteen
make_zeros (void)
{
  sixteen x;

#pragma GCC unroll 4
  for (int i = 0; i < N_VECTORS; i++)
    x.v[i] = vdupq_n_f32 (0);
  return x;
}

/* sum + a × b */
LM_INLINE void
add_scaled (sixteen *sum, const sixteen *a, float b)
{
#pragma GCC unroll 4
  for (int i = 0; i < N_VECTORS; i++)
    sum->v[i] = vfmaq_n_f32 (sum->v[i], a->v[i], b);
}

/* ---- Scores ------------------------------------------------------------------------------- */

/* q·k of a tile's positions, in halves of the cache. Meanwhile the values of the same positions are
 * asked for. */
LM_INLINE void
score_halves (
    const lm_kv_span *kv, const lm_query *queries, size_t tile, sixteen *totals, const int n)
{
  const char *values = (const char *) kv->values + tile * LM_KEY_TILE * kv->head_dim * 2;
  const uint16_t *keys = (const uint16_t *) kv->keys + tile * kv->head_dim * LM_KEY_TILE;

#pragma GCC unroll 4
  for (int j = 0; j < n; j++)
    totals[j] = make_zeros ();
  for (size_t i = 0; i < kv->head_dim; i++) {
    sixteen key = load_halves (keys + i * LM_KEY_TILE);

    if (i % 2 == 0)
      __builtin_prefetch (values + i * LM_KEY_TILE * 2, 0, 2);
#pragma GCC unroll 4
    for (int j = 0; j < n; j++)
      add_scaled (&totals[j], &key, queries[j].q[i]);
  }
}

/* The same in integers: the sum of each group is multiplied with its scale. */
LM_INLINE void
score_bytes (
    const lm_kv_span *kv, const lm_query *queries, size_t tile, sixteen *totals, const int n)
{
  size_t n_groups = kv->head_dim / LM_KV_GROUP;
  const int8_t *keys = (const int8_t *) kv->keys + tile * kv->head_dim * LM_KEY_TILE;

#pragma GCC unroll 4
  for (int j = 0; j < n; j++)
    totals[j] = make_zeros ();
  for (size_t g = 0; g < n_groups; g++) {
    sixteen scale = load_halves (kv->key_scales + (tile * n_groups + g) * LM_KEY_TILE);
    sixteen sums[MAX_QUERIES];

#pragma GCC unroll 4
    for (int j = 0; j < n; j++)
      sums[j] = make_zeros ();
    for (size_t i = g * LM_KV_GROUP; i < (g + 1) * LM_KV_GROUP; i += 2) {
      int8x16x2_t pair = vld2q_s8 (keys + i * LM_KEY_TILE);

#pragma GCC unroll 2
      for (size_t odd = 0; odd < 2; odd++) {
        sixteen key = make_floats (pair.val[odd]);

#pragma GCC unroll 4
        for (int j = 0; j < n; j++)
          add_scaled (&sums[j], &key, queries[j].q[i + odd]);
      }
    }
#pragma GCC unroll 4
    for (int j = 0; j < n; j++)
      for (int k = 0; k < N_VECTORS; k++)
        totals[j].v[k] = vfmaq_f32 (totals[j].v[k], sums[j].v[k], scale.v[k]);
  }
}

/* Scores of n queries. */
LM_INLINE void
score (const lm_kv_span *kv, const lm_query *queries, float scale, float *scores, const int n)
{
  for (size_t tile = 0; tile * LM_KEY_TILE < kv->n_positions; tile++) {
    sixteen totals[MAX_QUERIES];

    if (kv->type == LM_KV_F16)
      score_halves (kv, queries, tile, totals, n);
    else
      score_bytes (kv, queries, tile, totals, n);
#pragma GCC unroll 4
    for (int j = 0; j < n; j++)
      for (int k = 0; k < N_VECTORS; k++)
        vst1q_f32 (scores + j * LM_ATTEND_CHUNK + tile * LM_KEY_TILE + 4 * k,
                   vmulq_n_f32 (totals[j].v[k], scale));
  }
}

/* Turns a query's scores at n_positions into weights relative to the largest. */
static void
weigh (lm_query *query, size_t n_positions, float *scores)
{
  size_t n = (n_positions + 3) / 4 * 4;
  float32x4_t max = vdupq_n_f32 (-INFINITY), sum = vdupq_n_f32 (0);

  for (size_t p = n_positions; p < n; p++)
    scores[p] = -INFINITY;
  for (size_t p = 0; p < n; p += 4)
    max = vmaxq_f32 (max, vld1q_f32 (scores + p));
  query->max = vmaxvq_f32 (max);
  max = vdupq_n_f32 (query->max);
  for (size_t p = 0; p < n; p += 4) {
    float32x4_t weights = f_exp (vsubq_f32 (vld1q_f32 (scores + p), max));

    vst1q_f32 (scores + p, weights);
    sum = vaddq_f32 (sum, weights);
  }
  query->sum = vaddvq_f32 (sum);
}

/* ---- Mixing ------------------------------------------------------------------------------- */

/* Sixteen values of a position, from dimension i on. */
LM_INLINE sixteen
load_values (const lm_kv_span *kv, size_t position, size_t i)
{
  size_t n = kv->head_dim, n_groups = n / LM_KV_GROUP;
  const int8_t *bytes = kv->values;
  int8x16x2_t pair;
  sixteen values;
  float32x4_t scale;

  if (kv->type == LM_KV_F16)
    return load_halves ((const uint16_t *) kv->values + position * n + i);
  pair = vld2q_s8 (bytes + lm_find_in_pairs (n, position - position % 2, i));
  values = make_floats (position % 2 == 0 ? pair.val[0] : pair.val[1]);
  scale = f_halves_one (kv->value_scales + lm_find_in_tiles (n_groups, position, i / LM_KV_GROUP));
#pragma GCC unroll 4
  for (int k = 0; k < N_VECTORS; k++)
    values.v[k] = vmulq_f32 (values.v[k], scale);
  return values;
}

/* Sixteen columns of the queries' out, from i on. */
LM_INLINE void
mix_columns (const lm_kv_span *kv, lm_query *queries, const float *weights, size_t i, const int n)
{
  sixteen sums[MAX_QUERIES];

#pragma GCC unroll 4
  for (int j = 0; j < n; j++)
    sums[j] = make_zeros ();
  for (size_t p = 0; p < kv->n_positions; p++) {
    sixteen values = load_values (kv, p, i);

#pragma GCC unroll 4
    for (int j = 0; j < n; j++)
      add_scaled (&sums[j], &values, weights[j * LM_ATTEND_CHUNK + p]);
  }
#pragma GCC unroll 4
  for (int j = 0; j < n; j++)
    for (int k = 0; k < N_VECTORS; k++)
      vst1q_f32 (queries[j].out + i + 4 * k, sums[j].v[k]);
}

LM_INLINE void
attend_n (const lm_kv_span *kv, lm_query *queries, float scale, float *scores, const int n)
{
  score (kv, queries, scale, scores, n);
  for (int j = 0; j < n; j++)
    weigh (&queries[j], kv->n_positions, scores + j * LM_ATTEND_CHUNK);
  for (size_t i = 0; i < kv->head_dim; i += WIDTH)
    mix_columns (kv, queries, scores, i, n);
}

void
lm_neon_attend (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores)
{
  if (kv->head_dim % WIDTH != 0) {
    lm_ref_attend (kv, queries, n_queries, scale, scores);
    return;
  }
  for (size_t i = 0; i < n_queries; i += MAX_QUERIES)
    switch (n_queries - i) {
    case 1:
      attend_n (kv, queries + i, scale, scores, 1);
      break;
    case 2:
      attend_n (kv, queries + i, scale, scores, 2);
      break;
    case 3:
      attend_n (kv, queries + i, scale, scores, 3);
      break;
    default:
      attend_n (kv, queries + i, scale, scores, 4);
    }
}
