/* SPDX-License-Identifier: GPL-3.0-or-later
 * AVX2 products of Q4_0, Q4_1, Q5_0 and Q5_1, from panels. */
#include "kernels/avx2/avx2.h"

/* sum + scales × Σ (w − offset) × x, offset being 8 or 16, or sum + scales × Σ w × x − mins × Σ x.
 * Products of a pair are ≤ 2 × 15 × 127, so eight pairs fit 16 bits; with a fifth bit, four. */
LM_INLINE __m256
add_nibbles (__m256 sum,
             const __m256i w[8],
             __m256 scales,
             __m256 mins,
             const lm_avx2_group *x,
             bool has_fifth,
             bool has_min)
{
  const __m256i ones = _mm256_set1_epi16 (1);
  __m256i words;

  if (has_fifth)
    words = _mm256_add_epi32 (_mm256_madd_epi16 (lm_avx2_add_pairs (w, x->q, 0, 4), ones),
                              _mm256_madd_epi16 (lm_avx2_add_pairs (w, x->q, 4, 4), ones));
  else
    words = _mm256_madd_epi16 (lm_avx2_add_pairs (w, x->q, 0, 8), ones);
  if (!has_min) {
    __m256i sum_8 = i_spread (&x->sum_8);

    words = _mm256_sub_epi32 (words, has_fifth ? _mm256_slli_epi32 (sum_8, 1) : sum_8);
  }
  scales = _mm256_mul_ps (scales, _mm256_set1_ps (x->scale));
  sum = _mm256_fmadd_ps (_mm256_cvtepi32_ps (words), scales, sum);
  return has_min ? _mm256_fnmadd_ps (mins, _mm256_set1_ps (x->scaled_sum), sum) : sum;
}

/* Bits 4 i … 4 i + 3 of every lane, as 16 in the lane's four bytes. */
LM_INLINE __m256i
spread_bits (__m256i bits, int i)
{
  const int at = i / 2, shift = 4 * (i % 2);
  const __m256i mask = _mm256_set1_epi32 ((int) (0x08040201u << shift));
  const __m256i same = _mm256_setr_epi8 (
      at, at, at, at, at + 4, at + 4, at + 4, at + 4, at + 8, at + 8, at + 8, at + 8, at + 12,
      at + 12, at + 12, at + 12, at, at, at, at, at + 4, at + 4, at + 4, at + 4, at + 8, at + 8,
      at + 8, at + 8, at + 12, at + 12, at + 12, at + 12);
  __m256i set = _mm256_cmpeq_epi8 (_mm256_and_si256 (_mm256_shuffle_epi8 (bits, same), mask), mask);

  return _mm256_and_si256 (set, _mm256_set1_epi8 (16));
}

/* fifth: a word of bits for each row. */
LM_INLINE void
unpack_nibbles (const uint8_t *words, const uint8_t *fifth, __m256i w[8], bool has_fifth)
{
  lm_avx2_unpack_nibbles (words, w);
#pragma GCC unroll 8
  for (int i = 0; has_fifth && i < 8; i++)
    w[i] = _mm256_or_si256 (w[i], spread_bits (lm_avx2_load (fifth), i));
}

LM_INLINE void
multiply_nibbles (const lm_avx2_span *span, __m256 *sums, bool has_fifth, bool has_min, bool is_one)
{
  const size_t block_bytes = 2 + (has_min ? 2 : 0) + (has_fifth ? 4 : 0) + 16;
  const lm_avx2_group *x = span->x;
  lm_avx2_short block = { .first = lm_avx2_find_block (span, block_bytes, 1) };
  __m256 one = sums[0];

  for (size_t g = 0; g < span->n_groups; g++, x += span->stride) {
    __m256 scales, mins = _mm256_setzero_ps ();
    __m256i w[8];

    lm_avx2_next_short (&block, span, g, block_bytes);
    if (has_min) {
      lm_avx2_load_two (block.head, &scales, &mins);
      mins = _mm256_sub_ps (_mm256_setzero_ps (), mins);
    } else {
      scales = lm_avx2_halves (block.head);
    }
    unpack_nibbles (block.words, block.head + (has_min ? 32 : 16), w, has_fifth);
    if (is_one)
      one = add_nibbles (one, w, scales, mins, x, has_fifth, has_min);
    else
      LM_FOR_TOKENS (t, span)
        sums[t] = add_nibbles (sums[t], w, scales, mins, x + t, has_fifth, has_min);
  }
  if (is_one)
    sums[0] = one;
}

LM_AVX2_DEFINE_TYPE (q4_0, multiply_nibbles, false, false)
LM_AVX2_DEFINE_TYPE (q4_1, multiply_nibbles, false, true)
LM_AVX2_DEFINE_TYPE (q5_0, multiply_nibbles, true, false)
LM_AVX2_DEFINE_TYPE (q5_1, multiply_nibbles, true, true)
