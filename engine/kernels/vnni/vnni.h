/* SPDX-License-Identifier: GPL-3.0-or-later
 * The levels whose processors multiply and add four pairs of bytes at once: AVX-VNNI (eight lanes)
 * and AVX-512 VNNI (sixteen). One source, see x86/lanes.h.
 *
 * Activations are rounded to 8 bits, 32 at a time. A vector's lanes are the rows of a panel, and
 * the same four activations go to every lane. The instruction takes weights without a sign, so
 * those that have one are raised by an offset, and what that adds, offset × Σ x, is where the sum
 * of integers starts from. For each row and token the 32-weight groups are added in their order,
 * each with the same few operations, whether one token is multiplied or hundreds.
 *
 * Two more levels are of this source. AVX512-BF16, compiled with LM_PAIRS, does the same but for
 * BF16 weights, see x86/float.c. AMX-INT8, compiled with LM_TILES as well, has all that, and tiles
 * to multiply many tokens with, see kernels/amx/. */
#pragma once

#include "kernels/kernels.h"
#include "kernels/x86/lanes.h"
#include "quant/blocks.h"

/* sum + the products of four bytes without a sign and four with one, in every lane. */
#if LM_LANES == 16
#define i_dot(sum, w, x) _mm512_dpbusd_epi32 (sum, w, x)
#elif defined(__AVXVNNI__)
#define i_dot(sum, w, x) _mm256_dpbusd_avx_epi32 (sum, w, x)
#else
#define i_dot(sum, w, x) _mm256_dpbusd_epi32 (sum, w, x)
#endif

/* 32 activations of one token: a line of the cache. Those of all tokens for the same columns lie
 * side by side. */
typedef struct {
  int8_t q[LM_GROUP_LENGTH];
  float scale;
  float scaled_sum;    /* scale × Σ q */
  int32_t minus_8;     /* −8 × Σ q */
  int32_t minus_128;   /* −128 × Σ q */
  int32_t minus_32[2]; /* −32 × Σ q of each half */
  int16_t sum[2];      /* Σ q of each half */
  int32_t unused;
} lm_vnni_group;

/* Some columns of one panel, or of that and the next, times some tokens. In panels the columns are
 * of one span; see panels.h. */
typedef struct {
  const lm_matrix *matrix;
  size_t first_row;
  size_t first_group; /* of the columns; at the beginning of a block */
  size_t n_groups;
  const lm_vnni_group *x; /* of the first token and column */
  size_t stride;          /* tokens from one group of columns to the next */
  size_t n_tokens;
  lm_prefetch prefetch; /* none where these weights have just been multiplied with other tokens */
} lm_vnni_span;

/* Tokens and panels of one pass. */
#define LM_VNNI_TOKENS 128
#define LM_VNNI_PANELS (LM_LANES == 16 ? 2 : 1)

/* Adds a span's products to sums, a vector of rows for each token and panel:
 * [token][LM_VNNI_PANELS]. Were it the other way round, the sums of both panels would lie 4096
 * bytes apart, and reading one would wait for the other to be written. */
typedef void (*lm_vnni_span_fn) (const lm_vnni_span *span, lanes_f *sums);

/* What multiplies a type: one panel, or LM_VNNI_PANELS at once. */
typedef struct {
  lm_vnni_span_fn panel;
  lm_vnni_span_fn panels;
} lm_vnni_type;

/* NULL, both, for types that have no panels. */
lm_vnni_type LM_LEVEL (find_legacy) (uint32_t type);
lm_vnni_type LM_LEVEL (find_k) (uint32_t type);
/* The IQ2 and IQ3 types, from the file's layout; one panel. */
void LM_LEVEL (multiply_iq) (const lm_vnni_span *span, lanes_f *sums);

bool LM_LEVEL (wants_panels) (uint32_t type);
int LM_LEVEL (largest_activation) (uint32_t type);
size_t LM_LEVEL (prepared_bytes) (size_t n_cols);
void LM_LEVEL (prepare) (const float *x,
                         size_t n_cols,
                         size_t n_tokens,
                         size_t t,
                         size_t first,
                         size_t n,
                         void *prepared);
void LM_LEVEL (matmul) (const lm_matrix *matrix,
                        size_t first_row,
                        size_t n_rows,
                        const lm_input *input,
                        float *out,
                        size_t stride,
                        void *scratch);
uint64_t LM_LEVEL (peak) (uint64_t n_iterations);
