/* SPDX-License-Identifier: GPL-3.0-or-later
 * The KV cache of both types: where a key and a value are kept, how they are rounded, and that rows
 * come out as they went in. */
#include "model/kvcache.h"

#include <math.h>
#include <string.h>

#include "check.h"
#include "level.h"
#include "util/half.h"

/* Odd numbers of layers and heads, and positions that fill the last tile in part. */
enum { N_LAYERS = 3, N_HEADS = 2, HEAD_DIM = 96, N_CTX = 37, N_PLACES = 48 };

/* The first and the last of a tile, and of the cache. */
static const uint32_t POSITIONS[] = { 0, 1, 14, 15, 16, 17, 31, 32, 36 };
#define N_POSITIONS (sizeof POSITIONS / sizeof *POSITIONS)

static const lm_kv_type TYPES[] = { LM_KV_F16, LM_KV_Q8_0 };

static const lm_kernels *
get_kernels (void)
{
  return lm_kernels_select (level_name (), lm_cpu_get_features ());
}

static lm_hparams
make_hparams (uint32_t head_dim)
{
  return (lm_hparams) { .n_layers = N_LAYERS, .n_kv_heads = N_HEADS, .head_dim = head_dim };
}

static lm_kv_cache
new_cache (lm_kv_type type)
{
  lm_hparams hparams = make_hparams (HEAD_DIM);
  lm_kv_cache cache;

  if (!lm_kv_cache_init (&cache, &hparams, N_CTX, type)) {
    printf ("Bail out! no memory\n");
    exit (1);
  }
  return cache;
}

static uint64_t state = 1;

/* −1 … 1 */
static float
random_float (void)
{
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (float) ((double) (state >> 33) / (1u << 30) - 1);
}

static void
fill_random (float *x, float scale)
{
  for (int i = 0; i < HEAD_DIM; i++)
    x[i] = random_float () * scale;
}

/* ---- What attention reads ----------------------------------------------------------------- */

/* Value i of the key, or the value, of a position, by what lm_kv_span says of the layout. */
static float
read_value (const lm_kv_cache *cache, uint32_t layer, uint32_t head, size_t p, int i, bool is_key)
{
  size_t tile = p / LM_KEY_TILE * LM_KEY_TILE, lane = p % LM_KEY_TILE;
  size_t column = (size_t) i * LM_KEY_TILE + lane, scale = (size_t) i / LM_KV_GROUP * LM_KEY_TILE;
  size_t pair = ((size_t) i / 2 * LM_KEY_TILE + lane) * 2 + (size_t) i % 2;
  lm_kv_span span = lm_kv_cache_get_span (cache, layer, head, tile, LM_KEY_TILE);
  const void *values = is_key ? span.keys : span.values;
  size_t row = lane * HEAD_DIM + (size_t) i,
         mixed = (lane / 2 * HEAD_DIM + (size_t) i) * 2 + lane % 2;

  CHECK (span.type == cache->type && span.head_dim == HEAD_DIM, "span");
  if (span.type == LM_KV_F16)
    return lm_half_to_float (((const uint16_t *) values)[is_key ? column : row]);
  return ((const int8_t *) values)[is_key ? pair : mixed] *
         lm_half_to_float ((is_key ? span.key_scales : span.value_scales)[scale + lane]);
}

/* How far a cached value may be from x, of a group the largest of which is given. */
static float
largest_error (lm_kv_type type, float x, float largest)
{
  if (type == LM_KV_F16)
    return fabsf (x) / 2048 + 0x1p-25f;
  /* Half a step, and the rounding of the scale to a half, which 127 steps multiply. */
  return largest / 127 * 0.5001f + largest / 2048 + 127 * 0x1p-25f;
}

