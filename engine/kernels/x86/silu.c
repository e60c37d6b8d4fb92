/* SPDX-License-Identifier: GPL-3.0-or-later
 * The gate of a feed-forward layer, for AVX2 and AVX-512. */
#include "kernels/x86/lanes.h"
#include "kernels/x86/x86.h"

/* silu by e^−|x|, which cannot overflow: 1 / (1 + e^−x) is e^x / (1 + e^x) for negative x. */
LM_INLINE lanes_f
silu_mul_lanes (lanes_f x, lanes_f up)
{
  const lanes_f one = f_set (1.0f);
  lanes_f e = f_exp (f_minus_magnitude (x));
  lanes_f top = f_choose_by_sign (x, e, one);

  return f_mul (f_mul (x, f_div (top, f_add (one, e))), up);
}

void
LM_LEVEL (silu_mul) (float *gate, const float *up, size_t n)
{
  float rest[2][LM_LANES] = { 0 };
  size_t i;

  for (i = 0; i + LM_LANES <= n; i += LM_LANES)
    f_store (gate + i, silu_mul_lanes (f_load (gate + i), f_load (up + i)));
  if (i == n)
    return;
  memcpy (rest[0], gate + i, (n - i) * sizeof *gate);
  memcpy (rest[1], up + i, (n - i) * sizeof *up);
  lanes_store (gate + i, n - i, silu_mul_lanes (f_load (rest[0]), f_load (rest[1])));
}
