/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of weights as groups and as floats, and rows of activations in 8 bits. */
#include <math.h>
#include <string.h>

#include "quant/unpack.h"
#include "util/half.h"

static const lm_unpack_fn unpack_functions[] = {
  [LM_TYPE_Q4_0] = lm_unpack_q4_0,       [LM_TYPE_Q4_1] = lm_unpack_q4_1,
  [LM_TYPE_Q5_0] = lm_unpack_q5_0,       [LM_TYPE_Q5_1] = lm_unpack_q5_1,
  [LM_TYPE_Q8_0] = lm_unpack_q8_0,       [LM_TYPE_Q2_K] = lm_unpack_q2_k,
  [LM_TYPE_Q3_K] = lm_unpack_q3_k,       [LM_TYPE_Q4_K] = lm_unpack_q4_k,
  [LM_TYPE_Q5_K] = lm_unpack_q5_k,       [LM_TYPE_Q6_K] = lm_unpack_q6_k,
  [LM_TYPE_IQ4_NL] = lm_unpack_iq4_nl,   [LM_TYPE_IQ4_XS] = lm_unpack_iq4_xs,
  [LM_TYPE_IQ2_XXS] = lm_unpack_iq2_xxs, [LM_TYPE_IQ2_XS] = lm_unpack_iq2_xs,
  [LM_TYPE_IQ2_S] = lm_unpack_iq2_s,     [LM_TYPE_IQ3_XXS] = lm_unpack_iq3_xxs,
  [LM_TYPE_IQ3_S] = lm_unpack_iq3_s,
};

lm_unpack_fn
lm_quant_get_unpack (uint32_t type)
{
  return type < sizeof unpack_functions / sizeof unpack_functions[0] ? unpack_functions[type]
                                                                     : NULL;
}

static void
dequantise_groups (const lm_group *groups, size_t n_groups, float *out)
{
  for (size_t i = 0; i < n_groups; i++) {
    for (int j = 0; j < LM_GROUP_LENGTH; j++) {
      int half = j / 16;

      *out++ = groups[i].scale[half] * (float) groups[i].q[j] - groups[i].min[half];
    }
  }
}

void
lm_quant_dequantise (uint32_t type, const void *row, size_t n, lm_group *groups, float *out)
{
  const uint16_t *halves = row;
  lm_unpack_fn unpack = lm_quant_get_unpack (type);

  if (unpack != NULL) {
    unpack (row, n, groups);
    dequantise_groups (groups, n / LM_GROUP_LENGTH, out);
  } else if (type == LM_TYPE_F32) {
    memcpy (out, row, n * sizeof *out);
  } else if (type == LM_TYPE_F16) {
    for (size_t i = 0; i < n; i++)
      out[i] = lm_half_to_float (halves[i]);
  } else if (type == LM_TYPE_BF16) {
    for (size_t i = 0; i < n; i++)
      out[i] = lm_bfloat_to_float (halves[i]);
  }
}

/* As roundf(), without a call: x minus its whole part is exact. 0 for what is not near −127…127,
 * which finite input never gives. */
static inline int
round_to_int (float x)
{
  int whole;

  if (!(x > -128 && x < 128))
    return 0;
  whole = (int) x;
  return whole + (x - (float) whole >= 0.5f) - (x - (float) whole <= -0.5f);
}

static inline int
clamp_int8 (int q)
{
  return q > 127 ? 127 : q < -127 ? -127 : q;
}

void
lm_quant_activations (const float *x, size_t n, lm_activation *out)
{
  for (size_t i = 0; i < n / LM_GROUP_LENGTH; i++, x += LM_GROUP_LENGTH, out++) {
    float largest = 0;
    float inverse;

    for (int j = 0; j < LM_GROUP_LENGTH; j++)
      largest = fabsf (x[j]) > largest ? fabsf (x[j]) : largest;
    out->scale = largest / 127;
    /* A group so small that its scale vanishes, or its inverse is infinite, counts as zero. */
    inverse = out->scale > 0 ? 127 / largest : 0;
    if (!isfinite (inverse)) {
      inverse = 0;
      out->scale = 0;
    }
    out->sum[0] = out->sum[1] = 0;
    for (int j = 0; j < LM_GROUP_LENGTH; j++) {
      int q = clamp_int8 (round_to_int (x[j] * inverse));

      out->q[j] = (int8_t) q;
      out->sum[j / 16] = (int16_t) (out->sum[j / 16] + q);
    }
  }
}
