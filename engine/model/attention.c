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

/* Queries that one call of the kernel takes, for they share a key and value head: of each token the
 * heads. */
typedef struct {
  size_t token; /* the first */
  size_t n_tokens;
  uint32_t head; /* the first */
  uint32_t n_heads;
} query_block;

/* Positions that a token sees. */
static size_t
count_seen (const lm_attention *a, size_t token)
{
  return (size_t) a->n_past + token + 1;
}

/* A block's queries over one chunk, of which all its tokens see as much; what becomes of them goes
 * to parts, token by token, part_floats() apart. */
static void
attend_chunk (
    const lm_attention *a, const query_block *block, size_t chunk, float *scores, float *parts)
{
  const lm_hparams *h = a->hparams;
  uint32_t kv_head = block->head / (h->n_heads / h->n_kv_heads);
  size_t begin = chunk * LM_ATTEND_CHUNK, end = count_seen (a, block->token);
  size_t n_positions = end - begin < LM_ATTEND_CHUNK ? end - begin : LM_ATTEND_CHUNK;
  size_t n = block->n_tokens * block->n_heads;
  lm_kv_span span = lm_kv_cache_get_span (a->cache, a->layer, kv_head, begin, n_positions);
  lm_query queries[LM_ATTEND_QUERIES];

  for (size_t i = 0; i < n; i++) {
    size_t token = block->token + i / block->n_heads, head = block->head + i % block->n_heads;

    queries[i] =
        (lm_query) { .q = a->q + head_offset (a, token, head), .out = parts + i * part_floats (h) };
  }
  a->kernels->attend (&span, queries, n, 1.0f / sqrtf ((float) h->head_dim), scores);
  for (size_t i = 0; i < n; i++) {
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

/* Where there are few such heads, those of several tokens are. */
static size_t
tokens_a_task (const lm_hparams *h)
{
  return LM_ATTEND_QUERIES / heads_a_task (h);
}

static size_t
count_token_blocks (const lm_attention *a)
{
  size_t n = tokens_a_task (a->hparams);

  return (a->n_tokens + n - 1) / n;
}

static size_t
count_head_blocks (const lm_hparams *h)
{
  uint32_t group = h->n_heads / h->n_kv_heads, n = heads_a_task (h);

  return (size_t) h->n_kv_heads * ((group + n - 1) / n);
}

static query_block
find_block (const lm_attention *a, size_t token_block, size_t head_block)
{
  const lm_hparams *h = a->hparams;
  uint32_t group = h->n_heads / h->n_kv_heads, n = heads_a_task (h);
  uint32_t blocks = (group + n - 1) / n, at = (uint32_t) (head_block % blocks) * n;
  size_t most = tokens_a_task (h), token = token_block * most, left = a->n_tokens - token;

  return (query_block) {
    .token = token,
    .n_tokens = left < most ? left : most,
    .head = (uint32_t) (head_block / blocks) * group + at,
    .n_heads = group - at < n ? group - at : n,
  };
}

/* One of a block's tokens. */
static query_block
take_token (const query_block *block, size_t i)
{
  query_block one = *block;

  one.token += i;
  one.n_tokens = 1;
  return one;
}

/* Chunks that all tokens of a block see wholly. */
static size_t
count_shared_chunks (const lm_attention *a, const query_block *block)
{
  return count_seen (a, block->token) / LM_ATTEND_CHUNK;
}

/* A block's queries over chunks first … end − 1, put together with what totals has of those
 * before. */
static void
attend_chunks (const lm_attention *a,
               const query_block *block,
               size_t first,
               size_t end,
               float *scores,
               float *totals,
               float *parts)
{
  size_t head_dim = a->hparams->head_dim, stride = part_floats (a->hparams);

  for (size_t chunk = first; chunk < end; chunk++) {
    if (chunk == 0) {
      attend_chunk (a, block, chunk, scores, totals);
      continue;
    }
    attend_chunk (a, block, chunk, scores, parts);
    for (size_t i = 0; i < block->n_tokens * block->n_heads; i++)
      merge (totals + i * stride, parts + i * stride, head_dim);
  }
}

/* A block over the whole cache. Later tokens, which read more, come first: no thread is left with a
 * long task at the end. */
static void
attend_whole (void *data, size_t index, unsigned worker)
{
  const lm_attention *a = data;
  const lm_hparams *h = a->hparams;
  size_t n_head_blocks = count_head_blocks (h), stride = part_floats (h);
  query_block block =
      find_block (a, count_token_blocks (a) - 1 - index / n_head_blocks, index % n_head_blocks);
  size_t n_shared = count_shared_chunks (a, &block);
  float *scores = a->scratch + worker * lm_attention_scratch_floats (h);
  float *totals = scores + SCORES_FLOATS, *parts = totals + LM_ATTEND_QUERIES * stride;

  attend_chunks (a, &block, 0, n_shared, scores, totals, parts);
  for (size_t t = 0; t < block.n_tokens; t++, totals += block.n_heads * stride) {
    query_block one = take_token (&block, t);

    attend_chunks (a, &one, n_shared, count_chunks (count_seen (a, one.token)), scores, totals,
                   parts);
    for (uint32_t i = 0; i < one.n_heads; i++)
      finish (totals + i * stride, a->out + head_offset (a, one.token, one.head + i), h->head_dim);
  }
}

/* Chunks of the last token, which has the most of all. */
static size_t
most_chunks (const lm_attention *a)
{
  return count_chunks (count_seen (a, a->n_tokens - 1));
}

/* The result of a token's head and chunk. */
static float *
find_part (const lm_attention *a, size_t token, size_t head, size_t chunk)
{
  return a->parts +
         ((chunk * a->n_tokens + token) * a->hparams->n_heads + head) * part_floats (a->hparams);
}

/* A block over one chunk, in the thread's own scratch. */
static void
attend_block_part (
    const lm_attention *a, const query_block *block, size_t chunk, float *scores, float *parts)
{
  size_t n_floats = block->n_heads * part_floats (a->hparams);

  attend_chunk (a, block, chunk, scores, parts);
  for (size_t t = 0; t < block->n_tokens; t++)
    memcpy (find_part (a, block->token + t, block->head, chunk), parts + t * n_floats,
            n_floats * sizeof *parts);
}

static void
attend_part (void *data, size_t index, unsigned worker)
{
  const lm_attention *a = data;
  const lm_hparams *h = a->hparams;
  size_t n_chunks = most_chunks (a), chunk = index % n_chunks,
         n_head_blocks = count_head_blocks (h);
  query_block block =
      find_block (a, index / n_chunks / n_head_blocks, index / n_chunks % n_head_blocks);
  float *scores = a->scratch + worker * lm_attention_scratch_floats (h);
  float *parts = scores + SCORES_FLOATS;

  if (chunk < count_shared_chunks (a, &block)) {
    attend_block_part (a, &block, chunk, scores, parts);
    return;
  }
  for (size_t t = 0; t < block.n_tokens; t++) {
    query_block one = take_token (&block, t);

    if (chunk * LM_ATTEND_CHUNK < count_seen (a, one.token))
      attend_block_part (a, &one, chunk, scores, parts);
  }
}

static void
merge_parts (void *data, size_t index, unsigned worker)
{
  const lm_attention *a = data;
  const lm_hparams *h = a->hparams;
  size_t token = index / h->n_heads, head = index % h->n_heads;
  size_t n_chunks = count_chunks (count_seen (a, token));
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
  size_t n_tasks = count_token_blocks (&a) * count_head_blocks (a.hparams);
  size_t n_chunks = most_chunks (&a), n_heads = (size_t) a.n_tokens * a.hparams->n_heads;

  if (n_chunks == 1 || a.n_tokens > LM_SPLIT_TOKENS)
    return lm_pool_run_on (pool, n_threads, n_tasks, attend_whole, &a, cancel);
  return lm_pool_run_on (pool, n_threads, n_tasks * n_chunks, attend_part, &a, cancel) &&
         lm_pool_run_on (pool, n_threads, n_heads, merge_parts, &a, cancel);
}
