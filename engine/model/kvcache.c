/* SPDX-License-Identifier: GPL-3.0-or-later
 * Allocating the KV cache and writing to it. */
#include "model/kvcache.h"

#include <math.h>
#include <string.h>

#include "util/error.h"
#include "util/half.h"
#include "util/pages.h"

#define STEPS 127 /* the largest 8-bit value */

bool
lm_kv_cache_can_be (const lm_hparams *hparams, lm_kv_type type)
{
  return type == LM_KV_F16 || (type == LM_KV_Q8_0 && hparams->head_dim % LM_KV_GROUP == 0);
}

/* Lays out one head's keys, values and scales, and says how many bytes all heads have; 0: they do
 * not fit. Every part is a multiple of 32 bytes, since there are whole tiles of positions. */
static uint64_t
lay_out (lm_kv_cache *cache, const lm_hparams *h, uint32_t n_ctx, lm_kv_type type)
{
  uint64_t n_positions = ((uint64_t) n_ctx + LM_KEY_TILE - 1) / LM_KEY_TILE * LM_KEY_TILE;
  uint64_t n = n_positions * h->head_dim; /* both below 2^32 */
  uint64_t n_scales = type == LM_KV_Q8_0 ? n / LM_KV_GROUP : 0;
  uint64_t bytes;

  *cache = (lm_kv_cache) { .type = type, .n_kv_heads = h->n_kv_heads, .head_dim = h->head_dim };
  cache->values_at = n * (type == LM_KV_F16 ? sizeof (uint16_t) : 1);
  cache->key_scales_at = 2 * cache->values_at;
  cache->value_scales_at = cache->key_scales_at + n_scales * sizeof (uint16_t);
  cache->head_bytes = cache->value_scales_at + n_scales * sizeof (uint16_t);
  if (!lm_mul (cache->head_bytes, (uint64_t) h->n_kv_heads * h->n_layers, &bytes) ||
      bytes > SIZE_MAX / 2)
    return 0;
  return bytes;
}

uint64_t
lm_kv_cache_bytes (const lm_hparams *hparams, uint32_t n_ctx, lm_kv_type type)
{
  lm_kv_cache unused;

  return lay_out (&unused, hparams, n_ctx, type);
}

bool
lm_kv_cache_init (lm_kv_cache *cache, const lm_hparams *hparams, uint32_t n_ctx, lm_kv_type type)
{
  uint64_t bytes = lay_out (cache, hparams, n_ctx, type);

  cache->slab = bytes > 0 ? lm_pages_alloc (bytes) : NULL;
  cache->slab_bytes = bytes;
  return cache->slab != NULL;
}

void
lm_kv_cache_clear (lm_kv_cache *cache)
{
  lm_pages_free (cache->slab, cache->slab_bytes);
  cache->slab = NULL;
}

static char *
find_head (const lm_kv_cache *cache, uint32_t layer, uint32_t head)
{
  return cache->slab + ((size_t) layer * cache->n_kv_heads + head) * cache->head_bytes;
}

lm_kv_span
lm_kv_cache_get_span (
    const lm_kv_cache *cache, uint32_t layer, uint32_t head, size_t first, size_t n)
{
  const char *base = find_head (cache, layer, head);
  size_t at = first * cache->head_dim;
  size_t value_bytes = cache->type == LM_KV_F16 ? sizeof (uint16_t) : 1;
  size_t scales = at / LM_KV_GROUP * sizeof (uint16_t);
  lm_kv_span span = {
    .type = cache->type,
    .n_positions = n,
    .head_dim = cache->head_dim,
    .keys = base + at * value_bytes,
    .values = base + cache->values_at + at * value_bytes,
  };

  if (cache->type == LM_KV_Q8_0) {
    span.key_scales = (const uint16_t *) (const void *) (base + cache->key_scales_at + scales);
    span.value_scales = (const uint16_t *) (const void *) (base + cache->value_scales_at + scales);
  }
  return span;
}

/* Where the parts of a position are: its key and its scales are columns of their tiles, of halves
 * or pairs of bytes; its value is a row of halves, or every other byte of a row of pairs. */
typedef struct {
  char *key;
  char *key_scale;
  char *value;
  char *value_scale;
} place;

static place
find_place (const lm_kv_cache *cache, uint32_t layer, uint32_t head, size_t position)
{
  char *base = find_head (cache, layer, head);
  size_t size = cache->type == LM_KV_F16 ? sizeof (uint16_t) : 1;
  size_t key = 2 * lm_find_in_tiles (cache->head_dim * size / 2, position, 0);
  size_t scale = 2 * lm_find_in_tiles (cache->head_dim / LM_KV_GROUP, position, 0);

  return (place) {
    .key = base + key,
    .key_scale = base + cache->key_scales_at + scale,
    .value = base + cache->values_at +
             (cache->type == LM_KV_F16 ? position * cache->head_dim * size
                                       : lm_find_in_pairs (cache->head_dim, position, 0)),
    .value_scale = base + cache->value_scales_at + scale,
  };
}

