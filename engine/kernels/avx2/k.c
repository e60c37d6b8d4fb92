/* SPDX-License-Identifier: GPL-3.0-or-later
 * AVX2 products of the K types, from panels. */
#include "kernels/avx2/avx2.h"

/* ---- Q4_K and Q5_K ------------------------------------------------------------------------ */

/* Scales and minima of eight rows, of each group. */
typedef struct {
  __m256 scales[LM_AVX2_GROUPS];
  __m256 mins[LM_AVX2_GROUPS];
} scales_k;

/* d × byte g % 4 of each lane of packed[g / 4]. */
LM_INLINE __m256
scale_of (const __m256i packed[2], int g, __m256 d)
{
  __m256i bytes = _mm256_srli_epi32 (packed[g / 4], 8 * (g % 4));

  return _mm256_mul_ps (d, _mm256_cvtepi32_ps (_mm256_and_si256 (bytes, _mm256_set1_epi32 (255))));
}

/* From words of 6-bit scales and minima, packed as unpack_q4_k_scale() says. */
LM_INLINE void
load_scales (const uint8_t *words, scales_k *s)
{
  const __m256i six = _mm256_set1_epi8 (63);
  const __m256i four = _mm256_set1_epi8 (15);
  const __m256i upper = _mm256_set1_epi8 (48);
  __m256 d, dmin;
  __m256i first, second, third, scales[2], mins[2];

  lm_avx2_load_two (words, &d, &dmin);
  first = lm_avx2_load_word (words, 1);
  second = lm_avx2_load_word (words, 2);
  third = lm_avx2_load_word (words, 3);
  scales[0] = _mm256_and_si256 (first, six);
  mins[0] = _mm256_and_si256 (second, six);
  scales[1] = _mm256_or_si256 (_mm256_and_si256 (third, four),
                               _mm256_and_si256 (_mm256_srli_epi16 (first, 2), upper));
  mins[1] = _mm256_or_si256 (_mm256_and_si256 (_mm256_srli_epi16 (third, 4), four),
                             _mm256_and_si256 (_mm256_srli_epi16 (second, 2), upper));
#pragma GCC unroll 8
  for (int g = 0; g < LM_AVX2_GROUPS; g++) {
    s->scales[g] = scale_of (scales, g, d);
    s->mins[g] = scale_of (mins, g, dmin);
  }
}

/* sum + scales × Σ w × x − mins × Σ x. A pair's products are ≤ 2 × 31 × 127, so four pairs fit 16
 * bits, and eight where weights are ≤ 15. */
LM_INLINE __m256
add_q45_k (__m256 sum,
           const __m256i w[8],
           __m256 scales,
           __m256 mins,
           const lm_avx2_group *x,
           bool is_four)
{
  const __m256i ones = _mm256_set1_epi16 (1);
  __m256i words;

  if (is_four)
    words = _mm256_madd_epi16 (lm_avx2_add_pairs (w, x->q, 0, 8), ones);
  else
    words = _mm256_add_epi32 (_mm256_madd_epi16 (lm_avx2_add_pairs (w, x->q, 0, 4), ones),
                              _mm256_madd_epi16 (lm_avx2_add_pairs (w, x->q, 4, 4), ones));
  scales = _mm256_mul_ps (scales, _mm256_set1_ps (x->scale));
  sum = _mm256_fmadd_ps (_mm256_cvtepi32_ps (words), scales, sum);
  return _mm256_fnmadd_ps (mins, _mm256_set1_ps (x->scaled_sum), sum);
}

/* The weights of a group: nibbles and, for Q5_K, a fifth bit. */
LM_INLINE void
unpack_q45_k (const uint8_t *words, __m256i w[8], bool is_four)
{
  const __m256i fifth = _mm256_set1_epi8 (16);
  __m256i bits = is_four ? fifth : lm_avx2_load_word (words, 4);

  lm_avx2_unpack_nibbles (words, w);
#pragma GCC unroll 8
  for (int i = 0; i < 8 && !is_four; i++) {
    __m256i moved = i < 4 ? _mm256_slli_epi16 (bits, 4 - i) : _mm256_srli_epi16 (bits, i - 4);

    w[i] = _mm256_or_si256 (w[i], _mm256_and_si256 (moved, fifth));
  }
}

