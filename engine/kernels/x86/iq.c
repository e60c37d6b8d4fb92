/* SPDX-License-Identifier: GPL-3.0-or-later
 * Products of the IQ2 and IQ3 types with activations of 8 bits, from the file's layout, for AVX2
 * and the VNNI levels.
 *
 * Looking magnitudes up is most of the work. One token is multiplied row by row, 32 columns to a
 * vector, and takes the signs itself, so that weights are used as they come from the grid; for more
 * tokens, weights become bytes with their sign and then vectors whose lanes are rows, as other
 * types have them. Either way a group's sum of integers is exact and groups are added in their
 * order, so the bits are the same. */
#include "kernels/x86/iq.h"

#if defined(__AVXVNNI__) || defined(__AVX512VNNI__)
#include "kernels/vnni/multiply.h"

typedef lm_vnni_span iq_span;
typedef lm_vnni_group iq_group;

#define SUMS_A_TOKEN LM_VNNI_PANELS /* of which one panel takes every first */

/* What makes weights numbers without a sign, as their multiplication wants them. */
#define RAISED 128

/* −RAISED × Σ x, of a group or of half of it. */
LM_INLINE lanes_i
get_start (const iq_group *x)
{
  return i_set (x->minus_128);
}

LM_INLINE lanes_i
get_half_start (const iq_group *x, int half)
{
  return i_set (4 * x->minus_32[half]);
}

LM_INLINE lanes_i
dot_word (lanes_i sum, lanes_i w, const int8_t *x)
{
  return i_dot (sum, w, i_spread (x));
}

/* The sums of each four products. */
LM_INLINE __m256i
dot_columns (__m256i magnitudes, __m256i x)
{
#ifdef __AVXVNNI__
  return _mm256_dpbusd_avx_epi32 (_mm256_setzero_si256 (), magnitudes, x);
#else
  return _mm256_dpbusd_epi32 (_mm256_setzero_si256 (), magnitudes, x);
#endif
}
#else
#include "kernels/avx2/avx2.h"

typedef lm_avx2_span iq_span;
typedef lm_avx2_group iq_group;

#define SUMS_A_TOKEN 1

#define RAISED 64 /* two products, ≤ 126 × 127 each, are added in 16 bits */

LM_INLINE lanes_i
get_start (const iq_group *x)
{
  return i_set (-8 * x->sum_8);
}

LM_INLINE lanes_i
get_half_start (const iq_group *x, int half)
{
  return i_set (-64 * x->sum[half]);
}

LM_INLINE lanes_i
dot_word (lanes_i sum, lanes_i w, const int8_t *x)
{
  __m256i pairs = _mm256_maddubs_epi16 (w, i_spread (x));

  return _mm256_add_epi32 (sum, _mm256_madd_epi16 (pairs, _mm256_set1_epi16 (1)));
}

LM_INLINE __m256i
dot_columns (__m256i magnitudes, __m256i x)
{
  return _mm256_madd_epi16 (_mm256_maddubs_epi16 (magnitudes, x), _mm256_set1_epi16 (1));
}
#endif

/* The first blocks of the span's rows. Rows that are not there are computed as the last one, and
 * not stored. */
LM_INLINE void
find_rows (const uint32_t type, const iq_span *span, const uint8_t *rows[LM_LANES])
{
  const lm_matrix *matrix = span->matrix;
  size_t left = matrix->n_rows - span->first_row;

  for (size_t r = 0; r < LM_LANES; r++)
    rows[r] = (const uint8_t *) matrix->data +
              (span->first_row + (r < left ? r : left - 1)) * matrix->row_bytes +
              span->first_group / IQ_GROUPS * iq_block_bytes (type);
}

/* sum + what the products of a group, or of half of it, stand for. */
LM_INLINE lanes_f
add_scaled (lanes_f sum, lanes_i products, lanes_f scales, const iq_group *x)
{
  return f_fma (f_int (products), f_mul (scales, f_set (x->scale)), sum);
}

/* ---- One token ---------------------------------------------------------------------------- */

/* The sums of each four products of a row's group. */
LM_INLINE __m256i
multiply_columns (const uint32_t type, const iq_block *block, int g, __m256i q)
{
  return dot_columns (iq_magnitudes (type, block, g), iq_negate (q, &block->signs[g]));
}

