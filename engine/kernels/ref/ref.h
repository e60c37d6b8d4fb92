/* SPDX-License-Identifier: GPL-3.0-or-later
 * The reference kernels; each is described in kernels.h. */
#pragma once

#include "kernels/kernels.h"

void lm_ref_matmul (const lm_matrix *w,
                    size_t first_row,
                    size_t n_rows,
                    const lm_input *input,
                    float *out,
                    size_t stride,
                    void *scratch);

void lm_ref_rope (
    float *x, const float *cosines, const float *sines, size_t n_pairs, lm_rope_layout layout);

void lm_ref_attend (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores);

uint64_t lm_ref_peak (uint64_t n_iterations);
