/* SPDX-License-Identifier: GPL-3.0-or-later
 * AVX2 products of the types with blocks of 32 weights, and of any type by unpacking it. */
#include "kernels/avx2/avx2.h"

/* The panel's first block of a span, of block_bytes a row. */
LM_INLINE const uint8_t *
find_block (const lm_avx2_span *span, size_t block_bytes)
{
  return (const uint8_t *) span->matrix->data + span->first_row * span->matrix->row_bytes +
         span->first_group * block_bytes * LM_PANEL_ROWS;
}

/* ---- Q4_0 --------------------------------------------------------------------------------- */

/* sum + scales × Σ (w − 8) × x. Products of a pair are ≤ 2 × 15 × 127, so eight pairs fit 16
 * bits. */
LM_INLINE __m256
add_q4_0 (__m256 sum, const __m256i w[8], __m256 scales, const lm_avx2_group *x)
{
  __m256i pairs[8], words;

#pragma GCC unroll 8
  for (int i = 0; i < 8; i++)
    pairs[i] = _mm256_maddubs_epi16 (w[i], lm_avx2_spread (x->q + 4 * i));
#pragma GCC unroll 3
  for (int step = 4; step > 0; step /= 2)
#pragma GCC unroll 4
    for (int i = 0; i < step; i++)
      pairs[i] = _mm256_add_epi16 (pairs[i], pairs[i + step]);
  words = _mm256_madd_epi16 (pairs[0], _mm256_set1_epi16 (1));
  words = _mm256_sub_epi32 (words, lm_avx2_spread (&x->sum_8));
  scales = _mm256_mul_ps (scales, _mm256_set1_ps (x->scale));
  return _mm256_fmadd_ps (_mm256_cvtepi32_ps (words), scales, sum);
}

LM_INLINE void
multiply_q4_0 (const lm_avx2_span *span, __m256 *sums, bool is_one)
{
  const size_t bytes = sizeof (lm_block_q4_0) * LM_PANEL_ROWS;
  const uint8_t *block = find_block (span, sizeof (lm_block_q4_0));
  const __m256i low = _mm256_set1_epi8 (15);
  const lm_avx2_group *x = span->x;
  __m256 one = sums[0];

  for (size_t g = 0; g < span->n_groups; g++, block += bytes, x += span->stride) {
    __m256 scales = lm_avx2_halves (block);
    __m256i w[8];

#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      __m256i nibbles = lm_avx2_load (block + 16 + 32 * i);

      w[i] = _mm256_and_si256 (nibbles, low);
      w[i + 4] = _mm256_and_si256 (_mm256_srli_epi16 (nibbles, 4), low);
    }
    if (is_one)
      one = add_q4_0 (one, w, scales, x);
    else
      for (size_t t = 0; t < span->n_tokens; t++)
        sums[t] = add_q4_0 (sums[t], w, scales, x + t);
  }
  if (is_one)
    sums[0] = one;
}

void
lm_avx2_q4_0 (const lm_avx2_span *span, __m256 *sums)
{
  if (span->n_tokens == 1)
    multiply_q4_0 (span, sums, true);
  else
    multiply_q4_0 (span, sums, false);
}

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
  __m256i words[8];

#pragma GCC unroll 8
  for (int i = 0; i < 8; i++)
    words[i] = _mm256_madd_epi16 (w[i], lm_avx2_spread (x->q + 16 * half + 2 * i));
#pragma GCC unroll 3
  for (int step = 4; step > 0; step /= 2)
#pragma GCC unroll 4
    for (int i = 0; i < step; i++)
      words[i] = _mm256_add_epi32 (words[i], words[i + step]);
  return words[0];
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
    for (size_t t = 0; t < span->n_tokens; t++)
      sums[t] = add_wide (sums[t], w, scales, x + t, half);
}

