/* SPDX-License-Identifier: GPL-3.0-or-later
 * The worker pool: workers spin for a moment after a job, because decoding starts the next one
 * within microseconds, and then sleep, so that an idle model costs nothing. */
#ifdef __linux__
#define _GNU_SOURCE
#include <sched.h>
#endif
#include "util/threads.h"

#include <pthread.h>
#include <stdlib.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <unistd.h>
#endif

#define SPINS 2000 /* ≈ 50 µs of pause instructions */

struct lm_pool {
  unsigned n_threads; /* workers + the caller */
  unsigned n_started;
  pthread_t *threads;
  struct worker *workers;

  pthread_mutex_t run_lock; /* held for the whole of a job */
  pthread_mutex_t lock;     /* guards the two conditions */
  pthread_cond_t start;
  pthread_cond_t done;

  atomic_uint epoch;  /* counts jobs; what workers wait on */
  atomic_uint n_busy; /* workers that have not finished the job */
  atomic_size_t next; /* the next task */
  atomic_bool quit;

  /* The job: written before epoch is raised, read after it is seen. */
  size_t n_tasks;
  lm_task_fn task;
  void *data;
  const atomic_bool *cancel;
};

struct worker {
  lm_pool *pool;
  unsigned index;
};

static inline void
relax (void)
{
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause ();
#elif defined(__aarch64__)
  __asm__ volatile ("yield");
#endif
}

static void
work (lm_pool *pool, unsigned worker)
{
  for (;;) {
    size_t index;

    if (pool->cancel != NULL && atomic_load_explicit (pool->cancel, memory_order_relaxed))
      return;
    index = atomic_fetch_add_explicit (&pool->next, 1, memory_order_relaxed);
    if (index >= pool->n_tasks)
      return;
    pool->task (pool->data, index, worker);
  }
}

/* Waits for a job later than seen and returns its number. */
static unsigned
wait_for_job (lm_pool *pool, unsigned seen)
{
  unsigned epoch;

  for (int i = 0; i < SPINS; i++) {
    epoch = atomic_load_explicit (&pool->epoch, memory_order_acquire);
    if (epoch != seen)
      return epoch;
    relax ();
  }
  pthread_mutex_lock (&pool->lock);
  while ((epoch = atomic_load_explicit (&pool->epoch, memory_order_acquire)) == seen)
    pthread_cond_wait (&pool->start, &pool->lock);
  pthread_mutex_unlock (&pool->lock);
  return epoch;
}

static void *
run_worker (void *argument)
{
  struct worker *worker = argument;
  lm_pool *pool = worker->pool;
  unsigned seen = 0;

  for (;;) {
    seen = wait_for_job (pool, seen);
    if (atomic_load (&pool->quit))
      return NULL;
    work (pool, worker->index);
    if (atomic_fetch_sub_explicit (&pool->n_busy, 1, memory_order_acq_rel) == 1) {
      pthread_mutex_lock (&pool->lock);
      pthread_cond_signal (&pool->done);
      pthread_mutex_unlock (&pool->lock);
    }
  }
}

static void
wake_workers (lm_pool *pool)
{
  pthread_mutex_lock (&pool->lock);
  atomic_fetch_add_explicit (&pool->epoch, 1, memory_order_release);
  pthread_cond_broadcast (&pool->start);
  pthread_mutex_unlock (&pool->lock);
}

static void
wait_for_workers (lm_pool *pool)
{
  for (int i = 0; i < SPINS; i++) {
    if (atomic_load_explicit (&pool->n_busy, memory_order_acquire) == 0)
      return;
    relax ();
  }
  pthread_mutex_lock (&pool->lock);
  while (atomic_load_explicit (&pool->n_busy, memory_order_acquire) != 0)
    pthread_cond_wait (&pool->done, &pool->lock);
  pthread_mutex_unlock (&pool->lock);
}

lm_pool *
lm_pool_new (unsigned n_threads)
{
  lm_pool *pool = calloc (1, sizeof *pool);

  if (pool == NULL)
    return NULL;
  pthread_mutex_init (&pool->run_lock, NULL);
  pthread_mutex_init (&pool->lock, NULL);
  pthread_cond_init (&pool->start, NULL);
  pthread_cond_init (&pool->done, NULL);
  pool->n_threads = 1;
  if (n_threads > 1) {
    pool->threads = calloc (n_threads - 1, sizeof *pool->threads);
    pool->workers = calloc (n_threads - 1, sizeof *pool->workers);
    if (pool->threads == NULL || pool->workers == NULL) {
      lm_pool_free (pool);
      return NULL;
    }
    for (unsigned i = 0; i < n_threads - 1; i++) {
      pool->workers[i] = (struct worker) { pool, i + 1 };
      if (pthread_create (&pool->threads[i], NULL, run_worker, &pool->workers[i]) != 0)
        break;
      pool->n_started++;
    }
    pool->n_threads = pool->n_started + 1;
  }
  return pool;
}

void
lm_pool_free (lm_pool *pool)
{
  if (pool == NULL)
    return;
  atomic_store (&pool->quit, true);
  wake_workers (pool);
  for (unsigned i = 0; i < pool->n_started; i++)
    pthread_join (pool->threads[i], NULL);
  pthread_mutex_destroy (&pool->run_lock);
  pthread_mutex_destroy (&pool->lock);
  pthread_cond_destroy (&pool->start);
  pthread_cond_destroy (&pool->done);
  free (pool->threads);
  free (pool->workers);
  free (pool);
}

unsigned
lm_pool_get_n_threads (const lm_pool *pool)
{
  return pool->n_threads;
}

bool
lm_pool_run (lm_pool *pool, size_t n_tasks, lm_task_fn task, void *data, const atomic_bool *cancel)
{
  pthread_mutex_lock (&pool->run_lock);
  pool->n_tasks = n_tasks;
  pool->task = task;
  pool->data = data;
  pool->cancel = cancel;
  atomic_store_explicit (&pool->next, 0, memory_order_relaxed);
  if (pool->n_started > 0 && n_tasks > 1) {
    atomic_store_explicit (&pool->n_busy, pool->n_started, memory_order_relaxed);
    wake_workers (pool);
    work (pool, 0);
    wait_for_workers (pool);
  } else {
    work (pool, 0);
  }
  pthread_mutex_unlock (&pool->run_lock);
  return cancel == NULL || !atomic_load_explicit (cancel, memory_order_relaxed);
}

unsigned
lm_cpu_count (void)
{
#if defined(_WIN32)
  SYSTEM_INFO info;

  GetSystemInfo (&info);
  return info.dwNumberOfProcessors > 0 ? (unsigned) info.dwNumberOfProcessors : 1;
#else
  long n = -1;

#ifdef __linux__
  cpu_set_t set;

  if (sched_getaffinity (0, sizeof set, &set) == 0)
    n = CPU_COUNT (&set);
#endif
  if (n < 1)
    n = sysconf (_SC_NPROCESSORS_ONLN);
  return n < 1 ? 1 : (unsigned) n;
#endif
}
