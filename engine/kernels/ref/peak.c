/* SPDX-License-Identifier: GPL-3.0-or-later
 * How fast plain C multiplies 8-bit integers, as the compiler makes of it what it can. */
#include "kernels/ref/ref.h"

#define N_VALUES 64

uint64_t
lm_ref_peak (uint64_t n_iterations)
{
  int8_t a[N_VALUES], b[2 * N_VALUES];
  volatile int32_t seed = 3; /* unknown to the compiler, which has to multiply */
  volatile int32_t sink;
  uint32_t sum = 0;

  for (int i = 0; i < N_VALUES; i++)
    a[i] = (int8_t) (seed * i);
  for (int i = 0; i < 2 * N_VALUES; i++)
    b[i] = (int8_t) (seed - i);
  for (uint64_t n = 0; n < n_iterations; n++) {
    const int8_t *x = b + n % N_VALUES; /* other products each time */
    int32_t dot = 0;

    for (int i = 0; i < N_VALUES; i++)
      dot += a[i] * x[i];
    sum += (uint32_t) dot;
  }
  sink = (int32_t) sum;
  (void) sink;
  return n_iterations * N_VALUES;
}
