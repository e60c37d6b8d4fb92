/* SPDX-License-Identifier: GPL-3.0-or-later
 * Allocating the KV cache, and copying rows out of it and into it. */
#include "model/kvcache.h"

#include <string.h>

#include "util/error.h"

/* Halves in the keys, which are as many as in the values. */
static uint64_t
n_halves (const lm_hparams *h, uint32_t n_ctx)
{
  uint64_t n = (uint64_t) h->n_kv_heads * h->head_dim;

  if (!lm_mul (n, h->n_layers, &n) || !lm_mul (n, n_ctx, &n) || n > SIZE_MAX / 4)
    return 0;
  return n;
}

uint64_t
lm_kv_cache_bytes (const lm_hparams *hparams, uint32_t n_ctx)
{
  return n_halves (hparams, n_ctx) * 2 * sizeof (uint16_t);
}

bool
lm_kv_cache_init (lm_kv_cache *cache, const lm_hparams *hparams, uint32_t n_ctx)
{
  uint64_t n = n_halves (hparams, n_ctx);

  *cache = (lm_kv_cache) {
    .keys = n > 0 ? lm_aligned_alloc (n, sizeof (uint16_t)) : NULL,
    .values = n > 0 ? lm_aligned_alloc (n, sizeof (uint16_t)) : NULL,
    .n_ctx = n_ctx,
    .n_kv_heads = hparams->n_kv_heads,
    .head_dim = hparams->head_dim,
  };
  if (cache->keys != NULL && cache->values != NULL)
    return true;
  lm_kv_cache_clear (cache);
  return false;
}

void
lm_kv_cache_clear (lm_kv_cache *cache)
{
  lm_aligned_free (cache->keys);
  lm_aligned_free (cache->values);
  cache->keys = NULL;
  cache->values = NULL;
}

void
lm_kv_cache_read (const lm_kv_cache *cache,
                  uint32_t layer,
                  uint32_t head,
                  uint32_t first,
                  uint32_t n,
                  void *keys,
                  void *values)
{
  size_t at = lm_kv_cache_offset (cache, layer, head, first);

  memcpy (keys, cache->keys + at, n * lm_kv_cache_row_bytes (cache));
  memcpy (values, cache->values + at, n * lm_kv_cache_row_bytes (cache));
}

void
lm_kv_cache_write (lm_kv_cache *cache,
                   uint32_t layer,
                   uint32_t head,
                   uint32_t first,
                   uint32_t n,
                   const void *keys,
                   const void *values)
{
  size_t at = lm_kv_cache_offset (cache, layer, head, first);

  memcpy (cache->keys + at, keys, n * lm_kv_cache_row_bytes (cache));
  memcpy (cache->values + at, values, n * lm_kv_cache_row_bytes (cache));
}
