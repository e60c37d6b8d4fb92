/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reference kernels on vectors, and the reference table. */
#include "kernels/ref/ref.h"

#include <math.h>

#include "util/half.h"

static void
rms_norm (const float *x, const float *weight, size_t n, float epsilon, float *out)
{
  double sum = 0;
  float scale;

  for (size_t i = 0; i < n; i++)
    sum += (double) x[i] * x[i];
  scale = 1.0f / sqrtf ((float) (sum / (double) n) + epsilon);
  for (size_t i = 0; i < n; i++)
    out[i] = x[i] * scale * weight[i];
}

void
lm_ref_rope (
    float *x, const float *cosines, const float *sines, size_t n_pairs, lm_rope_layout layout)
{
  size_t step = layout == LM_ROPE_ADJACENT ? 2 : 1;
  size_t partner = layout == LM_ROPE_ADJACENT ? 1 : n_pairs;

  for (size_t i = 0; i < n_pairs; i++) {
    float *first = x + i * step;
    float a = first[0], b = first[partner];

    first[0] = a * cosines[i] - b * sines[i];
    first[partner] = a * sines[i] + b * cosines[i];
  }
}

static void
silu_mul (float *gate, const float *up, size_t n)
{
  for (size_t i = 0; i < n; i++)
    gate[i] = gate[i] / (1.0f + expf (-gate[i])) * up[i];
}

static void
add (float *x, const float *y, size_t n)
{
  for (size_t i = 0; i < n; i++)
    x[i] += y[i];
}

/* Four sums side by side, so that the processor need not wait for each addition. */
static float
dot_half (const float *a, const uint16_t *b, size_t n)
{
  float sums[4] = { 0 };
  size_t i;

  for (i = 0; i + 4 <= n; i += 4)
    for (int j = 0; j < 4; j++)
      sums[j] += a[i + j] * lm_half_to_float (b[i + j]);
  for (; i < n; i++)
    sums[0] += a[i] * lm_half_to_float (b[i]);
  return (sums[0] + sums[2]) + (sums[1] + sums[3]);
}

static void
attend_one (const float *q,
            const uint16_t *k,
            const uint16_t *v,
            size_t n_positions,
            size_t head_dim,
            float scale,
            float *scores,
            float *out)
{
  float max = -INFINITY, sum = 0;

  for (size_t p = 0; p < n_positions; p++) {
    scores[p] = scale * dot_half (q, k + p * head_dim, head_dim);
    max = scores[p] > max ? scores[p] : max;
  }
  for (size_t i = 0; i < head_dim; i++)
    out[i] = 0;
  for (size_t p = 0; p < n_positions; p++) {
    float weight = expf (scores[p] - max);

    sum += weight;
    for (size_t i = 0; i < head_dim; i++)
      out[i] += weight * lm_half_to_float (v[p * head_dim + i]);
  }
  for (size_t i = 0; i < head_dim; i++)
    out[i] /= sum;
}

void
lm_ref_attend (const float *q,
               size_t n_queries,
               const uint16_t *k,
               const uint16_t *v,
               size_t n_positions,
               size_t head_dim,
               float scale,
               float *scores,
               float *out)
{
  for (size_t i = 0; i < n_queries; i++, q += head_dim, out += head_dim)
    attend_one (q, k, v, n_positions, head_dim, scale, scores, out);
}

static void
to_half (const float *x, size_t n, uint16_t *out)
{
  for (size_t i = 0; i < n; i++)
    out[i] = lm_float_to_half (x[i]);
}

const lm_kernels lm_kernels_ref = {
  .name = "reference",
  .matmul = lm_ref_matmul,
  .rms_norm = rms_norm,
  .rope = lm_ref_rope,
  .silu_mul = silu_mul,
  .add = add,
  .attend = lm_ref_attend,
  .to_half = to_half,
  .peak = lm_ref_peak,
};
