/* SPDX-License-Identifier: GPL-3.0-or-later
 * The loop that all types share. A type says how 32 columns of half a panel become bytes and
 * scales; everything is inlined into one function for each type. */
#pragma once

#include "kernels/neon/neon.h"
#include "kernels/panels.h"

/* How a group's products become numbers; w are the bytes, q the activations. But for the first,
 * w < 64, so that four products fit 16 bits: 4 × 63 × 127 < 2¹⁵. */
typedef enum {
  KIND_BYTES,      /* scale × Σ w q, w with a sign */
  KIND_OFFSET_8,   /* scale × Σ (w − 8) q */
  KIND_OFFSET_16,  /* scale × Σ (w − 16) q */
  KIND_MIN,        /* scale × Σ w q − min × Σ q */
  KIND_HALVES,     /* Σ over halves of scale × Σ (w − 32) q */
  KIND_HALVES_MIN, /* Σ over halves of scale × Σ w q, − dmin × Σ over halves of min × Σ q */
} group_kind;

/* 32 columns of four rows. */
typedef struct {
  uint8x16_t w[8];      /* four columns each, row by row */
  float32x4_t scale[2]; /* of both halves, or the first alone */
  float32x4_t min;      /* KIND_MIN; dmin with KIND_HALVES_MIN */
  int32x4_t mins[2];    /* KIND_HALVES_MIN: of both halves */
} group;

/* Sums of products of a group with one token: of both halves, or all in the first. */
typedef struct {
  int32x4_t half[2];
} products;

/* ---- Integers ----------------------------------------------------------------------------- */

LM_INLINE bool
has_halves (const group_kind kind)
{
  return kind == KIND_HALVES || kind == KIND_HALVES_MIN;
}

/* Where the sums of integers start from. */
LM_INLINE int32x4_t
find_start (const lm_neon_group *x, const group_kind kind, const int half)
{
  switch (kind) {
  case KIND_OFFSET_8:
    return vdupq_n_s32 (x->minus_8);
  case KIND_OFFSET_16:
    return vdupq_n_s32 (x->minus_16);
  case KIND_HALVES:
    return vdupq_n_s32 (x->minus_32[half]);
  default:
    return vdupq_n_s32 (0);
  }
}

#ifdef __ARM_FEATURE_DOTPROD
/* start + Σ w q of sixteen columns. */
LM_INLINE int32x4_t
dot_half (int32x4_t start, const uint8x16_t w[4], int8x16_t q, const bool is_small)
{
  (void) is_small;
  start = vdotq_laneq_s32 (start, vreinterpretq_s8_u8 (w[0]), q, 0);
  start = vdotq_laneq_s32 (start, vreinterpretq_s8_u8 (w[1]), q, 1);
  start = vdotq_laneq_s32 (start, vreinterpretq_s8_u8 (w[2]), q, 2);
  return vdotq_laneq_s32 (start, vreinterpretq_s8_u8 (w[3]), q, 3);
}
#else
/* Products of eight columns in 16 bits, two in each lane, for rows 0 and 1 and for rows 2 and 3:
 * 2 × 128 × 127 < 2¹⁵. */
LM_INLINE int16x8x2_t
dot_two (const uint8x16_t w[2], int32x2_t q)
{
  int8x16_t first = vreinterpretq_s8_s32 (vdupq_lane_s32 (q, 0));
  int8x16_t second = vreinterpretq_s8_s32 (vdupq_lane_s32 (q, 1));
  int8x16_t a = vreinterpretq_s8_u8 (w[0]), b = vreinterpretq_s8_u8 (w[1]);
  int16x8_t low = vmull_s8 (vget_low_s8 (a), vget_low_s8 (first));
  int16x8_t high = vmull_high_s8 (a, first);

  low = vmlal_s8 (low, vget_low_s8 (b), vget_low_s8 (second));
  high = vmlal_high_s8 (high, b, second);
  return (int16x8x2_t) { { low, high } };
}

