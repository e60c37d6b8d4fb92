/* SPDX-License-Identifier: GPL-3.0-or-later
 * The processor's cores, and how many threads to start on them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What this process may run on. A limit on processor time (a container's quota) is not looked at:
 * whoever knows of one says how many threads to use. */
typedef struct {
  unsigned n_logical;     /* processors, hyper-threads counted each; ≥ 1 */
  unsigned n_performance; /* cores, hyper-threads of one counted once */
  unsigned n_efficiency;  /* slower cores beside them; with the others 1 … n_logical */
} lm_topology;

/* This computer's. Where the system does not say, every processor is taken for a core. */
void lm_topology_get (lm_topology *topology);

/* Threads to decode and to prefill with on it; ≥ 1. */
unsigned lm_topology_choose_decode (const lm_topology *topology);
unsigned lm_topology_choose_prefill (const lm_topology *topology);

/* How many threads to use, the caller included; each 1 … LM_POOL_MAX_THREADS. */
typedef struct {
  unsigned decode;
  unsigned prefill;
  unsigned most; /* of the two: the pool's */
} lm_threads;

/* On this computer, for what was asked for (0 or less: nothing). A number for decoding alone bounds
 * the threads of prefill too: it may stand for a limit that the engine does not know of. */
lm_threads lm_threads_choose (int decode, int prefill);

/* ---- For systems with a folder like Linux's /sys ------------------------------------------- */

#define LM_MAX_PROCESSORS 4096

typedef struct {
  uint64_t bits[LM_MAX_PROCESSORS / 64];
} lm_processors;

static inline bool
lm_processors_has (const lm_processors *set, unsigned processor)
{
  return processor < LM_MAX_PROCESSORS && (set->bits[processor / 64] >> (processor % 64) & 1) != 0;
}

static inline void
lm_processors_add (lm_processors *set, unsigned processor)
{
  if (processor < LM_MAX_PROCESSORS)
    set->bits[processor / 64] |= UINT64_C (1) << (processor % 64);
}

/* Reads what the folder sys says about the allowed processors, of which there is one at least. A
 * file that is missing or makes no sense is as if it were not there. */
void lm_topology_read_sys (const char *sys, const lm_processors *allowed, lm_topology *topology);
