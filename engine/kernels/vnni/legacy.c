/* SPDX-License-Identifier: GPL-3.0-or-later
 * VNNI products of the types with blocks of 32 weights, and of IQ4_XS, which is made like one. */
#include "kernels/vnni/multiply.h"
#include "quant/iq-tables.h"

/* A fifth bit for every byte, from a word of 32 bits for each row. */
LM_INLINE void
add_fifth_bits (lanes_i bits, lanes_i w[8])
{
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) {
#if LM_LANES == 16
    const __m512i same =
        _mm512_set_epi32 (0x0f0f0f0f, 0x0b0b0b0b, 0x07070707, 0x03030303, 0x0f0f0f0f, 0x0b0b0b0b,
                          0x07070707, 0x03030303, 0x0f0f0f0f, 0x0b0b0b0b, 0x07070707, 0x03030303,
                          0x0f0f0f0f, 0x0b0b0b0b, 0x07070707, 0x03030303);
    __m512i spread = _mm512_shuffle_epi8 (bits, i_sub8 (same, i_set8 ((char) (3 - i / 2))));
    __mmask64 set = _mm512_test_epi8_mask (spread, i_set ((int) (0x08040201u << 4 * (i % 2))));

    w[i] = _mm512_mask_add_epi8 (w[i], set, w[i], i_set8 (16));
#else
    const __m256i same = _mm256_set_epi32 (0x0f0f0f0f, 0x0b0b0b0b, 0x07070707, 0x03030303,
                                           0x0f0f0f0f, 0x0b0b0b0b, 0x07070707, 0x03030303);
    __m256i mask = i_set ((int) (0x08040201u << 4 * (i % 2)));
    __m256i spread = _mm256_shuffle_epi8 (bits, i_sub8 (same, i_set8 ((char) (3 - i / 2))));
    __m256i set = _mm256_cmpeq_epi8 (i_and (spread, mask), mask);

    w[i] = i_or (w[i], i_and (set, i_set8 (16)));
#endif
  }
}

LM_INLINE group
load_q4_0 (const uint8_t *block, size_t i, size_t n)
{
  const lm_short_block at = find_short (i, n, sizeof (lm_block_q4_0));
  group g = { .scale[0] = f_halves (block + at.head) };

  lanes_unpack_nibbles (block + at.words, g.w);
  return g;
}
DEFINE_SHORT_TYPE (q4_0, KIND_OFFSET_8)

LM_INLINE group
load_q4_1 (const uint8_t *block, size_t i, size_t n)
{
  const lm_short_block at = find_short (i, n, sizeof (lm_block_q4_1));
  group g;

  load_two (block + at.head, &g.scale[0], &g.min);
  g.min = f_sub (f_zero (), g.min);
  lanes_unpack_nibbles (block + at.words, g.w);
  return g;
}
DEFINE_SHORT_TYPE (q4_1, KIND_MIN)

LM_INLINE group
load_q5_0 (const uint8_t *block, size_t i, size_t n)
{
  const lm_short_block at = find_short (i, n, sizeof (lm_block_q5_0));
  group g = { .scale[0] = f_halves (block + at.head) };

  lanes_unpack_nibbles (block + at.words, g.w);
  add_fifth_bits (i_load (block + at.head + 2 * LM_LANES), g.w);
#pragma GCC unroll 8
  for (int j = 0; j < 8; j++) /* − 16 + 128 */
    g.w[j] = i_add8 (g.w[j], i_set8 (112));
  return g;
}
DEFINE_SHORT_TYPE (q5_0, KIND_OFFSET_128)

LM_INLINE group
load_q5_1 (const uint8_t *block, size_t i, size_t n)
{
  const lm_short_block at = find_short (i, n, sizeof (lm_block_q5_1));
  group g;

  load_two (block + at.head, &g.scale[0], &g.min);
  g.min = f_sub (f_zero (), g.min);
  lanes_unpack_nibbles (block + at.words, g.w);
  add_fifth_bits (i_load (block + at.head + 4 * LM_LANES), g.w);
  return g;
}
DEFINE_SHORT_TYPE (q5_1, KIND_MIN)

LM_INLINE group
load_q8_0 (const uint8_t *block, size_t i, size_t n)
{
  const lm_short_block at = find_short (i, n, sizeof (lm_block_q8_0));
  group g = { .scale[0] = f_halves (block + at.head) };

#pragma GCC unroll 8
  for (size_t j = 0; j < 8; j++)
    g.w[j] = i_xor (lanes_load_word (block + at.words, j), i_set8 ((char) 0x80));
  return g;
}
DEFINE_SHORT_TYPE (q8_0, KIND_OFFSET_128)

/* ---- IQ4_NL and IQ4_XS -------------------------------------------------------------------- */

/* Four words of nibbles, which number the rows of the table; raised by 128. */
LM_INLINE void
unpack_iq4 (const uint8_t *words, lanes_i w[8])
{
  const lanes_i values = i_xor (i_table (lm_iq4_values), i_set8 ((char) 0x80));

  lanes_unpack_nibbles (words, w);
#pragma GCC unroll 8
  for (int j = 0; j < 8; j++)
    w[j] = i_shuffle8 (values, w[j]);
}

LM_INLINE group
load_iq4_nl (const uint8_t *block, size_t i, size_t n)
{
  const lm_short_block at = find_short (i, n, sizeof (lm_block_iq4_nl));
  group g = { .scale[0] = f_halves (block + at.head) };

  unpack_iq4 (block + at.words, g.w);
  return g;
}
DEFINE_SHORT_TYPE (iq4_nl, KIND_OFFSET_128)

/* d × (scale − 32): four bits of nibble i of the second word, two of the upper half of the
 * first. */
LM_INLINE group
load_iq4_xs (const uint8_t *block, size_t i, size_t n)
{
  lanes_i low = i_and (i_right (load_head_word (block, 1), (unsigned) (4 * i)), i_set (15));
  lanes_i high = i_and (i_right (load_head_word (block, 0), (unsigned) (16 + 2 * i)), i_set (3));
  lanes_i scale = i_sub (i_or (low, i_left (high, 4)), i_set (32));
  lanes_f d, unused;
  group g;

  (void) n;
  touch_head (block, 8, i);
  load_two (block, &d, &unused);
  g.scale[0] = f_mul (d, f_int (scale));
  unpack_iq4 (block + (2 + 4 * i) * 4 * LM_LANES, g.w);
  return g;
}
DEFINE_SUPER_TYPE (iq4_xs, KIND_OFFSET_128)

lm_vnni_type
LM_LEVEL (find_legacy) (uint32_t type)
{
  switch (type) {
  case LM_TYPE_Q4_0:
    return (lm_vnni_type) { q4_0_panel, q4_0_panels };
  case LM_TYPE_Q4_1:
    return (lm_vnni_type) { q4_1_panel, q4_1_panels };
  case LM_TYPE_Q5_0:
    return (lm_vnni_type) { q5_0_panel, q5_0_panels };
  case LM_TYPE_Q5_1:
    return (lm_vnni_type) { q5_1_panel, q5_1_panels };
  case LM_TYPE_Q8_0:
    return (lm_vnni_type) { q8_0_panel, q8_0_panels };
  case LM_TYPE_IQ4_NL:
    return (lm_vnni_type) { iq4_nl_panel, iq4_nl_panels };
  case LM_TYPE_IQ4_XS:
    return (lm_vnni_type) { iq4_xs_panel, iq4_xs_panels };
  default:
    return (lm_vnni_type) { NULL, NULL };
  }
}
