/* SPDX-License-Identifier: GPL-3.0-or-later
 * A fixed pool of worker threads that share out the tasks of one job at a time. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define LM_POOL_MAX_THREADS 1024

typedef struct lm_pool lm_pool;

/* Task index of a job. worker: 0 … n_threads − 1, for scratch memory; the caller of lm_pool_run()
 * is worker 0. */
typedef void (*lm_task_fn) (void *data, size_t index, unsigned worker);

/* n_threads counts the caller, so one means no extra thread; LM_POOL_MAX_THREADS at most. Where the
 * system refuses threads the pool has fewer. NULL: out of memory. */
lm_pool *lm_pool_new (unsigned n_threads);
void lm_pool_free (lm_pool *pool); /* NULL allowed; no job may be running */
unsigned lm_pool_get_n_threads (const lm_pool *pool);

/* Calls task for every index below n_tasks (≤ UINT32_MAX), each once, and returns when all are
 * done. Each thread has a share of neighbouring tasks, which it does in their order, so that it
 * reads memory from end to end; one that is through takes over what others have not come to.
 * Once cancel (NULL allowed) is set the rest is skipped; the result says whether everything ran.
 * Jobs from several threads queue up. */
bool
lm_pool_run (lm_pool *pool, size_t n_tasks, lm_task_fn task, void *data, const atomic_bool *cancel);

/* The same on n_threads of the pool's at most, the caller included: the others sleep on. */
bool lm_pool_run_on (lm_pool *pool,
                     unsigned n_threads,
                     size_t n_tasks,
                     lm_task_fn task,
                     void *data,
                     const atomic_bool *cancel);
