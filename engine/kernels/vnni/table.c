/* SPDX-License-Identifier: GPL-3.0-or-later
 * The table of a VNNI level, or AMX's; what it does not do better is AVX2's. */
#include "kernels/vnni/vnni.h"
#include "kernels/x86/x86.h"

const lm_kernels LM_LEVEL (kernels) = {
  .name = LM_LEVEL_NAME,
  .panel_rows = LM_LANES,
  .wants_panels = LM_LEVEL (wants_panels),
  .largest_activation = LM_LEVEL (largest_activation),
  .prepared_bytes = LM_LEVEL (prepared_bytes),
  .prepare = LM_LEVEL (prepare),
  .prefetches = true,
  .matmul = LM_LEVEL (matmul),
  .rms_norm = lm_avx2_rms_norm,
  .rope = lm_avx2_rope,
#if LM_LANES == 16
  .silu_mul = lm_avx512_silu_mul,
  .attend = lm_avx512_attend,
#else
  .silu_mul = lm_avx2_silu_mul,
  .attend = LM_LEVEL (attend),
#endif
  .add = lm_avx2_add,
  .to_half = lm_avx2_to_half,
  .peak = LM_LEVEL (peak),
};
