/* SPDX-License-Identifier: GPL-3.0-or-later
 * Running a probe: many short passes, for the computer is not the same from one moment to the next.
 * What it is compared with takes a second or more, and has such moments too. */
#include "probe/probe.h"

#include <stdlib.h>

#include "util/error.h"
#include "util/measure.h"
#include "util/topology.h"

#define DEFAULT_SECONDS 1.0
#define MAX_SECONDS     10.0

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

double
lm_probe_get_seconds (const lm_probe_options *options)
{
  return options->seconds > 0 ? options->seconds : DEFAULT_SECONDS;
}

bool
lm_probe_tell (const lm_probe_options *options, uint64_t done, uint64_t total)
{
  return options->progress == NULL || options->progress (done, total, options->user_data);
}

lm_status
lm_probe_fail_stopped (lm_error *error)
{
  return lm_fail (error, LM_ERROR_CANCELLED, NULL, 0, "The probe was stopped.");
}

static double
measure_pass (lm_probe_pass_fn pass, void *data, size_t way, double pass_seconds)
{
  double start = lm_now_seconds ();
  uint64_t work = pass (data, way, pass_seconds);
  double took = lm_now_seconds () - start;

  return took > 0 ? (double) work / took : 0;
}

size_t
lm_probe_find_way (size_t n_ways,
                   lm_probe_pass_fn pass,
                   void *data,
                   double seconds,
                   lm_probe_tell_fn tell,
                   void *tell_data)
{
  size_t n_passes = n_ways * LM_PROBE_TRIES, fastest = 0;
  double most = 0;

  for (size_t i = 0; i < n_passes; i++) {
    double rate = measure_pass (pass, data, i % n_ways, seconds / (double) n_passes);

    if (rate > most) {
      most = rate;
      fastest = i % n_ways;
    }
    if (!tell (tell_data))
      return n_ways;
  }
  return fastest;
}

lm_status
lm_probe_run (const lm_probe_options *options,
              lm_probe_pass_fn pass,
              void *data,
              double *rate,
              lm_error *error)
{
  double seconds = lm_probe_get_seconds (options);
  double rates[LM_PROBE_PASSES];

  *rate = 0;
  for (uint64_t i = 0; i < LM_PROBE_PASSES; i++) {
    rates[i] = measure_pass (pass, data, 0, seconds / LM_PROBE_PASSES);
    if (!lm_probe_tell (options, i + 1, LM_PROBE_PASSES))
      return lm_probe_fail_stopped (error);
  }
  *rate = lm_find_quantile (rates, LM_PROBE_PASSES, 0.5);
  return LM_OK;
}
