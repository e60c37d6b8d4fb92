/* SPDX-License-Identifier: GPL-3.0-or-later
 * How fast the dot-product instruction multiplies 8-bit integers: in 512 bits for AVX-512 VNNI
 * (LM_VNNI_512), in 256 for AVX-VNNI. Compiled once for each level, with its flags. */
#include <immintrin.h>
#include <stdint.h>

#if defined(__AVX512F__) && defined(LM_VNNI_512)
#define PEAK           lm_avx512_vnni_peak
#define N_CHAINS       16 /* that do not wait for each other: 2 units × 5 cycles, and some */
#define SPREAD(byte)   _mm512_set1_epi8 (byte)
#define ZERO()         _mm512_setzero_si512 ()
#define DOT(sum, w, x) _mm512_dpbusd_epi32 (sum, w, x)
#define ANY_REGISTER   "v"
typedef __m512i vector;
#else
#define PEAK         lm_avx_vnni_peak
#define N_CHAINS     12 /* leaves registers for the operands where there are only sixteen */
#define SPREAD(byte) _mm256_set1_epi8 (byte)
#define ZERO()       _mm256_setzero_si256 ()
#ifdef __AVXVNNI__
#define DOT(sum, w, x) _mm256_dpbusd_avx_epi32 (sum, w, x)
#else
#define DOT(sum, w, x) _mm256_dpbusd_epi32 (sum, w, x)
#endif
#define ANY_REGISTER "x"
typedef __m256i vector;
#endif

uint64_t PEAK (uint64_t n_iterations);

uint64_t
PEAK (uint64_t n_iterations)
{
  vector weights = SPREAD (3);
  vector x = SPREAD (5);
  vector sums[N_CHAINS];

  /* To the compiler all of them are unknown: it cannot see that the chains are alike. */
  __asm__ volatile ("" : "+" ANY_REGISTER (weights), "+" ANY_REGISTER (x));
#pragma GCC unroll 16
  for (int i = 0; i < N_CHAINS; i++) {
    sums[i] = ZERO ();
    __asm__ volatile ("" : "+" ANY_REGISTER (sums[i]));
  }
  for (uint64_t n = 0; n < n_iterations; n++) {
#pragma GCC unroll 16
    for (int i = 0; i < N_CHAINS; i++)
      sums[i] = DOT (sums[i], weights, x);
  }
#pragma GCC unroll 16
  for (int i = 0; i < N_CHAINS; i++)
    __asm__ volatile ("" : : ANY_REGISTER (sums[i]));
  return n_iterations * N_CHAINS * sizeof (vector);
}
