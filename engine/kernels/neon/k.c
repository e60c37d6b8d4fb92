/* SPDX-License-Identifier: GPL-3.0-or-later
 * ARM products of the K types: blocks of 256 weights, that is of eight groups. See panels.h for
 * how their bits lie. */
#include "kernels/neon/multiply.h"

#define N_GROUPS (LM_SUPER_BLOCK / LM_GROUP_LENGTH)

/* Byte i of every lane. */
LM_INLINE uint32x4_t
pick_byte (uint8x16_t bytes, size_t i)
{
  return vandq_u32 (vreinterpretq_u32_u8 (bytes) >> (int) (8 * i), vdupq_n_u32 (255));
}

/* The same as a float times d. */
LM_INLINE float32x4_t
scale_by_byte (float32x4_t d, uint8x16_t bytes, size_t i)
{
  return vmulq_f32 (d, vcvtq_f32_u32 (pick_byte (bytes, i)));
}

/* The same of a byte with a sign. */
LM_INLINE float32x4_t
scale_by_signed (float32x4_t d, uint8x16_t bytes, size_t i)
{
  uint32x4_t top = vreinterpretq_u32_u8 (bytes) << (int) (24 - 8 * i);

  return vmulq_f32 (d, vcvtq_f32_s32 (vreinterpretq_s32_u32 (top) >> 24));
}

/* Where group i begins, in a block whose head and groups have so many words a row. */
LM_INLINE const uint8_t *
find_group (const uint8_t *words, size_t n_head, size_t n_group, size_t i)
{
  return words + 4 * LM_NEON_ROWS * (n_head + n_group * i);
}

/* Shifted right, or left where n is negative. */
LM_INLINE uint8x16_t
move_bits (uint8x16_t x, const int n)
{
  return n < 0 ? left (x, -n) : right (x, n);
}

/* ---- Q4_K and Q5_K ------------------------------------------------------------------------ */

/* The scale and minimum of group i; see unpack_q4_k_scale() for how they are packed. */
LM_INLINE void
load_scales (const uint8_t *block, size_t i, int half, group *g)
{
  uint8x16_t first = load_word (block, 1, half), second = load_word (block, 2, half);
  uint8x16_t third = load_word (block, 3, half), scales, mins;
  float32x4_t d, dmin;

  load_two (block, half, &d, &dmin);
  if (i < 4) {
    scales = mask (first, 63);
    mins = mask (second, 63);
  } else {
    scales = vorrq_u8 (mask (third, 15), mask (right (first, 2), 48));
    mins = vorrq_u8 (right (third, 4), mask (right (second, 2), 48));
  }
  g->scale[0] = scale_by_byte (d, scales, i % 4);
  g->min = scale_by_byte (dmin, mins, i % 4);
}

LM_INLINE group
load_q4_k (const uint8_t *block, size_t i, size_t n, int half)
{
  group g;

  (void) n;
  load_scales (block, i, half, &g);
  unpack_nibbles (find_group (block, 4, 4, i), half, g.w);
  return g;
}
DEFINE_TYPE (q4_k, KIND_MIN, lm_block_q4_k, N_GROUPS)

/* Ors the group's word of single bits into the weights, as their bit at. */
LM_INLINE void
add_bits (uint8x16_t bits, const int at, uint8x16_t w[8])
{
#pragma GCC unroll 8
  for (int j = 0; j < 8; j++)
    w[j] = vorrq_u8 (w[j], mask (move_bits (bits, j - at), (uint8_t) (1 << at)));
}

LM_INLINE group
load_q5_k (const uint8_t *block, size_t i, size_t n, int half)
{
  const uint8_t *words = find_group (block, 4, 5, i);
  group g;

  (void) n;
  load_scales (block, i, half, &g);
  unpack_nibbles (words, half, g.w);
  add_bits (load_word (words, 4, half), 4, g.w);
  return g;
}
DEFINE_TYPE (q5_k, KIND_MIN, lm_block_q5_k, N_GROUPS)

/* ---- Q6_K --------------------------------------------------------------------------------- */

