/* SPDX-License-Identifier: GPL-3.0-or-later
 * AVX2 products of F32, F16 and BF16 weights, in the file's layout. Each product of a row and a
 * token has one vector of sums, so the result does not depend on how many are made together. */
#include "kernels/avx2/avx2.h"

#define TILE_ROWS   4
#define TILE_TOKENS 3

/* Eight weights, or the first n of them and zeros. */
LM_INLINE __m256
load_weights (uint32_t type, const void *row, size_t at)
{
  const uint16_t *halves = row;
  const float *floats = row;

  if (type == LM_TYPE_F32)
    return _mm256_loadu_ps (floats + at);
  if (type == LM_TYPE_F16)
    return lm_avx2_halves (halves + at);
  return _mm256_castsi256_ps (_mm256_slli_epi32 (
      _mm256_cvtepu16_epi32 (_mm_loadu_si128 ((const __m128i *) (halves + at))), 16));
}

/* What is left of a row after its last whole vector, filled up with zeros. */
LM_INLINE __m256
load_rest (uint32_t type, const void *row, size_t at, size_t n)
{
  size_t size = type == LM_TYPE_F32 ? 4 : 2;
  char rest[8 * sizeof (float)] = { 0 };

  memcpy (rest, (const char *) row + at * size, n * size);
  return load_weights (type, rest, 0);
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
  __m256 sums[TILE_ROWS][TILE_TOKENS], values[TILE_TOKENS];
  size_t at;

  for (int r = 0; r < n_rows; r++)
    for (int t = 0; t < n_tokens; t++)
      sums[r][t] = _mm256_setzero_ps ();
  for (at = 0; at + 8 <= input->n_cols; at += 8) {
    for (int t = 0; t < n_tokens; t++)
      values[t] = _mm256_loadu_ps (x + (size_t) t * input->n_cols + at);
    for (int r = 0; r < n_rows; r++) {
      __m256 w = load_weights (type, rows + (size_t) r * row_bytes, at);

      for (int t = 0; t < n_tokens; t++)
        sums[r][t] = _mm256_fmadd_ps (w, values[t], sums[r][t]);
    }
  }
  for (int r = 0; r < n_rows; r++)
    for (int t = 0; t < n_tokens; t++) {
      if (at < input->n_cols)
        sums[r][t] = _mm256_fmadd_ps (
            load_rest (type, rows + (size_t) r * row_bytes, at, input->n_cols - at),
            load_rest (LM_TYPE_F32, x + (size_t) t * input->n_cols, at, input->n_cols - at),
            sums[r][t]);
      out[(first_token + (size_t) t) * stride + (size_t) r] = f_sum (sums[r][t]);
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
lm_avx2_matmul_float (const lm_matrix *matrix,
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
