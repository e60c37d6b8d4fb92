/* SPDX-License-Identifier: GPL-3.0-or-later
 * The probe of the processor's 8-bit multiply-adds. */
#include "kernels/kernels.h"
#include "probe/probe.h"
#include "util/cpu.h"
#include "util/error.h"
#include "util/measure.h"

#define TASKS_A_THREAD    4    /* of a job, so that a thread which is held up gets less to do */
#define FIRST_ITERATIONS  4096 /* of a task; doubled until a job is long enough */
#define LEAST_JOB_SECONDS 2e-3 /* beside which starting the threads takes no time */

typedef struct {
  lm_pool *pool;
  const lm_kernels *kernels;
  uint64_t n_iterations; /* of a task */
  uint64_t n_macs;       /* that a task does: the same for all of them, whoever writes it */
  size_t n_tasks;        /* of a job */
} probe;

static void
run_task (void *data, size_t index, unsigned worker)
{
  const probe *p = data;

  (void) index;
  (void) worker;
  p->kernels->peak (p->n_iterations);
}

static double
run_job (probe *p)
{
  double start = lm_now_seconds ();

  lm_pool_run (p->pool, p->n_tasks, run_task, p, NULL);
  return lm_now_seconds () - start;
}

static uint64_t
multiply_pass (void *data, size_t way, double pass_seconds)
{
  probe *p = data;
  double end = lm_now_seconds () + pass_seconds;
  uint64_t n_macs = 0;

  (void) way; /* there is one */
  do {
    run_job (p);
    n_macs += p->n_macs * p->n_tasks;
  } while (lm_now_seconds () < end);
  return n_macs;
}

lm_status
lm_probe_int8_peak (const lm_probe_options *options, double *macs_per_second, lm_error *error)
{
  static const lm_probe_options defaults = { 0 };
  probe p = { .n_iterations = FIRST_ITERATIONS };
  lm_status status;

  options = options != NULL ? options : &defaults;
  *macs_per_second = 0;
  p.kernels = lm_kernels_select (options->cpu_level, lm_cpu_get_features ());
  if (p.kernels == NULL)
    return lm_fail (error, LM_ERROR_ARGUMENT, options->cpu_level, 0,
                    "This computer cannot compute with \"%s\".", options->cpu_level);
  status = lm_probe_begin (options, &p.pool, error);
  if (status != LM_OK)
    return status;
  p.n_tasks = (size_t) lm_pool_get_n_threads (p.pool) * TASKS_A_THREAD;
  while (run_job (&p) < LEAST_JOB_SECONDS)
    p.n_iterations *= 2;
  p.n_macs = p.kernels->peak (p.n_iterations);
  status = lm_probe_run (options, multiply_pass, &p, macs_per_second, error);
  lm_pool_free (p.pool);
  return status;
}
