/* SPDX-License-Identifier: GPL-3.0-or-later
 * The reference kernels; each is described in kernels.h. */
#pragma once

#include "kernels/kernels.h"

void lm_ref_matmul (const lm_matrix *w,
                    size_t first_row,
                    size_t n_rows,
                    const float *x,
                    size_t n_tokens,
                    float *out,
                    size_t stride,
                    void *scratch);
