/* SPDX-License-Identifier: GPL-3.0-or-later
 * The AVX2 level: what its files share.
 *
 * Activations are rounded to 8 or 14 bits, 32 at a time. A vector's eight lanes are eight rows of
 * weights (a panel), and the same four activations go to every lane, so that a lane ends up with
 * the sum of its own row and nothing is ever added across lanes. For each row and token the
 * 32-weight groups are added in their order, each with the same few operations, whether one token
 * is multiplied or sixty-four: that is what makes the result independent of the rest of the call.
 */
#pragma once

#include "kernels/kernels.h"
#include "kernels/panels.h"
#include "kernels/x86/lanes.h"
#include "kernels/x86/x86.h"
#include "quant/blocks.h"

#define LM_AVX2_ROWS   8                                  /* of a panel */
#define LM_AVX2_GROUPS (LM_SUPER_BLOCK / LM_GROUP_LENGTH) /* of a block of 256 columns */

/* 32 activations of one token; those of all tokens for the same columns lie side by side. */
typedef struct {
  int8_t q[LM_GROUP_LENGTH];
  float scale;
  float scaled_sum; /* scale × Σ q */
  int16_t sum[2];   /* of each half's q */
  int32_t sum_8;    /* 8 × Σ q */
} lm_avx2_group;

/* The same activations rounded to 14 bits, which costs no more where weights of 8 bits have to be
 * widened anyway: in the order 0, 2, 1, 3, 4, 6, 5, 7, … in which those are. They lie in front of
 * the groups above. */
typedef struct {
  int16_t q[LM_GROUP_LENGTH];
  float scale;
} lm_avx2_wide;

/* Some columns of eight rows, times some tokens. In panels the columns are of one span; see
 * panels.h. */
typedef struct {
  const lm_matrix *matrix;
  size_t first_row;
  size_t first_group; /* of the columns; at the beginning of a block */
  size_t n_groups;
  const lm_avx2_group *x;   /* of the first token and column */
  const lm_avx2_wide *wide; /* likewise */
  size_t stride;            /* tokens from one group of columns to the next */
  size_t n_tokens;
  lm_prefetch prefetch; /* none where these weights have just been multiplied with other tokens */
} lm_avx2_span;

/* Adds a span's products to sums, a vector of eight rows for each token. */
typedef void (*lm_avx2_span_fn) (const lm_avx2_span *span, __m256 *sums);

/* From panels. */
void lm_avx2_q4_0 (const lm_avx2_span *span, __m256 *sums);
void lm_avx2_q4_1 (const lm_avx2_span *span, __m256 *sums);
void lm_avx2_q5_0 (const lm_avx2_span *span, __m256 *sums);
void lm_avx2_q5_1 (const lm_avx2_span *span, __m256 *sums);
void lm_avx2_q2_k (const lm_avx2_span *span, __m256 *sums);
void lm_avx2_q3_k (const lm_avx2_span *span, __m256 *sums);
void lm_avx2_iq4_nl (const lm_avx2_span *span, __m256 *sums);
void lm_avx2_iq4_xs (const lm_avx2_span *span, __m256 *sums);
void lm_avx2_q8_0 (const lm_avx2_span *span, __m256 *sums);
void lm_avx2_q4_k (const lm_avx2_span *span, __m256 *sums);
void lm_avx2_q5_k (const lm_avx2_span *span, __m256 *sums);
void lm_avx2_q6_k (const lm_avx2_span *span, __m256 *sums);
/* The IQ2 and IQ3 types, from the file's layout. */
void lm_avx2_multiply_iq (const lm_avx2_span *span, __m256 *sums);

bool lm_avx2_wants_panels (uint32_t type);
int lm_avx2_largest_activation (uint32_t type);
size_t lm_avx2_prepared_bytes (size_t n_cols);
void lm_avx2_prepare (const float *x,
                      size_t n_cols,
                      size_t n_tokens,
                      size_t t,
                      size_t first,
                      size_t n,
                      void *prepared);
void lm_avx2_matmul (const lm_matrix *matrix,
                     size_t first_row,
                     size_t n_rows,
                     const lm_input *input,
                     float *out,
                     size_t stride,
                     void *scratch);
uint64_t lm_avx2_peak (uint64_t n_iterations);

/* Defines a type's function, named after it. multiply (span, sums, …, is_one) is inlined twice, for
 * one token and for more. */
