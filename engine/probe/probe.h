/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the probes share: a clock, passes until the time is up, the best of them. */
#pragma once

#include "lm.h"
#include "util/threads.h"

/* One pass, of about pass_seconds: does some work in the pool and returns how much, in bytes or
 * multiply-adds. index counts the passes. */
typedef uint64_t (*lm_probe_pass_fn) (void *data, unsigned index, double pass_seconds);

#define LM_PROBE_PASSES 12

double lm_probe_now_seconds (void);

/* Checks options and makes the pool that they ask for. LM_ERROR_ARGUMENT, LM_ERROR_MEMORY. */
lm_status lm_probe_begin (const lm_probe_options *options, lm_pool **pool, lm_error *error);

/* Makes LM_PROBE_PASSES passes within the time, tells progress between them, and writes the best
 * rate. LM_ERROR_CANCELLED. */
lm_status lm_probe_run (const lm_probe_options *options,
                        lm_probe_pass_fn pass,
                        void *data,
                        double *best,
                        lm_error *error);
