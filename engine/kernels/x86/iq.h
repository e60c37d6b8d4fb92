/* SPDX-License-Identifier: GPL-3.0-or-later
 * The IQ2 and IQ3 types in vectors of 32 columns of one row, straight from the file's layout:
 * magnitudes looked up in the grids, signs as bits, scales. Included by the levels' files, which
 * differ in how they multiply. */
#pragma once

#include "kernels/x86/lanes.h"
#include "quant/blocks.h"
#include "quant/iq-tables.h"
#include "quant/quant.h"

#define IQ_ROWS   8 /* worked on at a time */
#define IQ_GROUPS (LM_SUPER_BLOCK / LM_GROUP_LENGTH)

/* A block of one row. */
typedef struct {
  uint16_t index[LM_SUPER_BLOCK / 4]; /* into the grid: of 8 weights (IQ2) or 4 (IQ3) */
  uint32_t signs[IQ_GROUPS];          /* bit i: weight i of the group is negative */
  __m256 scale[2];                    /* of the groups' first and second halves */
} iq_block;

/* Whether the halves of a group have scales of their own. */
LM_INLINE bool
iq_has_halves (const uint32_t type)
{
  return type == LM_TYPE_IQ2_XS || type == LM_TYPE_IQ2_S;
}

LM_INLINE __m256i
iq_load (const void *p)
{
  return _mm256_loadu_si256 (p);
}

LM_INLINE void
iq_store (void *p, __m256i x)
{
  _mm256_storeu_si256 (p, x);
}

/* 32 patterns of seven signs, each with the eighth that makes the number of minuses even. */
LM_INLINE __m256i
iq_complete_signs (__m256i seven)
{
  const __m256i odd = _mm256_broadcastsi128_si256 (
      _mm_setr_epi8 (0, -128, -128, 0, -128, 0, 0, -128, -128, 0, 0, -128, 0, -128, -128, 0));
  const __m256i low = _mm256_set1_epi8 (15);
  __m256i a = _mm256_shuffle_epi8 (odd, _mm256_and_si256 (seven, low));
  __m256i b = _mm256_shuffle_epi8 (odd, _mm256_and_si256 (_mm256_srli_epi16 (seven, 4), low));

  return _mm256_or_si256 (seven, _mm256_xor_si256 (a, b));
}

/* Of words with four times seven signs and a scale of four bits: the signs of eight groups, and
 * d × (scale + ½). */
LM_INLINE void
iq_set_packed (__m256i words, float d, float factor, iq_block *out)
{
  __m256i a = _mm256_and_si256 (words, _mm256_set1_epi32 (0x7f));
  __m256i b = _mm256_and_si256 (_mm256_slli_epi32 (words, 1), _mm256_set1_epi32 (0x7f00));
  __m256i c = _mm256_and_si256 (_mm256_slli_epi32 (words, 2), _mm256_set1_epi32 (0x7f0000));
  __m256i e = _mm256_and_si256 (_mm256_slli_epi32 (words, 3), _mm256_set1_epi32 (0x7f000000));
  __m256 scale = _mm256_cvtepi32_ps (_mm256_srli_epi32 (words, 28));

  a = _mm256_or_si256 (_mm256_or_si256 (a, b), _mm256_or_si256 (c, e));
  iq_store (out->signs, iq_complete_signs (a));
  scale = _mm256_mul_ps (_mm256_add_ps (scale, _mm256_set1_ps (0.5f)), _mm256_set1_ps (factor));
  out->scale[0] = out->scale[1] = _mm256_mul_ps (scale, _mm256_set1_ps (d));
}

/* Eight bytes of two nibbles each: the scales of halves, d × (nibble + ½) / 4. */
LM_INLINE void
iq_set_halves (const uint8_t *nibbles, float d, iq_block *out)
{
  __m256i both = _mm256_cvtepu8_epi32 (_mm_loadl_epi64 ((const __m128i *) (const void *) nibbles));
  __m256i parts[2] = { _mm256_and_si256 (both, _mm256_set1_epi32 (15)),
                       _mm256_srli_epi32 (both, 4) };

  for (int half = 0; half < 2; half++)
    out->scale[half] = _mm256_mul_ps (
        _mm256_mul_ps (_mm256_add_ps (_mm256_cvtepi32_ps (parts[half]), _mm256_set1_ps (0.5f)),
                       _mm256_set1_ps (0.25f)),
        _mm256_set1_ps (d));
}