/* start + Σ w q of sixteen columns. is_small: as group_kind says. */
LM_INLINE int32x4_t
dot_half (int32x4_t start, const uint8x16_t w[4], int8x16_t q, const bool is_small)
{
  int32x4_t words = vreinterpretq_s32_s8 (q), low, high;
  int16x8x2_t a = dot_two (w, vget_low_s32 (words));
  int16x8x2_t b = dot_two (w + 2, vget_high_s32 (words));

  if (is_small) {
    low = vpaddlq_s16 (vaddq_s16 (a.val[0], b.val[0]));
    high = vpaddlq_s16 (vaddq_s16 (a.val[1], b.val[1]));
  } else {
    low = vpadalq_s16 (vpaddlq_s16 (a.val[0]), b.val[0]);
    high = vpadalq_s16 (vpaddlq_s16 (a.val[1]), b.val[1]);
  }
  return vaddq_s32 (start, vpaddq_s32 (low, high));
}
#endif

LM_INLINE products
dot (const group *g, const lm_neon_group *x, const group_kind kind)
{
  bool is_small = kind != KIND_BYTES;
  int8x16_t first = vld1q_s8 (x->q), second = vld1q_s8 (x->q + 16);
  products p;

  p.half[0] = dot_half (find_start (x, kind, 0), g->w, first, is_small);
  if (has_halves (kind))
    p.half[1] = dot_half (find_start (x, kind, 1), g->w + 4, second, is_small);
  else
    p.half[0] = dot_half (p.half[0], g->w + 4, second, is_small);
  return p;
}

/* ---- Floats ------------------------------------------------------------------------------- */

/* sum + the group's product with the activations. */
LM_INLINE float32x4_t
add_products (float32x4_t sum,
              const products *p,
              const group *g,
              const lm_neon_group *x,
              const group_kind kind)
{
  float32x4_t first = vcvtq_f32_s32 (p->half[0]), both;
  int32x4_t mins;

  if (!has_halves (kind)) {
    sum = vfmaq_f32 (sum, first, vmulq_n_f32 (g->scale[0], x->scale));
    return kind == KIND_MIN ? vfmsq_n_f32 (sum, g->min, x->scaled_sum) : sum;
  }
  both = vfmaq_f32 (vmulq_f32 (first, g->scale[0]), vcvtq_f32_s32 (p->half[1]), g->scale[1]);
  if (kind == KIND_HALVES_MIN) {
    mins = vmlaq_n_s32 (vmulq_n_s32 (g->mins[0], x->sum[0]), g->mins[1], x->sum[1]);
    both = vfmsq_f32 (both, vcvtq_f32_s32 (mins), g->min);
  }
  return vfmaq_n_f32 (sum, both, x->scale);
}

/* ---- Spans -------------------------------------------------------------------------------- */

/* Columns of group i of a block, of rows 4 × half … of the panel. i is a constant where it
 * matters. Short blocks are numbered from the span's first one on, of n. */
typedef group (*load_group_fn) (const uint8_t *block, size_t i, size_t n, int half);

LM_INLINE lm_short_block
find_short (size_t i, size_t n, const size_t block_bytes)
{
  return lm_panels_find_short (i, n, LM_NEON_ROWS, block_bytes);
}

/* Keeps the compiler from reading a whole block ahead, for which it has no registers. */
LM_INLINE void
read_no_further (void)
{
  __asm__ volatile ("" ::: "memory");
}

LM_INLINE const uint8_t *
find_block (const lm_neon_span *span, const size_t block_bytes, const size_t n_block_groups)
{
  return (const uint8_t *) span->matrix->data + lm_panels_find (span->matrix, LM_NEON_ROWS,
                                                                span->first_row, span->first_group,
                                                                block_bytes, n_block_groups);
}

/* Group i of the block of which b groups of the span are in front. */
LM_INLINE group
load (const lm_neon_span *span,
      const uint8_t *first,
      size_t b,
      size_t i,
      int half,
      load_group_fn load_group,
      const size_t block_bytes,
      const size_t n_block_groups)
{
  if (n_block_groups == 1)
    return load_group (first, b, span->n_groups, half);
  return load_group (first + b / n_block_groups * block_bytes * LM_NEON_ROWS, i, n_block_groups,
                     half);
}

