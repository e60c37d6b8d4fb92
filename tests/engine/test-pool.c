/* SPDX-License-Identifier: GPL-3.0-or-later
 * The worker pool: every task once, on the threads allowed, woken from sleep, stopped, shared, and
 * costing nothing while idle. */
#include <pthread.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#include "check.h"
#include "util/threads.h"

#define MAX_TASKS   1000
#define MAX_THREADS 5

/* Longer than workers spin. */
static const struct timespec REST = { .tv_nsec = 3000000 };

static double
now_seconds (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

/* ---- Every task once ---------------------------------------------------------------------- */

typedef struct {
  unsigned char n_runs[MAX_TASKS];  /* plain memory: the pool orders the accesses */
  atomic_bool is_busy[MAX_THREADS]; /* by worker */
  atomic_uint n_wrong;
  unsigned n_threads;
} tally;

static void
count_run (void *data, size_t index, unsigned worker)
{
  tally *t = data;

  if (worker >= t->n_threads || atomic_exchange (&t->is_busy[worker], true)) {
    atomic_fetch_add (&t->n_wrong, 1);
    return;
  }
  t->n_runs[index]++;
  atomic_store (&t->is_busy[worker], false);
}

static void
check_job (lm_pool *pool, unsigned n_threads, size_t n_tasks)
{
  tally t = { .n_threads = n_threads };

  CHECK (lm_pool_run_on (pool, n_threads, n_tasks, count_run, &t, NULL), "nothing stopped it");
  CHECK (atomic_load (&t.n_wrong) == 0, "a worker that is too high or runs two tasks at once");
  for (size_t i = 0; i < MAX_TASKS; i++)
    CHECK (t.n_runs[i] == (i < n_tasks), "%zu tasks on %u threads: %zu ran %d times", n_tasks,
           n_threads, i, t.n_runs[i]);
}

static void
test_tasks (void)
{
  static const size_t N_TASKS[] = { 0, 1, 2, 3, 7, MAX_TASKS };

  for (unsigned n = 1; n <= MAX_THREADS; n++) {
    lm_pool *pool = lm_pool_new (n);

    CHECK (lm_pool_get_n_threads (pool) == n, "%u", lm_pool_get_n_threads (pool));
    for (size_t i = 0; i < sizeof N_TASKS / sizeof *N_TASKS; i++)
      for (unsigned limit = 1; limit <= n; limit++)
        check_job (pool, limit, N_TASKS[i]);
    lm_pool_free (pool);
  }
  lm_pool_free (NULL);
}

static void
count_slowly (void *data, size_t index, unsigned worker)
{
  nanosleep (&REST, NULL);
  count_run (data, index, worker);
}

/* Tasks that leave every thread the time to come. */
static void
test_limit (void)
{
  lm_pool *pool = lm_pool_new (4);

  for (unsigned limit = 1; limit <= 3; limit++) {
    tally t = { .n_threads = limit };

    lm_pool_run_on (pool, limit, 12, count_slowly, &t, NULL);
    CHECK (atomic_load (&t.n_wrong) == 0, "more than %u threads took part", limit);
  }
  lm_pool_free (pool);
}

/* Jobs that follow one another at once, which workers join, or come too late for, at any point. */
static void
test_many_jobs (void)
{
  lm_pool *pool = lm_pool_new (4);
  uint32_t random = 1;

  for (int i = 0; i < 20000; i++) {
    tally t = { .n_threads = 4 };
    size_t n_tasks = (random >> 16) % 9, n_runs = 0;

    random = random * 1664525 + 1013904223;
    lm_pool_run_on (pool, 1 + (random >> 8) % 4, n_tasks, count_run, &t, NULL);
    for (size_t j = 0; j < n_tasks; j++)
      n_runs += t.n_runs[j] == 1;
    CHECK (n_runs == n_tasks && atomic_load (&t.n_wrong) == 0, "job %d: %zu of %zu", i, n_runs,
           n_tasks);
  }
  lm_pool_free (pool);
}

/* ---- Threads that take part --------------------------------------------------------------- */

typedef struct {
  atomic_uint n_arrived;
  unsigned n_wanted;
  atomic_uint n_late; /* that gave up */
  bool has_rested;    /* plain: read after the job */
} meeting;

/* Waits until n_wanted threads are in the job, for ten seconds at most. */
static void
meet (void *data, size_t index, unsigned worker)
{
  meeting *m = data;
  double end = now_seconds (CLOCK_MONOTONIC) + 10;

  (void) index;
  (void) worker;
  atomic_fetch_add (&m->n_arrived, 1);
  while (atomic_load (&m->n_arrived) < m->n_wanted)
    if (now_seconds (CLOCK_MONOTONIC) > end) {
      atomic_fetch_add (&m->n_late, 1);
      return;
    }
}

static void
check_meeting (lm_pool *pool, unsigned n)
{
  meeting m = { .n_wanted = n };

  lm_pool_run_on (pool, n, n, meet, &m, NULL);
  CHECK (atomic_load (&m.n_late) == 0, "not all of %u threads took part", n);
}

static void
test_waking (void)
{
  lm_pool *pool = lm_pool_new (4);

  for (int i = 0; i < 20; i++) {
    check_meeting (pool, 4);
    check_meeting (pool, 2);
    nanosleep (&REST, NULL);
    check_meeting (pool, 2 + (unsigned) i % 3);
    nanosleep (&REST, NULL);
  }
  lm_pool_free (pool);
}

/* A task that lasts for longer than anyone spins, on the other thread. */
static void
rest (void *data, size_t index, unsigned worker)
{
  meeting *m = data;

  meet (data, index, worker);
  if (worker != 0) {
    nanosleep (&REST, NULL);
    m->has_rested = true;
  }
}

static void
test_long_task (void)
{
  lm_pool *pool = lm_pool_new (2);

  for (int i = 0; i < 20; i++) {
    meeting m = { .n_wanted = 2 };

    lm_pool_run (pool, 2, rest, &m, NULL);
    CHECK (m.has_rested, "the job ends with its last task");
  }
  lm_pool_free (pool);
}

/* ---- Stopping and sharing ----------------------------------------------------------------- */

typedef struct {
  atomic_bool cancel;
  atomic_uint n_runs;
} stopping;

static void
stop_at_once (void *data, size_t index, unsigned worker)
{
  stopping *s = data;

  (void) index;
  (void) worker;
  atomic_fetch_add (&s->n_runs, 1);
  atomic_store (&s->cancel, true);
}

static void
test_cancel (void)
{
  lm_pool *pool = lm_pool_new (3);
  stopping s = { 0 };

  CHECK (!lm_pool_run (pool, MAX_TASKS, stop_at_once, &s, &s.cancel), "it was stopped");
  CHECK (atomic_load (&s.n_runs) >= 1 && atomic_load (&s.n_runs) <= 3, "%u tasks ran",
         atomic_load (&s.n_runs));
  atomic_store (&s.n_runs, 0);
  CHECK (!lm_pool_run (pool, MAX_TASKS, stop_at_once, &s, &s.cancel), "it is stopped");
  CHECK (atomic_load (&s.n_runs) == 0, "%u tasks ran", atomic_load (&s.n_runs));
  atomic_store (&s.cancel, false);
  check_job (pool, 3, MAX_TASKS);
  lm_pool_free (pool);
}

static void *
use_pool (void *pool)
{
  for (int i = 0; i < 300; i++)
    check_job (pool, 3, 50);
  return NULL;
}

static void
test_shared (void)
{
  lm_pool *pool = lm_pool_new (3);
  pthread_t users[3];

  for (int i = 0; i < 3; i++)
    pthread_create (&users[i], NULL, use_pool, pool);
  for (int i = 0; i < 3; i++)
    pthread_join (users[i], NULL);
  lm_pool_free (pool);
}

/* ---- Idleness ----------------------------------------------------------------------------- */

/* Seconds of processor time that the whole process has used. */
static double
get_used (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static void
test_idle (void)
{
  const struct timespec idleness = { .tv_nsec = 300000000 };
  lm_pool *pool = lm_pool_new (4);
  double used;

  for (int i = 0; i < 50; i++)
    check_meeting (pool, 4);
  used = get_used ();
  nanosleep (&idleness, NULL);
  used = get_used () - used;
  CHECK (used < 0.01, "%.4f s of processor time in 0.3 s of idleness", used);
  lm_pool_free (pool);
}

/* Half of the pool works all the time: the other half may sleep. */
static void
test_idle_half (void)
{
  lm_pool *pool = lm_pool_new (4);
  double start = now_seconds (CLOCK_MONOTONIC), used = get_used ();
  double mine = now_seconds (CLOCK_THREAD_CPUTIME_ID);

  while (now_seconds (CLOCK_MONOTONIC) < start + 0.3) {
    tally t = { .n_threads = 1 };

    lm_pool_run_on (pool, 1, MAX_TASKS, count_run, &t, NULL);
  }
  used = get_used () - used - (now_seconds (CLOCK_THREAD_CPUTIME_ID) - mine);
  CHECK (used < 0.015, "%.4f s of processor time on threads that were not asked", used);
  lm_pool_free (pool);
}

int
main (void)
{
  static const check_test tests[] = {
    { "every task runs once", test_tasks },
    { "a job may be kept to some threads", test_limit },
    { "thousands of jobs in a row", test_many_jobs },
    { "workers that sleep are woken", test_waking },
    { "a job waits for its longest task", test_long_task },
    { "a job is stopped", test_cancel },
    { "several threads share a pool", test_shared },
    { "an idle pool costs nothing", test_idle },
    { "threads that a job may not use cost nothing", test_idle_half },
  };

  return check_main (tests, sizeof tests / sizeof tests[0]);
}
