/* SPDX-License-Identifier: GPL-3.0-or-later
 * A small good GGUF file with metadata of every type and three tensors, to be read or spoilt. */
#pragma once

#include "gguf-writer.h"

/* All zero: version 3, no alignment key, one file. */
typedef struct {
  uint32_t version;   /* 0: 3 */
  uint32_t alignment; /* 0: no key, that is 32 */
  uint32_t n_parts;   /* of a split file; 0: not split */
  uint32_t part;      /* from 0 */
  uint32_t n_tensors; /* that split.tensors.count says; 0: as there are, three a part */
  bool is_small;      /* only one metadata entry beside those above */
} sample_options;

/* Where things lie in a sample, to spoil them. */
typedef struct {
  writer bytes;
  size_t entries;   /* first metadata entry */
  size_t directory; /* first line of the tensor directory */
  size_t data;      /* tensor data */
  size_t data_end;  /* end of the last tensor */
  size_t dims;      /* of the first tensor: u32 number of dimensions, u64 each of 2 */
  size_t type;      /* of the first tensor: u32 */
  size_t offset;    /* of the first tensor: u64 */
} sample;

/* Tensors, in part p: "f32.p" (F32, 4 × 3: 0, 1, 2 …), "q8_0.p" (Q8_0, 64 × 2), "f16.p" (F16, 8).
 */
sample sample_make (const sample_options *options);
