/* SPDX-License-Identifier: GPL-3.0-or-later
 * The kernels for x86 that are compiled for eight lanes and for sixteen; see lanes.h. */
#pragma once

#include "kernels/kernels.h"

void lm_avx2_attend (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores);
void lm_avx512_attend (
    const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores);
