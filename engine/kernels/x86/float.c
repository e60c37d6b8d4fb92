/* SPDX-License-Identifier: GPL-3.0-or-later
 * Products of F32, F16 and BF16 weights, in the file's layout, for AVX2 and AVX-512. Each product
 * of a row and a token has one vector of sums, so the result does not depend on how many are made
 * together.
 *
 * Compiled with LM_PAIRS, for processors with AVX512-BF16, BF16 weights are multiplied two columns
 * a lane, with activations rounded to BF16: twice as many at a time. The instruction takes what is
 * denormal for zero: Intel 64 and IA-32 Architectures Software Developer's Manual, VDPBF16PS. */
#include <stdbool.h>

#include "kernels/x86/lanes.h"
#include "kernels/x86/x86.h"

/* Rows and tokens of a tile: as many sums as there are registers for. Few rows, because widening
 * their weights takes longer than loading activations. */
#define TILE_ROWS   (LM_LANES == 16 ? 4 : 2)
#define TILE_TOKENS 6
#define ONE_ROWS    4 /* of a tile of one token: sums enough that none waits for the last */

/* Of one row after the other a processor foresees more than of several at once, and in rows of so
 * few columns it does not wait for sums either: the next row's are begun before the last one's end.
 * Of twice as many columns four at once were faster (Zen 4). */
#define SHORT_COLS 2048

/* Rows of one pass, and columns: activations of a tile of tokens, packed so that they do not fall
 * into the same few places of the first cache, as columns that are a power of two would, stay there
 * while the rows are gone through. */
#define BLOCK_ROWS 64
#define CHUNK_COLS 512

/* How far ahead of one token's products weights are asked for, in bytes of a row, and for which
 * cache. With AVX2, which was tuned on Zen 3, a whole row. */
#if LM_LANES == 16
#define AHEAD(row_bytes) 2048
#define AHEAD_HINT       _MM_HINT_NTA
#else
#define AHEAD(row_bytes) (row_bytes)
#define AHEAD_HINT       _MM_HINT_T0
#endif

/* Some rows and all columns of a call. */
typedef struct {
  const char *rows;
  size_t row_bytes;
  size_t n_rows;
  const float *x; /* of the first token */
  size_t n_cols;
  float *out; /* of the first row and token */
  size_t stride;
  lm_prefetch prefetch;
} work;

LM_INLINE size_t
value_bytes (uint32_t type)
{
  return type == LM_TYPE_F32 ? 4 : 2;
}

/* Whether a lane has two columns of the type. */
LM_INLINE bool
has_pairs (uint32_t type)
{
#ifdef LM_PAIRS
  return type == LM_TYPE_BF16;
#else
  (void) type;
  return false;
#endif
}

/* Columns of a vector. */
LM_INLINE size_t
vector_cols (uint32_t type)
{
  return has_pairs (type) ? 2 * LM_LANES : LM_LANES;
}

/* Weights of a vector's columns. */
LM_INLINE lanes_f
load_weights (uint32_t type, const void *row, size_t at)
{
  const uint16_t *halves = row;
  const float *floats = row;

  if (type == LM_TYPE_F32)
    return f_load (floats + at);
  if (type == LM_TYPE_F16)
    return f_halves (halves + at);
  if (has_pairs (type))
    return i_as_float (i_load (halves + at));
  return i_as_float (i_left (i_words (halves + at), 16));
}

/* What is left of a row after its last whole vector, n columns, filled up with zeros. */
LM_INLINE lanes_f
load_rest (uint32_t type, const void *row, size_t at, size_t n)
{
  size_t size = value_bytes (type);
  char rest[LM_LANES * sizeof (float)] = { 0 };

  memcpy (rest, (const char *) row + at * size, n * size);
  return load_weights (type, rest, 0);
}

/* A token's activations in a vector's columns. */
LM_INLINE lanes_f
load_activations (uint32_t type, const float *x)
{
#ifdef LM_PAIRS
  if (has_pairs (type))
    return _mm512_insertf32x8 (_mm512_castps256_ps512 ((__m256) _mm512_cvtneps_pbh (f_load (x))),
                               (__m256) _mm512_cvtneps_pbh (f_load (x + LM_LANES)), 1);
#endif
  (void) type;
  return f_load (x);
}

/* The same of the first n columns, and zeros. */
LM_INLINE lanes_f
load_activations_rest (uint32_t type, const float *x, size_t n)
{
  float rest[2 * LM_LANES] = { 0 };

  memcpy (rest, x, n * sizeof *x);
  return load_activations (type, rest);
}

LM_INLINE lanes_f
multiply_add (uint32_t type, lanes_f w, lanes_f x, lanes_f sum)
{
#ifdef LM_PAIRS
  if (has_pairs (type))
    return _mm512_dpbf16_ps (sum, (__m512bh) w, (__m512bh) x);
#endif
  (void) type;
  return f_fma (w, x, sum);
}

