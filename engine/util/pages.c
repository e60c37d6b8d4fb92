/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pages from mmap() where there is one, and from the C library elsewhere. */
#ifdef __linux__
#define _DEFAULT_SOURCE
#endif
#include "util/pages.h"

#include "util/error.h"

#ifdef _WIN32
void *
lm_pages_alloc (uint64_t bytes)
{
  return lm_aligned_alloc (bytes, 1);
}

void
lm_pages_free (void *memory, uint64_t bytes)
{
  (void) bytes;
  lm_aligned_free (memory);
}

void
lm_pages_drop (const void *start, uint64_t bytes)
{
  (void) start;
  (void) bytes;
}
#else
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

void *
lm_pages_alloc (uint64_t bytes)
{
  void *memory;

  if (bytes == 0 || bytes > PTRDIFF_MAX)
    return NULL;
  memory = mmap (NULL, (size_t) bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return NULL;
#ifdef MADV_HUGEPAGE
  (void) madvise (memory, (size_t) bytes, MADV_HUGEPAGE); /* only makes it faster */
#endif
  return memory;
}

void
lm_pages_free (void *memory, uint64_t bytes)
{
  if (memory != NULL)
    munmap (memory, (size_t) bytes);
}

void
lm_pages_drop (const void *start, uint64_t bytes)
{
#ifdef __linux__
  uintptr_t page = (uintptr_t) sysconf (_SC_PAGESIZE);
  uintptr_t first = ((uintptr_t) start + page - 1) / page * page;
  uintptr_t end = ((uintptr_t) start + (uintptr_t) bytes) / page * page;

  /* On other systems this may throw away what was written, here it cannot: nothing was. */
  if (end > first)
    (void) madvise ((void *) first, end - first, MADV_DONTNEED);
#else
  (void) start;
  (void) bytes;
#endif
}
#endif
