/* SPDX-License-Identifier: GPL-3.0-or-later
 * The tensor types: their names and the sizes of their blocks. */
#include <assert.h>

#include "gguf/gguf.h"
#include "quant/blocks.h"

/* What the format says, so that no compiler's padding can change it. */
static_assert (sizeof (lm_block_q4_0) == 18, "Q4_0");
static_assert (sizeof (lm_block_q4_1) == 20, "Q4_1");
static_assert (sizeof (lm_block_q5_0) == 22, "Q5_0");
static_assert (sizeof (lm_block_q5_1) == 24, "Q5_1");
static_assert (sizeof (lm_block_q8_0) == 34, "Q8_0");
static_assert (sizeof (lm_block_q2_k) == 84, "Q2_K");
static_assert (sizeof (lm_block_q3_k) == 110, "Q3_K");
static_assert (sizeof (lm_block_q4_k) == 144, "Q4_K");
static_assert (sizeof (lm_block_q5_k) == 176, "Q5_K");
static_assert (sizeof (lm_block_q6_k) == 210, "Q6_K");
static_assert (sizeof (lm_block_iq2_xxs) == 66, "IQ2_XXS");
static_assert (sizeof (lm_block_iq2_xs) == 74, "IQ2_XS");
static_assert (sizeof (lm_block_iq2_s) == 82, "IQ2_S");
static_assert (sizeof (lm_block_iq3_xxs) == 98, "IQ3_XXS");
static_assert (sizeof (lm_block_iq3_s) == 110, "IQ3_S");
static_assert (sizeof (lm_block_iq4_nl) == 18, "IQ4_NL");
static_assert (sizeof (lm_block_iq4_xs) == 136, "IQ4_XS");

static const lm_type_traits traits[] = {
  [LM_TYPE_F32] = { "F32", 1, 4 },
  [LM_TYPE_F16] = { "F16", 1, 2 },
  [LM_TYPE_BF16] = { "BF16", 1, 2 },
  [LM_TYPE_Q4_0] = { "Q4_0", LM_SHORT_BLOCK, sizeof (lm_block_q4_0) },
  [LM_TYPE_Q4_1] = { "Q4_1", LM_SHORT_BLOCK, sizeof (lm_block_q4_1) },
  [LM_TYPE_Q5_0] = { "Q5_0", LM_SHORT_BLOCK, sizeof (lm_block_q5_0) },
  [LM_TYPE_Q5_1] = { "Q5_1", LM_SHORT_BLOCK, sizeof (lm_block_q5_1) },
  [LM_TYPE_Q8_0] = { "Q8_0", LM_SHORT_BLOCK, sizeof (lm_block_q8_0) },
  [LM_TYPE_Q2_K] = { "Q2_K", LM_SUPER_BLOCK, sizeof (lm_block_q2_k) },
  [LM_TYPE_Q3_K] = { "Q3_K", LM_SUPER_BLOCK, sizeof (lm_block_q3_k) },
  [LM_TYPE_Q4_K] = { "Q4_K", LM_SUPER_BLOCK, sizeof (lm_block_q4_k) },
  [LM_TYPE_Q5_K] = { "Q5_K", LM_SUPER_BLOCK, sizeof (lm_block_q5_k) },
  [LM_TYPE_Q6_K] = { "Q6_K", LM_SUPER_BLOCK, sizeof (lm_block_q6_k) },
  [LM_TYPE_IQ2_XXS] = { "IQ2_XXS", LM_SUPER_BLOCK, sizeof (lm_block_iq2_xxs) },
  [LM_TYPE_IQ2_XS] = { "IQ2_XS", LM_SUPER_BLOCK, sizeof (lm_block_iq2_xs) },
  [LM_TYPE_IQ2_S] = { "IQ2_S", LM_SUPER_BLOCK, sizeof (lm_block_iq2_s) },
  [LM_TYPE_IQ3_XXS] = { "IQ3_XXS", LM_SUPER_BLOCK, sizeof (lm_block_iq3_xxs) },
  [LM_TYPE_IQ3_S] = { "IQ3_S", LM_SUPER_BLOCK, sizeof (lm_block_iq3_s) },
  [LM_TYPE_IQ4_NL] = { "IQ4_NL", LM_SHORT_BLOCK, sizeof (lm_block_iq4_nl) },
  [LM_TYPE_IQ4_XS] = { "IQ4_XS", LM_SUPER_BLOCK, sizeof (lm_block_iq4_xs) },
};

const lm_type_traits *
lm_type_get_traits (uint32_t type)
{
  if (type >= sizeof traits / sizeof traits[0] || traits[type].name == NULL)
    return NULL;
  return &traits[type];
}
