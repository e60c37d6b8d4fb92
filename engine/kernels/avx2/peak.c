/* SPDX-License-Identifier: GPL-3.0-or-later
 * How fast AVX2 multiplies 8-bit integers: pairs into 16 bits, pairs of those into 32, added up.
 * Where weights are so small that products can be added in 16 bits, matmul() may be faster. */
#include "kernels/avx2/avx2.h"

#define N_CHAINS 8 /* that do not wait for each other */

uint64_t
lm_avx2_peak (uint64_t n_iterations)
{
  const __m256i ones = _mm256_set1_epi16 (1);
  __m256i weights = _mm256_set1_epi8 (3);
  __m256i x = _mm256_set1_epi8 (5);
  __m256i sums[N_CHAINS];

#pragma GCC unroll 8
  for (int i = 0; i < N_CHAINS; i++) {
    sums[i] = _mm256_setzero_si256 ();
    __asm__ volatile ("" : "+x"(sums[i])); /* to the compiler no two are alike */
  }
  for (uint64_t n = 0; n < n_iterations; n++) {
#pragma GCC unroll 8
    for (int i = 0; i < N_CHAINS; i++) {
      /* To the compiler the operands are new each time. */
      __asm__ volatile ("" : "+x"(weights), "+x"(x));
      sums[i] =
          _mm256_add_epi32 (sums[i], _mm256_madd_epi16 (_mm256_maddubs_epi16 (weights, x), ones));
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < N_CHAINS; i++)
    __asm__ volatile ("" : : "x"(sums[i]));
  return n_iterations * N_CHAINS * sizeof (__m256i);
}
