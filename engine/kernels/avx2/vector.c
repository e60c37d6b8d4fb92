/* SPDX-License-Identifier: GPL-3.0-or-later
 * AVX2 kernels on vectors, and the table. */
#include <math.h>

#include "kernels/avx2/avx2.h"
#include "kernels/ref/ref.h"
#include "util/half.h"

/* Σ x², in double precision as the reference adds it. */
static double
sum_of_squares (const float *x, size_t n)
{
  __m256d low = _mm256_setzero_pd (), high = _mm256_setzero_pd ();
  double sums[4], sum;
  size_t i;

  for (i = 0; i + 8 <= n; i += 8) {
    __m256d a = _mm256_cvtps_pd (_mm_loadu_ps (x + i));
    __m256d b = _mm256_cvtps_pd (_mm_loadu_ps (x + i + 4));

    low = _mm256_fmadd_pd (a, a, low);
    high = _mm256_fmadd_pd (b, b, high);
  }
  _mm256_storeu_pd (sums, _mm256_add_pd (low, high));
  sum = (sums[0] + sums[2]) + (sums[1] + sums[3]);
  for (; i < n; i++)
    sum += (double) x[i] * x[i];
  return sum;
}

void
lm_avx2_rms_norm (const float *x, const float *weight, size_t n, float epsilon, float *out)
{
  float scale = 1.0f / sqrtf ((float) (sum_of_squares (x, n) / (double) n) + epsilon);
  __m256 scales = _mm256_set1_ps (scale);
  size_t i;

  for (i = 0; i + 8 <= n; i += 8)
    _mm256_storeu_ps (out + i, _mm256_mul_ps (_mm256_mul_ps (_mm256_loadu_ps (x + i), scales),
                                              _mm256_loadu_ps (weight + i)));
  for (; i < n; i++)
    out[i] = x[i] * scale * weight[i];
}

static void
rope_halves (float *x, const float *cosines, const float *sines, size_t n_pairs)
{
  float *y = x + n_pairs;

  for (size_t i = 0; i + 8 <= n_pairs; i += 8) {
    __m256 a = _mm256_loadu_ps (x + i), b = _mm256_loadu_ps (y + i);
    __m256 c = _mm256_loadu_ps (cosines + i), s = _mm256_loadu_ps (sines + i);

    _mm256_storeu_ps (x + i, _mm256_sub_ps (_mm256_mul_ps (a, c), _mm256_mul_ps (b, s)));
    _mm256_storeu_ps (y + i, _mm256_add_ps (_mm256_mul_ps (a, s), _mm256_mul_ps (b, c)));
  }
}

static void
rope_adjacent (float *x, const float *cosines, const float *sines, size_t n_pairs)
{
  const __m256i twice = _mm256_setr_epi32 (0, 0, 1, 1, 2, 2, 3, 3);

  for (size_t i = 0; i + 4 <= n_pairs; i += 4) {
    __m256 pairs = _mm256_loadu_ps (x + 2 * i);
    __m256 c =
        _mm256_permutevar8x32_ps (_mm256_castps128_ps256 (_mm_loadu_ps (cosines + i)), twice);
    __m256 s = _mm256_permutevar8x32_ps (_mm256_castps128_ps256 (_mm_loadu_ps (sines + i)), twice);
    __m256 swapped = _mm256_permute_ps (pairs, 0xb1);

    _mm256_storeu_ps (x + 2 * i,
                      _mm256_addsub_ps (_mm256_mul_ps (pairs, c), _mm256_mul_ps (swapped, s)));
  }
}

void
lm_avx2_rope (
    float *x, const float *cosines, const float *sines, size_t n_pairs, lm_rope_layout layout)
{
  if (n_pairs % 8 != 0)
    lm_ref_rope (x, cosines, sines, n_pairs, layout);
  else if (layout == LM_ROPE_ADJACENT)
    rope_adjacent (x, cosines, sines, n_pairs);
  else
    rope_halves (x, cosines, sines, n_pairs);
}

void
lm_avx2_add (float *x, const float *y, size_t n)
{
  size_t i;

  for (i = 0; i + 8 <= n; i += 8)
    _mm256_storeu_ps (x + i, _mm256_add_ps (_mm256_loadu_ps (x + i), _mm256_loadu_ps (y + i)));
  for (; i < n; i++)
    x[i] += y[i];
}

void
lm_avx2_to_half (const float *x, size_t n, uint16_t *out)
{
  size_t i;

  for (i = 0; i + 8 <= n; i += 8)
    _mm_storeu_si128 ((__m128i *) (out + i),
                      _mm256_cvtps_ph (_mm256_loadu_ps (x + i), _MM_FROUND_TO_NEAREST_INT));
  for (; i < n; i++)
    out[i] = lm_float_to_half (x[i]);
}

const lm_kernels lm_kernels_avx2 = {
  .name = "avx2",
  .panel_rows = LM_AVX2_ROWS,
  .wants_panels = lm_avx2_wants_panels,
  .largest_activation = lm_avx2_largest_activation,
  .prepared_bytes = lm_avx2_prepared_bytes,
  .prepare = lm_avx2_prepare,
  .prefetches = true,
  .matmul = lm_avx2_matmul,
  .rms_norm = lm_avx2_rms_norm,
  .rope = lm_avx2_rope,
  .silu_mul = lm_avx2_silu_mul,
  .add = lm_avx2_add,
  .attend = lm_avx2_attend,
  .to_half = lm_avx2_to_half,
  .peak = lm_avx2_peak,
};
