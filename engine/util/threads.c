/* SPDX-License-Identifier: GPL-3.0-or-later
 * The worker pool: workers spin for a moment after a job, because decoding starts the next one
 * within microseconds, and then sleep, so that an idle model costs nothing.
 *
 * Caller and worker speak through one word, the worker's state, which only these steps change:
 *
 *   IDLE → POSTED       caller: there is a job (from ASLEEP as well, and then it wakes the worker)
 *   POSTED → WORKING    worker: takes part
 *   POSTED → IDLE       caller: all tasks are handed out before the worker came; it is not waited
 *                       for, so that a worker that the system has not let run costs nothing
 *   WORKING → IDLE      worker: has found no more tasks (from AWAITED as well, and then it wakes
 *                       the caller)
 *   IDLE → ASLEEP       worker: has spun for long enough
 *   WORKING → AWAITED   caller: has spun for long enough
 *   IDLE → QUIT         caller: the pool is freed (from ASLEEP as well) */
#include "util/threads.h"

#include <pthread.h>
#include <stdint.h>

#include "util/error.h"
#include "util/fast.h"
#include "util/measure.h"

/* How long a thread spins before it sleeps. Waking one costs some 50 µs in a virtual machine, and
 * workers have nothing to do for 1 to 100 µs while the caller normalises or attends alone. Four
 * wake-ups' worth of spinning covers that, and is all that a thread wastes after the last job or
 * when the one it waits for has lost its processor to another program. */
#define SPIN_NS 200000

/* Polls between two looks at the clock: 3 µs at most where a pause takes longest. */
#define POLLS 64

#define LINE_BYTES 64 /* of cache, as lm_aligned_alloc() aligns */

enum { IDLE, POSTED, WORKING, ASLEEP, AWAITED, QUIT };

/* The tasks that are left of a thread's share, on a line of its own: the first in the upper half,
 * the end in the lower one. Its thread takes from the front, the others from the back. */
typedef struct {
  _Alignas (LINE_BYTES) _Atomic uint64_t left;
} share;

/* Two lines, so that no state is on a line, or the one fetched with it, of another worker's. */
typedef struct {
  _Alignas (LINE_BYTES) atomic_uint state;
  pthread_mutex_t lock; /* held from falling asleep to waiting, and to wake */
  pthread_cond_t wake;
  lm_pool *pool;
  unsigned index;
  pthread_t thread;
} worker;

/* The job, on a line of its own: written before it is posted, not changed until nobody works. */
typedef struct {
  _Alignas (LINE_BYTES) share *shares; /* owned by the pool */
  unsigned n_shares;
  lm_task_fn task;
  void *data;
  const atomic_bool *cancel;
} job;

