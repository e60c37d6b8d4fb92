/* SPDX-License-Identifier: GPL-3.0-or-later
 * How many threads suit a processor, and looking at it where no file of its own does. */
#ifdef __linux__
#define _GNU_SOURCE
#include <sched.h>
#endif
#include "util/topology.h"

#include "util/threads.h"

#ifndef _WIN32
#include <unistd.h>
#endif

/* Performance cores that read memory as fast as it can be read: one of them streams 10 to 25 GB/s,
 * and the memory of a desktop, laptop or telephone gives 30 to 100. */
#define ENOUGH_TO_STREAM 4

/* Decoding waits for memory. A second thread of a core waits for the same, and once there are
 * enough performance cores the slower ones add little but a later end of each of the hundreds of
 * jobs of a token; left alone, they keep the computer usable. */
unsigned
lm_topology_choose_decode (const lm_topology *topology)
{
  if (topology->n_performance >= ENOUGH_TO_STREAM)
    return topology->n_performance;
  return topology->n_performance + topology->n_efficiency;
}

/* Prefill computes, and tasks are handed out one by one, so that slower cores do what they can. Not
 * hyper-threads: the integer dot products of one thread already keep a core's multipliers busy, and
 * a second one would halve the cache that each tile is made for. */
unsigned
lm_topology_choose_prefill (const lm_topology *topology)
{
  return topology->n_performance + topology->n_efficiency;
}

static unsigned
limit_threads (unsigned n)
{
  return n < LM_POOL_MAX_THREADS ? n : LM_POOL_MAX_THREADS;
}

lm_threads
lm_threads_choose (int decode, int prefill)
{
  lm_topology topology;
  lm_threads threads;

  lm_topology_get (&topology);
  threads.decode = lm_topology_choose_decode (&topology);
  threads.prefill = lm_topology_choose_prefill (&topology);
  if (decode > 0)
    threads.decode = threads.prefill = (unsigned) decode;
  if (prefill > 0)
    threads.prefill = (unsigned) prefill;
  threads.decode = limit_threads (threads.decode);
  threads.prefill = limit_threads (threads.prefill);
  threads.most = threads.decode > threads.prefill ? threads.decode : threads.prefill;
  return threads;
}

#if !defined(_WIN32) && !defined(__APPLE__)

static void
get_online (lm_topology *topology)
{
  long n = sysconf (_SC_NPROCESSORS_ONLN);
  unsigned n_online = n < 1 ? 1 : n < LM_MAX_PROCESSORS ? (unsigned) n : LM_MAX_PROCESSORS;

  *topology = (lm_topology) { .n_logical = n_online, .n_performance = n_online };
}

#ifdef __linux__
void
lm_topology_get (lm_topology *topology)
{
  /* A kernel that knows more processors than a cpu_set_t refuses one, but not a larger array. */
  cpu_set_t sets[LM_MAX_PROCESSORS / CPU_SETSIZE];
  lm_processors allowed = { 0 };
  bool any = false;

  CPU_ZERO_S (sizeof sets, sets);
  if (sched_getaffinity (0, sizeof sets, sets) == 0)
    for (unsigned i = 0; i < LM_MAX_PROCESSORS; i++)
      if (CPU_ISSET_S (i, sizeof sets, sets)) {
        lm_processors_add (&allowed, i);
        any = true;
      }
  if (any)
    lm_topology_read_sys ("/sys", &allowed, topology);
  else
    get_online (topology);
}
#else
void
lm_topology_get (lm_topology *topology)
{
  get_online (topology);
}
#endif
#endif
