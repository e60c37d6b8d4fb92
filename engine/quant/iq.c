/* SPDX-License-Identifier: GPL-3.0-or-later
 * Unpacking the IQ types: values from a table of 16, or rows of a grid with signs. */
#include <string.h>

#include "quant/blocks.h"
#include "quant/iq-tables.h"
#include "quant/unpack.h"
#include "util/half.h"

#define N_GROUPS (LM_SUPER_BLOCK / LM_GROUP_LENGTH)

static inline void
unpack_iq4 (const uint8_t qs[16], int8_t q[32])
{
  for (int i = 0; i < 16; i++) {
    q[i] = lm_iq4_values[qs[i] & 15];
    q[i + 16] = lm_iq4_values[qs[i] >> 4];
  }
}

/* Eight magnitudes, the first in the lowest byte of grid, negated where signs has a bit. */
static inline void
unpack_signed (uint64_t grid, unsigned signs, int8_t q[8])
{
  for (int i = 0; i < 8; i++) {
    int magnitude = (int) (grid >> 8 * i & 127);

    q[i] = (int8_t) (signs >> i & 1 ? -magnitude : magnitude);
  }
}

/* Two rows of four. */
static inline uint64_t
join_rows (uint32_t first, uint32_t second)
{
  return first | (uint64_t) second << 32;
}

void
lm_unpack_iq4_nl (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_iq4_nl *b = blocks;

  for (size_t i = 0; i < n / LM_SHORT_BLOCK; i++) {
    lm_group_set_scale (&groups[i], lm_half_to_float (b[i].d), 0);
    unpack_iq4 (b[i].qs, groups[i].q);
  }
}

void
lm_unpack_iq4_xs (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_iq4_xs *b = blocks;

  for (size_t i = 0; i < n / LM_SUPER_BLOCK; i++) {
    float d = lm_half_to_float (b[i].d);

    for (int j = 0; j < N_GROUPS; j++, groups++) {
      int low = b[i].scales_l[j / 2] >> 4 * (j % 2) & 15;
      int high = b[i].scales_h >> 2 * j & 3;

      lm_group_set_scale (groups, d * (float) ((low | high << 4) - 32), 0);
      unpack_iq4 (b[i].qs + 16 * j, groups->q);
    }
  }
}

void
lm_unpack_iq2_xxs (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_iq2_xxs *b = blocks;

  for (size_t i = 0; i < n / LM_SUPER_BLOCK; i++) {
    float d = lm_half_to_float (b[i].d);

    for (int j = 0; j < N_GROUPS; j++, groups++) {
      uint8_t index[4];
      uint32_t rest; /* four times seven signs, then the scale */

      memcpy (index, &b[i].qs[4 * j], sizeof index);
      memcpy (&rest, &b[i].qs[4 * j + 2], sizeof rest);
      lm_group_set_scale (groups, d * (0.5f + (float) (rest >> 28)) * 0.25f, 0);
      for (int k = 0; k < 4; k++)
        unpack_signed (lm_iq2_xxs_grid[index[k]], lm_iq_signs[rest >> 7 * k & 127],
                       groups->q + 8 * k);
    }
  }
}

/* Scales of the two halves of a group, 4 bits each. */
static inline void
set_iq2_scales (float d, uint8_t packed, lm_group *group)
{
  group->scale[0] = d * (0.5f + (float) (packed & 15)) * 0.25f;
  group->scale[1] = d * (0.5f + (float) (packed >> 4)) * 0.25f;
  group->min[0] = group->min[1] = 0;
}

void
lm_unpack_iq2_xs (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_iq2_xs *b = blocks;

  for (size_t i = 0; i < n / LM_SUPER_BLOCK; i++) {
    float d = lm_half_to_float (b[i].d);

    for (int j = 0; j < N_GROUPS; j++, groups++) {
      set_iq2_scales (d, b[i].scales[j], groups);
      for (int k = 0; k < 4; k++) {
        unsigned packed = b[i].qs[4 * j + k];

        unpack_signed (lm_iq2_xs_grid[packed & 511], lm_iq_signs[packed >> 9], groups->q + 8 * k);
      }
    }
  }
}

void
lm_unpack_iq2_s (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_iq2_s *b = blocks;

  for (size_t i = 0; i < n / LM_SUPER_BLOCK; i++) {
    float d = lm_half_to_float (b[i].d);

    for (int j = 0; j < N_GROUPS; j++, groups++) {
      set_iq2_scales (d, b[i].scales[j], groups);
      for (int k = 0; k < 4; k++) {
        int index = b[i].qs[4 * j + k] | (b[i].qh[j] >> 2 * k & 3) << 8;

        unpack_signed (lm_iq2_s_grid[index], b[i].signs[4 * j + k], groups->q + 8 * k);
      }
    }
  }
}

void
lm_unpack_iq3_xxs (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_iq3_xxs *b = blocks;

  for (size_t i = 0; i < n / LM_SUPER_BLOCK; i++) {
    float d = lm_half_to_float (b[i].d);

    for (int j = 0; j < N_GROUPS; j++, groups++) {
      const uint8_t *qs = b[i].qs + 8 * j;
      uint32_t rest;

      memcpy (&rest, b[i].signs_scales + 4 * j, sizeof rest);
      lm_group_set_scale (groups, d * (0.5f + (float) (rest >> 28)) * 0.5f, 0);
      for (int k = 0; k < 4; k++)
        unpack_signed (join_rows (lm_iq3_xxs_grid[qs[2 * k]], lm_iq3_xxs_grid[qs[2 * k + 1]]),
                       lm_iq_signs[rest >> 7 * k & 127], groups->q + 8 * k);
    }
  }
}

void
lm_unpack_iq3_s (const void *blocks, size_t n, lm_group *groups)
{
  const lm_block_iq3_s *b = blocks;

  for (size_t i = 0; i < n / LM_SUPER_BLOCK; i++) {
    float d = lm_half_to_float (b[i].d);

    for (int j = 0; j < N_GROUPS; j++, groups++) {
      const uint8_t *qs = b[i].qs + 8 * j;
      int scale = b[i].scales[j / 2] >> 4 * (j % 2) & 15;

      lm_group_set_scale (groups, d * (float) (1 + 2 * scale), 0);
      for (int k = 0; k < 4; k++) {
        int first = qs[2 * k] | (b[i].qh[j] >> 2 * k & 1) << 8;
        int second = qs[2 * k + 1] | (b[i].qh[j] >> (2 * k + 1) & 1) << 8;

        unpack_signed (join_rows (lm_iq3_s_grid[first], lm_iq3_s_grid[second]),
                       b[i].signs[4 * j + k], groups->q + 8 * k);
      }
    }
  }
}