static void
check_vector (const lm_kv_cache *cache,
              uint32_t layer,
              uint32_t head,
              uint32_t position,
              const float *x,
              bool is_key)
{
  for (int i = 0; i < HEAD_DIM; i++) {
    const float *group = x + i / LM_KV_GROUP * LM_KV_GROUP;
    float largest = 0, got = read_value (cache, layer, head, position, i, is_key);

    for (int j = 0; j < LM_KV_GROUP; j++)
      largest = fmaxf (largest, fabsf (group[j]));
    CHECK (fabsf (got - x[i]) <= largest_error (cache->type, x[i], largest),
           "type %d, %s %u/%u/%u[%d]: %g, not %g", cache->type, is_key ? "key" : "value", layer,
           head, position, i, (double) got, (double) x[i]);
  }
}

/* Everything is stored before anything is looked at, so that nothing may lie on anything else. */
static void
test_store (void)
{
  static float keys[N_LAYERS][N_HEADS][N_POSITIONS][HEAD_DIM];
  static float values[N_LAYERS][N_HEADS][N_POSITIONS][HEAD_DIM];

  for (int t = 0; t < 2; t++) {
    lm_kv_cache cache = new_cache (TYPES[t]);

    for (uint32_t i = 0; i < N_LAYERS * N_HEADS * N_POSITIONS; i++) {
      uint32_t layer = i % N_LAYERS, head = i / N_LAYERS % N_HEADS, p = i / N_LAYERS / N_HEADS;

      fill_random (keys[layer][head][p], ldexpf (1, (int) (i % 25) - 12));
      fill_random (values[layer][head][p], ldexpf (1, 12 - (int) (i % 25)));
      lm_kv_cache_store (&cache, get_kernels (), layer, head, POSITIONS[p], keys[layer][head][p],
                         values[layer][head][p]);
    }
    for (uint32_t i = 0; i < N_LAYERS * N_HEADS * N_POSITIONS; i++) {
      uint32_t layer = i % N_LAYERS, head = i / N_LAYERS % N_HEADS, p = i / N_LAYERS / N_HEADS;

      check_vector (&cache, layer, head, POSITIONS[p], keys[layer][head][p], true);
      check_vector (&cache, layer, head, POSITIONS[p], values[layer][head][p], false);
    }
    lm_kv_cache_clear (&cache);
  }
}

/* ---- Rounding ----------------------------------------------------------------------------- */

/* By the formula: to nearest, halves away from zero. */
static void
check_group (const float *x)
{
  lm_kv_cache cache = new_cache (LM_KV_Q8_0);
  float vector[HEAD_DIM] = { 0 }, largest = 0, inverse;
  lm_kv_span span = lm_kv_cache_get_span (&cache, 1, 1, 0, LM_KEY_TILE);

  memcpy (vector + LM_KV_GROUP, x, LM_KV_GROUP * sizeof *x);
  for (int i = 0; i < LM_KV_GROUP; i++)
    largest = fmaxf (largest, fabsf (x[i]));
  inverse = isfinite (127 / largest) ? 127 / largest : 0;
  lm_kv_cache_store (&cache, get_kernels (), 1, 1, 3, vector, vector);
  for (int i = 0; i < LM_KV_GROUP; i++) {
    int wanted = (int) roundf (x[i] * inverse);
    int key = ((const int8_t *) span.keys)[((LM_KV_GROUP + i) / 2 * LM_KEY_TILE + 3) * 2 + i % 2];
    int value = ((const int8_t *) span.values)[(HEAD_DIM + LM_KV_GROUP + i) * 2 + 1];

    CHECK (key == wanted && value == wanted, "%a of %a: %d and %d, not %d", (double) x[i],
           (double) largest, key, value, wanted);
  }
  CHECK (span.key_scales[LM_KEY_TILE + 3] == lm_float_to_half (inverse != 0 ? largest / 127 : 0),
         "scale of the key");
  CHECK (span.value_scales[LM_KEY_TILE + 3] == span.key_scales[LM_KEY_TILE + 3], "of the value");
  CHECK (span.key_scales[3] == 0 && span.key_scales[2 * LM_KEY_TILE + 3] == 0, "of zeros");
  lm_kv_cache_clear (&cache);
}

