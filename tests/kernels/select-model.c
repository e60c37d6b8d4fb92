/* SPDX-License-Identifier: GPL-3.0-or-later
 * Linked into a test instead of the engine's select.c: the only level is amx-int8 with a model of
 * the tiles, so that whole language models run with it. */
#include "kernels-test.h"
#include "util/cpu.h"

const lm_kernels *
lm_kernels_select (const char *name, uint32_t features)
{
  if ((features & LM_CPU_AVX512_VNNI) == 0 || (name != NULL && strcmp (name, AMX_MODEL_NAME) != 0))
    return NULL;
  return &lm_amxmodel_kernels;
}
