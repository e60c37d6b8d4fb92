/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of weights as groups and as floats. */
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
dequantise_groups (const lm_group *restrict groups, size_t n_groups, float *restrict out)
{
  for (size_t i = 0; i < 2 * n_groups; i++, out += 16) {
    const int8_t *q = groups[i / 2].q + 16 * (i % 2);
    float scale = groups[i / 2].scale[i % 2];
    float min = groups[i / 2].min[i % 2];

    for (int j = 0; j < 16; j++)
      out[j] = scale * (float) q[j] - min;
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
