/* SPDX-License-Identifier: GPL-3.0-or-later
 * Asking the processor what it has: Intel 64 and IA-32 Architectures Software Developer's Manual,
 * volume 1, chapter 14.3 ("Detection of Intel AVX instructions"). */
#include "util/cpu.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>

#define YMM_STATE 6u /* bits of XCR0: SSE and AVX registers are saved */

/* XCR0, the register states the system saves. By its bytes, so that no compiler flag is needed. */
static uint32_t
read_xcr0 (void)
{
  uint32_t low, high;

  __asm__ volatile (".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

uint32_t
lm_cpu_get_features (void)
{
  const uint32_t needed = bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C;
  unsigned a, b, c, d;

  if (!__get_cpuid (1, &a, &b, &c, &d) || (c & needed) != needed ||
      (read_xcr0 () & YMM_STATE) != YMM_STATE)
    return 0;
  if (!__get_cpuid_count (7, 0, &a, &b, &c, &d) || (b & bit_AVX2) == 0)
    return 0;
  return LM_CPU_AVX2;
}
#else
uint32_t
lm_cpu_get_features (void)
{
  return 0;
}
#endif
