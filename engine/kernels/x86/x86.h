/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kernels for x86 that several levels use; each is described in kernels.h. */
#pragma once

#include "kernels/kernels.h"

void lm_avx2_attend (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores);
void lm_avxvnni_attend (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores);
void lm_avxvnni_evex_attend (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores);
void lm_avx512_attend (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores);

/* Products of F32, F16 and BF16 weights with activations as they are; at bf16, which is AVX-512
 * with AVX512-BF16, those of BF16 with activations rounded to that. */
void lm_avx2_matmul_float (const lm_matrix *matrix,
                           size_t first_row,
                           size_t n_rows,
                           const lm_input *input,
                           float *out,
                           size_t stride);
void lm_avx512_matmul_float (const lm_matrix *matrix,
                             size_t first_row,
                             size_t n_rows,
                             const lm_input *input,
                             float *out,
                             size_t stride);
void lm_bf16_matmul_float (const lm_matrix *matrix,
                           size_t first_row,
                           size_t n_rows,
                           const lm_input *input,
                           float *out,
                           size_t stride);

void lm_avx2_rms_norm (const float *x, const float *weight, size_t n, float epsilon, float *out);
void lm_avx2_rope (
    float *x, const float *cosines, const float *sines, size_t n_pairs, lm_rope_layout layout);
void lm_avx2_silu_mul (float *gate, const float *up, size_t n);
void lm_avx512_silu_mul (float *gate, const float *up, size_t n);
void lm_avx2_add (float *x, const float *y, size_t n);
void lm_avx2_to_half (const float *x, size_t n, uint16_t *out);
