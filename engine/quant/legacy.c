/* SPDX-License-Identifier: GPL-3.0-or-later
 * Unpacking the types with blocks of 32 weights: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0. */
#include <string.h>

#include "quant/blocks.h"
#include "quant/unpack.h"
#include "util/half.h"

/* 16 bytes of nibbles: the low ones are weights 0–15, the high ones 16–31. */
static inline void
unpack_nibbles (const uint8_t *restrict qs, int offset, int8_t *restrict q)
{
  for (int i = 0; i < 16; i++) {
    q[i] = (int8_t) ((qs[i] & 15) - offset);
    q[i + 16] = (int8_t) ((qs[i] >> 4) - offset);
  }
}

/* The same with a fifth bit from qh. */
static inline void
unpack_five_bits (const uint8_t *restrict qs, const uint8_t qh[4], int offset, int8_t *restrict q)
{
  uint32_t high;

  memcpy (&high, qh, sizeof high);
  for (int i = 0; i < 16; i++) {
    q[i] = (int8_t) (((qs[i] & 15) | (high >> i & 1) << 4) - offset);
    q[i + 16] = (int8_t) (((qs[i] >> 4) | (high >> (i + 16) & 1) << 4) - offset);
  }
}

void
lm_unpack_q4_0 (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_q4_0 *b = blocks;

  for (size_t i = 0; i < n / LM_SHORT_BLOCK; i++) {
    lm_group_set_scale (&groups[i], lm_half_to_float (b[i].d), 0);
    unpack_nibbles (b[i].qs, 8, groups[i].q);
  }
}

void
lm_unpack_q4_1 (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_q4_1 *b = blocks;

  for (size_t i = 0; i < n / LM_SHORT_BLOCK; i++) {
    lm_group_set_scale (&groups[i], lm_half_to_float (b[i].d), -lm_half_to_float (b[i].m));
    unpack_nibbles (b[i].qs, 0, groups[i].q);
  }
}

void
lm_unpack_q5_0 (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_q5_0 *b = blocks;

  for (size_t i = 0; i < n / LM_SHORT_BLOCK; i++) {
    lm_group_set_scale (&groups[i], lm_half_to_float (b[i].d), 0);
    unpack_five_bits (b[i].qs, b[i].qh, 16, groups[i].q);
  }
}

void
lm_unpack_q5_1 (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_q5_1 *b = blocks;

  for (size_t i = 0; i < n / LM_SHORT_BLOCK; i++) {
    lm_group_set_scale (&groups[i], lm_half_to_float (b[i].d), -lm_half_to_float (b[i].m));
    unpack_five_bits (b[i].qs, b[i].qh, 0, groups[i].q);
  }
}

void
lm_unpack_q8_0 (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_q8_0 *b = blocks;

  for (size_t i = 0; i < n / LM_SHORT_BLOCK; i++) {
    lm_group_set_scale (&groups[i], lm_half_to_float (b[i].d), 0);
    memcpy (groups[i].q, b[i].qs, sizeof groups[i].q);
  }
}
