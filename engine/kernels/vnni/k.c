/* SPDX-License-Identifier: GPL-3.0-or-later
 * VNNI products of the K types: blocks of 256 weights, that is of eight groups. See panels.h for
 * how their bits lie. */
#include "kernels/vnni/multiply.h"

/* Byte i of every lane as a float times d. */
LM_INLINE lanes_f
scale_by_byte (lanes_f d, lanes_i bytes, size_t i)
{
  return f_mul (d, f_int (i_and (i_right (bytes, (unsigned) (8 * i)), i_set (255))));
}

/* The same of a byte with a sign. */
LM_INLINE lanes_f
scale_by_signed (lanes_f d, lanes_i bytes, size_t i)
{
  return f_mul (d, f_int (i_right_signed (i_left (bytes, (unsigned) (24 - 8 * i)), 24)));
}

/* ---- Q4_K and Q5_K ------------------------------------------------------------------------ */

/* The scale and minimum of group i; see unpack_q4_k_scale() for how they are packed. */
LM_INLINE void
load_scales (const uint8_t *block, size_t i, group *g)
{
  const lanes_i six = i_set8 (63), four = i_set8 (15), upper = i_set8 (48);
  lanes_i first = load_head_word (block, 1), second = load_head_word (block, 2);
  lanes_i third = load_head_word (block, 3), scales, mins;
  lanes_f d, dmin;

  touch_head (block, 16, i);
  load_two (block, &d, &dmin);
  if (i < 4) {
    scales = i_and (first, six);
    mins = i_and (second, six);
  } else {
    scales = i_or (i_and (third, four), i_and (i_right16 (first, 2), upper));
    mins = i_or (i_and (i_right16 (third, 4), four), i_and (i_right16 (second, 2), upper));
  }
  g->scale[0] = scale_by_byte (d, scales, i % 4);
  g->min = scale_by_byte (dmin, mins, i % 4);
}

/* Where group i begins, in a block whose head and groups have so many words a row. */
LM_INLINE const uint8_t *
find_group (const uint8_t *words, size_t n_head, size_t n_group, size_t i)
{
  return words + 4 * LM_LANES * (n_head + n_group * i);
}

LM_INLINE group
load_q4_k (const uint8_t *block, size_t i, size_t n)
{
  group g;

  (void) n;
  lanes_unpack_nibbles (find_group (block, 4, 4, i), g.w);
  return g;
}
DEFINE_TYPE (q4_k,
             ((panel_type) { load_q4_k, KIND_MIN, sizeof (lm_block_q4_k),
                             LM_SUPER_BLOCK / LM_GROUP_LENGTH, load_scales }))

/* Ors the group's word of single bits into the weights, as their bit at (≤ 4). */
LM_INLINE void
add_bits (const uint8_t *word, int at, lanes_i w[8])
{
  const lanes_i mask = i_set8 ((char) (1 << at));
  lanes_i bits = lanes_load_word (word, 0);

#pragma GCC unroll 8
  for (int j = 0; j < 8; j++) {
    lanes_i moved =
        j < at ? i_left16 (bits, (unsigned) (at - j)) : i_right16 (bits, (unsigned) (j - at));

    w[j] = i_or (w[j], i_and (moved, mask));
  }
}

LM_INLINE group
load_q5_k (const uint8_t *block, size_t i, size_t n)
{
  const uint8_t *words = find_group (block, 4, 5, i);
  group g;

  (void) n;
  load_scales (block, i, &g);
  lanes_unpack_nibbles (words, g.w);
  add_bits (words + 16 * LM_LANES, 4, g.w);
  return g;
}
DEFINE_SUPER_TYPE (q5_k, KIND_MIN)

/* ---- Q6_K --------------------------------------------------------------------------------- */

LM_INLINE group
load_q6_k (const uint8_t *block, size_t i, size_t n)
{
  const uint8_t *head = block + 2 * LM_LANES, *words = find_group (head, 4, 6, i);
  lanes_i scales = load_head_word (head, i / 2);
  lanes_f d = f_halves (block);
  group g;

  (void) n;
  touch_head (block, 18, i);
  lanes_unpack_six_bits (words, g.w);
  g.scale[0] = scale_by_signed (d, scales, 2 * (i % 2));
  g.scale[1] = scale_by_signed (d, scales, 2 * (i % 2) + 1);
  return g;
}
DEFINE_SUPER_TYPE (q6_k, KIND_HALVES)