struct lm_pool {
  job job;
  _Alignas (LINE_BYTES) pthread_mutex_t run_lock; /* held for the whole of a job */
  unsigned n_workers;                             /* that were started */
  worker *workers;
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

/* ---- One worker's state ------------------------------------------------------------------- */

/* Returns when the state is another, or after SPIN_NS. */
static void
spin_while (const worker *w, unsigned state)
{
  uint64_t end = 0, now;

  do {
    for (int i = 0; i < POLLS; i++) {
      if (atomic_load_explicit (&w->state, memory_order_acquire) != state)
        return;
      relax ();
    }
    now = lm_now_ns ();
    end = end != 0 ? end : now + SPIN_NS;
  } while (now < end);
}

/* Returns when the state is neither that nor sleeping_state, which tells the other side to wake. */
static void
wait_while (worker *w, unsigned state, unsigned sleeping_state)
{
  unsigned seen = state;

  spin_while (w, state);
  if (atomic_load_explicit (&w->state, memory_order_acquire) != state)
    return;
  pthread_mutex_lock (&w->lock);
  if (atomic_compare_exchange_strong (&w->state, &seen, sleeping_state))
    while (atomic_load (&w->state) == sleeping_state)
      pthread_cond_wait (&w->wake, &w->lock);
  pthread_mutex_unlock (&w->lock);
}

/* Changes the state, and wakes the other side if it sleeps. */
static void
change (worker *w, unsigned state)
{
  unsigned former = atomic_exchange (&w->state, state);

  if (former == ASLEEP || former == AWAITED) {
    pthread_mutex_lock (&w->lock);
    pthread_cond_signal (&w->wake);
    pthread_mutex_unlock (&w->lock);
  }
}

/* ---- Working ------------------------------------------------------------------------------ */

static bool
take_first (share *own, size_t *task)
{
  uint64_t left = atomic_load_explicit (&own->left, memory_order_relaxed);

  do {
    if (left >> 32 >= (uint32_t) left)
      return false;
    *task = (size_t) (left >> 32);
  } while (!atomic_compare_exchange_weak_explicit (&own->left, &left, left + (UINT64_C (1) << 32),
                                                   memory_order_relaxed, memory_order_relaxed));
  return true;
}

static bool
take_last (share *other, size_t *task)
{
  uint64_t left = atomic_load_explicit (&other->left, memory_order_relaxed);

  do {
    if (left >> 32 >= (uint32_t) left)
      return false;
    *task = (size_t) (uint32_t) left - 1;
  } while (!atomic_compare_exchange_weak_explicit (&other->left, &left, left - 1,
                                                   memory_order_relaxed, memory_order_relaxed));
  return true;
}

/* Does its own share, then what is left of the others'. */
static void
work (const job *j, unsigned index)
{
  for (unsigned i = 0; i < j->n_shares; i++) {
    share *from = &j->shares[(index + i) % j->n_shares];
    size_t task;

    while (i == 0 ? take_first (from, &task) : take_last (from, &task)) {
      if (j->cancel != NULL && atomic_load_explicit (j->cancel, memory_order_relaxed))
        return;
      j->task (j->data, task, index);
    }
  }
}

static void *
run_worker (void *argument)
{
  worker *w = argument;

  lm_thread_keep_fast ();
  for (;;) {
    unsigned seen = POSTED;

    wait_while (w, IDLE, ASLEEP);
    if (atomic_compare_exchange_strong (&w->state, &seen, WORKING)) {
      work (&w->pool->job, w->index);
      change (w, IDLE);
    } else if (seen == QUIT) {
      return NULL;
    }
  }
}

/* Returns when the worker has done its share, or is not to have one. */
static void
collect (worker *w)
{
  unsigned seen = POSTED;

  if (!atomic_compare_exchange_strong (&w->state, &seen, IDLE) && seen == WORKING)
    wait_while (w, WORKING, AWAITED);
}

/* ---- The pool ----------------------------------------------------------------------------- */

static bool
start_worker (lm_pool *pool)
{
  worker *w = &pool->workers[pool->n_workers];

  w->pool = pool;
  w->index = pool->n_workers + 1;
  pthread_mutex_init (&w->lock, NULL);
  pthread_cond_init (&w->wake, NULL);
  if (pthread_create (&w->thread, NULL, run_worker, w) == 0) {
    pool->n_workers++;
    return true;
  }
  pthread_mutex_destroy (&w->lock);
  pthread_cond_destroy (&w->wake);
  return false;
}

lm_pool *
lm_pool_new (unsigned n_threads)
{
  lm_pool *pool = lm_aligned_alloc (1, sizeof *pool);

  if (pool == NULL)
    return NULL;
  n_threads = n_threads > 0 ? n_threads : 1;
  n_threads = n_threads < LM_POOL_MAX_THREADS ? n_threads : LM_POOL_MAX_THREADS;
  pthread_mutex_init (&pool->run_lock, NULL);
  pool->job.shares = lm_aligned_alloc (n_threads, sizeof *pool->job.shares);
  pool->workers = lm_aligned_alloc (n_threads, sizeof *pool->workers);
  if (pool->job.shares == NULL || pool->workers == NULL) {
    lm_pool_free (pool);
    return NULL;
  }
  while (pool->n_workers + 1 < n_threads && start_worker (pool))
    ;
  return pool;
}

void
lm_pool_free (lm_pool *pool)
{
  if (pool == NULL)
    return;
  for (unsigned i = 0; i < pool->n_workers; i++)
    change (&pool->workers[i], QUIT);
  for (unsigned i = 0; i < pool->n_workers; i++) {
    pthread_join (pool->workers[i].thread, NULL);
    pthread_mutex_destroy (&pool->workers[i].lock);
    pthread_cond_destroy (&pool->workers[i].wake);
  }
  pthread_mutex_destroy (&pool->run_lock);
  lm_aligned_free (pool->workers);
  lm_aligned_free (pool->job.shares);
  lm_aligned_free (pool);
}

unsigned
lm_pool_get_n_threads (const lm_pool *pool)
{
  return pool->n_workers + 1;
}

bool
lm_pool_run (lm_pool *pool, size_t n_tasks, lm_task_fn task, void *data, const atomic_bool *cancel)
{
  return lm_pool_run_on (pool, lm_pool_get_n_threads (pool), n_tasks, task, data, cancel);
}

bool
lm_pool_run_on (lm_pool *pool,
                unsigned n_threads,
                size_t n_tasks,
                lm_task_fn task,
                void *data,
                const atomic_bool *cancel)
{
  unsigned n_posted = n_threads > 0 ? n_threads - 1 : 0;

  n_posted = n_posted < pool->n_workers ? n_posted : pool->n_workers;
  if (n_tasks <= n_posted)
    n_posted = n_tasks > 0 ? (unsigned) n_tasks - 1 : 0;

  pthread_mutex_lock (&pool->run_lock);
  pool->job.n_shares = n_posted + 1;
  pool->job.task = task;
  pool->job.data = data;
  pool->job.cancel = cancel;
  for (uint64_t i = 0; i <= n_posted; i++)
    atomic_store_explicit (&pool->job.shares[i].left,
                           (i * n_tasks / (n_posted + 1)) << 32 |
                               ((i + 1) * n_tasks / (n_posted + 1)),
                           memory_order_relaxed);
  for (unsigned i = 0; i < n_posted; i++)
    change (&pool->workers[i], POSTED);
  work (&pool->job, 0);
  for (unsigned i = 0; i < n_posted; i++)
    collect (&pool->workers[i]);
  pthread_mutex_unlock (&pool->run_lock);
  return cancel == NULL || !atomic_load_explicit (cancel, memory_order_relaxed);
}
