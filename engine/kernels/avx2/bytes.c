/* SPDX-License-Identifier: GPL-3.0-or-later
 * AVX2 products of types that are unpacked to signed bytes, with activations of 14 bits: Q8_0 and
 * the IQ4 types. */
#include "kernels/avx2/avx2.h"
#include "quant/iq-tables.h"

/* ---- 8-bit weights of either sign ---------------------------------------------------------- */

/* Four bytes a lane as 16-bit integers: bytes 0 and 2, bytes 1 and 3. */
LM_INLINE void
widen (__m256i bytes, __m256i w[2])
{
  w[0] = _mm256_srai_epi16 (_mm256_slli_epi16 (bytes, 8), 8);
  w[1] = _mm256_srai_epi16 (bytes, 8);
}

/* Σ w × x of 16 columns: half of the group x. */
LM_INLINE __m256i
dot_wide (const __m256i w[8], const lm_avx2_wide *x, int half)
{
  const int16_t *q = x->q + 16 * half;
  __m256i a = _mm256_madd_epi16 (w[0], i_spread (q));
  __m256i b = _mm256_madd_epi16 (w[1], i_spread (q + 2));

#pragma GCC unroll 3
  for (int i = 2; i < 8; i += 2) {
    a = _mm256_add_epi32 (a, _mm256_madd_epi16 (w[i], i_spread (q + 2 * i)));
    b = _mm256_add_epi32 (b, _mm256_madd_epi16 (w[i + 1], i_spread (q + 2 * i + 2)));
  }
  return _mm256_add_epi32 (a, b);
}

/* The integer sum, ≤ 16 × 128 × 8191, is exact as a float. */
LM_INLINE __m256
add_wide (__m256 sum, const __m256i w[8], __m256 scales, const lm_avx2_wide *x, int half)
{
  __m256 words = _mm256_cvtepi32_ps (dot_wide (w, x, half));

  return _mm256_fmadd_ps (words, _mm256_mul_ps (scales, _mm256_set1_ps (x->scale)), sum);
}

/* Half a group: 16 columns in four vectors of bytes. */
LM_INLINE void
multiply_bytes (const lm_avx2_span *span,
                const __m256i bytes[4],
                __m256 scales,
                const lm_avx2_wide *x,
                int half,
                __m256 *sums,
                bool is_one)
{
  __m256i w[8];

#pragma GCC unroll 4
  for (int i = 0; i < 4; i++)
    widen (bytes[i], w + 2 * i);
  if (is_one)
    *sums = add_wide (*sums, w, scales, x, half);
  else
    LM_FOR_TOKENS (t, span)
      sums[t] = add_wide (sums[t], w, scales, x + t, half);
}

LM_INLINE void
multiply_q8_0 (const lm_avx2_span *span, __m256 *sums, bool is_one)
{
  const size_t bytes = sizeof (lm_block_q8_0);
  const lm_avx2_wide *x = span->wide;
  lm_avx2_short block = { .first = lm_avx2_find_block (span, bytes, 1) };
  __m256 one = sums[0];

  for (size_t g = 0; g < span->n_groups; g++, x += span->stride) {
    __m256 scales;

    lm_avx2_next_short (&block, span, g, bytes);
    scales = lm_avx2_halves (block.head);
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
      const uint8_t *qs = block.words + 128 * half;
      __m256i q[4] = { lm_avx2_load (qs), lm_avx2_load (qs + 32), lm_avx2_load (qs + 64),
                       lm_avx2_load (qs + 96) };

      multiply_bytes (span, q, scales, x, half, is_one ? &one : sums, is_one);
    }
  }
  if (is_one)
    sums[0] = one;
}

LM_AVX2_DEFINE_TYPE (q8_0, multiply_q8_0)

/* ---- IQ4_NL and IQ4_XS -------------------------------------------------------------------- */

/* A group whose 16 bytes a row hold the first 16 weights in their lower nibbles. */
LM_INLINE void
multiply_iq4 (const lm_avx2_span *span,
              const uint8_t *qs,
              __m256 scales,
              const lm_avx2_wide *x,
              __m256 *sums,
              bool is_one)
{
  const __m256i values =
      _mm256_broadcastsi128_si256 (_mm_loadu_si128 ((const __m128i *) lm_iq4_values));
  const __m256i low = _mm256_set1_epi8 (15);

#pragma GCC unroll 2
  for (int half = 0; half < 2; half++) {
    __m256i q[4];

#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      __m256i nibbles = lm_avx2_load_word (qs, i);

      nibbles = half == 0 ? nibbles : _mm256_srli_epi16 (nibbles, 4);
      q[i] = _mm256_shuffle_epi8 (values, _mm256_and_si256 (nibbles, low));
    }
    multiply_bytes (span, q, scales, x, half, sums, is_one);
  }
}

LM_INLINE void
multiply_iq4_nl (const lm_avx2_span *span, __m256 *sums, bool is_one)
{
  const size_t bytes = sizeof (lm_block_iq4_nl);
  const lm_avx2_wide *x = span->wide;
  lm_avx2_short block = { .first = lm_avx2_find_block (span, bytes, 1) };

  for (size_t g = 0; g < span->n_groups; g++, x += span->stride) {
    lm_avx2_next_short (&block, span, g, bytes);
    multiply_iq4 (span, block.words, lm_avx2_halves (block.head), x, sums, is_one);
  }
}

LM_AVX2_DEFINE_TYPE (iq4_nl, multiply_iq4_nl)

/* d × (scale − 32) of group g: four bits of nibble g of the second word, two of the upper half of
 * the first. */
LM_INLINE __m256
scale_iq4_xs (const uint8_t *block, size_t g)
{
  __m128i low_shift = _mm_cvtsi32_si128 ((int) (4 * g));
  __m128i high_shift = _mm_cvtsi32_si128 ((int) (16 + 2 * g));
  __m256i low = _mm256_srl_epi32 (lm_avx2_load_word (block, 1), low_shift);
  __m256i high = _mm256_srl_epi32 (lm_avx2_load_word (block, 0), high_shift);
  __m256i scale;
  __m256 d, unused;

  low = _mm256_and_si256 (low, _mm256_set1_epi32 (15));
  high = _mm256_slli_epi32 (_mm256_and_si256 (high, _mm256_set1_epi32 (3)), 4);
  scale = _mm256_sub_epi32 (_mm256_or_si256 (low, high), _mm256_set1_epi32 (32));
  lm_avx2_load_two (block, &d, &unused);
  return _mm256_mul_ps (d, _mm256_cvtepi32_ps (scale));
}

LM_INLINE void
multiply_iq4_xs (const lm_avx2_span *span, __m256 *sums, bool is_one)
{
  const size_t bytes = sizeof (lm_block_iq4_xs) * LM_AVX2_ROWS;
  const uint8_t *block = lm_avx2_find_block (span, sizeof (lm_block_iq4_xs), LM_AVX2_GROUPS);
  const lm_avx2_wide *x = span->wide;

  for (size_t g = 0; g < span->n_groups; g++, x += span->stride) {
    size_t i = g % LM_AVX2_GROUPS;

    lm_avx2_ask_ahead (span, block + sizeof (lm_block_iq4_xs) * i, sizeof (lm_block_iq4_xs));
    multiply_iq4 (span, block + (2 + 4 * i) * 4 * LM_AVX2_ROWS, scale_iq4_xs (block, i), x, sums,
                  is_one);
    block += i == LM_AVX2_GROUPS - 1 ? bytes : 0;
  }
}

LM_AVX2_DEFINE_TYPE (iq4_xs, multiply_iq4_xs)
