/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every weight format in one common form.
 *
 * However a block is packed on disk, 32 weights of it come out as 8-bit integers with a scale and a
 * minimum for each half: w[i] = scale[i / 16] × q[i] − min[i / 16]. That form is exact for every
 * quantised type of ggml, so one piece of code makes floats of them all; the fast kernels, most of
 * which never build it, are tested against it. */
#pragma once

#include "gguf/gguf.h"

#define LM_GROUP_LENGTH 32

/* 32 weights of a row. */
typedef struct {
  int8_t q[LM_GROUP_LENGTH];
  float scale[2];
  float min[2];
} lm_group;

/* n weights (a multiple of the type's block length) of a quantised type into n / 32 groups. */
typedef void (*lm_unpack_fn) (const void *blocks, size_t n, lm_group *groups);
/* NULL for the float types and unknown ones. */
lm_unpack_fn lm_quant_get_unpack (uint32_t type);

/* n weights of any known type as floats: get_rows (embeddings) and tests. groups: scratch of
 * n / 32, may be NULL for the float types. */
void lm_quant_dequantise (uint32_t type, const void *row, size_t n, lm_group *groups, float *out);
