/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rounding 32 activations to integers, as kernels.h says of largest_activation(). */
#pragma once

#include <math.h>

#include "kernels/x86/lanes.h"
#include "quant/quant.h"

/* Eight products rounded to the nearest integer, halves away from zero, as the reference does. */
LM_INLINE __m256i
round_eight (const float *x, __m256 inverse)
{
  __m256 scaled = _mm256_mul_ps (_mm256_loadu_ps (x), inverse);
  __m256i whole = _mm256_cvttps_epi32 (scaled);
  __m256 rest = _mm256_sub_ps (scaled, _mm256_cvtepi32_ps (whole));
  __m256 up = _mm256_cmp_ps (rest, _mm256_set1_ps (0.5f), _CMP_GE_OQ);
  __m256 down = _mm256_cmp_ps (rest, _mm256_set1_ps (-0.5f), _CMP_LE_OQ);

  /* A true comparison is −1. */
  whole = _mm256_sub_epi32 (whole, _mm256_castps_si256 (up));
  return _mm256_add_epi32 (whole, _mm256_castps_si256 (down));
}

/* The largest magnitude of n floats, a multiple of eight, NaN if one is: compared as integers. */
LM_INLINE float
find_largest (const float *x, const size_t n)
{
  const __m256i no_sign = _mm256_set1_epi32 (0x7fffffff);
  __m256i largest = _mm256_setzero_si256 ();
  __m128i half;
  int32_t bits;
  float value;

  for (size_t i = 0; i < n; i += 8)
    largest = _mm256_max_epi32 (
        largest,
        _mm256_and_si256 (_mm256_loadu_si256 ((const __m256i *) (const void *) (x + i)), no_sign));
  half = _mm_max_epi32 (_mm256_castsi256_si128 (largest), _mm256_extracti128_si256 (largest, 1));
  half = _mm_max_epi32 (half, _mm_shuffle_epi32 (half, 0x4e));
  half = _mm_max_epi32 (half, _mm_shuffle_epi32 (half, 0xb1));
  bits = _mm_cvtsi128_si32 (half);
  memcpy (&value, &bits, sizeof value);
  return value;
}

LM_INLINE int
add_up_words (__m256i q)
{
  __m256i pairs = _mm256_madd_epi16 (q, _mm256_set1_epi16 (1));
  __m128i sums =
      _mm_add_epi32 (_mm256_castsi256_si128 (pairs), _mm256_extracti128_si256 (pairs, 1));

  sums = _mm_add_epi32 (sums, _mm_shuffle_epi32 (sums, 0x4e));
  sums = _mm_add_epi32 (sums, _mm_shuffle_epi32 (sums, 0xb1));
  return _mm_cvtsi128_si32 (sums);
}

/* Sixteen products rounded, in their order. */
LM_INLINE __m256i
round_sixteen (const float *x, float inverse)
{
  __m256i q = _mm256_packs_epi32 (round_eight (x, _mm256_set1_ps (inverse)),
                                  round_eight (x + 8, _mm256_set1_ps (inverse)));

  return _mm256_permute4x64_epi64 (q, 0xd8);
}

/* 1 / scale of a group, and its scale; 0 where all is zero, or so small that it may count as zero,
 * or not finite, which the scale then says. */
LM_INLINE float
find_inverse (float largest, int steps, float *scale)
{
  float inverse = (float) steps / largest;

  *scale = largest / (float) steps;
  if (isfinite (inverse) && isfinite (largest))
    return inverse;
  *scale = isfinite (largest) ? 0 : largest;
  return 0;
}
