/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the probes share: passes until the time is up, memory read round and round. */
#pragma once

#include "lm.h"
#include "probe/read.h"
#include "util/threads.h"

/* One pass, of about pass_seconds, in one of several ways: does some work in the pool and returns
 * how much, in bytes or multiply-adds. */
typedef uint64_t (*lm_probe_pass_fn) (void *data, size_t way, double pass_seconds);

/* That a rate is the median of, and in each way to find the fastest. */
#define LM_PROBE_PASSES 12
#define LM_PROBE_TRIES  2

/* Says that another pass was made; false: there shall be no more. */
typedef bool (*lm_probe_tell_fn) (void *data);

/* Checks options. LM_ERROR_ARGUMENT. */
lm_status lm_probe_check (const lm_probe_options *options, lm_error *error);

/* The same, and makes a pool of the threads that they ask for. LM_ERROR_MEMORY. */
lm_status lm_probe_begin (const lm_probe_options *options, lm_pool **pool, lm_error *error);

/* The seconds that options ask for. */
double lm_probe_get_seconds (const lm_probe_options *options);

/* Tells who wants to know how far it is; false: it shall stop. */
bool lm_probe_tell (const lm_probe_options *options, uint64_t done, uint64_t total);

/* Writes LM_ERROR_CANCELLED, and returns it. */
lm_status lm_probe_fail_stopped (lm_error *error);

/* Makes LM_PROBE_TRIES passes in each of n_ways ways, in turn and within the time, and returns the
 * way of the fastest; n_ways where tell stopped it. */
size_t lm_probe_find_way (size_t n_ways,
                          lm_probe_pass_fn pass,
                          void *data,
                          double seconds,
                          lm_probe_tell_fn tell,
                          void *tell_data);

/* Makes LM_PROBE_PASSES passes, in way 0, within the options' time, and writes their median rate.
 * Tells progress after each. LM_ERROR_CANCELLED. */
lm_status lm_probe_run (const lm_probe_options *options,
                        lm_probe_pass_fn pass,
                        void *data,
                        double *rate,
                        lm_error *error);

/* What a thread takes of memory at a time: long enough to stream, and so short that a thread which
 * another program holds up does not make the others wait. */
#define LM_PROBE_CHUNK_BYTES ((size_t) 2 << 20)

/* Memory that the pool reads round and round. */
typedef struct {
  lm_pool *pool;
  unsigned n_threads;    /* of the pool's, to read with */
  const uint8_t *memory; /* n_chunks × chunk_bytes */
  size_t n_chunks;
  size_t chunk_bytes; /* LM_PROBE_CHUNK_BYTES, or less where the memory is smaller */
  lm_read_fn ways[LM_MAX_READ_WAYS];
  size_t n_ways;
  lm_read_fn way; /* of this pass */
  size_t first;   /* chunk of this job */
} lm_reading;

/* Reading memory, but for what is left behind the last whole chunk, in all ways that this computer
 * has, with n_threads of the pool. bytes: LM_READ_STEP at least. */
lm_reading
lm_reading_make (lm_pool *pool, unsigned n_threads, const uint8_t *memory, uint64_t bytes);

/* A pass of an lm_reading: goes on where the last one ended, and returns how many bytes it read. */
uint64_t lm_reading_pass (void *reading, size_t way, double pass_seconds);
