/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/measure.h"

#include <stdlib.h>
#include <time.h>

uint64_t
lm_now_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (uint64_t) now.tv_sec * 1000000000 + (uint64_t) now.tv_nsec;
}

double
lm_now_seconds (void)
{
  return (double) lm_now_ns () * 1e-9;
}

static int
compare_values (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

double
lm_find_quantile (double *values, size_t n, double part)
{
  if (n == 0)
    return 0;
  qsort (values, n, sizeof *values, compare_values);
  return values[(size_t) ((double) (n - 1) * part + 0.5)];
}