/* One token. block_bytes: of one row. */
LM_INLINE void
multiply_one (const lm_neon_span *span,
              lm_neon_sums *sums,
              load_group_fn load_group,
              const group_kind kind,
              const size_t block_bytes,
              const size_t n_block_groups)
{
  const uint8_t *first = find_block (span, block_bytes, n_block_groups);
  const lm_neon_group *x = span->x;
  lm_neon_sums sum = sums[0];

  for (size_t b = 0; b < span->n_groups; b += n_block_groups)
#pragma GCC unroll 8
    for (size_t i = 0; i < n_block_groups; i++, x += span->stride) {
#pragma GCC unroll 2
      for (int half = 0; half < 2; half++) {
        group g = load (span, first, b, i, half, load_group, block_bytes, n_block_groups);
        products p = dot (&g, x, kind);

        sum.part[half] = add_products (sum.part[half], &p, &g, x, kind);
        read_no_further ();
      }
    }
  sums[0] = sum;
}

#ifdef __ARM_FEATURE_MATMUL_INT8
/* Puts neighbouring words together, so that a vector has eight columns of two rows. */
LM_INLINE void
pair_words (group *g)
{
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    uint32x4_t first = vreinterpretq_u32_u8 (g->w[i]), second = vreinterpretq_u32_u8 (g->w[i + 1]);

    g->w[i] = vreinterpretq_u8_u32 (vzip1q_u32 (first, second));
    g->w[i + 1] = vreinterpretq_u8_u32 (vzip2q_u32 (first, second));
  }
}

/* Adds sixteen columns of four rows, w, times those of two tokens, q, to sums: of the first two
 * rows, both tokens each, and of the last two. */
LM_INLINE void
dot_tokens (int32x4_t sums[2], const uint8x16_t w[4], const int8x16_t q[2])
{
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    sums[0] = vmmlaq_s32 (sums[0], vreinterpretq_s8_u8 (w[2 * i]), q[i]);
    sums[1] = vmmlaq_s32 (sums[1], vreinterpretq_s8_u8 (w[2 * i + 1]), q[i]);
  }
}

/* Products of a group, words paired, with two tokens, whose columns are in q. */
LM_INLINE void
dot_pair (const group *g,
          const int8x16_t q[4],
          const lm_neon_group *const x[2],
          products out[2],
          const group_kind kind)
{
  const int n_parts = has_halves (kind) ? 2 : 1;

#pragma GCC unroll 2
  for (int i = 0; i < n_parts; i++) {
    int32x4_t sums[2] = { vdupq_n_s32 (0), vdupq_n_s32 (0) };

    dot_tokens (sums, g->w + 4 * i, q + 2 * i);
    if (n_parts == 1)
      dot_tokens (sums, g->w + 4, q + 2);
    out[0].half[i] = vaddq_s32 (find_start (x[0], kind, i), vuzp1q_s32 (sums[0], sums[1]));
    out[1].half[i] = vaddq_s32 (find_start (x[1], kind, i), vuzp2q_s32 (sums[0], sums[1]));
  }
}

/* The span's tokens with the same columns, two by two; one that is left is its own partner. */
LM_INLINE void
multiply_group (
    group g[2], const lm_neon_group *x, size_t n_tokens, lm_neon_sums *sums, const group_kind kind)
{
  pair_words (&g[0]);
  pair_words (&g[1]);
  for (size_t t = 0; t < n_tokens; t += 2) {
    const lm_neon_group *const both[2] = { x + t, t + 1 < n_tokens ? x + t + 1 : x + t };
    int8x16_t q[4];

#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
      int64x2_t first = vreinterpretq_s64_s8 (vld1q_s8 (both[0]->q + 16 * half));
      int64x2_t second = vreinterpretq_s64_s8 (vld1q_s8 (both[1]->q + 16 * half));

      q[2 * half] = vreinterpretq_s8_s64 (vzip1q_s64 (first, second));
      q[2 * half + 1] = vreinterpretq_s8_s64 (vzip2q_s64 (first, second));
    }
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
      products p[2];

      dot_pair (&g[half], q, both, p, kind);
      for (size_t i = 0; i < 2 && t + i < n_tokens; i++)
        sums[t + i].part[half] =
            add_products (sums[t + i].part[half], &p[i], &g[half], both[i], kind);
    }
  }
}
#else
/* The span's tokens with the same columns. */
LM_INLINE void
multiply_group (
    group g[2], const lm_neon_group *x, size_t n_tokens, lm_neon_sums *sums, const group_kind kind)
{
  for (size_t t = 0; t < n_tokens; t++)
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
      products p = dot (&g[half], x + t, kind);

      sums[t].part[half] = add_products (sums[t].part[half], &p, &g[half], x + t, kind);
    }
}
#endif

