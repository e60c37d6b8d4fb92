/* SPDX-License-Identifier: GPL-3.0-or-later
 * Asking the processor what it has: Intel 64 and IA-32 Architectures Software Developer's Manual,
 * volume 1, chapter 14.3 ("Detection of Intel AVX instructions"). On ARM programs may not ask the
 * processor, but the system tells them. */
#include "util/cpu.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <stdbool.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

/* Bits of XCR0: SSE and AVX registers are saved; also masks and 512-bit registers. */
#define YMM_STATE 0x06u
#define ZMM_STATE 0xe6u
/* The same for tiles, and their shapes. */
#define TILE_STATE 0x60000u

/* Bits of EDX of leaf 7, which compilers do not agree how to call: AMX-TILE and AMX-INT8. */
#define AMX_BITS (1u << 24 | 1u << 25)

/* XCR0, the register states the system saves. By its bytes, so that no compiler flag is needed. */
static uint32_t
read_xcr0 (void)
{
  uint32_t low, high;

  __asm__ volatile (".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

/* Whether this process may use tiles. Linux saves them for those processes only that have asked:
 * Documentation/arch/x86/xstate.rst. Other systems are not known to. */
static bool
request_tiles (void)
{
#ifdef __linux__
  enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM, XTILEDATA */

  return syscall (SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
  return false;
#endif
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
  if ((d & AMX_BITS) == AMX_BITS && (state & TILE_STATE) == TILE_STATE && request_tiles ())
    features |= LM_CPU_AMX_INT8;
  if (more >= 1 && __get_cpuid_count (7, 1, &a, &b, &c, &d)) {
    if ((a & bit_AVXVNNI) != 0)
      features |= LM_CPU_AVX_VNNI;
    if ((a & bit_AVX512BF16) != 0 && (features & LM_CPU_AVX512_VNNI) != 0)
      features |= LM_CPU_AVX512_BF16;
  }
  return features;
}
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>

/* Of <asm/hwcap.h>, where that is too old to have them. */
#ifndef HWCAP_ASIMD
#define HWCAP_ASIMD (1 << 1)
#endif
#ifndef HWCAP_ASIMDDP
#define HWCAP_ASIMDDP (1 << 20)
#endif
#ifndef HWCAP2_I8MM
#define HWCAP2_I8MM (1 << 13)
#endif

uint32_t
lm_cpu_get_features (void)
{
  unsigned long first = getauxval (AT_HWCAP), second = getauxval (AT_HWCAP2);

  return ((first & HWCAP_ASIMD) != 0 ? LM_CPU_NEON : 0) |
         ((first & HWCAP_ASIMDDP) != 0 ? LM_CPU_DOTPROD : 0) |
         ((second & HWCAP2_I8MM) != 0 ? LM_CPU_I8MM : 0);
}
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>

static uint32_t
flag_if (const char *name, uint32_t flag)
{
  int value = 0;
  size_t size = sizeof value;

  return sysctlbyname (name, &value, &size, NULL, 0) == 0 && value != 0 ? flag : 0;
}

/* All Macs with such a processor have NEON. */
uint32_t
lm_cpu_get_features (void)
{
  return LM_CPU_NEON | flag_if ("hw.optional.arm.FEAT_DotProd", LM_CPU_DOTPROD) |
         flag_if ("hw.optional.arm.FEAT_I8MM", LM_CPU_I8MM);
}
#elif defined(__aarch64__) && defined(_WIN32)
#include <windows.h>

/* Of <winnt.h>, where that is too old to have them. */
#ifndef PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE
#define PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE 43
#endif
#ifndef PF_ARM_V82_I8MM_INSTRUCTIONS_AVAILABLE
#define PF_ARM_V82_I8MM_INSTRUCTIONS_AVAILABLE 66
#endif

/* Windows needs a processor with NEON. */
uint32_t
lm_cpu_get_features (void)
{
  uint32_t features = LM_CPU_NEON;

  if (IsProcessorFeaturePresent (PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE))
    features |= LM_CPU_DOTPROD;
  if (IsProcessorFeaturePresent (PF_ARM_V82_I8MM_INSTRUCTIONS_AVAILABLE))
    features |= LM_CPU_I8MM;
  return features;
}
#elif defined(__aarch64__)
uint32_t
lm_cpu_get_features (void)
{
  return LM_CPU_NEON; /* is part of the architecture */
}
#else
uint32_t
lm_cpu_get_features (void)
{
  return 0;
}
#endif