static void
test_rounding (void)
{
  static const float SIZES[] = { 127, 1, 0x1p-30f, 0x1p-120f, 0x1p-140f, 8e6f, 0 };
  float x[LM_KV_GROUP];

  for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++)
    for (int round = 0; round < 20; round++) {
      /* Of 127, exact halves; the largest is positive or negative, first or last or between. */
      for (int j = 0; j < LM_KV_GROUP; j++)
        x[j] = i == 0 ? roundf (random_float () * 253) / 2 : random_float () * SIZES[i];
      x[round * 31 / 19] = round % 2 == 0 ? SIZES[i] : -SIZES[i];
      check_group (x);
    }
}

/* What is not finite stays so in 16 bits. In 8 bits the scale of its group says so, for one of the
 * whole group cannot do more: zero times it is no number. Other groups are as they would be. */
static void
test_not_finite (void)
{
  static const float BAD[] = { NAN, -NAN, INFINITY, -INFINITY };

  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
    for (int at = 0; at < HEAD_DIM; at += 5)
      for (int t = 0; t < 2; t++) {
        lm_kv_cache cache = new_cache (TYPES[t]);
        float x[HEAD_DIM];

        fill_random (x, 3);
        x[at] = BAD[i];
        lm_kv_cache_store (&cache, get_kernels (), 2, 1, 35, x, x);
        for (int j = 0; j < HEAD_DIM; j++) {
          bool is_bad = t == 0 ? j == at : j / LM_KV_GROUP == at / LM_KV_GROUP;
          float key = read_value (&cache, 2, 1, 35, j, true);
          float value = read_value (&cache, 2, 1, 35, j, false);

          CHECK (isfinite (key) == !is_bad && isfinite (value) == !is_bad, "%g at %d: %d is %g, %g",
                 (double) BAD[i], at, j, (double) key, (double) value);
        }
        lm_kv_cache_clear (&cache);
      }
}

/* A scale that a half cannot hold is infinite, and not some other number. */
static void
test_too_large (void)
{
  lm_kv_cache cache = new_cache (LM_KV_Q8_0);
  float x[HEAD_DIM];

  fill_random (x, 1);
  x[40] = 1e30f;
  lm_kv_cache_store (&cache, get_kernels (), 0, 0, 0, x, x);
  CHECK (isinf (read_value (&cache, 0, 0, 0, 40, true)), "key");
  CHECK (isinf (read_value (&cache, 0, 0, 0, 40, false)), "value");
  lm_kv_cache_clear (&cache);
}

/* ---- Rows --------------------------------------------------------------------------------- */

/* Rows that are written come out as they were, whatever is in them, and are all that there is in
 * the memory that lm_kv_cache_bytes() counts: every byte of it belongs to a position. */
static void
test_rows (void)
{
  lm_hparams hparams = make_hparams (HEAD_DIM);

  for (int t = 0; t < 2; t++) {
    lm_kv_cache cache = new_cache (TYPES[t]);
    size_t row = lm_kv_cache_row_bytes (&cache), bytes = N_PLACES * row;
    uint64_t all = lm_kv_cache_bytes (&hparams, N_CTX, TYPES[t]), n_equal = 0;
    unsigned char *rows = malloc (2 * bytes), *back = malloc (2 * bytes);

    CHECK (row == (t == 0 ? HEAD_DIM * 2 : HEAD_DIM + 3 * 2), "%zu bytes", row);
    CHECK (all == 2 * bytes * N_LAYERS * N_HEADS, "%d bytes", (int) all);
    for (uint32_t i = 0; i < N_LAYERS * N_HEADS; i++) {
      /* No NaN keeps a byte from being what it is. */
      for (size_t j = 0; j < 2 * bytes; j++)
        rows[j] = (unsigned char) (128 + (j * 7 + i * 3) % 127);
      lm_kv_cache_write (&cache, i % N_LAYERS, i / N_LAYERS, 0, 17, rows, rows + bytes);
      lm_kv_cache_write (&cache, i % N_LAYERS, i / N_LAYERS, 17, N_PLACES - 17, rows + 17 * row,
                         rows + bytes + 17 * row);
    }
    for (uint32_t i = 0; i < N_LAYERS * N_HEADS; i++) {
      lm_kv_cache_read (&cache, i % N_LAYERS, i / N_LAYERS, 0, 15, back, back + bytes);
      lm_kv_cache_read (&cache, i % N_LAYERS, i / N_LAYERS, 15, N_PLACES - 15, back + 15 * row,
                        back + bytes + 15 * row);
      for (size_t j = 0; j < 2 * bytes; j++)
        n_equal += back[j] == (unsigned char) (128 + (j * 7 + i * 3) % 127);
    }
    CHECK (n_equal == all, "%d of %d bytes", (int) n_equal, (int) all);
    for (uint64_t j = 0; j < all; j++)
      n_equal -= (unsigned char) cache.slab[j] >= 128;
    CHECK (n_equal == 0, "%d bytes of nobody", (int) n_equal);
    free (rows);
    free (back);
    lm_kv_cache_clear (&cache);
  }
}