/* The products of a group of eight rows with the activations, a lane for each row: of its halves,
 * or all in the first. */
LM_INLINE void
multiply_group (const uint32_t type,
                const iq_block blocks[IQ_ROWS],
                int g,
                const iq_group *x,
                __m256i products[2])
{
  __m256i q = iq_load (x->q), sums[IQ_ROWS / 2];

#pragma GCC unroll 4
  for (int i = 0; i < IQ_ROWS / 2; i++)
    sums[i] = iq_add_neighbours (multiply_columns (type, &blocks[2 * i], g, q),
                                 multiply_columns (type, &blocks[2 * i + 1], g, q));
  iq_add_lanes (sums, products);
  if (!iq_has_halves (type))
    products[0] = _mm256_add_epi32 (products[0], products[1]);
}

/* A block of each of eight rows. All are unpacked before the first is multiplied, so that no lookup
 * waits for its index. ahead: bytes to the rows that come next. */
LM_INLINE __m256
add_blocks (const uint32_t type,
            const uint8_t *const rows[IQ_ROWS],
            size_t offset,
            size_t ahead,
            const iq_group *x,
            size_t stride,
            __m256 sum)
{
  const int n_parts = iq_has_halves (type) ? 2 : 1;
  iq_block blocks[IQ_ROWS];
  __m256 scales[2][IQ_GROUPS];

  for (int r = 0; r < IQ_ROWS; r++) {
    iq_ask_for (type, rows[r] + offset + ahead);
    iq_unpack (type, rows[r] + offset, &blocks[r]);
  }
  for (int i = 0; i < n_parts; i++) {
    for (int r = 0; r < IQ_ROWS; r++)
      scales[i][r] = blocks[r].scale[i];
    iq_transpose_floats (scales[i]);
  }
  for (int g = 0; g < IQ_GROUPS; g++, x += stride) {
    __m256i products[2];

    multiply_group (type, blocks, g, x, products);
    for (int i = 0; i < n_parts; i++) {
      __m256 scale = _mm256_mul_ps (scales[i][g], _mm256_set1_ps (x->scale));

      sum = _mm256_fmadd_ps (_mm256_cvtepi32_ps (products[i]), scale, sum);
    }
  }
  return sum;
}

LM_INLINE void
multiply_one_token (const uint32_t type, const iq_span *span, lanes_f *sums)
{
  const uint8_t *rows[LM_LANES];
  float values[LM_LANES];

  find_rows (type, span, rows);
  f_store (values, sums[0]);
  for (size_t r = 0; r < LM_LANES; r += IQ_ROWS) {
    __m256 sum = _mm256_loadu_ps (values + r);
    size_t offset = 0;

    for (size_t g = 0; g < span->n_groups; g += IQ_GROUPS, offset += iq_block_bytes (type))
      sum = add_blocks (type, rows + r, offset, IQ_ROWS * span->matrix->row_bytes,
                        span->x + g * span->stride, span->stride, sum);
    _mm256_storeu_ps (values + r, sum);
  }
  sums[0] = f_load (values);
}

/* ---- More tokens -------------------------------------------------------------------------- */

/* A block of a panel's rows. */
typedef struct {
  uint8_t q[LM_LANES][LM_SUPER_BLOCK]; /* raised */
  float scale[2][IQ_GROUPS][LM_LANES];
} iq_panel;

LM_INLINE void
unpack_panel (const uint32_t type, const uint8_t *const rows[LM_LANES], iq_panel *out)
{
  for (int first = 0; first < LM_LANES; first += IQ_ROWS) {
    __m256 scales[2][IQ_ROWS];

    for (int r = 0; r < IQ_ROWS; r++) {
      iq_block block;

      iq_unpack (type, rows[first + r], &block);
      for (int g = 0; g < IQ_GROUPS; g++) {
        __m256i q = iq_negate (iq_magnitudes (type, &block, g), &block.signs[g]);

        iq_store (out->q[first + r] + LM_GROUP_LENGTH * g,
                  _mm256_add_epi8 (q, _mm256_set1_epi8 ((char) RAISED)));
      }
      scales[0][r] = block.scale[0];
      scales[1][r] = block.scale[1];
    }
    for (int half = 0; half < 2; half++) {
      iq_transpose_floats (scales[half]);
      for (int g = 0; g < IQ_GROUPS; g++)
        _mm256_storeu_ps (out->scale[half][g] + first, scales[half][g]);
    }
  }
}

