/* SPDX-License-Identifier: GPL-3.0-or-later
 * The level of instructions a test is to run at: LINNET_TEST_CPU, which the engine itself never
 * reads; unset, the best. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "kernels/kernels.h"
#include "util/cpu.h"

static inline const char *
level_name (void)
{
  return getenv ("LINNET_TEST_CPU");
}

/* Whether that level rounds activations as llama.cpp does for products with the type: to 8 bits, or
 * to BF16. */
static inline bool
level_rounds_coarsely (uint32_t type)
{
  const lm_kernels *kernels = lm_kernels_select (level_name (), lm_cpu_get_features ());
  int largest = kernels->largest_activation != NULL ? kernels->largest_activation (type) : 0;

  return largest == 127 || largest == LM_ROUNDED_TO_BF16;
}

/* Prints TAP that skips the whole test where this computer does not have the level. */
static inline bool
level_is_missing (void)
{
  if (lm_kernels_select (level_name (), lm_cpu_get_features ()) != NULL)
    return false;
  printf ("1..0 # SKIP this computer does not have %s\n", level_name ());
  return true;
}
