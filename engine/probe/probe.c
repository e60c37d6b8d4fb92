/* SPDX-License-Identifier: GPL-3.0-or-later
 * Running a probe: many short passes, of which the best is the limit that was looked for. */
#include "probe/probe.h"

#include <time.h>

#include "util/error.h"
#include "util/topology.h"

#define DEFAULT_SECONDS 1.0
#define MAX_SECONDS     10.0

double
lm_probe_now_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

lm_status
lm_probe_check (const lm_probe_options *options, lm_error *error)
{
  if (options->n_threads < 0 || !(options->seconds >= 0 && options->seconds <= MAX_SECONDS))
    return lm_fail (error, LM_ERROR_ARGUMENT, NULL, 0, "That is no number of threads or seconds.");
  return LM_OK;
}

lm_status
lm_probe_begin (const lm_probe_options *options, lm_pool **pool, lm_error *error)
{
  lm_status status = lm_probe_check (options, error);

  if (status != LM_OK)
    return status;
  *pool = lm_pool_new (lm_threads_choose (options->n_threads, 0).decode);
  if (*pool == NULL)
    return lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "There is not enough memory.");
  return LM_OK;
}

lm_status
lm_probe_run (const lm_probe_options *options,
              lm_probe_pass_fn pass,
              void *data,
              double *best,
              lm_error *error)
{
  double seconds = options->seconds > 0 ? options->seconds : DEFAULT_SECONDS;

  *best = 0;
  for (unsigned i = 0; i < LM_PROBE_PASSES; i++) {
    double start = lm_probe_now_seconds ();
    uint64_t work = pass (data, i, seconds / LM_PROBE_PASSES);
    double took = lm_probe_now_seconds () - start;
    double rate = took > 0 ? (double) work / took : 0;

    *best = rate > *best ? rate : *best;
    if (options->progress != NULL &&
        !options->progress (i + 1, LM_PROBE_PASSES, options->user_data))
      return lm_fail (error, LM_ERROR_CANCELLED, NULL, 0, "The probe was stopped.");
  }
  return LM_OK;
}
