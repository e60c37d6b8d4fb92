/* SPDX-License-Identifier: GPL-3.0-or-later
 * Products of F32, F16 and BF16 weights, in the file's layout, for AVX2 and AVX-512. Each product
 * of a row and a token has one vector of sums, so the result does not depend on how many are made
 * together. */
#include "kernels/x86/lanes.h"
#include "kernels/x86/x86.h"

/* As many sums as registers hold beside the tokens' values and a row's weights. */
#define TILE_ROWS   4
#define TILE_TOKENS (LM_LANES == 16 ? 6 : 3)

/* Activations that are read for every tile of rows, so that they stay in the second cache. */
#define BLOCK_BYTES (256u << 10)

/* LM_LANES weights, or the first n of them and zeros. */
LM_INLINE lanes_f
load_weights (uint32_t type, const void *row, size_t at)
{
  const uint16_t *halves = row;
  const float *floats = row;

  if (type == LM_TYPE_F32)
    return f_load (floats + at);
  if (type == LM_TYPE_F16)
    return f_halves (halves + at);
  return i_as_float (i_left (i_words (halves + at), 16));
}

/* What is left of a row after its last whole vector, filled up with zeros. */
LM_INLINE lanes_f
load_rest (uint32_t type, const void *row, size_t at, size_t n)
{
  size_t size = type == LM_TYPE_F32 ? 4 : 2;
  char rest[LM_LANES * sizeof (float)] = { 0 };

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
  const size_t size = type == LM_TYPE_F32 ? 4 : 2;
  lanes_f sums[TILE_ROWS][TILE_TOKENS], values[TILE_TOKENS];
  size_t at;

  for (int r = 0; r < n_rows; r++)
    for (int t = 0; t < n_tokens; t++)
      sums[r][t] = f_zero ();
  for (at = 0; at + LM_LANES <= input->n_cols; at += LM_LANES) {
#pragma GCC unroll 6
    for (int t = 0; t < n_tokens; t++)
      values[t] = f_load (x + (size_t) t * input->n_cols + at);
#pragma GCC unroll 4
    for (int r = 0; r < n_rows; r++) {
      const char *row = rows + (size_t) r * row_bytes;
      lanes_f w = load_weights (type, row, at);

      /* The rows that come next; a processor's own foresight ends at a page. */
      if (input->n_tokens == 1)
        _mm_prefetch (row + (size_t) n_rows * row_bytes + at * size, _MM_HINT_T0);
#pragma GCC unroll 6
      for (int t = 0; t < n_tokens; t++)
        sums[r][t] = f_fma (w, values[t], sums[r][t]);
    }
  }
  for (int r = 0; r < n_rows; r++)
    for (int t = 0; t < n_tokens; t++) {
      if (at < input->n_cols)
        sums[r][t] =
            f_fma (load_rest (type, rows + (size_t) r * row_bytes, at, input->n_cols - at),
                   load_rest (LM_TYPE_F32, x + (size_t) t * input->n_cols, at, input->n_cols - at),
                   sums[r][t]);
      out[(first_token + (size_t) t) * stride + (size_t) r] = f_sum (sums[r][t]);
    }
}

/* Tokens first … end − 1 of n_rows rows. */
LM_INLINE void
multiply_rows (uint32_t type,
               const char *rows,
               size_t row_bytes,
               const lm_input *input,
               size_t first,
               size_t end,
               float *out,
               size_t stride,
               const int n_rows)
{
  size_t t;

  for (t = first; t + TILE_TOKENS <= end; t += TILE_TOKENS)
    multiply_tile (type, rows, row_bytes, input, t, out, stride, n_rows, TILE_TOKENS);
  for (; t + 2 <= end; t += 2)
    multiply_tile (type, rows, row_bytes, input, t, out, stride, n_rows, 2);
  for (; t < end; t++)
    multiply_tile (type, rows, row_bytes, input, t, out, stride, n_rows, 1);
}

/* Tokens whose activations fit BLOCK_BYTES, in whole tiles. */
LM_INLINE size_t
block_tokens (size_t n_cols)
{
  size_t n_tiles = BLOCK_BYTES / (TILE_TOKENS * sizeof (float)) / n_cols;

  return TILE_TOKENS * (n_tiles > 0 ? n_tiles : 1);
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
  size_t n_block = block_tokens (input->n_cols);

  for (size_t t = 0; t < input->n_tokens; t += n_block) {
    size_t end = input->n_tokens - t < n_block ? input->n_tokens : t + n_block, r;

    for (r = 0; r + TILE_ROWS <= n_rows; r += TILE_ROWS)
      multiply_rows (type, rows + r * row_bytes, row_bytes, input, t, end, out + r, stride,
                     TILE_ROWS);
    for (; r < n_rows; r++)
      multiply_rows (type, rows + r * row_bytes, row_bytes, input, t, end, out + r, stride, 1);
  }
}

void
LM_LEVEL (matmul_float) (const lm_matrix *matrix,
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