/* From a row's byte at to what is read so many bytes after it: beyond the row's end, where there is
 * one of the next n_rows, that is of the row which these have in its place, or anybody's memory. */
LM_INLINE size_t
find_later (size_t row_bytes, size_t at, size_t ahead, const int n_rows)
{
  return at + ahead < row_bytes ? ahead : ahead + (size_t) (n_rows - 1) * row_bytes;
}

/* Asks for what comes after the bytes of a row that begin at its byte at. */
LM_INLINE void
ask_ahead (const char *row,
           size_t row_bytes,
           size_t at,
           const size_t bytes,
           const int n_rows,
           const lm_prefetch prefetch)
{
  if (prefetch == LM_PREFETCH_NONE)
    return;
  _mm_prefetch (row + at + find_later (row_bytes, at, AHEAD (row_bytes), n_rows), AHEAD_HINT);
  if (prefetch == LM_PREFETCH_PAGES)
    lanes_open_page (row + at, bytes, find_later (row_bytes, at, LANES_PAGE_BYTES, n_rows));
}

/* Adds to sums the products of n_cols columns. x: of one token, its floats; of several, a vector's
 * columns of every token as load_activations() makes them, the next ones of every token, … */
LM_INLINE void
multiply_tile (uint32_t type,
               const char *rows,
               size_t row_bytes,
               const float *x,
               size_t n_cols,
               lanes_f *sums,
               const int n_rows,
               const int n_tokens,
               const lm_prefetch prefetch)
{
  lanes_f all[ONE_ROWS][TILE_TOKENS], values[TILE_TOKENS];
  const size_t step = vector_cols (type);                                    /* columns */
  const size_t x_step = n_tokens == 1 ? step : (size_t) n_tokens * LM_LANES; /* floats */
  size_t at;

  for (int r = 0; r < n_rows; r++)
    for (int t = 0; t < n_tokens; t++)
      all[r][t] = sums[r * n_tokens + t];
  for (at = 0; at + step <= n_cols; at += step, x += x_step) {
#pragma GCC unroll 6
    for (int t = 0; t < n_tokens; t++)
      values[t] = n_tokens == 1 ? load_activations (type, x) : f_load (x + t * LM_LANES);
#pragma GCC unroll 4
    for (int r = 0; r < n_rows; r++) {
      const char *row = rows + (size_t) r * row_bytes;
      lanes_f w = load_weights (type, row, at);

      ask_ahead (row, row_bytes, at * value_bytes (type), step * value_bytes (type), n_rows,
                 prefetch);
#pragma GCC unroll 6
      for (int t = 0; t < n_tokens; t++)
        all[r][t] = multiply_add (type, w, values[t], all[r][t]);
    }
  }
  for (int r = 0; r < n_rows && at < n_cols; r++) {
    lanes_f w = load_rest (type, rows + (size_t) r * row_bytes, at, n_cols - at);

    for (int t = 0; t < n_tokens; t++)
      all[r][t] = multiply_add (type, w,
                                n_tokens == 1 ? load_activations_rest (type, x, n_cols - at)
                                              : f_load (x + t * LM_LANES),
                                all[r][t]);
  }
  for (int r = 0; r < n_rows; r++)
    for (int t = 0; t < n_tokens; t++)
      sums[r * n_tokens + t] = all[r][t];
}

LM_INLINE void
store_tile (const lanes_f *sums, float *out, size_t stride, const int n_rows, const int n_tokens)
{
  for (int r = 0; r < n_rows; r++)
    for (int t = 0; t < n_tokens; t++)
      out[(size_t) t * stride + (size_t) r] = f_sum (sums[r * n_tokens + t]);
}

/* ---- One token ---------------------------------------------------------------------------- */

LM_INLINE void
multiply_one_tile (uint32_t type,
                   const char *rows,
                   size_t row_bytes,
                   const float *x,
                   size_t n_cols,
                   float *out,
                   const int n_rows,
                   const lm_prefetch prefetch)
{
  lanes_f sums[ONE_ROWS];

  for (int r = 0; r < n_rows; r++)
    sums[r] = f_zero ();
  multiply_tile (type, rows, row_bytes, x, n_cols, sums, n_rows, 1, prefetch);
  store_tile (sums, out, 0, n_rows, 1);
}

/* n_rows rows at a time. */
LM_INLINE void
multiply_rows (uint32_t type, const work *w, const int n_rows, const lm_prefetch prefetch)
{
  const size_t n = (size_t) n_rows;
  size_t r;

  for (r = 0; r + n <= w->n_rows; r += n)
    multiply_one_tile (type, w->rows + r * w->row_bytes, w->row_bytes, w->x, w->n_cols, w->out + r,
                       n_rows, prefetch);
  for (; r < w->n_rows; r++)
    multiply_one_tile (type, w->rows + r * w->row_bytes, w->row_bytes, w->x, w->n_cols, w->out + r,
                       1, prefetch);
}