#define LM_AVX2_DEFINE_TYPE(name, multiply, ...)                                                   \
  void lm_avx2_##name (const lm_avx2_span *span, __m256 *sums)                                     \
  {                                                                                                \
    if (span->n_tokens == 1)                                                                       \
      multiply (span, sums, ##__VA_ARGS__, true);                                                  \
    else                                                                                           \
      multiply (span, sums, ##__VA_ARGS__, false);                                                 \
  }

/* ---- Pieces ------------------------------------------------------------------------------- */

LM_INLINE __m256i
lm_avx2_load (const void *p)
{
  return _mm256_loadu_si256 (p);
}

/* first … first + n − 1 of the products of pairs w × x of 32 columns, added in 16 bits: two chains,
 * so that few registers are needed beside the weights. n is even. */
LM_INLINE __m256i
lm_avx2_add_pairs (const __m256i w[8], const int8_t *x, const int first, const int n)
{
  __m256i a = _mm256_maddubs_epi16 (w[first], i_spread (x + 4 * first));
  __m256i b = _mm256_maddubs_epi16 (w[first + 1], i_spread (x + 4 * first + 4));

#pragma GCC unroll 4
  for (int i = first + 2; i < first + n; i += 2) {
    a = _mm256_add_epi16 (a, _mm256_maddubs_epi16 (w[i], i_spread (x + 4 * i)));
    b = _mm256_add_epi16 (b, _mm256_maddubs_epi16 (w[i + 1], i_spread (x + 4 * i + 4)));
  }
  return _mm256_add_epi16 (a, b);
}

/* Eight halves as floats. */
LM_INLINE __m256
lm_avx2_halves (const void *p)
{
  return _mm256_cvtph_ps (_mm_loadu_si128 (p));
}

/* The first block of a span in panels whose blocks have block_bytes a row and n_groups. */
LM_INLINE const uint8_t *
lm_avx2_find_block (const lm_avx2_span *span, size_t block_bytes, size_t n_groups)
{
  return (const uint8_t *) span->matrix->data + lm_panels_find (span->matrix, LM_AVX2_ROWS,
                                                                span->first_row, span->first_group,
                                                                block_bytes, n_groups);
}

/* Asks for what lies so many bytes behind the n bytes at p, which need not be there, in the span's
 * way: into the second cache, for the first has the activations. 1 to 2 KiB ahead were the best on
 * Zen 3; nearer it comes too late. */
#define LM_AVX2_AHEAD 1536

LM_INLINE void
lm_avx2_ask_ahead (const lm_avx2_span *span, const uint8_t *p, size_t n)
{
  if (span->prefetch == LM_PREFETCH_NONE)
    return;
  for (size_t i = 0; i < n; i += 64)
    _mm_prefetch ((const char *) p + LM_AVX2_AHEAD + i, _MM_HINT_T1);
  if (span->prefetch == LM_PREFETCH_PAGES)
    lanes_open_page (p, n, LANES_PAGES_AHEAD);
}

/* For each group of a block, in a loop that is not unrolled: processors foresee what a load reads
 * next from what the same load read before, and of loads a block apart they foresaw a tenth less
 * (Zen 3). So what a block's head says of its groups is worked out before. */
#define LM_AVX2_FOR_GROUPS(g) _Pragma ("GCC unroll 1") for (size_t g = 0; g < LM_AVX2_GROUPS; g++)

/* A short block of a span: what is before its words of columns, and these. */
typedef struct {
  const uint8_t *first; /* of the span */
  const uint8_t *head;
  const uint8_t *words;
} lm_avx2_short;

/* Goes to block g of the span, from the one before. */
LM_INLINE void
lm_avx2_next_short (lm_avx2_short *block,
                    const lm_avx2_span *span,
                    size_t g,
                    const size_t block_bytes)
{
  if (g % LM_PANEL_BLOCKS == 0) {
    lm_short_block at = lm_panels_find_short (g, span->n_groups, LM_AVX2_ROWS, block_bytes);

    block->head = block->first + at.head;
    block->words = block->first + at.words;
  } else {
    block->head += lm_panels_head_bytes (block_bytes) * LM_AVX2_ROWS;
    block->words += (block_bytes - lm_panels_head_bytes (block_bytes)) * LM_AVX2_ROWS;
  }
  lm_avx2_ask_ahead (span, block->first + g * block_bytes * LM_AVX2_ROWS,
                     block_bytes * LM_AVX2_ROWS);
}

/* Word i of the eight rows. */
LM_INLINE __m256i
lm_avx2_load_word (const uint8_t *words, int i)
{
  return lm_avx2_load (words + 4 * LM_AVX2_ROWS * i);
}

/* Four words of nibbles: the low ones are columns 0–15, the high ones 16–31. */
LM_INLINE void
lm_avx2_unpack_nibbles (const uint8_t *words, __m256i w[8])
{
  const __m256i low = _mm256_set1_epi8 (15);

#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    __m256i nibbles = lm_avx2_load_word (words, i);

    w[i] = _mm256_and_si256 (nibbles, low);
    w[i + 4] = _mm256_and_si256 (_mm256_srli_epi16 (nibbles, 4), low);
  }
}

/* A word of two halves for each row: the first ones and the second ones as floats. */
LM_INLINE void
lm_avx2_load_two (const uint8_t *words, __m256 *first, __m256 *second)
{
  const __m256i split = _mm256_setr_epi8 (0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15, 0,
                                          1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
  __m256i both = _mm256_shuffle_epi8 (lm_avx2_load (words), split);

  both = _mm256_permute4x64_epi64 (both, 0xd8);
  *first = _mm256_cvtph_ps (_mm256_castsi256_si128 (both));
  *second = _mm256_cvtph_ps (_mm256_extracti128_si256 (both, 1));
}

/* Bytes low and high of every lane as two 16-bit integers, with their sign. */
LM_INLINE __m256i
lm_avx2_pick_bytes (__m256i words, int low, int high)
{
  __m256i picked =
      _mm256_setr_epi8 (-1, low, -1, high, -1, 4 + low, -1, 4 + high, -1, 8 + low, -1, 8 + high, -1,
                        12 + low, -1, 12 + high, -1, low, -1, high, -1, 4 + low, -1, 4 + high, -1,
                        8 + low, -1, 8 + high, -1, 12 + low, -1, 12 + high);

  return _mm256_srai_epi16 (_mm256_shuffle_epi8 (words, picked), 8);
}