/* n bytes, a multiple of 16, as 16-bit integers, with what high has in the same places. */
LM_INLINE __m256i
iq_join_index (const uint8_t *low, __m256i high)
{
  __m128i bytes = _mm_loadu_si128 ((const __m128i *) (const void *) low);

  return _mm256_or_si256 (_mm256_cvtepu8_epi16 (bytes), high);
}

LM_INLINE void
iq_unpack_iq2_xxs (const lm_block_iq2_xxs *block, float d, iq_block *out)
{
  __m256 a = _mm256_castsi256_ps (iq_load (block->qs));
  __m256 b = _mm256_castsi256_ps (iq_load (block->qs + 16));
  __m256i index = _mm256_castps_si256 (_mm256_shuffle_ps (a, b, 0x88));
  __m256i rest = _mm256_castps_si256 (_mm256_shuffle_ps (a, b, 0xdd));

  index = _mm256_permute4x64_epi64 (index, 0xd8);
  iq_store (out->index, _mm256_cvtepu8_epi16 (_mm256_castsi256_si128 (index)));
  iq_store (out->index + 16, _mm256_cvtepu8_epi16 (_mm256_extracti128_si256 (index, 1)));
  iq_set_packed (_mm256_permute4x64_epi64 (rest, 0xd8), d, 0.25f, out);
}

LM_INLINE void
iq_unpack_iq2_xs (const lm_block_iq2_xs *block, float d, iq_block *out)
{
  __m256i a = iq_load (block->qs), b = iq_load (block->qs + 16);
  __m256i signs = _mm256_packus_epi16 (_mm256_srli_epi16 (a, 9), _mm256_srli_epi16 (b, 9));

  iq_store (out->index, _mm256_and_si256 (a, _mm256_set1_epi16 (511)));
  iq_store (out->index + 16, _mm256_and_si256 (b, _mm256_set1_epi16 (511)));
  iq_store (out->signs, iq_complete_signs (_mm256_permute4x64_epi64 (signs, 0xd8)));
  iq_set_halves (block->scales, d, out);
}

LM_INLINE void
iq_unpack_iq2_s (const lm_block_iq2_s *block, float d, iq_block *out)
{
  /* A byte of qh has two bits for each of four weights: to bits 8 and 9. */
  const __m256i left = _mm256_set1_epi64x (0x0004001000400100);
  const __m256i spread = _mm256_setr_epi8 (0, -1, 0, -1, 0, -1, 0, -1, 1, -1, 1, -1, 1, -1, 1, -1,
                                           2, -1, 2, -1, 2, -1, 2, -1, 3, -1, 3, -1, 3, -1, 3, -1);
  uint32_t high[2];

  memcpy (high, block->qh, sizeof high);
  for (int i = 0; i < 2; i++) {
    __m256i words = _mm256_shuffle_epi8 (_mm256_set1_epi32 ((int) high[i]), spread);

    words = _mm256_and_si256 (_mm256_mullo_epi16 (words, left), _mm256_set1_epi16 (0x300));
    iq_store (out->index + 16 * i, iq_join_index (block->qs + 16 * i, words));
  }
  memcpy (out->signs, block->signs, sizeof out->signs);
  iq_set_halves (block->scales, d, out);
}

LM_INLINE void
iq_unpack_iq3_xxs (const lm_block_iq3_xxs *block, float d, iq_block *out)
{
  for (int i = 0; i < 4; i++)
    iq_store (out->index + 16 * i, iq_join_index (block->qs + 16 * i, _mm256_setzero_si256 ()));
  iq_set_packed (iq_load (block->signs_scales), d, 0.5f, out);
}