LM_INLINE void
multiply_many (const lm_neon_span *span,
               lm_neon_sums *sums,
               load_group_fn load_group,
               const group_kind kind,
               const size_t block_bytes,
               const size_t n_block_groups)
{
  const uint8_t *first = find_block (span, block_bytes, n_block_groups);
  const lm_neon_group *x = span->x;

  for (size_t b = 0; b < span->n_groups; b += n_block_groups)
#pragma GCC unroll 8
    for (size_t i = 0; i < n_block_groups; i++, x += span->stride) {
      group g[2];

      g[0] = load (span, first, b, i, 0, load_group, block_bytes, n_block_groups);
      read_no_further ();
      g[1] = load (span, first, b, i, 1, load_group, block_bytes, n_block_groups);
      read_no_further ();
      multiply_group (g, x, span->n_tokens, sums, kind);
    }
}

/* Defines both functions of a type, named after it. */
#define DEFINE_TYPE(name, kind, block_type, n_block_groups)                                        \
  static void name##_one (const lm_neon_span *span, lm_neon_sums *sums)                            \
  {                                                                                                \
    multiply_one (span, sums, load_##name, kind, sizeof (block_type), n_block_groups);             \
  }                                                                                                \
                                                                                                   \
  static void name##_many (const lm_neon_span *span, lm_neon_sums *sums)                           \
  {                                                                                                \
    multiply_many (span, sums, load_##name, kind, sizeof (block_type), n_block_groups);            \
  }

/* ---- Words -------------------------------------------------------------------------------- */

/* Word i of four of the panel's rows. */
LM_INLINE uint8x16_t
load_word (const uint8_t *words, size_t i, int half)
{
  return vld1q_u8 (words + 4 * LM_NEON_ROWS * i + (size_t) (16 * half));
}

/* A half for each row, as floats. */
LM_INLINE float32x4_t
load_d (const uint8_t *halves, int half)
{
  return f_halves (halves + (size_t) (8 * half));
}

/* A word of two halves for each row: the first ones and the second ones as floats. */
LM_INLINE void
load_two (const uint8_t *words, int half, float32x4_t *first, float32x4_t *second)
{
  uint16x4x2_t both = vld2_u16 ((const uint16_t *) (const void *) (words + (size_t) (16 * half)));

  *first = vcvt_f32_f16 (vreinterpret_f16_u16 (both.val[0]));
  *second = vcvt_f32_f16 (vreinterpret_f16_u16 (both.val[1]));
}

/* Every byte shifted. */
LM_INLINE uint8x16_t
left (uint8x16_t x, const int n)
{
  return x << n;
}

LM_INLINE uint8x16_t
right (uint8x16_t x, const int n)
{
  return x >> n;
}

LM_INLINE uint8x16_t
mask (uint8x16_t x, const uint8_t bits)
{
  return vandq_u8 (x, vdupq_n_u8 (bits));
}

/* Four words of nibbles: the low ones are columns 0–15, the high ones 16–31. */
LM_INLINE void
unpack_nibbles (const uint8_t *words, int half, uint8x16_t w[8])
{
#pragma GCC unroll 4
  for (size_t i = 0; i < 4; i++) {
    uint8x16_t nibbles = load_word (words, i, half);

    w[i] = mask (nibbles, 15);
    w[i + 4] = right (nibbles, 4);
  }
}
