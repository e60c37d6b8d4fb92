/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading with the widest loads, with and without prefetch. Which prefetch helps differs from
 * processor to processor, so that several are tried. */
#include "probe/read.h"

#include <stdbool.h>

/* How far ahead to prefetch, in bytes. Beyond the end of the memory it does nothing. */
enum { NONE = 0, FAR = 4096 };

/* Or the first lines of a page alone: processors bring what is read in turn by themselves, but only
 * to the end of a page. */
enum { PAGE = 4096, PAGE_LINES = 4, PAGES_AHEAD = 3 * PAGE };

#if defined(__GNUC__)
#define INLINE static inline __attribute__ ((always_inline))
/* locality as in __builtin_prefetch(): 3 for every cache, 0 for as few as possible. */
#define PREFETCH(address, locality) __builtin_prefetch (address, 0, locality)
#else
#define INLINE                      static inline
#define PREFETCH(address, locality) ((void) (address))
#endif

#define PREFETCH_PAGE(pages)                                                                       \
  if (pages && i % PAGE == 0)                                                                      \
    for (int j = 0; j < PAGE_LINES; j++)                                                           \
      PREFETCH (memory + i + PAGES_AHEAD + 64 * j, 2);

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define WITH(instructions) __attribute__ ((target (instructions)))

#define PREFETCH_STEP(distance, locality)                                                          \
  if (distance != NONE) {                                                                          \
    PREFETCH (memory + i + distance, locality);                                                    \
    PREFETCH (memory + i + distance + 64, locality);                                               \
    PREFETCH (memory + i + distance + 128, locality);                                              \
    PREFETCH (memory + i + distance + 192, locality);                                              \
  }

/* A function that reads with AVX2, and one with AVX-512. The empty instruction at the end is given
 * what was read, so that the compiler cannot leave it out. */
#define DEFINE_AVX2(name, distance, locality, pages)                                               \
  WITH ("avx2") static void name (const uint8_t *memory, size_t bytes)                             \
  {                                                                                                \
    __m256i seen[8] = { 0 };                                                                       \
                                                                                                   \
    for (size_t i = 0; i < bytes; i += LM_READ_STEP) {                                             \
      PREFETCH_STEP (distance, locality)                                                           \
      PREFETCH_PAGE (pages)                                                                        \
      for (int j = 0; j < 8; j++)                                                                  \
        seen[j] =                                                                                  \
            _mm256_or_si256 (seen[j], _mm256_load_si256 ((const void *) (memory + i + 32 * j)));   \
    }                                                                                              \
    for (int j = 0; j < 8; j++)                                                                    \
      __asm__ volatile ("" : : "x"(seen[j]));                                                      \
  }

#define DEFINE_AVX512(name, distance, locality, pages)                                             \
  WITH ("avx512f") static void name (const uint8_t *memory, size_t bytes)                          \
  {                                                                                                \
    __m512i seen[4] = { 0 };                                                                       \
                                                                                                   \
    for (size_t i = 0; i < bytes; i += LM_READ_STEP) {                                             \
      PREFETCH_STEP (distance, locality)                                                           \
      PREFETCH_PAGE (pages)                                                                        \
      for (int j = 0; j < 4; j++)                                                                  \
        seen[j] =                                                                                  \
            _mm512_or_si512 (seen[j], _mm512_load_si512 ((const void *) (memory + i + 64 * j)));   \
    }                                                                                              \
    for (int j = 0; j < 4; j++)                                                                    \
      __asm__ volatile ("" : : "v"(seen[j]));                                                      \
  }

DEFINE_AVX2 (read_avx2, NONE, 3, false)
DEFINE_AVX2 (read_avx2_far, FAR, 3, false)
DEFINE_AVX2 (read_avx2_far_once, FAR, 0, false)
DEFINE_AVX2 (read_avx2_pages, NONE, 3, true)
DEFINE_AVX512 (read_avx512, NONE, 3, false)
DEFINE_AVX512 (read_avx512_far, FAR, 3, false)
DEFINE_AVX512 (read_avx512_far_once, FAR, 0, false)
DEFINE_AVX512 (read_avx512_pages, NONE, 3, true)
#endif

/* The compiler uses what every processor of its kind has. */
INLINE void
read_words (const uint8_t *memory, size_t bytes, const size_t distance, const bool pages)
{
  const uint64_t *words = (const void *) memory;
  volatile uint64_t sink;
  uint64_t seen[8] = { 0 };

  for (size_t i = 0; i < bytes; i += 64) {
    if (distance != NONE)
      PREFETCH (memory + i + distance, 3);
    PREFETCH_PAGE (pages)
    for (size_t j = 0; j < 8; j++)
      seen[j] |= words[i / sizeof *words + j];
  }
  for (int j = 1; j < 8; j++)
    seen[0] |= seen[j];
  sink = seen[0];
  (void) sink;
}

static void
read_plain (const uint8_t *memory, size_t bytes)
{
  read_words (memory, bytes, NONE, false);
}

static void
read_plain_far (const uint8_t *memory, size_t bytes)
{
  read_words (memory, bytes, FAR, false);
}

static void
read_plain_pages (const uint8_t *memory, size_t bytes)
{
  read_words (memory, bytes, NONE, true);
}

size_t
lm_read_list_ways (lm_read_fn ways[LM_MAX_READ_WAYS])
{
  size_t n = 0;

#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init ();
  if (__builtin_cpu_supports ("avx512f")) {
    ways[n++] = read_avx512;
    ways[n++] = read_avx512_far;
    ways[n++] = read_avx512_far_once;
    ways[n++] = read_avx512_pages;
  }
  /* Half as wide is no slower on some processors, which read 256 bits at a time. */
  if (__builtin_cpu_supports ("avx2")) {
    ways[n++] = read_avx2;
    ways[n++] = read_avx2_far;
    ways[n++] = read_avx2_far_once;
    ways[n++] = read_avx2_pages;
    return n;
  }
#endif
  ways[n++] = read_plain;
  ways[n++] = read_plain_far;
  ways[n++] = read_plain_pages;
  return n;
}