LM_INLINE void
iq_unpack_iq3_s (const lm_block_iq3_s *block, float d, iq_block *out)
{
  /* A byte of qh has a bit for each of eight fours of weights: to bit 8. */
  const __m256i left = _mm256_broadcastsi128_si256 (
      _mm_setr_epi16 (0x100, 0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02));
  const __m256i spread = _mm256_setr_epi8 (0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1,
                                           1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1);
  uint32_t packed;
  __m256i scale;

  for (int i = 0; i < 4; i++) {
    uint16_t high;
    __m256i words;

    memcpy (&high, block->qh + 2 * i, sizeof high);
    words = _mm256_shuffle_epi8 (_mm256_set1_epi16 ((short) high), spread);
    words = _mm256_and_si256 (_mm256_mullo_epi16 (words, left), _mm256_set1_epi16 (0x100));
    iq_store (out->index + 16 * i, iq_join_index (block->qs + 16 * i, words));
  }
  memcpy (out->signs, block->signs, sizeof out->signs);
  memcpy (&packed, block->scales, sizeof packed);
  scale = _mm256_srlv_epi32 (_mm256_set1_epi32 ((int) packed),
                             _mm256_setr_epi32 (0, 4, 8, 12, 16, 20, 24, 28));
  scale = _mm256_slli_epi32 (_mm256_and_si256 (scale, _mm256_set1_epi32 (15)), 1);
  scale = _mm256_add_epi32 (scale, _mm256_set1_epi32 (1));
  out->scale[0] = out->scale[1] = _mm256_mul_ps (_mm256_cvtepi32_ps (scale), _mm256_set1_ps (d));
}

LM_INLINE size_t
iq_block_bytes (const uint32_t type)
{
  switch (type) {
  case LM_TYPE_IQ2_XXS:
    return sizeof (lm_block_iq2_xxs);
  case LM_TYPE_IQ2_XS:
    return sizeof (lm_block_iq2_xs);
  case LM_TYPE_IQ2_S:
    return sizeof (lm_block_iq2_s);
  case LM_TYPE_IQ3_XXS:
    return sizeof (lm_block_iq3_xxs);
  default:
    return sizeof (lm_block_iq3_s);
  }
}

/* Has a block brought that will be unpacked soon: all its lines, for the rows worked on together
 * are more streams than a processor foresees. It need not be there. */
LM_INLINE void
iq_ask_for (const uint32_t type, const void *block)
{
  for (size_t i = 0; i < iq_block_bytes (type); i += 64)
    _mm_prefetch ((const char *) block + i, _MM_HINT_T0);
}

LM_INLINE void
iq_unpack (const uint32_t type, const void *block, iq_block *out)
{
  uint16_t half;
  float d;

  memcpy (&half, block, sizeof half); /* every type begins with d */
  d = _cvtsh_ss (half);
  if (type == LM_TYPE_IQ2_XXS)
    iq_unpack_iq2_xxs (block, d, out);
  else if (type == LM_TYPE_IQ2_XS)
    iq_unpack_iq2_xs (block, d, out);
  else if (type == LM_TYPE_IQ2_S)
    iq_unpack_iq2_s (block, d, out);
  else if (type == LM_TYPE_IQ3_XXS)
    iq_unpack_iq3_xxs (block, d, out);
  else
    iq_unpack_iq3_s (block, d, out);
  /* The indices are to be read from memory: taking them out of vectors costs twice as much. */
  __asm__ ("" : "+m"(out->index));
}

/* Four indices at once: there are more loads than the processor has ports for, and time for shifts.
 */
LM_INLINE uint64_t
iq_load_four (const uint16_t index[4])
{
  uint64_t four;

  memcpy (&four, index, sizeof four);
  return four;
}

/* Four rows of eight magnitudes. */
LM_INLINE __m256i
iq_join_eights (const uint64_t *grid, const uint16_t index[4])
{
  uint64_t four = iq_load_four (index);

  return _mm256_setr_epi64x ((long long) grid[four & 0xffff], (long long) grid[four >> 16 & 0xffff],
                             (long long) grid[four >> 32 & 0xffff], (long long) grid[four >> 48]);
}

/* Eight rows of four magnitudes. */
LM_INLINE __m256i
iq_join_fours (const uint32_t *grid, const uint16_t index[8])
{
  uint64_t a = iq_load_four (index), b = iq_load_four (index + 4);

  return _mm256_setr_epi32 ((int) grid[a & 0xffff], (int) grid[a >> 16 & 0xffff],
                            (int) grid[a >> 32 & 0xffff], (int) grid[a >> 48],
                            (int) grid[b & 0xffff], (int) grid[b >> 16 & 0xffff],
                            (int) grid[b >> 32 & 0xffff], (int) grid[b >> 48]);
}

