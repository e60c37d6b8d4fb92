/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attention in chunks: handing them out and putting them together. */
#include "model/attention.h"

#include <math.h>
#include <string.h>

#define SCORES_FLOATS ((size_t) LM_ATTEND_QUERIES * LM_ATTEND_CHUNK)

/* Between the scratch of two threads: a page. Each is written to all the time, and processors bring
 * lines beyond what they read or write, so that nearer ones are taken from one another. */
#define GAP_FLOATS ((size_t) 1024)

/* Of one query and chunk: out, then max and sum, padded to a multiple of 64 bytes. */
static size_t
part_floats (const lm_hparams *h)
{
  return ((size_t) h->head_dim + 2 + 15) / 16 * 16;
}

static size_t
count_chunks (size_t n_positions)
{
  return (n_positions + LM_ATTEND_CHUNK - 1) / LM_ATTEND_CHUNK;
}

size_t
lm_attention_scratch_floats (const lm_hparams *hparams)
{
  return SCORES_FLOATS + 2 * LM_ATTEND_QUERIES * part_floats (hparams) + GAP_FLOATS;
}

uint64_t
lm_attention_parts_floats (const lm_hparams *hparams, uint32_t n_ctx)
{
  return (uint64_t) count_chunks (n_ctx) * LM_SPLIT_TOKENS * hparams->n_heads *
         part_floats (hparams);
}

static size_t
head_offset (const lm_attention *a, size_t token, size_t head)
{
  return (token * a->hparams->n_heads + head) * a->hparams->head_dim;
}

/* ---- Chunks ------------------------------------------------------------------------------- */

/* Up to LM_ATTEND_QUERIES heads of a token, from head first on, over one chunk; what becomes of
 * them goes to parts, stride floats apart. */
static void
attend_chunk (const lm_attention *a,
              size_t token,
              uint32_t first,
              uint32_t n,
              size_t chunk,
              float *scores,
              float *parts,
              size_t stride)
{
  const lm_hparams *h = a->hparams;
  uint32_t kv_head = first / (h->n_heads / h->n_kv_heads);
  size_t begin = chunk * LM_ATTEND_CHUNK, end = a->n_past + token + 1;
  size_t n_positions = end - begin < LM_ATTEND_CHUNK ? end - begin : LM_ATTEND_CHUNK;
  lm_kv_span span = lm_kv_cache_get_span (a->cache, a->layer, kv_head, begin, n_positions);
  lm_query queries[LM_ATTEND_QUERIES];

  for (uint32_t i = 0; i < n; i++)
    queries[i] =
        (lm_query) { .q = a->q + head_offset (a, token, first + i), .out = parts + i * stride };
  a->kernels->attend (&span, queries, n, 1.0f / sqrtf ((float) h->head_dim), scores);
  for (uint32_t i = 0; i < n; i++) {
    queries[i].out[h->head_dim] = queries[i].max;
    queries[i].out[h->head_dim + 1] = queries[i].sum;
  }
}

/* total += part, each relative to its own largest score; what has the larger one is not touched. */
static void
merge (float *restrict total, const float *restrict part, size_t head_dim)
{
  float difference = part[head_dim] - total[head_dim];

  if (difference > 0) {
    float less = expf (-difference);

    for (size_t i = 0; i < head_dim; i++)
      total[i] = total[i] * less + part[i];
    total[head_dim] = part[head_dim];
    total[head_dim + 1] = total[head_dim + 1] * less + part[head_dim + 1];
  } else {
    float less = expf (difference);

    for (size_t i = 0; i < head_dim; i++)
      total[i] += part[i] * less;
    total[head_dim + 1] += part[head_dim + 1] * less;
  }
}

static void
finish (const float *restrict total, float *restrict out, size_t head_dim)
{
  float inverse = 1 / total[head_dim + 1];

  for (size_t i = 0; i < head_dim; i++)
    out[i] = total[i] * inverse;
}

/* ---- Tasks -------------------------------------------------------------------------------- */

/* The heads that share a key and value head are worked on together, as many as a call takes. */
static uint32_t
heads_a_task (const lm_hparams *h)
{
  uint32_t n = h->n_heads / h->n_kv_heads;

  return n < LM_ATTEND_QUERIES ? n : LM_ATTEND_QUERIES;
}

static size_t
tasks_a_token (const lm_hparams *h)
{
  uint32_t group = h->n_heads / h->n_kv_heads, n = heads_a_task (h);

  return (size_t) h->n_kv_heads * ((group + n - 1) / n);
}

