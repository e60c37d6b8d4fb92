/* SPDX-License-Identifier: GPL-3.0-or-later
 * How fast tiles multiply 8-bit integers. */
#include "kernels/amx/tiles.h"
#include "kernels/vnni/vnni.h"

#define N_PRODUCTS 4 /* that do not wait for each other */

uint64_t
LM_LEVEL (peak) (uint64_t n_iterations)
{
  int8_t bytes[LM_TILE_ROWS * LM_TILE_BYTES];

  memset (bytes, 3, sizeof bytes);
  lm_tile_begin (LM_TILE_BYTES);
  lm_tile_zero (LM_TILE_SUM_0);
  lm_tile_zero (LM_TILE_SUM_1);
  lm_tile_zero (LM_TILE_SUM_2);
  lm_tile_zero (LM_TILE_SUM_3);
  lm_tile_load (LM_TILE_X_0, bytes, LM_TILE_BYTES);
  lm_tile_load (LM_TILE_W_0, bytes, LM_TILE_BYTES);
  for (uint64_t n = 0; n < n_iterations; n++) {
    lm_tile_dot (LM_TILE_SUM_0, LM_TILE_X_0, LM_TILE_W_0);
    lm_tile_dot (LM_TILE_SUM_1, LM_TILE_X_0, LM_TILE_W_0);
    lm_tile_dot (LM_TILE_SUM_2, LM_TILE_X_0, LM_TILE_W_0);
    lm_tile_dot (LM_TILE_SUM_3, LM_TILE_X_0, LM_TILE_W_0);
  }
  lm_tile_end ();
  return n_iterations * N_PRODUCTS * LM_TILE_ROWS * LM_TILE_ROWS * LM_TILE_BYTES;
}
