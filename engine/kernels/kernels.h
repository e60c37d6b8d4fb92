/* SPDX-License-Identifier: GPL-3.0-or-later
 * The contract of the arithmetic: one table of functions, held by the model.
 *
 * The reference table is plain C and is the specification; an instruction set's table overlays
 * what it does better. Every function is a pure function of its arguments: no state, no threads,
 * no allocation, and the value written for one row and one token does not depend on which other
 * rows and tokens are in the same call. That last rule is what makes logits the same for any
 * number of threads and any split of a prompt into blocks. */
#pragma once

#include "quant/quant.h"

/* A weight matrix in the file's own layout: n_rows × n_cols, row after row. */
typedef struct {
  const void *data;
  size_t row_bytes;
  uint32_t type; /* lm_type */
  uint32_t n_rows;
  uint32_t n_cols; /* a multiple of the type's block length */
} lm_matrix;

typedef enum {
  LM_ROPE_ADJACENT, /* rotates (x[2i], x[2i+1]): llama */
  LM_ROPE_HALVES,   /* rotates (x[i], x[i+n/2]): GPT-NeoX, qwen */
} lm_rope_layout;

typedef struct {
  const char *name;

  /* out[t × stride + r] = Σ_c w[first_row + r][c] · x[t × n_cols + c], r < n_rows, t < n_tokens.
   * scratch: lm_matmul_scratch_bytes(). */
  void (*matmul) (const lm_matrix *w,
                  size_t first_row,
                  size_t n_rows,
                  const float *x,
                  size_t n_tokens,
                  float *out,
                  size_t stride,
                  void *scratch);

  /* out[i] = weight[i] · x[i] / √(mean(x²) + epsilon). out may be x.
   * Zhang & Sennrich 2019, arXiv:1910.07467. */
  void (*rms_norm) (const float *x, const float *weight, size_t n, float epsilon, float *out);

  /* Rotates the first 2 · n_pairs values of a head by the angles whose cosines and sines are given.
   * Su et al. 2021, arXiv:2104.09864. */
  void (*rope) (
      float *x, const float *cosines, const float *sines, size_t n_pairs, lm_rope_layout layout);

  /* gate[i] = silu(gate[i]) · up[i], silu(x) = x / (1 + e^−x). */
  void (*silu_mul) (float *gate, const float *up, size_t n);

  /* x[i] += y[i]. */
  void (*add) (float *x, const float *y, size_t n);

  /* Attention of one query head over n_past + 1 cached positions:
   * out = Σ_p softmax_p(scale · q·k[p]) · v[p]. q, out: head_dim floats; k, v: rows of head_dim
   * halves; scores: scratch of n_positions floats. */
  void (*attend) (const float *q,
                  const uint16_t *k,
                  const uint16_t *v,
                  size_t n_positions,
                  size_t head_dim,
                  float scale,
                  float *scores,
                  float *out);

  /* Floats to halves, rounded to nearest even: rows for the KV cache. */
  void (*to_half) (const float *x, size_t n, uint16_t *out);
} lm_kernels;

/* The reference table. */
extern const lm_kernels lm_kernels_ref;

/* Bytes of scratch that matmul needs for rows of n_cols, for any type and level. */
size_t lm_matmul_scratch_bytes (size_t n_cols);