/* Group g in vectors whose lanes are rows. */
LM_INLINE void
load_words (const iq_panel *panel, size_t g, lanes_i w[8])
{
  __m256i rows[LM_LANES];

  for (size_t r = 0; r < LM_LANES; r++)
    rows[r] = iq_load (panel->q[r] + LM_GROUP_LENGTH * g);
  for (size_t r = 0; r < LM_LANES; r += IQ_ROWS)
    iq_transpose (rows + r);
  for (int i = 0; i < 8; i++)
#if LM_LANES == 16
    w[i] = _mm512_inserti64x4 (_mm512_castsi256_si512 (rows[i]), rows[8 + i], 1);
#else
    w[i] = rows[i];
#endif
}

LM_INLINE lanes_f
add_group_of_panel (const uint32_t type,
                    lanes_f sum,
                    const lanes_i w[8],
                    const lanes_f scales[2],
                    const iq_group *x)
{
  const int n_parts = iq_has_halves (type) ? 2 : 1, n = 8 / n_parts;

#pragma GCC unroll 2
  for (int part = 0; part < n_parts; part++) {
    lanes_i products = n_parts == 2 ? get_half_start (x, part) : get_start (x);

#pragma GCC unroll 8
    for (int i = n * part; i < n * part + n; i++)
      products = dot_word (products, w[i], x->q + 4 * i);
    sum = add_scaled (sum, products, scales[part], x);
  }
  return sum;
}

LM_INLINE void
multiply_tokens (const uint32_t type, const iq_span *span, lanes_f *sums)
{
  const iq_group *x = span->x;
  const uint8_t *rows[LM_LANES];

  find_rows (type, span, rows);
  for (size_t b = 0; b < span->n_groups; b += IQ_GROUPS) {
    iq_panel panel;

    unpack_panel (type, rows, &panel);
    for (size_t g = 0; g < IQ_GROUPS; g++, x += span->stride) {
      lanes_f scales[2] = { f_load (panel.scale[0][g]), f_load (panel.scale[1][g]) };
      lanes_i w[8];

      load_words (&panel, g, w);
      LM_FOR_TOKENS (t, span) {
        lanes_f *sum = sums + t * SUMS_A_TOKEN;

        *sum = add_group_of_panel (type, *sum, w, scales, x + t);
      }
    }
    for (int r = 0; r < LM_LANES; r++)
      rows[r] += iq_block_bytes (type);
  }
}

/* ---- Types -------------------------------------------------------------------------------- */

#define DEFINE_TYPE_OF(name, type)                                                                 \
  static void multiply_##name (const iq_span *span, lanes_f *sums)                                 \
  {                                                                                                \
    if (span->n_tokens == 1)                                                                       \
      multiply_one_token (type, span, sums);                                                       \
    else                                                                                           \
      multiply_tokens (type, span, sums);                                                          \
  }

DEFINE_TYPE_OF (iq2_xxs, LM_TYPE_IQ2_XXS)
DEFINE_TYPE_OF (iq2_xs, LM_TYPE_IQ2_XS)
DEFINE_TYPE_OF (iq2_s, LM_TYPE_IQ2_S)
DEFINE_TYPE_OF (iq3_xxs, LM_TYPE_IQ3_XXS)
DEFINE_TYPE_OF (iq3_s, LM_TYPE_IQ3_S)

void
LM_LEVEL (multiply_iq) (const iq_span *span, lanes_f *sums)
{
  switch (span->matrix->type) {
  case LM_TYPE_IQ2_XXS:
    multiply_iq2_xxs (span, sums);
    break;
  case LM_TYPE_IQ2_XS:
    multiply_iq2_xs (span, sums);
    break;
  case LM_TYPE_IQ2_S:
    multiply_iq2_s (span, sums);
    break;
  case LM_TYPE_IQ3_XXS:
    multiply_iq3_xxs (span, sums);
    break;
  default:
    multiply_iq3_s (span, sums);
  }
}
