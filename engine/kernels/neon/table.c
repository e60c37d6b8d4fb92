/* SPDX-License-Identifier: GPL-3.0-or-later
 * The table of an ARM level: the products are its own. */
#include "kernels/neon/neon.h"

const lm_kernels LM_LEVEL (kernels) = {
  .name = LM_LEVEL_NAME,
  .panel_rows = LM_NEON_ROWS,
  .wants_panels = LM_LEVEL (wants_panels),
  .largest_activation = lm_neon_largest_activation,
  .prepared_bytes = lm_neon_prepared_bytes,
  .prepare = lm_neon_prepare,
  .matmul = LM_LEVEL (matmul),
  .rms_norm = lm_neon_rms_norm,
  .rope = lm_neon_rope,
  .silu_mul = lm_neon_silu_mul,
  .add = lm_neon_add,
  .attend = lm_neon_attend,
  .to_half = lm_neon_to_half,
  .peak = LM_LEVEL (peak),
};
