/* SPDX-License-Identifier: GPL-3.0-or-later
 * Keys and values of the tokens so far. One head of one layer is one stretch of memory, laid out as
 * lm_kv_span says, so that its attention reads from end to end. */
#pragma once

#include "model/hparams.h"

typedef struct {
  char *slab; /* owned: [layer][kv head], each head_bytes */
  uint64_t slab_bytes;
  lm_kv_type type;
  uint32_t n_kv_heads;
  uint32_t head_dim;
  uint64_t head_bytes;
  uint64_t values_at; /* in a head's bytes, behind its keys */
  uint64_t key_scales_at;
  uint64_t value_scales_at;
} lm_kv_cache;

/* Whether the model's heads can be kept as type. */
bool lm_kv_cache_can_be (const lm_hparams *hparams, lm_kv_type type);

/* Bytes for n_ctx tokens; 0: they do not fit. */
uint64_t lm_kv_cache_bytes (const lm_hparams *hparams, uint32_t n_ctx, lm_kv_type type);
/* false: out of memory. */
bool
lm_kv_cache_init (lm_kv_cache *cache, const lm_hparams *hparams, uint32_t n_ctx, lm_kv_type type);
void lm_kv_cache_clear (lm_kv_cache *cache);

/* What attention reads of n positions of a head from first on, a multiple of LM_KEY_TILE. */
lm_kv_span lm_kv_cache_get_span (
    const lm_kv_cache *cache, uint32_t layer, uint32_t head, size_t first, size_t n);

/* Keeps the key and the value (head_dim floats each) of a position. Positions may be written by
 * several threads. */
void lm_kv_cache_store (lm_kv_cache *cache,
                        const lm_kernels *kernels,
                        uint32_t layer,
                        uint32_t head,
                        size_t position,
                        const float *key,
                        const float *value);

/* ---- Rows in and out, for a saved session -------------------------------------------------- */

/* One position's key, or value, of one head: its values and then, in a Q8_0 cache, their scales. */
size_t lm_kv_cache_row_bytes (const lm_kv_cache *cache);

/* Copies the keys and the values of n positions from first on, a row for each, from the cache or
 * into it. */
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