LM_INLINE void
multiply_q8_0 (const lm_avx2_span *span, __m256 *sums, bool is_one)
{
  const size_t bytes = sizeof (lm_block_q8_0) * LM_PANEL_ROWS;
  const uint8_t *block = find_block (span, sizeof (lm_block_q8_0));
  const lm_avx2_wide *x = span->wide;
  __m256 one = sums[0];

  for (size_t g = 0; g < span->n_groups; g++, block += bytes, x += span->stride) {
    __m256 scales = lm_avx2_halves (block);

#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
      const uint8_t *qs = block + 16 + 128 * half;
      __m256i q[4] = { lm_avx2_load (qs), lm_avx2_load (qs + 32), lm_avx2_load (qs + 64),
                       lm_avx2_load (qs + 96) };

      multiply_bytes (span, q, scales, x, half, is_one ? &one : sums, is_one);
    }
  }
  if (is_one)
    sums[0] = one;
}

void
lm_avx2_q8_0 (const lm_avx2_span *span, __m256 *sums)
{
  if (span->n_tokens == 1)
    multiply_q8_0 (span, sums, true);
  else
    multiply_q8_0 (span, sums, false);
}

/* ---- Any type ----------------------------------------------------------------------------- */

#define CHUNK_GROUPS (LM_SUPER_BLOCK / LM_GROUP_LENGTH)

/* The same group of eight rows. */
static void
multiply_groups (const lm_avx2_span *span,
                 const lm_group *rows[LM_PANEL_ROWS],
                 const lm_avx2_wide *x,
                 __m256 *sums)
{
  for (int half = 0; half < 2; half++) {
    int32_t words[4][LM_PANEL_ROWS];
    float scales[LM_PANEL_ROWS], mins[LM_PANEL_ROWS];
    __m256i q[4];
    __m256 min;

    for (int r = 0; r < LM_PANEL_ROWS; r++) {
      for (int i = 0; i < 4; i++)
        memcpy (&words[i][r], rows[r]->q + 16 * half + 4 * i, 4);
      scales[r] = rows[r]->scale[half];
      mins[r] = rows[r]->min[half];
    }
    for (int i = 0; i < 4; i++)
      q[i] = lm_avx2_load (words[i]);
    multiply_bytes (span, q, _mm256_loadu_ps (scales), x, half, sums, false);
    min = _mm256_loadu_ps (mins);
    for (size_t t = 0; t < span->n_tokens; t++)
      sums[t] = _mm256_fnmadd_ps (min, _mm256_set1_ps (x[t].scaled_sum[half]), sums[t]);
  }
}

void
lm_avx2_any (const lm_avx2_span *span, __m256 *sums)
{
  const lm_matrix *matrix = span->matrix;
  const lm_type_traits *traits = lm_type_get_traits (matrix->type);
  lm_unpack_fn unpack = lm_quant_get_unpack (matrix->type);
  lm_group groups[LM_PANEL_ROWS][CHUNK_GROUPS];
  size_t left = matrix->n_rows - span->first_row;
  const char *rows[LM_PANEL_ROWS];

  /* Rows that are not there are computed as the last one, and not stored. */
  for (size_t r = 0; r < LM_PANEL_ROWS; r++)
    rows[r] = (const char *) matrix->data +
              (span->first_row + (r < left ? r : left - 1)) * matrix->row_bytes +
              span->first_group * LM_GROUP_LENGTH / traits->block_length * traits->block_bytes;
  for (size_t g = 0; g < span->n_groups; g += CHUNK_GROUPS) {
    size_t n = span->n_groups - g < CHUNK_GROUPS ? span->n_groups - g : CHUNK_GROUPS;

    for (size_t r = 0; r < LM_PANEL_ROWS; r++) {
      unpack (rows[r], n * LM_GROUP_LENGTH, groups[r]);
      rows[r] += n * LM_GROUP_LENGTH / traits->block_length * traits->block_bytes;
    }
    for (size_t i = 0; i < n; i++) {
      const lm_group *same[LM_PANEL_ROWS];

      for (size_t r = 0; r < LM_PANEL_ROWS; r++)
        same[r] = &groups[r][i];
      multiply_groups (span, same, span->wide + (g + i) * span->stride, sums);
    }
  }
}
