/* SPDX-License-Identifier: GPL-3.0-or-later
 * Unpacking the K types: blocks of 256 weights, that is of eight groups. */
#include <string.h>

#include "quant/blocks.h"
#include "quant/unpack.h"
#include "util/half.h"

#define N_GROUPS (LM_SUPER_BLOCK / LM_GROUP_LENGTH)

/* Two bits of 32 bytes, at shift. */
static inline void
unpack_two_bits (const uint8_t qs[32], int shift, int8_t q[32])
{
  for (int i = 0; i < 32; i++)
    q[i] = (int8_t) (qs[i] >> shift & 3);
}

void
lm_unpack_q2_k (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_q2_k *b = blocks;

  for (size_t i = 0; i < n / LM_SUPER_BLOCK; i++) {
    float d = lm_half_to_float (b[i].d);
    float dmin = lm_half_to_float (b[i].dmin);

    for (int j = 0; j < N_GROUPS; j++, groups++) {
      unpack_two_bits (b[i].qs + 32 * (j / 4), 2 * (j % 4), groups->q);
      for (int half = 0; half < 2; half++) {
        uint8_t packed = b[i].scales[2 * j + half];

        groups->scale[half] = d * (float) (packed & 15);
        groups->min[half] = dmin * (float) (packed >> 4);
      }
    }
  }
}

/* Sixteen scales of 6 bits: their lower four bits are the nibbles of bytes 0–7 (low ones first),
 * their upper two bits lie in bytes 8–11 (lowest ones first). */
static inline void
unpack_q3_k_scales (const uint8_t packed[12], int8_t scales[16])
{
  for (int i = 0; i < 16; i++) {
    int low = packed[i % 8] >> 4 * (i / 8) & 15;
    int high = packed[8 + i % 4] >> 2 * (i / 4) & 3;

    scales[i] = (int8_t) ((low | high << 4) - 32);
  }
}

void
lm_unpack_q3_k (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_q3_k *b = blocks;

  for (size_t i = 0; i < n / LM_SUPER_BLOCK; i++) {
    float d = lm_half_to_float (b[i].d);
    int8_t scales[16];

    unpack_q3_k_scales (b[i].scales, scales);
    for (int j = 0; j < N_GROUPS; j++, groups++) {
      unpack_two_bits (b[i].qs + 32 * (j / 4), 2 * (j % 4), groups->q);
      for (int k = 0; k < 32; k++)
        groups->q[k] = (int8_t) (groups->q[k] + (b[i].hmask[k] >> j & 1) * 4 - 4);
      for (int half = 0; half < 2; half++) {
        groups->scale[half] = d * (float) scales[2 * j + half];
        groups->min[half] = 0;
      }
    }
  }
}

/* Eight scales and eight minima of 6 bits. Those of groups 0–3 are the lower bits of bytes 0–3 and
 * 4–7; those of groups 4–7 have their lower four bits in bytes 8–11 and their upper two in the
 * upper bits of the bytes before. */
static inline void
unpack_q4_k_scale (const uint8_t packed[12], int group, int *scale, int *min)
{
  if (group < 4) {
    *scale = packed[group] & 63;
    *min = packed[group + 4] & 63;
  } else {
    *scale = (packed[group + 4] & 15) | packed[group - 4] >> 6 << 4;
    *min = packed[group + 4] >> 4 | packed[group] >> 6 << 4;
  }
}

void
lm_unpack_q4_k (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_q4_k *b = blocks;

  for (size_t i = 0; i < n / LM_SUPER_BLOCK; i++) {
    float d = lm_half_to_float (b[i].d);
    float dmin = lm_half_to_float (b[i].dmin);

    for (int j = 0; j < N_GROUPS; j++, groups++) {
      const uint8_t *qs = b[i].qs + 32 * (j / 2);
      int shift = 4 * (j % 2);
      int scale;
      int min;

      unpack_q4_k_scale (b[i].scales, j, &scale, &min);
      lm_group_set_scale (groups, d * (float) scale, dmin * (float) min);
      for (int k = 0; k < 32; k++)
        groups->q[k] = (int8_t) (qs[k] >> shift & 15);
    }
  }
}

void
lm_unpack_q5_k (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_q5_k *b = blocks;

  for (size_t i = 0; i < n / LM_SUPER_BLOCK; i++) {
    float d = lm_half_to_float (b[i].d);
    float dmin = lm_half_to_float (b[i].dmin);

    for (int j = 0; j < N_GROUPS; j++, groups++) {
      const uint8_t *qs = b[i].qs + 32 * (j / 2);
      int shift = 4 * (j % 2);
      int scale;
      int min;

      unpack_q4_k_scale (b[i].scales, j, &scale, &min);
      lm_group_set_scale (groups, d * (float) scale, dmin * (float) min);
      for (int k = 0; k < 32; k++)
        groups->q[k] = (int8_t) ((qs[k] >> shift & 15) | (b[i].qh[k] >> j & 1) << 4);
    }
  }
}

/* Each half of a block has 128 weights in 64 bytes of ql and 32 of qh. Its four groups take the low
 * nibbles of bytes 0–31 and 32–63, then the high ones. */
void
lm_unpack_q6_k (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_q6_k *b = blocks;

  for (size_t i = 0; i < n / LM_SUPER_BLOCK; i++) {
    float d = lm_half_to_float (b[i].d);

    for (int j = 0; j < N_GROUPS; j++, groups++) {
      const uint8_t *ql = b[i].ql + 64 * (j / 4) + 32 * (j % 2);
      const uint8_t *qh = b[i].qh + 32 * (j / 4);
      int low_shift = j % 4 < 2 ? 0 : 4;
      int high_shift = 2 * (j % 4);

      for (int k = 0; k < 32; k++) {
        int low = ql[k] >> low_shift & 15;
        int high = qh[k] >> high_shift & 3;

        groups->q[k] = (int8_t) ((low | high << 4) - 32);
      }
      for (int half = 0; half < 2; half++) {
        groups->scale[half] = d * (float) b[i].scales[2 * j + half];
        groups->min[half] = 0;
      }
    }
  }
}
