/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the reader makes of one file, before the parts of a split one are put together. */
#pragma once

#include "gguf/gguf.h"

/* What lm_gguf_open() really allocates: the public structure comes first. */
typedef struct {
  lm_gguf gguf;
  const lm_gguf_entry **by_key;   /* n_entries, sorted */
  const lm_gguf_tensor **by_name; /* n_tensors, sorted; NULL until lm_gguf_index_tensors() */
  bool is_mapped;                 /* the parts are to be unmapped */
} lm_gguf_file;

/* Parses the bytes of one file into file, which has no entries and no tensors yet. On failure what
 * was parsed so far stays in it for lm_gguf_close(). */
lm_status lm_gguf_parse (
    lm_gguf_file *file, const void *data, size_t bytes, bool require_known_types, lm_error *error);

/* Makes by_name anew. Two tensors of one name are an error. */
lm_status lm_gguf_index_tensors (lm_gguf_file *file, lm_error *error);

/* The alignment of tensor data in file: general.alignment, 32 without. */
lm_status lm_gguf_get_alignment (const lm_gguf *gguf, uint32_t *alignment, lm_error *error);