LM_INLINE group
load_q6_k (const uint8_t *block, size_t i, size_t n, int half)
{
  const uint8_t *head = block + 2 * LM_NEON_ROWS, *words = find_group (head, 4, 6, i);
  uint8x16_t scales = load_word (head, i / 2, half);
  float32x4_t d = load_d (block, half);
  group g;

  (void) n;
  unpack_nibbles (words, half, g.w);
#pragma GCC unroll 8
  for (size_t j = 0; j < 8; j++) {
    uint8x16_t bits = load_word (words, 4 + j / 4, half);

    g.w[j] = vorrq_u8 (g.w[j], mask (move_bits (bits, (int) (2 * (j % 4)) - 4), 48));
  }
  g.scale[0] = scale_by_signed (d, scales, 2 * (i % 2));
  g.scale[1] = scale_by_signed (d, scales, 2 * (i % 2) + 1);
  return g;
}
DEFINE_TYPE (q6_k, KIND_HALVES, lm_block_q6_k, N_GROUPS)

/* ---- Q2_K and Q3_K ------------------------------------------------------------------------ */

/* Weights of two bits. */
LM_INLINE void
unpack_two_bits (const uint8_t *words, int half, uint8x16_t w[8])
{
#pragma GCC unroll 8
  for (size_t j = 0; j < 8; j++)
    w[j] = mask (right (load_word (words, j / 4, half), (int) (2 * (j % 4))), 3);
}

LM_INLINE group
load_q2_k (const uint8_t *block, size_t i, size_t n, int half)
{
  uint8x16_t packed = load_word (block, 1 + i / 2, half);
  uint8x16_t scales = mask (packed, 15), mins = right (packed, 4);
  size_t at = 2 * (i % 2);
  float32x4_t d;
  group g;

  (void) n;
  load_two (block, half, &d, &g.min);
  unpack_two_bits (find_group (block, 5, 2, i), half, g.w);
  for (size_t j = 0; j < 2; j++) {
    g.scale[j] = scale_by_byte (d, scales, at + j);
    g.mins[j] = vreinterpretq_s32_u32 (pick_byte (mins, at + j));
  }
  return g;
}
DEFINE_TYPE (q2_k, KIND_HALVES_MIN, lm_block_q2_k, N_GROUPS)

/* Sixteen scales of 6 bits: word i / 2 of what they would be if they were bytes, less 32. Their
 * lower four bits are in the nibbles of words 0 and 1, low ones first, their upper two in word 2,
 * lowest first. */
LM_INLINE uint8x16_t
load_scales_q3_k (const uint8_t *words, size_t i, int half)
{
  uint8x16_t low = load_word (words, i / 2 % 2, half);
  uint8x16_t high = mask (right (load_word (words, 2, half), (int) (2 * (i / 2))), 3);

  low = i < 4 ? mask (low, 15) : right (low, 4);
  return vsubq_u8 (vorrq_u8 (low, left (high, 4)), vdupq_n_u8 (32));
}

LM_INLINE group
load_q3_k (const uint8_t *block, size_t i, size_t n, int half)
{
  const uint8_t *head = block + 2 * LM_NEON_ROWS, *words = find_group (head, 3, 3, i);
  uint8x16_t scales = load_scales_q3_k (head, i, half);
  float32x4_t d = load_d (block, half);
  group g;

  (void) n;
  unpack_two_bits (words, half, g.w);
  add_bits (load_word (words, 2, half), 2, g.w);
#pragma GCC unroll 8
  for (int j = 0; j < 8; j++) /* − 4 + 32 */
    g.w[j] = vaddq_u8 (g.w[j], vdupq_n_u8 (28));
  g.scale[0] = scale_by_signed (d, scales, 2 * (i % 2));
  g.scale[1] = scale_by_signed (d, scales, 2 * (i % 2) + 1);
  return g;
}
DEFINE_TYPE (q3_k, KIND_HALVES, lm_block_q3_k, N_GROUPS)

lm_neon_type
LM_LEVEL (find_k) (uint32_t type)
{
  switch (type) {
  case LM_TYPE_Q2_K:
    return (lm_neon_type) { q2_k_one, q2_k_many };
  case LM_TYPE_Q3_K:
    return (lm_neon_type) { q3_k_one, q3_k_many };
  case LM_TYPE_Q4_K:
    return (lm_neon_type) { q4_k_one, q4_k_many };
  case LM_TYPE_Q5_K:
    return (lm_neon_type) { q5_k_one, q5_k_many };
  case LM_TYPE_Q6_K:
    return (lm_neon_type) { q6_k_one, q6_k_many };
  default:
    return (lm_neon_type) { NULL, NULL };
  }
}
