/* SPDX-License-Identifier: GPL-3.0-or-later
 * To measure how fast something is: a clock that only ever goes forward, and what is typical of
 * figures that differ from moment to moment. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint64_t lm_now_ns (void);
double lm_now_seconds (void);

/* The value that part of n values lie below, 0 … 1; sorts them. 0 where there is none. */
double lm_find_quantile (double *values, size_t n, double part);
