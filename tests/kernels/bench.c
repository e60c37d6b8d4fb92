/* SPDX-License-Identifier: GPL-3.0-or-later
 * How fast each level multiplies on one thread: a matrix larger than the caches with one token, and
 * a smaller one with 64. */
#include <time.h>

#include "kernels-test.h"
#include "util/cpu.h"

/* Of the processor: other programs do not count. */
static double
now_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

/* The shortest of several runs, in seconds. */
static double
time_products (const test_matrix *m, const float *x, size_t n_tokens, float *out)
{
  double best = 1e9, end = now_seconds () + 0.3;

  for (int i = 0; i < 3 || now_seconds () < end; i++) {
    double start = now_seconds (), took;

    level_multiply (&m->level, 0, m->file.n_rows, x, n_tokens, out, m->file.n_rows);
    took = now_seconds () - start;
    best = took < best ? took : best;
  }
  return best;
}

static void
bench_type (uint32_t type)
{
  enum { COLS = 2048, ROWS = 16384, TOKENS = 64, TILE = 1024 };
  test_matrix m = test_matrix_new (type, ROWS, COLS, FILL_RANDOM);
  float *x = calloc (TOKENS * COLS, sizeof *x), *out = calloc (TOKENS * ROWS, sizeof *out);
  double one, many;

  for (size_t i = 0; i < TOKENS * COLS; i++)
    x[i] = (float) random_signed ();
  one = time_products (&m, x, 1, out);
  m.file.n_rows = m.level.n_rows = TILE;
  many = time_products (&m, x, TOKENS, out);
  printf ("%-10s %-8s  1 token: %6.2f GB/s %6.2f GMAC/s   64 tokens: %6.2f GMAC/s\n",
          kernels_level->name, type_name (type), (double) ROWS * m.file.row_bytes / one * 1e-9,
          (double) ROWS * COLS / one * 1e-9, (double) TILE * COLS * TOKENS / many * 1e-9);
  free (x);
  free (out);
  test_matrix_free (&m);
}

void
bench_kernels (const char *type)
{
  static const char *const LEVELS[] = {
    "amx-int8", "avx512-bf16", "avx512-vnni", "avx-vnni",  "avx2",
    "i8mm",     "dotprod",     "neon",        "reference",
  };

  for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++) {
    kernels_level = lm_kernels_select (LEVELS[i], lm_cpu_get_features ());
    kernels_random = 1;
    for (size_t j = 0; kernels_level != NULL && j < N_KERNEL_TYPES; j++)
      if (type == NULL || strcmp (type, type_name (KERNEL_TYPES[j])) == 0)
        bench_type (KERNEL_TYPES[j]);
  }
}
