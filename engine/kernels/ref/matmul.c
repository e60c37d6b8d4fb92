/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reference matrix products: a row of weights is made floats once and multiplied with every token.
 * Activations are not rounded, so the result is as exact as the weights are. */
#include "kernels/ref/ref.h"

/* A row as floats, then the groups it is unpacked to. */
size_t
lm_matmul_scratch_bytes (size_t n_cols)
{
  return n_cols * sizeof (float) + (n_cols / LM_GROUP_LENGTH + 1) * sizeof (lm_group);
}

/* Sixteen sums side by side: less rounding than one long sum, and the compiler can vectorise it. */
static float
dot (const float *a, const float *b, size_t n)
{
  float sums[16] = { 0 };
  size_t i;

  for (i = 0; i + 16 <= n; i += 16)
    for (int j = 0; j < 16; j++)
      sums[j] += a[i + j] * b[i + j];
  for (; i < n; i++)
    sums[0] += a[i] * b[i];
  for (int width = 8; width > 0; width /= 2)
    for (int j = 0; j < width; j++)
      sums[j] += sums[j + width];
  return sums[0];
}

void
lm_ref_matmul (const lm_matrix *w,
               size_t first_row,
               size_t n_rows,
               const lm_input *input,
               float *out,
               size_t stride,
               void *scratch)
{
  float *row = scratch;
  lm_group *groups = (lm_group *) (row + w->n_cols);

  for (size_t r = 0; r < n_rows; r++) {
    lm_quant_dequantise (w->type, (const char *) w->data + (first_row + r) * w->row_bytes,
                         w->n_cols, groups, row);
    for (size_t t = 0; t < input->n_tokens; t++)
      out[t * stride + r] = dot (row, input->x + t * w->n_cols, w->n_cols);
  }
}
