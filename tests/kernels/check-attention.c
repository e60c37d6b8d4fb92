/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attention against sums in double precision. */
#include <math.h>

#include "kernels-test.h"
#include "util/error.h"
#include "util/half.h"

#define MAX_DIM 320
#define BEYOND  5 /* positions in the cache behind the span */

/* Positions whose weights are rounded beside the largest of them, at most. */
#define STEP 64

/* What the halves of a cache are, and the scales of one in bytes. */
typedef enum {
  CACHE_ORDINARY,
  CACHE_SMALL, /* zero and denormal */
  CACHE_LARGE, /* all that there is, up to the largest half */
} cache_kind;

/* A span of the cache and the queries over it. */
typedef struct {
  lm_kv_span kv;
  cache_kind kind;
  size_t n_cached;
  uint16_t *keys, *values; /* owned; integers in their bytes with LM_KV_Q8_0 */
  uint16_t *key_scales, *value_scales;
  double *exact_keys, *exact_values; /* owned, n_cached × head_dim: what the cache holds */
  float *q;
  size_t n_queries;
} attention;

/* Index of item i, of the n that each position has, at position p. */
static size_t
tiled_at (size_t n, size_t p, size_t i)
{
  return (p / LM_KEY_TILE * n + i) * LM_KEY_TILE + p % LM_KEY_TILE;
}

/* The same of a byte of a key, which lies with its neighbour. */
static size_t
byte_at (const attention *a, size_t p, size_t i)
{
  return 2 * tiled_at (a->kv.head_dim / 2, p, i / 2) + i % 2;
}

/* And of a byte of a value, which lies with that of another position. */
static size_t
value_at (const attention *a, size_t p, size_t i)
{
  return (p / 2 * a->kv.head_dim + i) * 2 + p % 2;
}

/* A half of the cache, or a scale, which is ordinarily below largest. */
static uint16_t
make_half (const attention *a, double largest)
{
  uint16_t sign = (uint16_t) (random_below (2) << 15);
  size_t which = random_below (a->kind == CACHE_SMALL ? 3 : 6);

  if (a->kind == CACHE_ORDINARY)
    return lm_float_to_half ((float) (random_signed () * largest));
  switch (which) {
  case 0:
    return sign;
  case 1:
    return sign | 1; /* the smallest */
  case 2:
    return sign | (uint16_t) random_below (0x400); /* denormal */
  case 3:
    return sign | 0x7bff;
  case 4:
    return sign | (uint16_t) (0x7bff - random_below (0x400));
  default:
    return sign | 0x3c00;
  }
}

/* All that a saved session may hold, also −128, which no value is rounded to. */
static int8_t
make_byte (const attention *a)
{
  static const int8_t EXTREMES[] = { -128, -128, 127, 0, -1 };
  size_t which = random_below (10);

  if (a->kind != CACHE_ORDINARY && which < sizeof EXTREMES)
    return EXTREMES[which];
  return (int8_t) ((int) random_below (256) - 128);
}

static void
fill_halves (attention *a, size_t p, size_t i, bool is_seen)
{
  uint16_t key = make_half (a, 4), value = make_half (a, 1);
  size_t at = p * a->kv.head_dim + i;

  a->keys[tiled_at (a->kv.head_dim, p, i)] =
      is_seen ? key : 0x7e00; /* what nobody may look at is not a number */
  a->values[at] = is_seen ? value : 0x7e00;
  a->exact_keys[at] = (double) lm_half_to_float (key);
  a->exact_values[at] = (double) lm_half_to_float (value);
}

static void
fill_bytes (attention *a, size_t p, size_t i, bool is_seen)
{
  int8_t key = make_byte (a), value = make_byte (a);
  size_t at = p * a->kv.head_dim + i;
  size_t scale_at = tiled_at (a->kv.head_dim / LM_KV_GROUP, p, i / LM_KV_GROUP);
  uint16_t *key_scale = &a->key_scales[scale_at], *value_scale = &a->value_scales[scale_at];

  if (i % LM_KV_GROUP == 0) {
    *key_scale = is_seen ? make_half (a, 0.05) : 0x7e00;
    *value_scale = is_seen ? make_half (a, 0.01) : 0x7e00;
  }
  ((int8_t *) a->keys)[byte_at (a, p, i)] = key;
  ((int8_t *) a->values)[value_at (a, p, i)] = value;
  a->exact_keys[at] = (double) key * (double) lm_half_to_float (*key_scale);
  a->exact_values[at] = (double) value * (double) lm_half_to_float (*value_scale);
}

static void *
new_zeros (size_t n, size_t size)
{
  void *memory = lm_aligned_alloc (n, size);

  if (memory == NULL)
    abort ();
  return memory;
}

