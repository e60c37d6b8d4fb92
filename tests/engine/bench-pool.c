/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a job costs the worker pool: with nothing to do, with every thread taking part, and after a
 * rest in which the workers fell asleep. One to as many threads as the first argument says. */
#include <time.h>

#include "check.h"
#include "median.h"
#include "util/measure.h"
#include "util/threads.h"
#include "util/topology.h"

#define N_BATCHES  41
#define BATCH_JOBS 500
#define N_RESTS    100

static void
do_nothing (void *data, size_t index, unsigned worker)
{
  (void) data;
  (void) index;
  (void) worker;
}

typedef struct {
  atomic_uint n_arrived;
  unsigned n_wanted;
} meeting;

/* Ends when every thread of the pool is in the job. */
static void
meet (void *data, size_t index, unsigned worker)
{
  meeting *m = data;

  (void) index;
  (void) worker;
  atomic_fetch_add (&m->n_arrived, 1);
  while (atomic_load (&m->n_arrived) < m->n_wanted)
    ;
}

/* Nanoseconds a job, the median of many batches. */
static double
time_empty (lm_pool *pool, size_t n_tasks)
{
  double took[N_BATCHES];

  for (int i = 0; i < N_BATCHES; i++) {
    double start = lm_now_seconds ();

    for (int j = 0; j < BATCH_JOBS; j++)
      lm_pool_run (pool, n_tasks, do_nothing, NULL, NULL);
    took[i] = (lm_now_seconds () - start) / BATCH_JOBS * 1e9;
  }
  return get_median (took, N_BATCHES);
}

static double
time_meetings (lm_pool *pool, unsigned n_threads)
{
  double took[N_BATCHES];

  for (int i = 0; i < N_BATCHES; i++) {
    double start = lm_now_seconds ();

    for (int j = 0; j < BATCH_JOBS; j++) {
      meeting m = { .n_wanted = n_threads };

      lm_pool_run (pool, n_threads, meet, &m, NULL);
    }
    took[i] = (lm_now_seconds () - start) / BATCH_JOBS * 1e9;
  }
  return get_median (took, N_BATCHES);
}

/* The same of single jobs after two milliseconds of rest. */
static double
time_wakings (lm_pool *pool, unsigned n_threads)
{
  const struct timespec rest = { .tv_nsec = 2000000 };
  double took[N_RESTS];

  for (int i = 0; i < N_RESTS; i++) {
    meeting m = { .n_wanted = n_threads };
    double start;

    nanosleep (&rest, NULL);
    start = lm_now_seconds ();
    lm_pool_run (pool, n_threads, meet, &m, NULL);
    took[i] = (lm_now_seconds () - start) * 1e9;
  }
  return get_median (took, N_RESTS);
}

int
main (int argc, char **argv)
{
  lm_topology topology;
  unsigned max;

  lm_topology_get (&topology);
  max = argc > 1 ? (unsigned) strtoul (argv[1], NULL, 10) : topology.n_logical;
  printf ("threads  empty ns  8 tasks each ns  all join ns  all join after a rest ns\n");
  for (unsigned n = 1; n <= max; n++) {
    lm_pool *pool = lm_pool_new (n);

    if (pool == NULL || lm_pool_get_n_threads (pool) != n) {
      printf ("The system gives no %u threads.\n", n);
      lm_pool_free (pool);
      return 1;
    }
    printf ("%7u %9.0f %16.0f %12.0f %25.0f\n", n, time_empty (pool, n),
            time_empty (pool, (size_t) 8 * n), time_meetings (pool, n), time_wakings (pool, n));
    fflush (stdout);
    lm_pool_free (pool);
  }
  return 0;
}
