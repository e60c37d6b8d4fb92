/* SPDX-License-Identifier: GPL-3.0-or-later
 * The levels, best first, and what each needs of the processor. */
#include <string.h>

#include "kernels/kernels.h"
#include "lm.h"
#include "util/cpu.h"

static const struct {
  const lm_kernels *kernels;
  uint32_t features;
} LEVELS[] = {
#ifdef LM_HAVE_X86
  { &lm_amx_kernels, LM_CPU_AVX2 | LM_CPU_AVX512_VNNI | LM_CPU_AVX512_BF16 | LM_CPU_AMX_INT8 },
  { &lm_bf16_kernels, LM_CPU_AVX2 | LM_CPU_AVX512_VNNI | LM_CPU_AVX512_BF16 },
  { &lm_avx512_kernels, LM_CPU_AVX2 | LM_CPU_AVX512_VNNI },
  { &lm_avxvnni_kernels, LM_CPU_AVX2 | LM_CPU_AVX_VNNI },
  { &lm_avxvnni_evex_kernels, LM_CPU_AVX2 | LM_CPU_AVX512_VNNI },
  { &lm_kernels_avx2, LM_CPU_AVX2 },
#endif
#ifdef LM_HAVE_NEON
  { &lm_i8mm_kernels, LM_CPU_NEON | LM_CPU_DOTPROD | LM_CPU_I8MM },
  { &lm_dotprod_kernels, LM_CPU_NEON | LM_CPU_DOTPROD },
  { &lm_neon_kernels, LM_CPU_NEON },
#endif
  { &lm_kernels_ref, 0 },
};

const lm_kernels *
lm_kernels_select (const char *name, uint32_t features)
{
  for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++)
    if ((LEVELS[i].features & ~features) == 0 &&
        (name == NULL || strcmp (name, LEVELS[i].kernels->name) == 0))
      return LEVELS[i].kernels;
  return NULL;
}

size_t
lm_cpu_levels (const char **names, size_t capacity)
{
  uint32_t features = lm_cpu_get_features ();
  size_t n = 0;

  for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++) {
    /* A level that has two encodings is one level. */
    if (lm_kernels_select (LEVELS[i].kernels->name, features) != LEVELS[i].kernels)
      continue;
    if (n < capacity)
      names[n] = LEVELS[i].kernels->name;
    n++;
  }
  return n;
}
