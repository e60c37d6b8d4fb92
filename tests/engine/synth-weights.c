/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random weights in every type: quants at random, scales such that the weights come out right. */
#include "synth-weights.h"

#include <math.h>
#include <string.h>

#include "quant/blocks.h"
#include "quant/quant.h"
#include "util/half.h"

uint64_t
synth_random (uint64_t *state)
{
  uint64_t z = *state += 0x9e3779b97f4a7c15;

  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

/* 0 ≤ x < 1 */
static double
random_uniform (uint64_t *state)
{
  return (double) (synth_random (state) >> 11) * 0x1p-53;
}

/* The sum of twelve uniform variables has the variance 1. */
double
synth_random_normal (uint64_t *state)
{
  double sum = -6;

  for (int i = 0; i < 12; i++)
    sum += random_uniform (state);
  return sum;
}

static uint16_t
make_half (double value)
{
  return lm_float_to_half ((float) value);
}

/* A scale of 6 bits in its upper half and a minimum close to it, for each of eight groups. */
static void
fill_q4_k_scales (uint64_t *state, uint8_t packed[12])
{
  memset (packed, 0, 12);
  for (int i = 0; i < 8; i++) {
    uint8_t scale = (uint8_t) (32 + synth_random (state) % 31);
    uint8_t min = (uint8_t) (scale - 1 + synth_random (state) % 3);

    if (i < 4) {
      packed[i] |= scale;
      packed[i + 4] |= min;
    } else {
      packed[i + 4] = (uint8_t) ((scale & 15) | (min & 15) << 4);
      packed[i - 4] |= (uint8_t) (scale >> 4 << 6);
      packed[i] |= (uint8_t) (min >> 4 << 6);
    }
  }
}

/* The same in 4 bits for sixteen halves of groups. */
static void
fill_q2_k_scales (uint64_t *state, uint8_t packed[16])
{
  for (int i = 0; i < 16; i++) {
    uint8_t scale = (uint8_t) (8 + synth_random (state) % 7);
    uint8_t min = (uint8_t) (scale - 1 + synth_random (state) % 3);

    packed[i] = (uint8_t) (scale | min << 4);
  }
}

/* Sets scales and minima in a block of random bytes. Types without a minimum get scales of both
 * signs, which makes up for the mean of their quants not being 0. */
static void
set_scales (uint32_t type, uint64_t *state, double d, unsigned char *block)
{
  size_t size = lm_type_get_traits (type)->block_bytes;
  uint16_t half = make_half (synth_random (state) & 1 ? d : -d);

  switch (type) {
  case LM_TYPE_Q4_1:
  case LM_TYPE_Q5_1:
    ((lm_block_q4_1 *) block)->d = make_half (d);
    ((lm_block_q4_1 *) block)->m = make_half (d * (type == LM_TYPE_Q4_1 ? -7.5 : -15.5));
    break;
  case LM_TYPE_Q8_0:
    ((lm_block_q8_0 *) block)->d = half;
    for (size_t i = 2; i < size; i++)
      block[i] = block[i] == 0x80 ? 0 : block[i]; /* −128 is never written by quantisers */
    break;
  case LM_TYPE_Q2_K:
    fill_q2_k_scales (state, ((lm_block_q2_k *) block)->scales);
    ((lm_block_q2_k *) block)->d = make_half (d);
    ((lm_block_q2_k *) block)->dmin = make_half (d * 1.5);
    break;
  case LM_TYPE_Q4_K:
  case LM_TYPE_Q5_K:
    fill_q4_k_scales (state, ((lm_block_q4_k *) block)->scales);
    ((lm_block_q4_k *) block)->d = make_half (d);
    ((lm_block_q4_k *) block)->dmin = make_half (d * (type == LM_TYPE_Q4_K ? 7.5 : 15.5));
    break;
  case LM_TYPE_Q3_K:
    ((lm_block_q3_k *) block)->d = half;
    break;
  case LM_TYPE_Q6_K:
    ((lm_block_q6_k *) block)->d = half;
    break;
  default: /* d comes first */
    memcpy (block, &half, sizeof half);
  }
}

static void
fill_blocks (
    uint32_t type, uint64_t *state, double d, double spread, size_t n_blocks, unsigned char *out)
{
  size_t size = lm_type_get_traits (type)->block_bytes;

  for (size_t i = 0; i < n_blocks; i++, out += size) {
    for (size_t j = 0; j < size; j++)
      out[j] = (unsigned char) (synth_random (state) >> 24);
    set_scales (type, state, d * (1 - spread + 2 * spread * random_uniform (state)), out);
  }
}

/* Root mean square of the weights when d is 1. */
static double
measure_deviation (uint32_t type)
{
  enum { n = 64 * LM_SUPER_BLOCK };
  static unsigned char blocks[n * 2];
  static lm_group groups[n / LM_GROUP_LENGTH];
  static float weights[n];
  uint64_t state = 1;
  double sum = 0;

  fill_blocks (type, &state, 1, 0, n / lm_type_get_traits (type)->block_length, blocks);
  lm_quant_dequantise (type, blocks, n, groups, weights);
  for (int i = 0; i < n; i++)
    sum += (double) weights[i] * (double) weights[i];
  return sqrt (sum / n);
}

static void
fill_floats (uint32_t type, uint64_t *state, double deviation, size_t n, unsigned char *out)
{
  for (size_t i = 0; i < n; i++) {
    float value = (float) (synth_random_normal (state) * deviation);
    uint16_t half = lm_float_to_half (value);
    uint32_t bits = lm_float_to_bits (value);

    if (type == LM_TYPE_BF16)
      half = (uint16_t) ((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    if (type == LM_TYPE_F32)
      memcpy (out + 4 * i, &value, sizeof value);
    else
      memcpy (out + 2 * i, &half, sizeof half);
  }
}

void
synth_fill_weights (uint32_t type, uint64_t *state, double deviation, size_t n, unsigned char *out)
{
  if (lm_quant_get_unpack (type) == NULL)
    fill_floats (type, state, deviation, n, out);
  else
    fill_blocks (type, state, deviation / measure_deviation (type), 0.25,
                 n / lm_type_get_traits (type)->block_length, out);
}
