/* SPDX-License-Identifier: GPL-3.0-or-later
 * The median of measurements. */
#pragma once

#include <stdlib.h>

static inline int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* Of n > 0 values, which are sorted. */
static inline double
get_median (double *values, size_t n)
{
  qsort (values, n, sizeof *values, compare_doubles);
  return (values[(n - 1) / 2] + values[n / 2]) / 2;
}
