/* SPDX-License-Identifier: GPL-3.0-or-later
 * VNNI products of any quantised type from the file's layout, by way of lm_group. */
#include "kernels/vnni/multiply.h"

#define CHUNK_GROUPS (LM_SUPER_BLOCK / LM_GROUP_LENGTH)

/* The same 32 columns of a panel's rows, half by half, and their minima. */
typedef struct {
  lanes_i w[8]; /* raised by 128 */
  lanes_f scale[2];
  lanes_f min[2];
} any_group;

static any_group
gather (const lm_group *const rows[LM_LANES])
{
  int32_t words[8][LM_LANES];
  float scales[2][LM_LANES], mins[2][LM_LANES];
  any_group g;

  for (int r = 0; r < LM_LANES; r++) {
    for (int i = 0; i < 8; i++)
      memcpy (&words[i][r], rows[r]->q + 4 * i, 4);
    for (int half = 0; half < 2; half++) {
      scales[half][r] = rows[r]->scale[half];
      mins[half][r] = rows[r]->min[half];
    }
  }
  for (int i = 0; i < 8; i++)
    g.w[i] = i_xor (i_load (words[i]), i_set8 ((char) 0x80));
  for (int half = 0; half < 2; half++) {
    g.scale[half] = f_load (scales[half]);
    g.min[half] = f_load (mins[half]);
  }
  return g;
}

LM_INLINE lanes_f
add_any (lanes_f sum, const any_group *g, const lm_vnni_group *x)
{
  lanes_f scale = f_set (x->scale);

#pragma GCC unroll 2
  for (int half = 0; half < 2; half++) {
    lanes_i products = i_set (4 * x->minus_32[half]);

#pragma GCC unroll 4
    for (int i = 4 * half; i < 4 * half + 4; i++)
      products = i_dot (products, g->w[i], i_spread (x->q + 4 * i));
    sum = f_fma (f_int (products), f_mul (g->scale[half], scale), sum);
    sum = f_fnma (g->min[half], f_set (x->scale * (float) x->sum[half]), sum);
  }
  return sum;
}

void
LM_LEVEL (multiply_any) (const lm_vnni_span *span, lanes_f *sums)
{
  const lm_matrix *matrix = span->matrix;
  const lm_type_traits *traits = lm_type_get_traits (matrix->type);
  lm_unpack_fn unpack = lm_quant_get_unpack (matrix->type);
  lm_group groups[LM_LANES][CHUNK_GROUPS];
  size_t left = matrix->n_rows - span->first_row;
  const char *rows[LM_LANES];

  /* Rows that are not there are computed as the last one, and not stored. */
  for (size_t r = 0; r < LM_LANES; r++)
    rows[r] = (const char *) matrix->data +
              (span->first_row + (r < left ? r : left - 1)) * matrix->row_bytes +
              span->first_group * LM_GROUP_LENGTH / traits->block_length * traits->block_bytes;
  for (size_t g = 0; g < span->n_groups; g += CHUNK_GROUPS) {
    size_t n = span->n_groups - g < CHUNK_GROUPS ? span->n_groups - g : CHUNK_GROUPS;

    for (size_t r = 0; r < LM_LANES; r++) {
      unpack (rows[r], n * LM_GROUP_LENGTH, groups[r]);
      rows[r] += n * LM_GROUP_LENGTH / traits->block_length * traits->block_bytes;
    }
    for (size_t i = 0; i < n; i++) {
      const lm_vnni_group *x = span->x + (g + i) * span->stride;
      const lm_group *same[LM_LANES];
      any_group columns;

      for (size_t r = 0; r < LM_LANES; r++)
        same[r] = &groups[r][i];
      columns = gather (same);
      for (size_t t = 0; t < span->n_tokens; t++)
        sums[t * LM_VNNI_PANELS] = add_any (sums[t * LM_VNNI_PANELS], &columns, x + t);
    }
  }
}
