/* SPDX-License-Identifier: GPL-3.0-or-later
 * AVX2 attention: the cache is worked through in blocks of positions, which are made floats once
 * for all query heads; each head keeps the largest score so far and the sum of weights relative to
 * it (Milakov & Gimelshein 2018, arXiv:1805.02867). Blocks begin at multiples of their length, so a
 * position's share does not depend on how the cache came to be. */
#include <math.h>

#include "kernels/avx2/avx2.h"
#include "kernels/ref/ref.h"

#define BLOCK       32  /* positions */
#define MAX_DIM     256 /* larger heads, which no model has, take the reference */
#define MAX_QUERIES 16  /* heads of one pass */

typedef struct {
  const float *q;
  float *out;
  size_t head_dim;
  float scale;
  float max[MAX_QUERIES];
  float sum[MAX_QUERIES];
} heads;

/* n rows of halves as floats; the rest of the block is zero. */
static void
widen_rows (const uint16_t *rows, size_t n, size_t head_dim, float *out)
{
  for (size_t i = 0; i < n * head_dim; i += 8)
    _mm256_store_ps (out + i, lm_avx2_halves (rows + i));
  memset (out + n * head_dim, 0, (BLOCK - n) * head_dim * sizeof *out);
}

/* Lane i: the sum of x[i]. */
LM_INLINE __m256
add_up_eight (const __m256 x[8])
{
  __m256 a = _mm256_hadd_ps (_mm256_hadd_ps (x[0], x[1]), _mm256_hadd_ps (x[2], x[3]));
  __m256 b = _mm256_hadd_ps (_mm256_hadd_ps (x[4], x[5]), _mm256_hadd_ps (x[6], x[7]));

  return _mm256_add_ps (_mm256_permute2f128_ps (a, b, 0x20), _mm256_permute2f128_ps (a, b, 0x31));
}

/* scale × q·k of eight positions. */
LM_INLINE __m256
score_eight (const float *q, const float *k, size_t head_dim, float scale)
{
  __m256 sums[8];

#pragma GCC unroll 8
  for (int p = 0; p < 8; p++)
    sums[p] = _mm256_setzero_ps ();
  for (size_t i = 0; i < head_dim; i += 8) {
    __m256 values = _mm256_loadu_ps (q + i);

#pragma GCC unroll 8
    for (size_t p = 0; p < 8; p++)
      sums[p] = _mm256_fmadd_ps (values, _mm256_load_ps (k + p * head_dim + i), sums[p]);
  }
  return _mm256_mul_ps (add_up_eight (sums), _mm256_set1_ps (scale));
}

LM_INLINE float
find_max (__m256 x)
{
  __m128 half = _mm_max_ps (_mm256_castps256_ps128 (x), _mm256_extractf128_ps (x, 1));

  half = _mm_max_ps (half, _mm_movehl_ps (half, half));
  return _mm_cvtss_f32 (_mm_max_ss (half, _mm_movehdup_ps (half)));
}

/* Turns the scores of n positions into weights relative to the largest so far; returns what earlier
 * weights are to be multiplied with. */
static float
weigh (heads *h, size_t i, float scores[BLOCK], size_t n)
{
  __m256 max = _mm256_set1_ps (h->max[i]), sum = _mm256_setzero_ps ();
  float old = h->max[i], factor;

  for (size_t p = n; p < BLOCK; p++)
    scores[p] = -INFINITY;
  for (size_t p = 0; p < BLOCK; p += 8)
    max = _mm256_max_ps (max, _mm256_load_ps (scores + p));
  h->max[i] = find_max (max);
  max = _mm256_set1_ps (h->max[i]);
  for (size_t p = 0; p < BLOCK; p += 8) {
    __m256 weights = lm_avx2_exp (_mm256_sub_ps (_mm256_load_ps (scores + p), max));

    _mm256_store_ps (scores + p, weights);
    sum = _mm256_add_ps (sum, weights);
  }
  factor = _mm256_cvtss_f32 (lm_avx2_exp (_mm256_set1_ps (old - h->max[i])));
  h->sum[i] = h->sum[i] * factor + lm_avx2_add_up (sum);
  return factor;
}