/* In a way that the compiler knows. */
LM_INLINE void
multiply_one (uint32_t type, const work *w)
{
  if (w->prefetch == LM_PREFETCH_LINES)
    multiply_rows (type, w, ONE_ROWS, LM_PREFETCH_LINES);
  else if (w->prefetch == LM_PREFETCH_PAGES)
    multiply_rows (type, w, ONE_ROWS, LM_PREFETCH_PAGES);
  else if (w->n_cols > SHORT_COLS)
    multiply_rows (type, w, ONE_ROWS, LM_PREFETCH_NONE);
  else
    multiply_rows (type, w, 1, LM_PREFETCH_NONE);
}

/* ---- More tokens -------------------------------------------------------------------------- */

/* n_cols (≤ CHUNK_COLS) columns of n_tokens tokens in the order multiply_tile() wants. */
LM_INLINE void
pack (uint32_t type, const float *x, size_t stride, size_t n_cols, float *out, const int n_tokens)
{
  for (size_t at = 0; at < n_cols; at += vector_cols (type))
    for (int t = 0; t < n_tokens; t++, out += LM_LANES) {
      const float *values = x + (size_t) t * stride + at;

      f_store (out, n_cols - at >= vector_cols (type)
                        ? load_activations (type, values)
                        : load_activations_rest (type, values, n_cols - at));
    }
}

/* n_tokens tokens of at most BLOCK_ROWS rows. */
LM_INLINE void
multiply_block (uint32_t type, const work *w, const int n_tokens)
{
  lanes_f sums[BLOCK_ROWS * TILE_TOKENS];
  float x[CHUNK_COLS * TILE_TOKENS];
  size_t n_whole = w->n_rows / TILE_ROWS * TILE_ROWS, r;

  for (size_t i = 0; i < w->n_rows * (size_t) n_tokens; i++)
    sums[i] = f_zero ();
  for (size_t at = 0; at < w->n_cols; at += CHUNK_COLS) {
    size_t n_cols = w->n_cols - at < CHUNK_COLS ? w->n_cols - at : CHUNK_COLS;
    const char *rows = w->rows + at * value_bytes (type);

    pack (type, w->x + at, w->n_cols, n_cols, x, n_tokens);
    for (r = 0; r < n_whole; r += TILE_ROWS)
      multiply_tile (type, rows + r * w->row_bytes, w->row_bytes, x, n_cols,
                     sums + r * (size_t) n_tokens, TILE_ROWS, n_tokens, LM_PREFETCH_NONE);
    for (; r < w->n_rows; r++)
      multiply_tile (type, rows + r * w->row_bytes, w->row_bytes, x, n_cols,
                     sums + r * (size_t) n_tokens, 1, n_tokens, LM_PREFETCH_NONE);
  }
  for (r = 0; r < w->n_rows; r++)
    store_tile (sums + r * (size_t) n_tokens, w->out + r, w->stride, 1, n_tokens);
}

/* All tokens of at most BLOCK_ROWS rows. */
LM_INLINE void
multiply_tokens (uint32_t type, work w, size_t n_tokens)
{
  for (size_t n, t = 0; t < n_tokens; t += n) {
    n = n_tokens - t >= TILE_TOKENS ? TILE_TOKENS : n_tokens - t >= 2 ? 2 : 1;
    if (n == TILE_TOKENS)
      multiply_block (type, &w, TILE_TOKENS);
    else if (n == 2)
      multiply_block (type, &w, 2);
    else
      multiply_one (type, &w);
    w.x += n * w.n_cols;
    w.out += n * w.stride;
  }
}

LM_INLINE void
multiply_type (uint32_t type, const work *w, size_t n_tokens)
{
  if (n_tokens == 1) {
    multiply_one (type, w);
    return;
  }
  for (size_t r = 0; r < w->n_rows; r += BLOCK_ROWS) {
    work block = *w;

    block.rows += r * w->row_bytes;
    block.out += r;
    block.n_rows = w->n_rows - r < BLOCK_ROWS ? w->n_rows - r : BLOCK_ROWS;
    multiply_tokens (type, block, n_tokens);
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
  work w = {
    .rows = (const char *) matrix->data + first_row * matrix->row_bytes,
    .row_bytes = matrix->row_bytes,
    .n_rows = n_rows,
    .x = input->x,
    .n_cols = input->n_cols,
    .out = out,
    .stride = stride,
    .prefetch = input->prefetch,
  };

  if (matrix->type == LM_TYPE_F32)
    multiply_type (LM_TYPE_F32, &w, input->n_tokens);
  else if (matrix->type == LM_TYPE_F16)
    multiply_type (LM_TYPE_F16, &w, input->n_tokens);
  else
    multiply_type (LM_TYPE_BF16, &w, input->n_tokens);
}
