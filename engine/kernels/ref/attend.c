/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reference attention. */
#include <math.h>

#include "kernels/ref/ref.h"
#include "util/half.h"

static inline float
get_scale (const lm_kv_span *kv, const uint16_t *scales, size_t position, size_t i)
{
  size_t n_groups = kv->head_dim / LM_KV_GROUP;

  return lm_half_to_float (scales[lm_find_in_tiles (n_groups, position, i / LM_KV_GROUP)]);
}

/* Value i of the key at position. */
static inline float
get_key (const lm_kv_span *kv, size_t position, size_t i)
{
  size_t n = kv->head_dim;

  if (kv->type == LM_KV_F16)
    return lm_half_to_float (((const uint16_t *) kv->keys)[lm_find_in_tiles (n, position, i)]);
  return (float) ((const int8_t *)
                      kv->keys)[2 * lm_find_in_tiles (n / 2, position, i / 2) + i % 2] *
         get_scale (kv, kv->key_scales, position, i);
}

static inline float
get_value (const lm_kv_span *kv, size_t position, size_t i)
{
  size_t n = kv->head_dim;

  if (kv->type == LM_KV_F16)
    return lm_half_to_float (((const uint16_t *) kv->values)[position * n + i]);
  return (float) ((const int8_t *) kv->values)[lm_find_in_pairs (n, position, i)] *
         get_scale (kv, kv->value_scales, position, i);
}

/* Four sums side by side, so that the processor need not wait for each addition. */
static float
dot (const lm_kv_span *kv, const float *q, size_t position)
{
  float sums[4] = { 0 };
  size_t i;

  for (i = 0; i + 4 <= kv->head_dim; i += 4)
    for (size_t j = 0; j < 4; j++)
      sums[j] += q[i + j] * get_key (kv, position, i + j);
  for (; i < kv->head_dim; i++)
    sums[0] += q[i] * get_key (kv, position, i);
  return (sums[0] + sums[2]) + (sums[1] + sums[3]);
}

static void
attend_one (const lm_kv_span *kv, lm_query *query, float scale, float *scores)
{
  query->max = -INFINITY;
  query->sum = 0;
  for (size_t p = 0; p < kv->n_positions; p++) {
    scores[p] = scale * dot (kv, query->q, p);
    query->max = scores[p] > query->max ? scores[p] : query->max;
  }
  for (size_t i = 0; i < kv->head_dim; i++)
    query->out[i] = 0;
  for (size_t p = 0; p < kv->n_positions; p++) {
    float weight = expf (scores[p] - query->max);

    query->sum += weight;
    for (size_t i = 0; i < kv->head_dim; i++)
      query->out[i] += weight * get_value (kv, p, i);
  }
}

void
lm_ref_attend (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores)
{
  for (size_t i = 0; i < n_queries; i++)
    attend_one (kv, &queries[i], scale, scores);
}
