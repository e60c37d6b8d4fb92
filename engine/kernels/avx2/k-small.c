/* SPDX-License-Identifier: GPL-3.0-or-later
 * AVX2 products of Q2_K and Q3_K, from panels: every sixteen weights have a scale of their own, an
 * integer that pairs of products are multiplied with. */
#include "kernels/avx2/avx2.h"

/* Scales of a group's two halves as 16-bit integers: each twice in every lane, and what Σ x of both
 * halves is multiplied with. */
typedef struct {
  __m256i first;
  __m256i second;
  __m256i both;
} scales_16;

/* Σ scale × w × x. w ≤ 7, so the products of four pairs fit 16 bits. */
LM_INLINE __m256i
add_halves (const __m256i w[8], const scales_16 *s, const lm_avx2_group *x)
{
  return _mm256_add_epi32 (_mm256_madd_epi16 (lm_avx2_add_pairs (w, x->q, 0, 4), s->first),
                           _mm256_madd_epi16 (lm_avx2_add_pairs (w, x->q, 4, 4), s->second));
}

/* A group's weights of two bits. */
LM_INLINE void
unpack_two_bits (const uint8_t *words, __m256i w[8])
{
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++)
    w[i] = _mm256_and_si256 (_mm256_srli_epi16 (lm_avx2_load_word (words, i / 4), 2 * (i % 4)),
                             _mm256_set1_epi8 (3));
}

/* Bytes 2 g and 2 g + 1 of sixteen a row. */
LM_INLINE scales_16
pick_scales (const __m256i words[4], size_t g)
{
  __m256i word = words[g / 2];

  if (g % 2 == 0)
    return (scales_16) { lm_avx2_pick_bytes (word, 0, 0), lm_avx2_pick_bytes (word, 1, 1),
                         lm_avx2_pick_bytes (word, 0, 1) };
  return (scales_16) { lm_avx2_pick_bytes (word, 2, 2), lm_avx2_pick_bytes (word, 3, 3),
                       lm_avx2_pick_bytes (word, 2, 3) };
}

/* ---- Q2_K --------------------------------------------------------------------------------- */

/* sum + d × Σ scale × w × x − dmin × Σ min × x. */
LM_INLINE __m256
add_q2_k (__m256 sum,
          const __m256i w[8],
          const scales_16 *s,
          __m256 d,
          __m256 dmin,
          const lm_avx2_group *x)
{
  const __m256 scale = _mm256_set1_ps (x->scale);
  __m256i mins = _mm256_madd_epi16 (s->both, i_spread (x->sum));

  sum = _mm256_fmadd_ps (_mm256_cvtepi32_ps (add_halves (w, s, x)), _mm256_mul_ps (d, scale), sum);
  return _mm256_fnmadd_ps (_mm256_cvtepi32_ps (mins), _mm256_mul_ps (dmin, scale), sum);
}

LM_INLINE void
multiply_q2_k (const lm_avx2_span *span, __m256 *sums, bool is_one)
{
  const __m256i four = _mm256_set1_epi8 (15);
  const uint8_t *block = lm_avx2_find_block (span, sizeof (lm_block_q2_k), LM_AVX2_GROUPS);
  const lm_avx2_group *x = span->x;

  for (size_t b = 0; b < span->n_groups / LM_AVX2_GROUPS; b++) {
    __m256i scales[4], mins[4];
    __m256 d, dmin;

    for (int i = 0; i < 4; i++) {
      __m256i packed = lm_avx2_load_word (block, 1 + i);

      scales[i] = _mm256_and_si256 (packed, four);
      mins[i] = _mm256_and_si256 (_mm256_srli_epi16 (packed, 4), four);
    }
    lm_avx2_load_two (block, &d, &dmin);
    LM_AVX2_FOR_GROUPS (g) {
      scales_16 s = pick_scales (scales, g);
      __m256i w[8];

      s.both = pick_scales (mins, g).both;
      lm_avx2_ask_ahead (span, block + sizeof (lm_block_q2_k) * g, sizeof (lm_block_q2_k));
      unpack_two_bits (block + (20 + 8 * g) * LM_AVX2_ROWS, w);
      if (is_one)
        sums[0] = add_q2_k (sums[0], w, &s, d, dmin, x);
      else
        LM_FOR_TOKENS (t, span)
          sums[t] = add_q2_k (sums[t], w, &s, d, dmin, x + t);
      x += span->stride;
    }
    block += sizeof (lm_block_q2_k) * LM_AVX2_ROWS;
  }
}