/* ---- Writing ------------------------------------------------------------------------------ */

static void
store_halves (const lm_kernels *kernels,
              size_t n,
              const float *key,
              const float *value,
              uint16_t *key_column,
              uint16_t *value_row)
{
  uint16_t halves[64];

  kernels->to_half (value, n, value_row);
  for (size_t i = 0; i < n; i += 64) {
    size_t count = n - i < 64 ? n - i : 64;

    kernels->to_half (key + i, count, halves);
    for (size_t j = 0; j < count; j++)
      key_column[(i + j) * LM_KEY_TILE] = halves[j];
  }
}

/* Copies n items of two bytes that lie in a column, with those of the tile's other positions
 * between them, to a row, or back. */
static void
copy_column (char *column, char *row, size_t n, bool is_read)
{
  for (size_t i = 0; i < n; i++, row += 2, column += LM_KEY_TILE * 2)
    memcpy (is_read ? row : column, is_read ? column : row, 2);
}

/* The same of n bytes, each of which lies in a pair with that of another position. */
static void
copy_from_pairs (char *pairs, char *row, size_t n, bool is_read)
{
  for (size_t i = 0; i < n; i++)
    *(is_read ? row + i : pairs + 2 * i) = *(is_read ? pairs + 2 * i : row + i);
}

/* LM_KV_GROUP values as integers, to nearest; returns their scale. Values that are not finite have
 * no scale: it becomes one that says so. */
static uint16_t
round_group (const float *x, int8_t *out)
{
  float largest = 0, inverse;

  for (int i = 0; i < LM_KV_GROUP; i++)
    largest = fmaxf (largest, fabsf (x[i]));
  for (int i = 0; i < LM_KV_GROUP; i++)
    if (!isfinite (x[i]))
      largest = NAN;
  inverse = isfinite (STEPS / largest) && isfinite (largest) ? STEPS / largest : 0;
  for (int i = 0; i < LM_KV_GROUP; i++)
    out[i] = inverse != 0 ? (int8_t) roundf (x[i] * inverse) : 0;
  return lm_float_to_half (inverse != 0 || !isfinite (largest) ? largest / STEPS : 0);
}

void
lm_kv_cache_store (lm_kv_cache *cache,
                   const lm_kernels *kernels,
                   uint32_t layer,
                   uint32_t head,
                   size_t position,
                   const float *key,
                   const float *value)
{
  place p = find_place (cache, layer, head, position);
  size_t n = cache->head_dim;

  if (cache->type == LM_KV_F16) {
    store_halves (kernels, n, key, value, (uint16_t *) (void *) p.key,
                  (uint16_t *) (void *) p.value);
    return;
  }
  for (size_t i = 0; i < n; i += LM_KV_GROUP) {
    size_t scale = i / LM_KV_GROUP * LM_KEY_TILE;
    int8_t rounded[LM_KV_GROUP];

    ((uint16_t *) (void *) p.key_scale)[scale] = round_group (key + i, rounded);
    copy_column (p.key + i * LM_KEY_TILE, (char *) rounded, LM_KV_GROUP / 2, false);
    ((uint16_t *) (void *) p.value_scale)[scale] = round_group (value + i, rounded);
    copy_from_pairs (p.value + 2 * i, (char *) rounded, LM_KV_GROUP, false);
  }
}

/* ---- Rows in and out ---------------------------------------------------------------------- */

size_t
lm_kv_cache_row_bytes (const lm_kv_cache *cache)
{
  return cache->type == LM_KV_F16
             ? cache->head_dim * sizeof (uint16_t)
             : cache->head_dim + cache->head_dim / LM_KV_GROUP * sizeof (uint16_t);
}

static void
copy_position (const lm_kv_cache *cache, const place *p, char *key, char *value, bool is_read)
{
  size_t n = cache->head_dim, n_groups = cache->type == LM_KV_F16 ? 0 : n / LM_KV_GROUP;
  size_t size = cache->type == LM_KV_F16 ? sizeof (uint16_t) : 1;

  copy_column (p->key, key, n * size / 2, is_read);
  copy_column (p->key_scale, key + n * size, n_groups, is_read);
  if (cache->type == LM_KV_F16)
    memcpy (is_read ? value : p->value, is_read ? p->value : value, n * size);
  else
    copy_from_pairs (p->value, value, n, is_read);
  copy_column (p->value_scale, value + n * size, n_groups, is_read);
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
  for (uint32_t i = 0; i < n; i++) {
    place p = find_place (cache, layer, head, (size_t) first + i);
    size_t at = i * lm_kv_cache_row_bytes (cache);

    copy_position (cache, &p, (char *) keys + at, (char *) values + at, true);
  }
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
  for (uint32_t i = 0; i < n; i++) {
    place p = find_place (cache, layer, head, (size_t) first + i);
    size_t at = i * lm_kv_cache_row_bytes (cache);

    copy_position (cache, &p, (char *) (uintptr_t) keys + at, (char *) (uintptr_t) values + at,
                   false);
  }
}