/* out = factor × out + Σ_p weights[p] × v[p], in n_vectors × 8 of the head's dimensions. */
LM_INLINE void
mix_columns (float *out,
             const float *v,
             size_t head_dim,
             const float *weights,
             size_t n,
             float factor,
             const int n_vectors)
{
  __m256 sums[8];

#pragma GCC unroll 8
  for (int j = 0; j < n_vectors; j++)
    sums[j] = _mm256_mul_ps (_mm256_loadu_ps (out + 8 * j), _mm256_set1_ps (factor));
  for (size_t p = 0; p < n; p++) {
    __m256 weight = _mm256_set1_ps (weights[p]);

#pragma GCC unroll 8
    for (int j = 0; j < n_vectors; j++)
      sums[j] = _mm256_fmadd_ps (weight, _mm256_load_ps (v + p * head_dim + 8 * j), sums[j]);
  }
#pragma GCC unroll 8
  for (int j = 0; j < n_vectors; j++)
    _mm256_storeu_ps (out + 8 * j, sums[j]);
}

static void
mix (float *out, const float *v, size_t head_dim, const float *weights, size_t n, float factor)
{
  size_t i;

  for (i = 0; i + 64 <= head_dim; i += 64)
    mix_columns (out + i, v + i, head_dim, weights, n, factor, 8);
  for (; i < head_dim; i += 8)
    mix_columns (out + i, v + i, head_dim, weights, n, factor, 1);
}

static void
attend_block (heads *h, size_t n_queries, const uint16_t *k, const uint16_t *v, size_t n)
{
  _Alignas (32) float rows[BLOCK * MAX_DIM];
  _Alignas (32) float scores[MAX_QUERIES][BLOCK];
  float factors[MAX_QUERIES];

  widen_rows (k, n, h->head_dim, rows);
  for (size_t i = 0; i < n_queries; i++) {
    for (size_t p = 0; p < n; p += 8)
      _mm256_store_ps (scores[i] + p, score_eight (h->q + i * h->head_dim, rows + p * h->head_dim,
                                                   h->head_dim, h->scale));
    factors[i] = weigh (h, i, scores[i], n);
  }
  widen_rows (v, n, h->head_dim, rows);
  for (size_t i = 0; i < n_queries; i++)
    mix (h->out + i * h->head_dim, rows, h->head_dim, scores[i], n, factors[i]);
}

static void
attend_heads (heads *h, size_t n_queries, const uint16_t *k, const uint16_t *v, size_t n_positions)
{
  memset (h->out, 0, n_queries * h->head_dim * sizeof *h->out);
  for (size_t i = 0; i < n_queries; i++) {
    h->max[i] = -INFINITY;
    h->sum[i] = 0;
  }
  for (size_t p = 0; p < n_positions; p += BLOCK)
    attend_block (h, n_queries, k + p * h->head_dim, v + p * h->head_dim,
                  n_positions - p < BLOCK ? n_positions - p : BLOCK);
  for (size_t i = 0; i < n_queries; i++) {
    __m256 inverse = _mm256_set1_ps (1 / h->sum[i]);
    float *out = h->out + i * h->head_dim;

    for (size_t j = 0; j < h->head_dim; j += 8)
      _mm256_storeu_ps (out + j, _mm256_mul_ps (_mm256_loadu_ps (out + j), inverse));
  }
}

void
lm_avx2_attend (const float *q,
                size_t n_queries,
                const uint16_t *k,
                const uint16_t *v,
                size_t n_positions,
                size_t head_dim,
                float scale,
                float *scores,
                float *out)
{
  if (head_dim % 8 != 0 || head_dim > MAX_DIM) {
    lm_ref_attend (q, n_queries, k, v, n_positions, head_dim, scale, scores, out);
    return;
  }
  for (size_t i = 0; i < n_queries; i += MAX_QUERIES) {
    heads h = {
      .q = q + i * head_dim, .out = out + i * head_dim, .head_dim = head_dim, .scale = scale
    };

    attend_heads (&h, n_queries - i < MAX_QUERIES ? n_queries - i : MAX_QUERIES, k, v, n_positions);
  }
}