/* The heads of task index (below tasks_a_token) of a token; returns how many. */
static uint32_t
find_heads (const lm_hparams *h, size_t index, uint32_t *first)
{
  uint32_t group = h->n_heads / h->n_kv_heads, n = heads_a_task (h);
  uint32_t tasks = (group + n - 1) / n;
  uint32_t at = (uint32_t) (index % tasks) * n;

  *first = (uint32_t) (index / tasks) * group + at;
  return group - at < n ? group - at : n;
}

/* One token's heads over the whole cache. Later tokens, which read more, come first: no thread is
 * left with a long task at the end. */
static void
attend_whole (void *data, size_t index, unsigned worker)
{
  const lm_attention *a = data;
  const lm_hparams *h = a->hparams;
  size_t n_tasks = tasks_a_token (h), token = a->n_tokens - 1 - index / n_tasks;
  size_t stride = part_floats (h), n_chunks = count_chunks (a->n_past + token + 1);
  float *scores = a->scratch + worker * lm_attention_scratch_floats (h);
  float *totals = scores + SCORES_FLOATS, *parts = totals + LM_ATTEND_QUERIES * stride;
  uint32_t first, n = find_heads (h, index % n_tasks, &first);

  attend_chunk (a, token, first, n, 0, scores, totals, stride);
  for (size_t chunk = 1; chunk < n_chunks; chunk++) {
    attend_chunk (a, token, first, n, chunk, scores, parts, stride);
    for (uint32_t i = 0; i < n; i++)
      merge (totals + i * stride, parts + i * stride, h->head_dim);
  }
  for (uint32_t i = 0; i < n; i++)
    finish (totals + i * stride, a->out + head_offset (a, token, first + i), h->head_dim);
}

/* Chunks of the last token, which has the most of all. */
static size_t
most_chunks (const lm_attention *a)
{
  return count_chunks ((size_t) a->n_past + a->n_tokens);
}

/* The result of a token's head and chunk. */
static float *
find_part (const lm_attention *a, size_t token, size_t head, size_t chunk)
{
  return a->parts +
         ((chunk * a->n_tokens + token) * a->hparams->n_heads + head) * part_floats (a->hparams);
}

/* One token's heads over one chunk, in the thread's own scratch. */
static void
attend_part (void *data, size_t index, unsigned worker)
{
  const lm_attention *a = data;
  const lm_hparams *h = a->hparams;
  size_t n_chunks = most_chunks (a), chunk = index % n_chunks, stride = part_floats (h);
  float *scores = a->scratch + worker * lm_attention_scratch_floats (h);
  float *parts = scores + SCORES_FLOATS;
  size_t n_tasks = tasks_a_token (h), token = index / n_chunks / n_tasks;
  uint32_t first, n = find_heads (h, index / n_chunks % n_tasks, &first);

  if (chunk * LM_ATTEND_CHUNK >= (size_t) a->n_past + token + 1)
    return;
  attend_chunk (a, token, first, n, chunk, scores, parts, stride);
  memcpy (find_part (a, token, first, chunk), parts, n * stride * sizeof *parts);
}

static void
merge_parts (void *data, size_t index, unsigned worker)
{
  const lm_attention *a = data;
  const lm_hparams *h = a->hparams;
  size_t token = index / h->n_heads, head = index % h->n_heads;
  size_t n_chunks = count_chunks (a->n_past + token + 1);
  float *total = find_part (a, token, head, 0);

  (void) worker;
  for (size_t chunk = 1; chunk < n_chunks; chunk++)
    merge (total, find_part (a, token, head, chunk), h->head_dim);
  finish (total, a->out + head_offset (a, token, head), h->head_dim);
}

bool
lm_attention_run (const lm_attention *attention,
                  lm_pool *pool,
                  unsigned n_threads,
                  const atomic_bool *cancel)
{
  lm_attention a = *attention;
  size_t n_tasks = tasks_a_token (a.hparams) * a.n_tokens, n_chunks = most_chunks (&a);
  size_t n_heads = (size_t) a.n_tokens * a.hparams->n_heads;

  if (n_chunks == 1 || a.n_tokens > LM_SPLIT_TOKENS)
    return lm_pool_run_on (pool, n_threads, n_tasks, attend_whole, &a, cancel);
  return lm_pool_run_on (pool, n_threads, n_tasks * n_chunks, attend_part, &a, cancel) &&
         lm_pool_run_on (pool, n_threads, n_heads, merge_parts, &a, cancel);
}
