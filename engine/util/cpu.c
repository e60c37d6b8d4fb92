/* SPDX-License-Identifier: GPL-3.0-or-later
 * Asking the processor what it has: Intel 64 and IA-32 Architectures Software Developer's Manual,
 * volume 1, chapter 14.3 ("Detection of Intel AVX instructions"). */
#include "util/cpu.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>

/* Bits of XCR0: SSE and AVX registers are saved; also masks and 512-bit registers. */
#define YMM_STATE 0x06u
#define ZMM_STATE 0xe6u

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
  const uint32_t avx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  uint32_t features = LM_CPU_AVX2, state;
  unsigned a, b, c, d, more;

  if (!__get_cpuid (1, &a, &b, &c, &d) || (c & needed) != needed)
    return 0;
  state = read_xcr0 ();
  if ((state & YMM_STATE) != YMM_STATE || !__get_cpuid_count (7, 0, &more, &b, &c, &d) ||
      (b & bit_AVX2) == 0)
    return 0;
  if ((b & avx512) == avx512 && (c & bit_AVX512VNNI) != 0 && (state & ZMM_STATE) == ZMM_STATE)
    features |= LM_CPU_AVX512_VNNI;
  if (more >= 1 && __get_cpuid_count (7, 1, &a, &b, &c, &d) && (a & bit_AVXVNNI) != 0)
    features |= LM_CPU_AVX_VNNI;
  return features;
}
#else
uint32_t
lm_cpu_get_features (void)
{
  return 0;
}
#endif
