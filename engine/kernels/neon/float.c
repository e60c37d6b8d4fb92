/* SPDX-License-Identifier: GPL-3.0-or-later
 * ARM products of F32, F16 and BF16 weights, in the file's layout. Each product of a row and a
 * token has sums of its own, so the result does not depend on how many are made together. */
#include "kernels/neon/neon.h"

#define TILE_ROWS   4
#define TILE_TOKENS 2
#define WIDTH       8 /* values of a step */

/* Eight weights. */
LM_INLINE float32x4x2_t
load_weights (uint32_t type, const void *row, size_t at)
{
  const uint16_t *halves = (const uint16_t *) row + at;
  const float *floats = (const float *) row + at;

  if (type == LM_TYPE_F32)
    return (float32x4x2_t) { { vld1q_f32 (floats), vld1q_f32 (floats + 4) } };
  if (type == LM_TYPE_F16)
    return (float32x4x2_t) { { f_halves (halves), f_halves (halves + 4) } };
  return (float32x4x2_t) { { vreinterpretq_f32_u32 (vshll_n_u16 (vld1_u16 (halves), 16)),
                             vreinterpretq_f32_u32 (vshll_n_u16 (vld1_u16 (halves + 4), 16)) } };
}

/* What is left of a row after its last whole step, filled up with zeros. */
LM_INLINE float32x4x2_t
load_rest (uint32_t type, const void *row, size_t at, size_t n)
{
  size_t size = type == LM_TYPE_F32 ? 4 : 2;
  float rest[WIDTH] = { 0 };

  memcpy (rest, (const char *) row + at * size, n * size);
  return load_weights (type, rest, 0);
}

LM_INLINE void
add_eight (float32x4_t sums[2], float32x4x2_t w, float32x4x2_t x)
{
  sums[0] = vfmaq_f32 (sums[0], w.val[0], x.val[0]);
  sums[1] = vfmaq_f32 (sums[1], w.val[1], x.val[1]);
}

LM_INLINE void
multiply_tile (uint32_t type,
               const char *rows,
               size_t row_bytes,
               const lm_input *input,
               size_t first_token,
               float *out,
               size_t stride,
               const int n_rows,
               const int n_tokens)
{
  const float *x = input->x + first_token * input->n_cols;
  float32x4_t sums[TILE_ROWS][TILE_TOKENS][2];
  float32x4x2_t values[TILE_TOKENS];
  size_t at;

#pragma GCC unroll 4
  for (int r = 0; r < n_rows; r++)
#pragma GCC unroll 2
    for (int t = 0; t < n_tokens; t++)
      sums[r][t][0] = sums[r][t][1] = vdupq_n_f32 (0);
  for (at = 0; at + WIDTH <= input->n_cols; at += WIDTH) {
#pragma GCC unroll 2
    for (int t = 0; t < n_tokens; t++)
      values[t] = load_weights (LM_TYPE_F32, x + (size_t) t * input->n_cols, at);
#pragma GCC unroll 4
    for (int r = 0; r < n_rows; r++) {
      float32x4x2_t w = load_weights (type, rows + (size_t) r * row_bytes, at);

#pragma GCC unroll 2
      for (int t = 0; t < n_tokens; t++)
        add_eight (sums[r][t], w, values[t]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < n_rows; r++)
#pragma GCC unroll 2
    for (int t = 0; t < n_tokens; t++) {
      if (at < input->n_cols)
        add_eight (sums[r][t],
                   load_rest (type, rows + (size_t) r * row_bytes, at, input->n_cols - at),
                   load_rest (LM_TYPE_F32, x + (size_t) t * input->n_cols, at, input->n_cols - at));
      out[(first_token + (size_t) t) * stride + (size_t) r] =
          vaddvq_f32 (vaddq_f32 (sums[r][t][0], sums[r][t][1]));
    }
}

/* All tokens of n_rows rows. */
LM_INLINE void
multiply_rows (uint32_t type,
               const char *rows,
               size_t row_bytes,
               const lm_input *input,
               float *out,
               size_t stride,
               const int n_rows)
{
  size_t t;

  for (t = 0; t + TILE_TOKENS <= input->n_tokens; t += TILE_TOKENS)
    multiply_tile (type, rows, row_bytes, input, t, out, stride, n_rows, TILE_TOKENS);
  for (; t < input->n_tokens; t++)
    multiply_tile (type, rows, row_bytes, input, t, out, stride, n_rows, 1);
}

LM_INLINE void
multiply_type (uint32_t type,
               const char *rows,
               size_t row_bytes,
               size_t n_rows,
               const lm_input *input,
               float *out,
               size_t stride)
{
  size_t r;

  for (r = 0; r + TILE_ROWS <= n_rows; r += TILE_ROWS)
    multiply_rows (type, rows + r * row_bytes, row_bytes, input, out + r, stride, TILE_ROWS);
  for (; r < n_rows; r++)
    multiply_rows (type, rows + r * row_bytes, row_bytes, input, out + r, stride, 1);
}

void
lm_neon_matmul_float (const lm_matrix *matrix,
                      size_t first_row,
                      size_t n_rows,
                      const lm_input *input,
                      float *out,
                      size_t stride)
{
  const char *rows = (const char *) matrix->data + first_row * matrix->row_bytes;

  if (matrix->type == LM_TYPE_F32)
    multiply_type (LM_TYPE_F32, rows, matrix->row_bytes, n_rows, input, out, stride);
  else if (matrix->type == LM_TYPE_F16)
    multiply_type (LM_TYPE_F16, rows, matrix->row_bytes, n_rows, input, out, stride);
  else
    multiply_type (LM_TYPE_BF16, rows, matrix->row_bytes, n_rows, input, out, stride);
}
