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

/* Passes that were made, and who wants to know. */
typedef struct {
  const lm_probe_options *options;
  uint64_t done;
  uint64_t total;
} passes;

static bool
tell_pass (void *data)
{
  passes *p = data;

  p->done++;
  return p->options->progress == NULL ||
         p->options->progress (p->done, p->total, p->options->user_data);
}

lm_status
lm_probe_run (const lm_probe_options *options,
              size_t n_ways,
              lm_probe_pass_fn pass,
              void *data,
              double *rate,
              lm_error *error)
{
  double seconds = options->seconds > 0 ? options->seconds : DEFAULT_SECONDS;
  passes p = { .options = options, .total = LM_PROBE_PASSES };
  double rates[LM_PROBE_PASSES];
  size_t way = 0;
  bool goes_on = true;

  *rate = 0;
  if (n_ways > 1) {
    seconds /= 2;
    p.total += n_ways * LM_PROBE_TRIES;
    way = lm_probe_find_way (n_ways, pass, data, seconds, tell_pass, &p);
    goes_on = way < n_ways;
  }
  for (size_t i = 0; i < LM_PROBE_PASSES && goes_on; i++) {
    rates[i] = measure_pass (pass, data, way, seconds / LM_PROBE_PASSES);
    goes_on = tell_pass (&p);
  }
  if (!goes_on)
    return lm_fail (error, LM_ERROR_CANCELLED, NULL, 0, "The probe was stopped.");
  *rate = lm_find_quantile (rates, LM_PROBE_PASSES, 0.5);
  return LM_OK;
}