static attention
attention_new (lm_kv_type type,
               cache_kind kind,
               size_t n_queries,
               size_t n_positions,
               size_t head_dim,
               double scale)
{
  attention a = { .kv = { .type = type, .n_positions = n_positions, .head_dim = head_dim },
                  .kind = kind,
                  .n_queries = n_queries };
  size_t n;

  a.n_cached = (n_positions + BEYOND + LM_KEY_TILE - 1) / LM_KEY_TILE * LM_KEY_TILE;
  n = a.n_cached * head_dim;
  a.keys = new_zeros (n, sizeof *a.keys);
  a.values = new_zeros (n, sizeof *a.values);
  a.key_scales = new_zeros (n, sizeof *a.key_scales);
  a.value_scales = new_zeros (n, sizeof *a.value_scales);
  a.exact_keys = new_zeros (n, sizeof *a.exact_keys);
  a.exact_values = new_zeros (n, sizeof *a.exact_values);
  a.q = new_zeros (n_queries * head_dim, sizeof *a.q);
  for (size_t p = 0; p < a.n_cached; p++)
    for (size_t i = 0; i < head_dim; i++) {
      if (type == LM_KV_F16)
        fill_halves (&a, p, i, p < n_positions);
      else
        fill_bytes (&a, p, i, p < n_positions);
    }
  for (size_t i = 0; i < n_queries * head_dim; i++)
    a.q[i] = (float) (random_signed () * scale);
  a.kv.keys = a.keys;
  a.kv.values = a.values;
  a.kv.key_scales = type == LM_KV_Q8_0 ? a.key_scales : NULL;
  a.kv.value_scales = type == LM_KV_Q8_0 ? a.value_scales : NULL;
  return a;
}

static void
attention_free (attention *a)
{
  lm_aligned_free (a->keys);
  lm_aligned_free (a->values);
  lm_aligned_free (a->key_scales);
  lm_aligned_free (a->value_scales);
  lm_aligned_free (a->exact_keys);
  lm_aligned_free (a->exact_values);
  lm_aligned_free (a->q);
}

/* How far rounding the query to 16-bit integers, which levels may do with a cache in bytes, leads
 * the score of a position: half a step for each dimension of a group. */
static double
expect_rounding (const attention *a, const float *q, const double *key)
{
  double error = 0;

  for (size_t i = 0; a->kv.type == LM_KV_Q8_0 && i < a->kv.head_dim; i += LM_KV_GROUP) {
    double largest = 0, sum = 0;

    for (size_t j = i; j < i + LM_KV_GROUP; j++) {
      largest = fmax (largest, fabs ((double) q[j]));
      sum += fabs (key[j]);
    }
    error += largest / INT16_MAX * 0.5 * sum;
  }
  return error;
}

static double
get_scale (const attention *a, size_t p, size_t i)
{
  size_t at = tiled_at (a->kv.head_dim / LM_KV_GROUP, p, i / LM_KV_GROUP);

  return fabs ((double) lm_half_to_float (a->value_scales[at]));
}

/* How far rounding weights times scales to 16-bit integers, which levels may do with a cache in
 * bytes, leads dimension i of what positions from first on, of one step, make: half a step for
 * each, of a size that the largest weight and the largest scale have. */
static double
expect_mixing (const attention *a, const double *weights, size_t first, size_t i)
{
  size_t end = first + STEP < a->kv.n_positions ? first + STEP : a->kv.n_positions;
  double weight = 0, scale = 0, sum = 0;

  if (a->kv.type != LM_KV_Q8_0)
    return 0;
  for (size_t p = first; p < end; p++) {
    weight = fmax (weight, weights[p]);
    scale = fmax (scale, get_scale (a, p, i));
    sum += fabs ((double) ((int8_t *) a->values)[value_at (a, p, i)]);
  }
  return weight * scale / INT16_MAX * 0.5 * sum;
}

/* One query in double precision: its out / sum. error: how far float arithmetic may lead: a score
 * takes head_dim + 4 roundings, which change its weight by that factor at most, above and below the
 * line; weights take 4 roundings more, 6 with scales, and are added up with n_positions of them,
 * and where that is done in steps, of 32 positions at least, 3 more for each step that follows.
 * Those below e^−87 are left out. */
