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
