/* SPDX-License-Identifier: GPL-3.0-or-later
 * Memory by the page: large areas, in huge pages where the system has them, and giving back the
 * pages of a mapped file. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* bytes of zeroed memory, aligned to a page at least, huge pages asked for; NULL: out of memory.
 * Free with lm_pages_free() and the same bytes. */
void *lm_pages_alloc (uint64_t bytes);
void lm_pages_free (void *memory, uint64_t bytes); /* NULL allowed */

/* Says that the part of a read-only file mapping will not be needed soon: its whole pages leave
 * this process's memory, and are read again should they be touched after all. */
void lm_pages_drop (const void *start, uint64_t bytes);
