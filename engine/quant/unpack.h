/* SPDX-License-Identifier: GPL-3.0-or-later
 * The unpack functions of all quantised types: see lm_unpack_fn. */
#pragma once

#include "quant/quant.h"

void lm_unpack_q4_0 (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_q4_1 (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_q5_0 (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_q5_1 (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_q8_0 (const void *blocks, size_t n, lm_group *groups);

void lm_unpack_q2_k (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_q3_k (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_q4_k (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_q5_k (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_q6_k (const void *blocks, size_t n, lm_group *groups);

void lm_unpack_iq4_nl (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_iq4_xs (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_iq2_xxs (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_iq2_xs (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_iq2_s (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_iq3_xxs (const void *blocks, size_t n, lm_group *groups);
void lm_unpack_iq3_s (const void *blocks, size_t n, lm_group *groups);

/* The same scale and minimum for both halves of a group. */
static inline void
lm_group_set_scale (lm_group *group, float scale, float min)
{
  group->scale[0] = group->scale[1] = scale;
  group->min[0] = group->min[1] = min;
}
