/* SPDX-License-Identifier: GPL-3.0-or-later
 * ARM kernels on vectors. */
#include <math.h>

#include "kernels/neon/neon.h"
#include "kernels/ref/ref.h"
#include "util/half.h"

/* Σ x², in double precision as the reference adds it. */
static double
sum_of_squares (const float *x, size_t n)
{
  float64x2_t low = vdupq_n_f64 (0), high = vdupq_n_f64 (0);
  double sum;
  size_t i;

  for (i = 0; i + 4 <= n; i += 4) {
    float32x4_t values = vld1q_f32 (x + i);
    float64x2_t a = vcvt_f64_f32 (vget_low_f32 (values)), b = vcvt_high_f64_f32 (values);

    low = vfmaq_f64 (low, a, a);
    high = vfmaq_f64 (high, b, b);
  }
  sum = vaddvq_f64 (vaddq_f64 (low, high));
  for (; i < n; i++)
    sum += (double) x[i] * x[i];
  return sum;
}

void
lm_neon_rms_norm (const float *x, const float *weight, size_t n, float epsilon, float *out)
{
  float scale = 1.0f / sqrtf ((float) (sum_of_squares (x, n) / (double) n) + epsilon);
  size_t i;

  for (i = 0; i + 4 <= n; i += 4)
    vst1q_f32 (out + i, vmulq_f32 (vmulq_n_f32 (vld1q_f32 (x + i), scale), vld1q_f32 (weight + i)));
  for (; i < n; i++)
    out[i] = x[i] * scale * weight[i];
}

static void
rope_halves (float *x, const float *cosines, const float *sines, size_t n_pairs)
{
  float *y = x + n_pairs;

  for (size_t i = 0; i + 4 <= n_pairs; i += 4) {
    float32x4_t a = vld1q_f32 (x + i), b = vld1q_f32 (y + i);
    float32x4_t c = vld1q_f32 (cosines + i), s = vld1q_f32 (sines + i);

    vst1q_f32 (x + i, vsubq_f32 (vmulq_f32 (a, c), vmulq_f32 (b, s)));
    vst1q_f32 (y + i, vaddq_f32 (vmulq_f32 (a, s), vmulq_f32 (b, c)));
  }
}

static void
rope_adjacent (float *x, const float *cosines, const float *sines, size_t n_pairs)
{
  for (size_t i = 0; i + 4 <= n_pairs; i += 4) {
    float32x4x2_t pairs = vld2q_f32 (x + 2 * i);
    float32x4_t a = pairs.val[0], b = pairs.val[1];
    float32x4_t c = vld1q_f32 (cosines + i), s = vld1q_f32 (sines + i);

    pairs.val[0] = vsubq_f32 (vmulq_f32 (a, c), vmulq_f32 (b, s));
    pairs.val[1] = vaddq_f32 (vmulq_f32 (a, s), vmulq_f32 (b, c));
    vst2q_f32 (x + 2 * i, pairs);
  }
}

void
lm_neon_rope (
    float *x, const float *cosines, const float *sines, size_t n_pairs, lm_rope_layout layout)
{
  if (n_pairs % 4 != 0)
    lm_ref_rope (x, cosines, sines, n_pairs, layout);
  else if (layout == LM_ROPE_ADJACENT)
    rope_adjacent (x, cosines, sines, n_pairs);
  else
    rope_halves (x, cosines, sines, n_pairs);
}

/* silu by e^−|x|, which cannot overflow: 1 / (1 + e^−x) is e^x / (1 + e^x) for negative x. */
LM_INLINE float32x4_t
silu_mul_four (float32x4_t x, float32x4_t up)
{
  const float32x4_t one = vdupq_n_f32 (1.0f);
  float32x4_t e = f_exp (vnegq_f32 (vabsq_f32 (x)));
  float32x4_t top = vbslq_f32 (vcltzq_f32 (x), e, one);

  return vmulq_f32 (vmulq_f32 (x, vdivq_f32 (top, vaddq_f32 (one, e))), up);
}

void
lm_neon_silu_mul (float *gate, const float *up, size_t n)
{
  float rest[2][4] = { { 0 } };
  size_t i;

  for (i = 0; i + 4 <= n; i += 4)
    vst1q_f32 (gate + i, silu_mul_four (vld1q_f32 (gate + i), vld1q_f32 (up + i)));
  if (i == n)
    return;
  memcpy (rest[0], gate + i, (n - i) * sizeof *gate);
  memcpy (rest[1], up + i, (n - i) * sizeof *up);
  vst1q_f32 (rest[0], silu_mul_four (vld1q_f32 (rest[0]), vld1q_f32 (rest[1])));
  memcpy (gate + i, rest[0], (n - i) * sizeof *gate);
}

void
lm_neon_add (float *x, const float *y, size_t n)
{
  size_t i;

  for (i = 0; i + 4 <= n; i += 4)
    vst1q_f32 (x + i, vaddq_f32 (vld1q_f32 (x + i), vld1q_f32 (y + i)));
  for (; i < n; i++)
    x[i] += y[i];
}

void
lm_neon_to_half (const float *x, size_t n, uint16_t *out)
{
  size_t i;

  for (i = 0; i + 4 <= n; i += 4)
    vst1_u16 (out + i, vreinterpret_u16_f16 (vcvt_f16_f32 (vld1q_f32 (x + i))));
  for (; i < n; i++)
    out[i] = lm_float_to_half (x[i]);
}