/* What was stored and is copied to another cache by rows is what attention would have read. */
static void
test_copy (void)
{
  for (int t = 0; t < 2; t++) {
    lm_kv_cache from = new_cache (TYPES[t]), to = new_cache (TYPES[t]);
    size_t row = lm_kv_cache_row_bytes (&from);
    char *rows = malloc (2 * N_CTX * row);
    float x[2][HEAD_DIM];

    for (uint32_t p = 0; p < N_CTX; p++) {
      fill_random (x[0], 1 + (float) p);
      fill_random (x[1], 1 + (float) p);
      if (p == 16)
        x[0][95] = NAN;
      lm_kv_cache_store (&from, get_kernels (), 1, 0, p, x[0], x[1]);
    }
    lm_kv_cache_read (&from, 1, 0, 0, N_CTX, rows, rows + N_CTX * row);
    lm_kv_cache_write (&to, 2, 1, 0, N_CTX, rows, rows + N_CTX * row);
    for (uint32_t p = 0; p < N_CTX; p++)
      for (int i = 0; i < 2 * HEAD_DIM; i++) {
        float a = read_value (&from, 1, 0, p, i % HEAD_DIM, i < HEAD_DIM);
        float b = read_value (&to, 2, 1, p, i % HEAD_DIM, i < HEAD_DIM);

        CHECK (memcmp (&a, &b, sizeof a) == 0, "%u[%d]: %g, not %g", p, i, (double) b, (double) a);
      }
    free (rows);
    lm_kv_cache_clear (&from);
    lm_kv_cache_clear (&to);
  }
}

static void
test_limits (void)
{
  for (uint32_t n = 1; n <= 160; n++) {
    lm_hparams hparams = make_hparams (n);

    CHECK (lm_kv_cache_can_be (&hparams, LM_KV_F16), "%u values in 16 bits", n);
    CHECK (lm_kv_cache_can_be (&hparams, LM_KV_Q8_0) == (n % 32 == 0), "%u values in 8 bits", n);
    CHECK (!lm_kv_cache_can_be (&hparams, (lm_kv_type) 2), "no such type");
  }
  for (int t = 0; t < 2; t++) {
    lm_hparams huge = { .n_layers = UINT32_MAX, .n_kv_heads = UINT32_MAX, .head_dim = 4096 };
    lm_kv_cache cache;

    CHECK (lm_kv_cache_bytes (&huge, UINT32_MAX, TYPES[t]) == 0, "more than there is");
    CHECK (!lm_kv_cache_init (&cache, &huge, UINT32_MAX, TYPES[t]), "nor can it be had");
    lm_kv_cache_clear (&cache);
  }
}

int
main (void)
{
  static const check_test TESTS[] = {
    { "what is stored is where attention reads it", test_store },
    { "8 bits are rounded to nearest", test_rounding },
    { "values that are not finite are not hidden", test_not_finite },
    { "a scale too large is infinite", test_too_large },
    { "rows come out as they went in, and fill the memory", test_rows },
    { "copied rows read the same", test_copy },
    { "heads that do not fit are known", test_limits },
  };

  if (level_is_missing ())
    return 0;
  return check_main (TESTS, sizeof TESTS / sizeof *TESTS);
}
