/* SPDX-License-Identifier: GPL-3.0-or-later
 * A file mapped read-only. */
#pragma once

#include "gguf/gguf.h"

/* Maps the whole of a regular file, which stays open. On failure mapping is zero, and the error's
 * subject is the last component of path: LM_ERROR_IO (not there, not readable, not a file),
 * LM_ERROR_TRUNCATED (empty), LM_ERROR_MEMORY. */
lm_status lm_map_open (const char *path, lm_mapping *mapping, lm_error *error);
void lm_map_close (lm_mapping *mapping); /* a zero mapping allowed; leaves it zero */

/* Reads n bytes of the file at offset into buffer. LM_ERROR_IO, LM_ERROR_TRUNCATED: it ends before,
 * for it has become shorter. Threads do not disturb each other. */
lm_status
lm_map_read (const lm_mapping *mapping, uint64_t offset, size_t n, void *buffer, lm_error *error);

/* Has the first n bytes (1 … mapping->bytes) in memory of this process's own from now on, at
 * the same address, with what the file says now. The file may then become shorter, or its disk
 * fail, and they are still there. On Windows, where a mapped file cannot be shortened, nothing.
 * LM_ERROR_IO and LM_ERROR_TRUNCATED as above, LM_ERROR_MEMORY; the mapping is then only good for
 * closing. */
lm_status lm_map_keep (const lm_mapping *mapping, size_t n, lm_error *error);
