/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reference matrix products: a row of weights is unpacked once and multiplied with every token. */
#include "kernels/ref/ref.h"

#include "util/half.h"

bool
lm_type_is_float (uint32_t type)
{
  return type == LM_TYPE_F32 || type == LM_TYPE_F16 || type == LM_TYPE_BF16;
}

size_t
lm_matmul_scratch_bytes (size_t n_cols)
{
  size_t groups = n_cols / LM_GROUP_LENGTH * sizeof (lm_group);
  size_t floats = n_cols * sizeof (float);

  return groups > floats ? groups : floats;
}

static int32_t
dot_16 (const int8_t *a, const int8_t *b)
{
  int32_t sum = 0;

  for (int i = 0; i < 16; i++)
    sum += a[i] * b[i];
  return sum;
}

static float
dot_groups (const lm_group *w, const lm_activation *x, size_t n_groups)
{
  float sum = 0;

  for (size_t g = 0; g < n_groups; g++) {
    float low = w[g].scale[0] * (float) dot_16 (w[g].q, x[g].q) - w[g].min[0] * x[g].sum[0];
    float high =
        w[g].scale[1] * (float) dot_16 (w[g].q + 16, x[g].q + 16) - w[g].min[1] * x[g].sum[1];

    sum += x[g].scale * (low + high);
  }
  return sum;
}

/* Eight sums side by side: less rounding than one long sum, and the compiler can vectorise it. */
static float
dot_floats (const float *a, const float *b, size_t n)
{
  float sums[8] = { 0 };
  size_t i;

  for (i = 0; i + 8 <= n; i += 8)
    for (int j = 0; j < 8; j++)
      sums[j] += a[i + j] * b[i + j];
  for (; i < n; i++)
    sums[0] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

void
lm_ref_matmul (const lm_matrix *w,
               size_t first_row,
               size_t n_rows,
               const lm_input *x,
               float *out,
               size_t stride,
               void *scratch)
{
  lm_unpack_fn unpack = lm_quant_get_unpack (w->type);
  size_t n_groups = w->n_cols / LM_GROUP_LENGTH;

  for (size_t r = 0; r < n_rows; r++) {
    const char *row = (const char *) w->data + (first_row + r) * w->row_bytes;

    if (unpack != NULL) {
      unpack (row, w->n_cols, scratch);
      for (size_t t = 0; t < x->n_tokens; t++)
        out[t * stride + r] = dot_groups (scratch, x->quantised + t * n_groups, n_groups);
    } else {
      lm_quant_dequantise (w->type, row, w->n_cols, NULL, scratch);
      for (size_t t = 0; t < x->n_tokens; t++)
        out[t * stride + r] = dot_floats (scratch, x->floats + t * w->n_cols, w->n_cols);
    }
  }
}
