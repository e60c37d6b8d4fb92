/* SPDX-License-Identifier: GPL-3.0-or-later
 * How fast the dot-product instruction multiplies 8-bit integers. */
#include "kernels/vnni/vnni.h"

#if LM_LANES == 16
#define N_CHAINS     16 /* that do not wait for each other: 2 units × 5 cycles, and some */
#define ANY_REGISTER "v"
#else
#define N_CHAINS     12 /* leaves registers for the operands where there are only sixteen */
#define ANY_REGISTER "x"
#endif

uint64_t
LM_LEVEL (peak) (uint64_t n_iterations)
{
  lanes_i weights = i_set8 (3);
  lanes_i x = i_set8 (5);
  lanes_i sums[N_CHAINS];

  /* To the compiler all of them are unknown: it cannot see that the chains are alike. */
  __asm__ volatile ("" : "+" ANY_REGISTER (weights), "+" ANY_REGISTER (x));
#pragma GCC unroll 16
  for (int i = 0; i < N_CHAINS; i++) {
    sums[i] = i_zero ();
    __asm__ volatile ("" : "+" ANY_REGISTER (sums[i]));
  }
  for (uint64_t n = 0; n < n_iterations; n++) {
#pragma GCC unroll 16
    for (int i = 0; i < N_CHAINS; i++)
      sums[i] = i_dot (sums[i], weights, x);
  }
#pragma GCC unroll 16
  for (int i = 0; i < N_CHAINS; i++)
    __asm__ volatile ("" : : ANY_REGISTER (sums[i]));
  return n_iterations * N_CHAINS * sizeof (lanes_i);
}
