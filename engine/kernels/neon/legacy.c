/* SPDX-License-Identifier: GPL-3.0-or-later
 * ARM products of the types with blocks of 32 weights, and of IQ4_XS, which is made like one. */
#include "kernels/neon/multiply.h"
#include "quant/iq-tables.h"

/* A fifth bit for every byte, from a word of 32 bits for each row: byte i / 2 of it has those of
 * word i. */
LM_INLINE void
add_fifth_bits (uint8x16_t bits, uint8x16_t w[8])
{
  const uint8x16_t first = { 0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12 };

#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) {
    uint8x16_t spread = vqtbl1q_u8 (bits, vaddq_u8 (first, vdupq_n_u8 ((uint8_t) (i / 2))));
    uint8x16_t wanted = vreinterpretq_u8_u32 (vdupq_n_u32 (0x08040201u << 4 * (i % 2)));

    w[i] = vorrq_u8 (w[i], mask (vtstq_u8 (spread, wanted), 16));
  }
}

LM_INLINE group
load_q4_0 (const uint8_t *blocks, size_t i, size_t n, int half)
{
  const lm_short_block at = find_short (i, n, sizeof (lm_block_q4_0));
  group g = { .scale[0] = load_d (blocks + at.head, half) };

  unpack_nibbles (blocks + at.words, half, g.w);
  return g;
}
DEFINE_TYPE (q4_0, KIND_OFFSET_8, lm_block_q4_0, 1)

LM_INLINE group
load_q4_1 (const uint8_t *blocks, size_t i, size_t n, int half)
{
  const lm_short_block at = find_short (i, n, sizeof (lm_block_q4_1));
  group g;

  load_two (blocks + at.head, half, &g.scale[0], &g.min);
  g.min = vnegq_f32 (g.min);
  unpack_nibbles (blocks + at.words, half, g.w);
  return g;
}
DEFINE_TYPE (q4_1, KIND_MIN, lm_block_q4_1, 1)

LM_INLINE group
load_q5_0 (const uint8_t *blocks, size_t i, size_t n, int half)
{
  const lm_short_block at = find_short (i, n, sizeof (lm_block_q5_0));
  group g = { .scale[0] = load_d (blocks + at.head, half) };

  unpack_nibbles (blocks + at.words, half, g.w);
  add_fifth_bits (load_word (blocks + at.head + 2 * LM_NEON_ROWS, 0, half), g.w);
  return g;
}
DEFINE_TYPE (q5_0, KIND_OFFSET_16, lm_block_q5_0, 1)

LM_INLINE group
load_q5_1 (const uint8_t *blocks, size_t i, size_t n, int half)
{
  const lm_short_block at = find_short (i, n, sizeof (lm_block_q5_1));
  group g;

  load_two (blocks + at.head, half, &g.scale[0], &g.min);
  g.min = vnegq_f32 (g.min);
  unpack_nibbles (blocks + at.words, half, g.w);
  add_fifth_bits (load_word (blocks + at.head + 4 * LM_NEON_ROWS, 0, half), g.w);
  return g;
}
DEFINE_TYPE (q5_1, KIND_MIN, lm_block_q5_1, 1)

LM_INLINE group
load_q8_0 (const uint8_t *blocks, size_t i, size_t n, int half)
{
  const lm_short_block at = find_short (i, n, sizeof (lm_block_q8_0));
  group g = { .scale[0] = load_d (blocks + at.head, half) };

#pragma GCC unroll 8
  for (size_t j = 0; j < 8; j++)
    g.w[j] = load_word (blocks + at.words, j, half);
  return g;
}
DEFINE_TYPE (q8_0, KIND_BYTES, lm_block_q8_0, 1)

/* ---- IQ4_NL and IQ4_XS -------------------------------------------------------------------- */

/* Four words of nibbles, which number the rows of the table. */
LM_INLINE void
unpack_iq4 (const uint8_t *words, int half, uint8x16_t w[8])
{
  const uint8x16_t values = vreinterpretq_u8_s8 (vld1q_s8 (lm_iq4_values));

  unpack_nibbles (words, half, w);
#pragma GCC unroll 8
  for (int j = 0; j < 8; j++)
    w[j] = vqtbl1q_u8 (values, w[j]);
}

LM_INLINE group
load_iq4_nl (const uint8_t *blocks, size_t i, size_t n, int half)
{
  const lm_short_block at = find_short (i, n, sizeof (lm_block_iq4_nl));
  group g = { .scale[0] = load_d (blocks + at.head, half) };

  unpack_iq4 (blocks + at.words, half, g.w);
  return g;
}
DEFINE_TYPE (iq4_nl, KIND_BYTES, lm_block_iq4_nl, 1)

/* d × (scale − 32): four bits of nibble i of the second word, two of the upper half of the
 * first. */
LM_INLINE group
load_iq4_xs (const uint8_t *block, size_t i, size_t n, int half)
{
  uint32x4_t low = vreinterpretq_u32_u8 (load_word (block, 1, half));
  uint32x4_t high = vreinterpretq_u32_u8 (load_word (block, 0, half));
  int32x4_t scale;
  float32x4_t d, unused;
  group g;

  (void) n;
  low = vandq_u32 (low >> (int) (4 * i), vdupq_n_u32 (15));
  high = vandq_u32 (high >> (int) (16 + 2 * i), vdupq_n_u32 (3));
  scale = vreinterpretq_s32_u32 (vorrq_u32 (low, high << 4));
  load_two (block, half, &d, &unused);
  g.scale[0] = vmulq_f32 (d, vcvtq_f32_s32 (vsubq_s32 (scale, vdupq_n_s32 (32))));
  unpack_iq4 (block + (2 + 4 * i) * 4 * LM_NEON_ROWS, half, g.w);
  return g;
}
DEFINE_TYPE (iq4_xs, KIND_BYTES, lm_block_iq4_xs, 8)

lm_neon_type
LM_LEVEL (find_legacy) (uint32_t type)
{
  switch (type) {
  case LM_TYPE_Q4_0:
    return (lm_neon_type) { q4_0_one, q4_0_many };
  case LM_TYPE_Q4_1:
    return (lm_neon_type) { q4_1_one, q4_1_many };
  case LM_TYPE_Q5_0:
    return (lm_neon_type) { q5_0_one, q5_0_many };
  case LM_TYPE_Q5_1:
    return (lm_neon_type) { q5_1_one, q5_1_many };
  case LM_TYPE_Q8_0:
    return (lm_neon_type) { q8_0_one, q8_0_many };
  case LM_TYPE_IQ4_NL:
    return (lm_neon_type) { iq4_nl_one, iq4_nl_many };
  case LM_TYPE_IQ4_XS:
    return (lm_neon_type) { iq4_xs_one, iq4_xs_many };
  default:
    return (lm_neon_type) { NULL, NULL };
  }
}
