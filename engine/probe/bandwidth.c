/* SPDX-License-Identifier: GPL-3.0-or-later
 * The probe of the memory's read bandwidth. */
#include <string.h>

#include "probe/probe.h"
#include "util/error.h"
#include "util/pages.h"

#define N_CHUNKS     ((size_t) (LM_PROBE_BYTES / LM_PROBE_CHUNK_BYTES))
#define CHUNKS_A_JOB ((size_t) 32) /* between two looks at the clock */

static void
read_chunk (void *data, size_t index, unsigned worker)
{
  const lm_reading *r = data;
  size_t chunk = (r->first + index) % r->n_chunks;

  (void) worker;
  r->way (r->memory + chunk * LM_PROBE_CHUNK_BYTES, LM_PROBE_CHUNK_BYTES);
}

uint64_t
lm_reading_pass (lm_reading *reading, double pass_seconds)
{
  double end = lm_probe_now_seconds () + pass_seconds;
  uint64_t bytes = 0;

  do {
    lm_pool_run_on (reading->pool, reading->n_threads, CHUNKS_A_JOB, read_chunk, reading, NULL);
    reading->first = (reading->first + CHUNKS_A_JOB) % reading->n_chunks;
    bytes += CHUNKS_A_JOB * LM_PROBE_CHUNK_BYTES;
  } while (lm_probe_now_seconds () < end);
  return bytes;
}

typedef struct {
  lm_reading reading;
  uint8_t *memory; /* LM_PROBE_BYTES, owned */
  lm_read_fn ways[LM_MAX_READ_WAYS];
} probe;

static void
fill_chunk (void *data, size_t index, unsigned worker)
{
  probe *p = data;

  (void) worker;
  memset (p->memory + index * LM_PROBE_CHUNK_BYTES, 1, LM_PROBE_CHUNK_BYTES);
}

static uint64_t
read_pass (void *data, size_t way, double pass_seconds)
{
  probe *p = data;

  p->reading.way = p->ways[way];
  return lm_reading_pass (&p->reading, pass_seconds);
}

lm_status
lm_probe_read_bandwidth (const lm_probe_options *options, double *bytes_per_second, lm_error *error)
{
  static const lm_probe_options defaults = { 0 };
  probe p = { 0 };
  lm_pool *pool;
  size_t n_ways;
  lm_status status;

  options = options != NULL ? options : &defaults;
  *bytes_per_second = 0;
  status = lm_probe_begin (options, &pool, error);
  if (status != LM_OK)
    return status;
  p.memory = lm_pages_alloc (LM_PROBE_BYTES);
  if (p.memory == NULL) {
    lm_pool_free (pool);
    return lm_fail (error, LM_ERROR_MEMORY, NULL, (int64_t) LM_PROBE_BYTES,
                    "There is not enough memory.");
  }
  n_ways = lm_read_list_ways (p.ways);
  p.reading = (lm_reading) {
    .pool = pool,
    .n_threads = lm_pool_get_n_threads (pool),
    .memory = p.memory,
    .n_chunks = N_CHUNKS,
  };
  /* Pages that nobody has written to may all be one and the same. */
  lm_pool_run (pool, N_CHUNKS, fill_chunk, &p, NULL);
  status = lm_probe_run (options, n_ways, read_pass, &p, bytes_per_second, error);
  lm_pages_free (p.memory, LM_PROBE_BYTES);
  lm_pool_free (pool);
  return status;
}