LM_INLINE void
multiply_q45_k (const lm_avx2_span *span, __m256 *sums, bool is_four, bool is_one)
{
  const size_t row_bytes = is_four ? sizeof (lm_block_q4_k) : sizeof (lm_block_q5_k);
  const size_t n_words = is_four ? 4 : 5; /* of a group and row; the head has four */
  const uint8_t *block = lm_avx2_find_block (span, row_bytes, LM_AVX2_GROUPS);
  const lm_avx2_group *x = span->x;
  __m256 one = sums[0];

  for (size_t b = 0; b < span->n_groups / LM_AVX2_GROUPS; b++, block += row_bytes * LM_AVX2_ROWS) {
    scales_k s;

    load_scales (block, &s);
    LM_AVX2_FOR_GROUPS (g) {
      __m256i w[8];

      lm_avx2_ask_ahead (span, block + row_bytes * g, row_bytes);
      unpack_q45_k (block + 4 * LM_AVX2_ROWS * (4 + n_words * g), w, is_four);
      if (is_one)
        one = add_q45_k (one, w, s.scales[g], s.mins[g], x, is_four);
      else
        LM_FOR_TOKENS (t, span)
          sums[t] = add_q45_k (sums[t], w, s.scales[g], s.mins[g], x + t, is_four);
      x += span->stride;
    }
  }
  if (is_one)
    sums[0] = one;
}

LM_AVX2_DEFINE_TYPE (q4_k, multiply_q45_k, true)
LM_AVX2_DEFINE_TYPE (q5_k, multiply_q45_k, false)

/* ---- Q6_K --------------------------------------------------------------------------------- */

/* The scales of a group's two halves, as 16-bit integers: each twice in every lane, and both times
 * 32, which weights are raised by. */
typedef struct {
  __m256i first;
  __m256i second;
  __m256i offsets;
} scales_q6_k;

LM_INLINE void
load_scales_q6_k (const uint8_t *words, scales_q6_k s[LM_AVX2_GROUPS])
{
#pragma GCC unroll 8
  for (int g = 0; g < LM_AVX2_GROUPS; g++) {
    __m256i word = lm_avx2_load_word (words, g / 2);
    int at = 2 * (g % 2);

    s[g] = (scales_q6_k) { lm_avx2_pick_bytes (word, at, at),
                           lm_avx2_pick_bytes (word, at + 1, at + 1),
                           _mm256_slli_epi16 (lm_avx2_pick_bytes (word, at, at + 1), 5) };
  }
}

/* sum + d × Σ scale × (w − 32) × x. A pair's products are ≤ 2 × 63 × 127, so two pairs fit 16 bits,
 * and the whole integer sum, ≤ 32 × 32 × 128 × 127, is exact as a float. */
LM_INLINE __m256
add_q6_k (__m256 sum, const __m256i w[8], scales_q6_k s, __m256 d, const lm_avx2_group *x)
{
  __m256i a = _mm256_madd_epi16 (lm_avx2_add_pairs (w, x->q, 0, 2), s.first);
  __m256i b = _mm256_madd_epi16 (lm_avx2_add_pairs (w, x->q, 2, 2), s.first);
  __m256i offset = _mm256_madd_epi16 (s.offsets, i_spread (x->sum));

  a = _mm256_add_epi32 (a, _mm256_madd_epi16 (lm_avx2_add_pairs (w, x->q, 4, 2), s.second));
  b = _mm256_add_epi32 (b, _mm256_madd_epi16 (lm_avx2_add_pairs (w, x->q, 6, 2), s.second));
  a = _mm256_sub_epi32 (_mm256_add_epi32 (a, b), offset);
  d = _mm256_mul_ps (d, _mm256_set1_ps (x->scale));
  return _mm256_fmadd_ps (_mm256_cvtepi32_ps (a), d, sum);
}

LM_INLINE void
multiply_q6_k (const lm_avx2_span *span, __m256 *sums, bool is_one)
{
  const size_t bytes = sizeof (lm_block_q6_k) * LM_AVX2_ROWS;
  const uint8_t *block = lm_avx2_find_block (span, sizeof (lm_block_q6_k), LM_AVX2_GROUPS);
  const lm_avx2_group *x = span->x;
  __m256 one = sums[0];

  for (size_t b = 0; b < span->n_groups / LM_AVX2_GROUPS; b++, block += bytes) {
    const uint8_t *scales = block + 2 * LM_AVX2_ROWS;
    const uint8_t *groups = scales + 16 * LM_AVX2_ROWS;
    __m256 d = lm_avx2_halves (block);
    scales_q6_k s[LM_AVX2_GROUPS];

    load_scales_q6_k (scales, s);
    LM_AVX2_FOR_GROUPS (g) {
      __m256i w[8];

      lm_avx2_ask_ahead (span, block + sizeof (lm_block_q6_k) * g, sizeof (lm_block_q6_k));
      lanes_unpack_six_bits (groups + 24 * LM_AVX2_ROWS * g, w);
      if (is_one)
        one = add_q6_k (one, w, s[g], d, x);
      else
        LM_FOR_TOKENS (t, span)
          sums[t] = add_q6_k (sums[t], w, s[g], d, x + t);
      x += span->stride;
    }
  }
  if (is_one)
    sums[0] = one;
}

LM_AVX2_DEFINE_TYPE (q6_k, multiply_q6_k)