/* ---- Q2_K and Q3_K ------------------------------------------------------------------------ */

/* Weights of two bits. */
LM_INLINE void
unpack_two_bits (const uint8_t *words, lanes_i w[8])
{
  lanes_i two[2];

  lanes_load_two_words (words, two);
#pragma GCC unroll 8
  for (size_t j = 0; j < 8; j++)
    w[j] = i_and (i_right16 (two[j / 4], (unsigned) (2 * (j % 4))), i_set8 (3));
}

/* Bytes at and at + 1 of every lane as two 16-bit integers. */
LM_INLINE lanes_i
pick_two (lanes_i bytes, size_t at)
{
  lanes_i both = i_right (bytes, (unsigned) (8 * at));

  return i_or (i_and (both, i_set (255)), i_left (i_and (both, i_set (0xff00)), 8));
}

LM_INLINE group
load_q2_k (const uint8_t *block, size_t i, size_t n)
{
  lanes_i packed = load_head_word (block, 1 + i / 2);
  lanes_i scales = i_and (packed, i_set8 (15));
  lanes_i mins = i_and (i_right16 (packed, 4), i_set8 (15));
  size_t at = 2 * (i % 2);
  lanes_f d;
  group g;

  (void) n;
  touch_head (block, 20, i);
  load_two (block, &d, &g.min);
  unpack_two_bits (find_group (block, 5, 2, i), g.w);
  g.scale[0] = scale_by_byte (d, scales, at);
  g.scale[1] = scale_by_byte (d, scales, at + 1);
  g.mins = pick_two (mins, at);
  return g;
}
DEFINE_SUPER_TYPE (q2_k, KIND_HALVES_MIN)

/* Sixteen scales of 6 bits: word i / 2 of what they would be if they were bytes, less 32. Their
 * lower four bits are in the nibbles of words 0 and 1, low ones first, their upper two in word 2,
 * lowest first. */
LM_INLINE lanes_i
load_scales_q3_k (const uint8_t *words, size_t i)
{
  lanes_i low = load_head_word (words, i / 2 % 2);
  lanes_i high = i_right16 (load_head_word (words, 2), (unsigned) (2 * (i / 2)));

  low = i_and (i < 4 ? low : i_right16 (low, 4), i_set8 (15));
  return i_sub8 (i_or (low, i_left16 (i_and (high, i_set8 (3)), 4)), i_set8 (32));
}

LM_INLINE group
load_q3_k (const uint8_t *block, size_t i, size_t n)
{
  const uint8_t *head = block + 2 * LM_LANES, *words = find_group (head, 3, 3, i);
  lanes_i scales = load_scales_q3_k (head, i);
  lanes_f d = f_halves (block);
  group g;

  (void) n;
  touch_head (block, 14, i);
  unpack_two_bits (words, g.w);
  add_bits (words + 8 * LM_LANES, 2, g.w);
#pragma GCC unroll 8
  for (int j = 0; j < 8; j++) /* − 4 + 32 */
    g.w[j] = i_add8 (g.w[j], i_set8 (28));
  g.scale[0] = scale_by_signed (d, scales, 2 * (i % 2));
  g.scale[1] = scale_by_signed (d, scales, 2 * (i % 2) + 1);
  return g;
}
DEFINE_SUPER_TYPE (q3_k, KIND_HALVES)

lm_vnni_type
LM_LEVEL (find_k) (uint32_t type)
{
  switch (type) {
  case LM_TYPE_Q2_K:
    return (lm_vnni_type) { q2_k_panel, q2_k_panels };
  case LM_TYPE_Q3_K:
    return (lm_vnni_type) { q3_k_panel, q3_k_panels };
  case LM_TYPE_Q4_K:
    return (lm_vnni_type) { q4_k_panel, q4_k_panels };
  case LM_TYPE_Q5_K:
    return (lm_vnni_type) { q5_k_panel, q5_k_panels };
  case LM_TYPE_Q6_K:
    return (lm_vnni_type) { q6_k_panel, q6_k_panels };
  default:
    return (lm_vnni_type) { NULL, NULL };
  }
}