/* The magnitudes, ≤ 62, of group g. */
LM_INLINE __m256i
iq_magnitudes (const uint32_t type, const iq_block *block, int g)
{
  switch (type) {
  case LM_TYPE_IQ2_XXS:
    return iq_join_eights (lm_iq2_xxs_grid, block->index + 4 * g);
  case LM_TYPE_IQ2_XS:
    return iq_join_eights (lm_iq2_xs_grid, block->index + 4 * g);
  case LM_TYPE_IQ2_S:
    return iq_join_eights (lm_iq2_s_grid, block->index + 4 * g);
  case LM_TYPE_IQ3_XXS:
    return iq_join_fours (lm_iq3_xxs_grid, block->index + 8 * g);
  default:
    return iq_join_fours (lm_iq3_s_grid, block->index + 8 * g);
  }
}

/* 32 bytes, none of them −128, negated where signs has a bit. */
LM_INLINE __m256i
iq_negate (__m256i bytes, const uint32_t *signs)
{
#ifdef __AVX512VL__
  return _mm256_mask_sub_epi8 (bytes, *signs, _mm256_setzero_si256 (), bytes);
#else
  const __m256i spread = _mm256_setr_epi8 (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2,
                                           2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const __m256i bits = _mm256_set1_epi64x ((long long) 0x8040201008040201);
  __m256i mask = _mm256_shuffle_epi8 (_mm256_set1_epi32 ((int) *signs), spread);

  mask = _mm256_cmpeq_epi8 (_mm256_and_si256 (mask, bits), bits);
  return _mm256_sub_epi8 (_mm256_xor_si256 (bytes, mask), mask);
#endif
}

/* Vectors of one row, with a lane for each of eight groups, become vectors of one group. */
LM_INLINE void
iq_transpose (__m256i v[8])
{
  __m256i a[8], b[8];

#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    a[i] = _mm256_unpacklo_epi32 (v[i], v[i + 1]);
    a[i + 1] = _mm256_unpackhi_epi32 (v[i], v[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    b[i] = _mm256_unpacklo_epi64 (a[i], a[i + 2]);
    b[i + 1] = _mm256_unpackhi_epi64 (a[i], a[i + 2]);
    b[i + 2] = _mm256_unpacklo_epi64 (a[i + 1], a[i + 3]);
    b[i + 3] = _mm256_unpackhi_epi64 (a[i + 1], a[i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    v[i] = _mm256_permute2x128_si256 (b[i], b[i + 4], 0x20);
    v[i + 4] = _mm256_permute2x128_si256 (b[i], b[i + 4], 0x31);
  }
}

LM_INLINE void
iq_transpose_floats (__m256 x[8])
{
  __m256i v[8];

  for (int i = 0; i < 8; i++)
    v[i] = _mm256_castps_si256 (x[i]);
  iq_transpose (v);
  for (int i = 0; i < 8; i++)
    x[i] = _mm256_castsi256_ps (v[i]);
}

LM_INLINE __m256i
iq_add_neighbours (__m256i a, __m256i b)
{
  return _mm256_add_epi32 (_mm256_unpacklo_epi32 (a, b), _mm256_unpackhi_epi32 (a, b));
}

LM_INLINE __m256i
iq_add_pairs (__m256i a, __m256i b)
{
  return _mm256_add_epi32 (_mm256_unpacklo_epi64 (a, b), _mm256_unpackhi_epi64 (a, b));
}

/* Of eight vectors, whose neighbours are added already, the sums of the lanes, a lane for each: of
 * their lower and their upper halves. */
LM_INLINE void
iq_add_lanes (const __m256i v[4], __m256i sums[2])
{
  __m256i a = iq_add_pairs (v[0], v[1]), b = iq_add_pairs (v[2], v[3]);

  sums[0] = _mm256_permute2x128_si256 (a, b, 0x20);
  sums[1] = _mm256_permute2x128_si256 (a, b, 0x31);
}
