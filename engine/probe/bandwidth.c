/* SPDX-License-Identifier: GPL-3.0-or-later
 * The probe of the memory's read bandwidth, with memory of its own or a model's. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "probe/probe.h"
#include "util/error.h"
#include "util/measure.h"
#include "util/pages.h"

#define CHUNKS_A_JOB ((size_t) 32) /* handed out at once, between two looks at the clock */

static void
read_chunk (void *data, size_t index, unsigned worker)
{
  const lm_reading *r = data;
  size_t chunk = (r->first + index) % r->n_chunks;

  (void) worker;
  r->way (r->memory + chunk * r->chunk_bytes, r->chunk_bytes);
}

lm_reading
lm_reading_make (lm_pool *pool, unsigned n_threads, const uint8_t *memory, uint64_t bytes)
{
  lm_reading r = { .pool = pool, .n_threads = n_threads, .memory = memory };

  r.chunk_bytes = bytes < LM_PROBE_CHUNK_BYTES ? (size_t) bytes / LM_READ_STEP * LM_READ_STEP
                                               : LM_PROBE_CHUNK_BYTES;
  r.n_chunks = r.chunk_bytes > 0 ? (size_t) (bytes / r.chunk_bytes) : 0;
  r.n_ways = lm_read_list_ways (r.ways);
  return r;
}

/* The next n chunks, together. */
static uint64_t
read_chunks (lm_reading *r, size_t n)
{
  lm_pool_run_on (r->pool, r->n_threads, n, read_chunk, r, NULL);
  r->first = (r->first + n) % r->n_chunks;
  return n * r->chunk_bytes;
}

uint64_t
lm_reading_pass (void *reading, size_t way, double pass_seconds)
{
  lm_reading *r = reading;
  double end = lm_now_seconds () + pass_seconds;
  uint64_t bytes = 0;

  r->way = r->ways[way];
  do
    bytes += read_chunks (r, CHUNKS_A_JOB);
  while (lm_now_seconds () < end);
  return bytes;
}

static void
fill_chunk (void *data, size_t index, unsigned worker)
{
  uint8_t *memory = data;

  (void) worker;
  memset (memory + index * LM_PROBE_CHUNK_BYTES, 1, LM_PROBE_CHUNK_BYTES);
}

/* LM_PROBE_BYTES of pages of their own: those that nobody has written to may all be one and the
 * same. NULL: out of memory. */
static uint8_t *
make_memory (lm_pool *pool)
{
  uint8_t *memory = lm_pages_alloc (LM_PROBE_BYTES);

  if (memory != NULL)
    lm_pool_run (pool, LM_PROBE_BYTES / LM_PROBE_CHUNK_BYTES, fill_chunk, memory, NULL);
  return memory;
}

struct lm_read_probe {
  lm_pool *pool;
  uint8_t *made; /* NULL: the weights of a model are read */
  lm_reading reading;
  size_t way;
};

/* Passes that were made to find the fastest way, and who wants to know. */
typedef struct {
  const lm_probe_options *options;
  uint64_t done;
  uint64_t total;
} passes;

static bool
tell_pass (void *data)
{
  passes *p = data;

  return lm_probe_tell (p->options, ++p->done, p->total);
}

static lm_status
set_up (lm_read_probe *probe, const lm_probe_options *options, lm_error *error)
{
  const lm_weights *weights = options->model != NULL ? &options->model->weights : NULL;
  passes p = { .options = options };
  lm_reading *r = &probe->reading;
  lm_status status;

  if (weights != NULL && weights->memory_bytes < LM_READ_STEP)
    return lm_fail (error, LM_ERROR_ARGUMENT, NULL, 0, "The model is not open in full.");
  status = lm_probe_begin (options, &probe->pool, error);
  if (status != LM_OK)
    return status;
  if (weights == NULL && (probe->made = make_memory (probe->pool)) == NULL)
    return lm_fail (error, LM_ERROR_MEMORY, NULL, (int64_t) LM_PROBE_BYTES,
                    "There is not enough memory.");
  *r = lm_reading_make (probe->pool, lm_pool_get_n_threads (probe->pool),
                        weights != NULL ? weights->memory : probe->made,
                        weights != NULL ? weights->memory_bytes : LM_PROBE_BYTES);
  p.total = r->n_ways * LM_PROBE_TRIES;
  probe->way = lm_probe_find_way (r->n_ways, lm_reading_pass, r, lm_probe_get_seconds (options),
                                  tell_pass, &p);
  if (probe->way == r->n_ways)
    return lm_probe_fail_stopped (error);
  return LM_OK;
}

lm_read_probe *
lm_read_probe_open (const lm_probe_options *options, lm_error *error)
{
  static const lm_probe_options defaults = { 0 };
  lm_read_probe *probe = calloc (1, sizeof *probe);

  if (probe == NULL) {
    lm_fail (error, LM_ERROR_MEMORY, NULL, (int64_t) sizeof *probe, "There is not enough memory.");
    return NULL;
  }
  if (set_up (probe, options != NULL ? options : &defaults, error) == LM_OK)
    return probe;
  lm_read_probe_close (probe);
  return NULL;
}

void
lm_read_probe_close (lm_read_probe *probe)
{
  if (probe == NULL)
    return;
  lm_pages_free (probe->made, LM_PROBE_BYTES);
  lm_pool_free (probe->pool);
  free (probe);
}

uint64_t
lm_read_probe_look (lm_read_probe *probe, uint64_t bytes, double *took)
{
  lm_reading *r = &probe->reading;
  double start = lm_now_seconds ();
  uint64_t left = bytes > 0 ? (bytes - 1) / r->chunk_bytes + 1 : 1, done = 0; /* chunks, bytes */

  r->way = r->ways[probe->way];
  for (size_t n; left > 0; left -= n) {
    n = left < CHUNKS_A_JOB ? (size_t) left : CHUNKS_A_JOB;
    done += read_chunks (r, n);
  }
  *took = lm_now_seconds () - start;
  return done;
}