LM_AVX2_DEFINE_TYPE (q2_k, multiply_q2_k)

/* ---- Q3_K --------------------------------------------------------------------------------- */

/* sum + d × Σ scale × (w − 4) × x. */
LM_INLINE __m256
add_q3_k (__m256 sum, const __m256i w[8], const scales_16 *s, __m256 d, const lm_avx2_group *x)
{
  __m256i offset = _mm256_slli_epi32 (_mm256_madd_epi16 (s->both, i_spread (x->sum)), 2);
  __m256i words = _mm256_sub_epi32 (add_halves (w, s, x), offset);

  d = _mm256_mul_ps (d, _mm256_set1_ps (x->scale));
  return _mm256_fmadd_ps (_mm256_cvtepi32_ps (words), d, sum);
}

/* Sixteen scales of 6 bits, less 32: lower four bits in the nibbles of words 0 and 1, low ones
 * first, upper two in word 2, lowest first. */
LM_INLINE void
load_scales_q3_k (const uint8_t *words, __m256i scales[4])
{
  const __m256i four = _mm256_set1_epi8 (15), two = _mm256_set1_epi8 (3);
  __m256i high = lm_avx2_load_word (words, 2);

#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    __m256i low = lm_avx2_load_word (words, i % 2);
    __m256i upper = _mm256_and_si256 (_mm256_srli_epi16 (high, 2 * i), two);

    low = _mm256_and_si256 (i < 2 ? low : _mm256_srli_epi16 (low, 4), four);
    scales[i] = _mm256_sub_epi8 (_mm256_or_si256 (low, _mm256_slli_epi16 (upper, 4)),
                                 _mm256_set1_epi8 (32));
  }
}

LM_INLINE void
multiply_q3_k (const lm_avx2_span *span, __m256 *sums, bool is_one)
{
  const uint8_t *block = lm_avx2_find_block (span, sizeof (lm_block_q3_k), LM_AVX2_GROUPS);
  const lm_avx2_group *x = span->x;

  for (size_t b = 0; b < span->n_groups / LM_AVX2_GROUPS; b++) {
    const uint8_t *scale_words = block + 2 * LM_AVX2_ROWS;
    const uint8_t *groups = scale_words + 12 * LM_AVX2_ROWS;
    const __m256i four = _mm256_set1_epi8 (4);
    __m256 d = lm_avx2_halves (block);
    __m256i scales[4];

    load_scales_q3_k (scale_words, scales);
    LM_AVX2_FOR_GROUPS (g) {
      const uint8_t *words = groups + 12 * LM_AVX2_ROWS * g;
      __m256i bits = lm_avx2_load_word (words, 2);
      scales_16 s = pick_scales (scales, g);
      __m256i w[8];

      lm_avx2_ask_ahead (span, block + sizeof (lm_block_q3_k) * g, sizeof (lm_block_q3_k));
      unpack_two_bits (words, w);
#pragma GCC unroll 8
      for (int i = 0; i < 8; i++) {
        __m256i moved = i < 2 ? _mm256_slli_epi16 (bits, 2 - i) : _mm256_srli_epi16 (bits, i - 2);

        w[i] = _mm256_or_si256 (w[i], _mm256_and_si256 (moved, four));
      }
      if (is_one)
        sums[0] = add_q3_k (sums[0], w, &s, d, x);
      else
        LM_FOR_TOKENS (t, span)
          sums[t] = add_q3_k (sums[t], w, &s, d, x + t);
      x += span->stride;
    }
    block += sizeof (lm_block_q3_k) * LM_AVX2_ROWS;
  }
}

LM_AVX2_DEFINE_TYPE (q3_k, multiply_q3_k)
