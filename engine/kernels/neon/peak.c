/* SPDX-License-Identifier: GPL-3.0-or-later
 * How fast an ARM level multiplies 8-bit integers and adds them up in 32 bits. */
#include "kernels/neon/neon.h"

#define N_CHAINS 16 /* that do not wait for each other */

/* sum + products of w and x, of which there are N_PRODUCTS. */
#ifdef __ARM_FEATURE_MATMUL_INT8
#define N_PRODUCTS 32
LM_INLINE int32x4_t
multiply_add (int32x4_t sum, int8x16_t w, int8x16_t x)
{
  return vmmlaq_s32 (sum, w, x);
}
#elif defined(__ARM_FEATURE_DOTPROD)
#define N_PRODUCTS 16
LM_INLINE int32x4_t
multiply_add (int32x4_t sum, int8x16_t w, int8x16_t x)
{
  return vdotq_s32 (sum, w, x);
}
#else
#define N_PRODUCTS 16
LM_INLINE int32x4_t
multiply_add (int32x4_t sum, int8x16_t w, int8x16_t x)
{
  int16x8_t products = vmull_s8 (vget_low_s8 (w), vget_low_s8 (x));

  return vpadalq_s16 (sum, vmlal_high_s8 (products, w, x));
}
#endif

uint64_t
LM_LEVEL (peak) (uint64_t n_iterations)
{
  int8x16_t weights = vdupq_n_s8 (3), x = vdupq_n_s8 (5);
  int32x4_t sums[N_CHAINS];

#pragma GCC unroll 16
  for (int i = 0; i < N_CHAINS; i++) {
    sums[i] = vdupq_n_s32 (0);
    __asm__ volatile ("" : "+w"(sums[i])); /* to the compiler no two are alike */
  }
  for (uint64_t n = 0; n < n_iterations; n++) {
#pragma GCC unroll 16
    for (int i = 0; i < N_CHAINS; i++) {
      /* To the compiler the operands are new each time. */
      __asm__ volatile ("" : "+w"(weights), "+w"(x));
      sums[i] = multiply_add (sums[i], weights, x);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < N_CHAINS; i++)
    __asm__ volatile ("" : : "w"(sums[i]));
  return n_iterations * N_CHAINS * N_PRODUCTS;
}
