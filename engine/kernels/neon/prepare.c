/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rounding 32 activations to integers, as kernels.h says of largest_activation(). */
#include <math.h>

#include "kernels/neon/neon.h"

int
lm_neon_largest_activation (uint32_t type)
{
  return lm_quant_get_unpack (type) != NULL ? LM_NEON_LARGEST : 0;
}

size_t
lm_neon_prepared_bytes (size_t n_cols)
{
  return n_cols / LM_GROUP_LENGTH * sizeof (lm_neon_group);
}

/* The largest magnitude of 32 floats, NaN if one is. */
LM_INLINE float
find_largest (const float *x)
{
  float32x4_t largest = vabsq_f32 (vld1q_f32 (x));

  for (int i = 4; i < LM_GROUP_LENGTH; i += 4)
    largest = vmaxq_f32 (largest, vabsq_f32 (vld1q_f32 (x + i)));
  return vmaxvq_f32 (largest);
}

/* 1 / scale of a group, and its scale; 0 where all is zero, or so small that it may count as zero,
 * or not finite, which the scale then says. */
LM_INLINE float
find_inverse (float largest, float *scale)
{
  float inverse = (float) LM_NEON_LARGEST / largest;

  *scale = largest / (float) LM_NEON_LARGEST;
  if (isfinite (inverse) && isfinite (largest))
    return inverse;
  *scale = isfinite (largest) ? 0 : largest;
  return 0;
}

/* Eight products rounded to the nearest integer, halves away from zero. */
LM_INLINE int16x8_t
round_eight (const float *x, float inverse)
{
  int32x4_t low = vcvtaq_s32_f32 (vmulq_n_f32 (vld1q_f32 (x), inverse));
  int32x4_t high = vcvtaq_s32_f32 (vmulq_n_f32 (vld1q_f32 (x + 4), inverse));

  return vcombine_s16 (vmovn_s32 (low), vmovn_s32 (high));
}

static void
prepare_group (const float *x, lm_neon_group *out)
{
  float inverse = find_inverse (find_largest (x), &out->scale);

  memset (out->q, 0, sizeof out->q);
  out->sum[0] = out->sum[1] = 0;
  for (int half = 0; half < 2 && inverse != 0; half++) {
    int16x8_t low = round_eight (x + 16 * half, inverse);
    int16x8_t high = round_eight (x + 16 * half + 8, inverse);

    out->sum[half] = vaddvq_s16 (vaddq_s16 (low, high));
    vst1q_s8 (out->q + 16 * half, vcombine_s8 (vmovn_s16 (low), vmovn_s16 (high)));
  }
  out->scaled_sum = out->scale * (float) (out->sum[0] + out->sum[1]);
  out->minus_8 = -8 * (out->sum[0] + out->sum[1]);
  out->minus_16 = 2 * out->minus_8;
  for (int half = 0; half < 2; half++)
    out->minus_32[half] = -32 * out->sum[half];
}

void
lm_neon_prepare (const float *x,
                 size_t n_cols,
                 size_t n_tokens,
                 size_t t,
                 size_t first,
                 size_t n,
                 void *prepared)
{
  lm_neon_group *groups = prepared;

  x += t * n_cols + first;
  for (size_t g = first / LM_GROUP_LENGTH; g < (first + n) / LM_GROUP_LENGTH; g++) {
    prepare_group (x, &groups[g * n_tokens + t]);
    x += LM_GROUP_LENGTH;
  }
}
