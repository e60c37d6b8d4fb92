/* SPDX-License-Identifier: GPL-3.0-or-later
 * IEEE 754 half precision and bfloat16, in plain C. */
#pragma once

#include <stdint.h>
#include <string.h>

static inline float
lm_bits_to_float (uint32_t bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static inline uint32_t
lm_float_to_bits (float value)
{
  uint32_t bits;

  memcpy (&bits, &value, sizeof bits);
  return bits;
}

/* Exact, subnormals, infinities and NaN included. The exponent is moved by a multiplication, which
 * also normalises subnormals: 2^112 rebiases from 15 to 127. */
static inline float
lm_half_to_float (uint16_t half)
{
  uint32_t sign = (uint32_t) (half & 0x8000) << 16;
  uint32_t magnitude = (uint32_t) (half & 0x7fff) << 13;
  float value = lm_bits_to_float (magnitude) * 0x1p112f;

  if ((half & 0x7c00) == 0x7c00)
    return lm_bits_to_float (sign | 0x7f800000 | magnitude);
  return lm_bits_to_float (sign | lm_float_to_bits (value));
}

/* Rounds to nearest, ties to even; too large becomes infinity. */
static inline uint16_t
lm_float_to_half (float value)
{
  uint32_t bits = lm_float_to_bits (value);
  uint32_t sign = (bits >> 16) & 0x8000;
  uint32_t magnitude = bits & 0x7fffffff;

  if (magnitude > 0x7f800000)
    return (uint16_t) (sign | 0x7e00);
  if (magnitude >= 0x477ff000)
    return (uint16_t) (sign | 0x7c00);
  if (magnitude < 0x38800000) { /* subnormal half: the addition does the rounding */
    float shifted = lm_bits_to_float (magnitude) + 0.5f;

    return (uint16_t) (sign | (lm_float_to_bits (shifted) - 0x3f000000));
  }
  magnitude += 0xc8000fff + ((magnitude >> 13) & 1);
  return (uint16_t) (sign | (magnitude >> 13));
}

static inline float
lm_bfloat_to_float (uint16_t bfloat)
{
  return lm_bits_to_float ((uint32_t) bfloat << 16);
}
