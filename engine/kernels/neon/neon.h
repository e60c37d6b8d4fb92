/* SPDX-License-Identifier: GPL-3.0-or-later
 * The levels for 64-bit ARM: "neon", which every such processor has, "dotprod", whose instructions
 * multiply and add four pairs of bytes at once, and "i8mm", which multiplies 2 × 8 with 8 × 2
 * bytes. The sources of the products are compiled for each, the others for the first alone.
 *
 * Activations are rounded to 8 bits, 32 at a time. A panel is eight rows, in two vectors: a lane is
 * a row, and the same four activations go to every lane. Weights that are small take part without
 * their sign, raised by an offset; what that adds, offset × Σ x, is where the sum of integers
 * starts from. For each row and token the 32-weight groups are added in their order, each with the
 * same few operations on floats, whether one token is multiplied or hundreds; sums of integers are
 * exact, so how those are made does not matter. */
#pragma once

#include "kernels/kernels.h"
#include "kernels/neon/lanes.h"
#include "quant/blocks.h"

#define LM_NEON_ROWS   8  /* of a panel */
#define LM_NEON_TOKENS 64 /* of one pass */

#define LM_NEON_LARGEST 127 /* activation */

/* 32 activations of one token: a line of the cache. Those of all tokens for the same columns lie
 * side by side. */
typedef struct {
  int8_t q[LM_GROUP_LENGTH];
  float scale;
  float scaled_sum;    /* scale × Σ q */
  int32_t minus_8;     /* −8 × Σ q */
  int32_t minus_16;    /* −16 × Σ q */
  int32_t minus_32[2]; /* −32 × Σ q of each half */
  int32_t sum[2];      /* Σ q of each half */
} lm_neon_group;

/* A float for each row of a panel. */
typedef struct {
  float32x4_t part[2];
} lm_neon_sums;

/* Some columns of one panel, times some tokens. In panels the columns are of one span; see
 * panels.h. */
typedef struct {
  const lm_matrix *matrix;
  size_t first_row;
  size_t first_group; /* of the columns; at the beginning of a block */
  size_t n_groups;
  const lm_neon_group *x; /* of the first token and column */
  size_t stride;          /* tokens from one group of columns to the next */
  size_t n_tokens;
} lm_neon_span;

/* Adds a span's products to sums, one for each token. */
typedef void (*lm_neon_span_fn) (const lm_neon_span *span, lm_neon_sums *sums);

/* What multiplies a type: one token, or tokens. */
typedef struct {
  lm_neon_span_fn one;
  lm_neon_span_fn many;
} lm_neon_type;

/* ---- Each level's own --------------------------------------------------------------------- */

/* NULL, both, for types that have no panels; see any.c for those. */
lm_neon_type LM_LEVEL (find_legacy) (uint32_t type);
lm_neon_type LM_LEVEL (find_k) (uint32_t type);
/* Any quantised type, from the file's layout. */
void LM_LEVEL (multiply_any) (const lm_neon_span *span, lm_neon_sums *sums);

bool LM_LEVEL (wants_panels) (uint32_t type);
void LM_LEVEL (matmul) (const lm_matrix *matrix,
                        size_t first_row,
                        size_t n_rows,
                        const lm_input *input,
                        float *out,
                        size_t stride,
                        void *scratch);
uint64_t LM_LEVEL (peak) (uint64_t n_iterations);

/* ---- The same for all; see kernels.h ------------------------------------------------------ */

int lm_neon_largest_activation (uint32_t type);
size_t lm_neon_prepared_bytes (size_t n_cols);
void lm_neon_prepare (const float *x,
                      size_t n_cols,
                      size_t n_tokens,
                      size_t t,
                      size_t first,
                      size_t n,
                      void *prepared);
/* Products of F32, F16 and BF16 weights with activations as they are. */
void lm_neon_matmul_float (const lm_matrix *matrix,
                           size_t first_row,
                           size_t n_rows,
                           const lm_input *input,
                           float *out,
                           size_t stride);
void lm_neon_rms_norm (const float *x, const float *weight, size_t n, float epsilon, float *out);
void lm_neon_rope (
    float *x, const float *cosines, const float *sines, size_t n_pairs, lm_rope_layout layout);
void lm_neon_silu_mul (float *gate, const float *up, size_t n);
void lm_neon_add (float *x, const float *y, size_t n);
void lm_neon_attend (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores);
void lm_neon_to_half (const float *x, size_t n, uint16_t *out);
