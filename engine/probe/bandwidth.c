/* SPDX-License-Identifier: GPL-3.0-or-later
 * The probe of the memory's read bandwidth. */
#include <string.h>

#include "probe/probe.h"
#include "probe/read.h"
#include "util/error.h"
#include "util/pages.h"

/* What a thread takes at a time: long enough to stream, and so short that a thread which another
 * program holds up does not make the others wait. */
#define CHUNK_BYTES  ((size_t) 2 << 20)
#define N_CHUNKS     ((size_t) (LM_PROBE_BYTES / CHUNK_BYTES))
#define CHUNKS_A_JOB ((size_t) 32) /* between two looks at the clock */

typedef struct {
  lm_pool *pool;
  uint8_t *memory; /* LM_PROBE_BYTES, owned */
  lm_read_fn ways[LM_MAX_READ_WAYS];
  size_t n_ways;
  lm_read_fn way; /* of this pass */
  size_t first;   /* chunk of this job */
} probe;

static void
fill_chunk (void *data, size_t index, unsigned worker)
{
  probe *p = data;

  (void) worker;
  memset (p->memory + index * CHUNK_BYTES, 1, CHUNK_BYTES);
}

static void
read_chunk (void *data, size_t index, unsigned worker)
{
  probe *p = data;

  (void) worker;
  p->way (p->memory + (p->first + index) * CHUNK_BYTES, CHUNK_BYTES);
}

/* Reads the memory round and round until the time is up. */
static uint64_t
read_pass (void *data, unsigned index, double pass_seconds)
{
  probe *p = data;
  double end = lm_probe_now_seconds () + pass_seconds;
  uint64_t bytes = 0;

  p->way = p->ways[index % p->n_ways];
  do {
    lm_pool_run (p->pool, CHUNKS_A_JOB, read_chunk, p, NULL);
    p->first = (p->first + CHUNKS_A_JOB) % N_CHUNKS;
    bytes += CHUNKS_A_JOB * CHUNK_BYTES;
  } while (lm_probe_now_seconds () < end);
  return bytes;
}

lm_status
lm_probe_read_bandwidth (const lm_probe_options *options, double *bytes_per_second, lm_error *error)
{
  static const lm_probe_options defaults = { 0 };
  probe p = { 0 };
  lm_status status;

  options = options != NULL ? options : &defaults;
  *bytes_per_second = 0;
  status = lm_probe_begin (options, &p.pool, error);
  if (status != LM_OK)
    return status;
  p.memory = lm_pages_alloc (LM_PROBE_BYTES);
  if (p.memory == NULL) {
    lm_pool_free (p.pool);
    return lm_fail (error, LM_ERROR_MEMORY, NULL, (int64_t) LM_PROBE_BYTES,
                    "There is not enough memory.");
  }
  p.n_ways = lm_read_list_ways (p.ways);
  /* Pages that nobody has written to may all be one and the same. */
  lm_pool_run (p.pool, N_CHUNKS, fill_chunk, &p, NULL);
  status = lm_probe_run (options, read_pass, &p, bytes_per_second, error);
  lm_pages_free (p.memory, LM_PROBE_BYTES);
  lm_pool_free (p.pool);
  return status;
}
