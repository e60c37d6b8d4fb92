/* SPDX-License-Identifier: GPL-3.0-or-later
 * Keys and values of the tokens so far, as halves: [layer][kv head][position][head_dim], so that
 * one head's attention reads one stretch of memory. */
#pragma once

#include "model/hparams.h"

typedef struct {
  uint16_t *keys;   /* owned */
  uint16_t *values; /* owned */
  uint32_t n_ctx;
  uint32_t n_kv_heads;
  uint32_t head_dim;
} lm_kv_cache;

/* Bytes for n_ctx tokens; 0: they do not fit. */
uint64_t lm_kv_cache_bytes (const lm_hparams *hparams, uint32_t n_ctx);
/* false: out of memory. */
bool lm_kv_cache_init (lm_kv_cache *cache, const lm_hparams *hparams, uint32_t n_ctx);
void lm_kv_cache_clear (lm_kv_cache *cache);

/* Offset, in halves, of a position's row. */
static inline size_t
lm_kv_cache_offset (const lm_kv_cache *cache, uint32_t layer, uint32_t head, uint32_t position)
{
  return (((size_t) layer * cache->n_kv_heads + head) * cache->n_ctx + position) * cache->head_dim;
}

/* ---- Rows in and out, for a saved session -------------------------------------------------- */

/* Says what a row holds, in files: another type of cache has another number. */
#define LM_KV_ROWS_F16 1

/* One position's key, or value, of one head. */
static inline size_t
lm_kv_cache_row_bytes (const lm_kv_cache *cache)
{
  return cache->head_dim * sizeof (uint16_t);
}

/* Copies the keys and the values of n positions from first on, a row for each, from the cache or
 * into it. first is a multiple of LM_KV_ROWS_ALIGNMENT. */
#define LM_KV_ROWS_ALIGNMENT 16
void lm_kv_cache_read (const lm_kv_cache *cache,
                       uint32_t layer,
                       uint32_t head,
                       uint32_t first,
                       uint32_t n,
                       void *keys,
                       void *values);
void lm_kv_cache_write (lm_kv_cache *cache,
                        uint32_t layer,
                        uint32_t head,
                        uint32_t first,
                        uint32_t n,
                        const void *keys,
                        const void *values);