static void
expect_attention (const attention *a, size_t query, double *out, double *error)
{
  size_t n = a->kv.n_positions, head_dim = a->kv.head_dim;
  const float *q = a->q + query * head_dim;
  double scale = (double) (1 / sqrtf ((float) head_dim)), scores[LM_ATTEND_CHUNK];
  double max = -INFINITY, sum = 0, score_error = 0, relative;
  double roundings = a->kv.type == LM_KV_Q8_0 ? 32 : 26;

  for (size_t p = 0; p < n; p++) {
    double magnitude = 0;

    scores[p] = 0;
    for (size_t i = 0; i < head_dim; i++) {
      double term = (double) q[i] * a->exact_keys[p * head_dim + i];

      scores[p] += scale * term;
      magnitude += scale * fabs (term);
    }
    score_error =
        fmax (score_error, magnitude * ((double) head_dim + 6) * UNIT +
                               scale * expect_rounding (a, q, a->exact_keys + p * head_dim));
    max = fmax (max, scores[p]);
  }
  for (size_t p = 0; p < n; p++)
    sum += scores[p] = exp (scores[p] - max);
  relative = 2 * score_error + (2 * (double) n + roundings + 6 * (double) (n / 32)) * UNIT;
  for (size_t i = 0; i < head_dim; i++) {
    out[i] = error[i] = 0;
    for (size_t p = 0; p < n; p++) {
      double value = a->exact_values[p * head_dim + i], term = scores[p] / sum * value;

      if (p % STEP == 0)
        error[i] += expect_mixing (a, scores, p, i) / sum;
      out[i] += term;
      error[i] += relative * fabs (term) + exp (-87) / sum * fabs (value);
    }
    error[i] += 0x1p-120;
  }
}

static void
check_query (const attention *a, size_t i, const lm_query *query, const char *what)
{
  double expected[MAX_DIM], error[MAX_DIM];

  expect_attention (a, i, expected, error);
  for (size_t j = 0; j < a->kv.head_dim; j++) {
    double value = (double) query->out[j] / (double) query->sum;

    CHECK (fabs (value - expected[j]) <= error[j],
           "%s: query %zu of %zu, %zu values, %zu positions: %g, not %g ± %g", what, i,
           a->n_queries, a->kv.head_dim, a->kv.n_positions, value, expected[j], error[j]);
  }
}

static void
check_attention_of (lm_kv_type type,
                    cache_kind kind,
                    size_t n_queries,
                    size_t n_positions,
                    size_t head_dim,
                    double q_scale)
{
  const char *what = type == LM_KV_F16 ? "F16" : "Q8_0";
  attention a = attention_new (type, kind, n_queries, n_positions, head_dim, q_scale);
  guarded out = guarded_new (n_queries * head_dim * sizeof (float), 4);
  float *scores = new_zeros ((size_t) LM_ATTEND_QUERIES * LM_ATTEND_CHUNK, sizeof *scores);
  float alone[MAX_DIM], scale = 1 / sqrtf ((float) head_dim);
  lm_query queries[LM_ATTEND_QUERIES];

  for (size_t i = 0; i < n_queries; i++)
    queries[i] = (lm_query) { .q = a.q + i * head_dim, .out = (float *) out.data + i * head_dim };
  kernels_level->attend (&a.kv, queries, n_queries, scale, scores);
  for (size_t i = 0; i < n_queries; i++) {
    lm_query single = queries[i];

    check_query (&a, i, &queries[i], what);
    /* A query gives the same bits alone. */
    single.out = alone;
    kernels_level->attend (&a.kv, &single, 1, scale, scores);
    CHECK (memcmp (alone, queries[i].out, head_dim * sizeof *alone) == 0 &&
               single.max == queries[i].max && single.sum == queries[i].sum,
           "%s: query %zu alone", what, i);
  }
  CHECK (guarded_is_intact (&out), "%s: written beyond %zu queries", what, n_queries);
  guarded_free (&out);
  lm_aligned_free (scores);
  attention_free (&a);
}

/* Queries are of such a size that scores are a few units, or spread from one weight down to none.
 */
static void
check_kinds (lm_kv_type type, size_t n_positions, size_t head_dim)
{
  size_t n_queries = 1 + random_below (LM_ATTEND_QUERIES);
  double factor = type == LM_KV_F16 ? 128 : 1; /* there is no byte that makes it larger */

  check_attention_of (type, CACHE_ORDINARY, n_queries, n_positions, head_dim, 1);
  check_attention_of (type, CACHE_ORDINARY, LM_ATTEND_QUERIES, n_positions, head_dim, 40);
  if (kernels_are_brief && n_positions >= 100)
    return;
  check_attention_of (type, CACHE_SMALL, n_queries, n_positions, head_dim, factor * 1e3);
  check_attention_of (type, CACHE_LARGE, n_queries, n_positions, head_dim, factor * 1e-6);
}

void
check_attention (void)
{
  static const size_t POSITIONS[] = { 1, 2, 8, 15, 16, 17, 33, 100, 255, LM_ATTEND_CHUNK };
  static const size_t DIMS[] = { 64, 128, 96, 80, 12, 256, 320 };

  for (size_t i = 0; i < sizeof POSITIONS / sizeof *POSITIONS; i++)
    for (size_t j = 0; j < sizeof DIMS / sizeof *DIMS; j++) {
      if (!pair_is_taken (i, j))
        continue;
      check_kinds (LM_KV_F16, POSITIONS[i], DIMS[j]);
      if (DIMS[j] % LM_KV_GROUP == 0)
        check_kinds (LM_KV_Q8_0, POSITIONS[i], DIMS[j]);
    }
}
