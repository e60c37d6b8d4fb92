/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which vector instructions the processor has and the operating system lets a program use. */
#pragma once

#include <stdint.h>

/* Each flag says that the instructions may be used: the processor has them and, where they need
 * wider registers, the system saves those when it switches threads. */
enum {
  LM_CPU_AVX2 = 1 << 0, /* with FMA and F16C, which every such processor but one has */
  LM_CPU_AVX_VNNI = 1 << 1,
  LM_CPU_AVX512_VNNI = 1 << 2, /* with AVX-512 F, BW, DQ and VL */
  LM_CPU_NEON = 1 << 3,        /* of 64-bit ARM */
  LM_CPU_DOTPROD = 1 << 4,
  LM_CPU_I8MM = 1 << 5,
  LM_CPU_AMX_INT8 = 1 << 6,    /* on Linux, which wants to be asked for tiles */
  LM_CPU_AVX512_BF16 = 1 << 7, /* beside AVX512_VNNI */
};

/* The flags of this computer. Where there are tiles, the first call asks the system to let this
 * process have them, for all its threads; asking again changes nothing. */
uint32_t lm_cpu_get_features (void);
