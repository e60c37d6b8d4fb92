/* SPDX-License-Identifier: GPL-3.0-or-later
 * Vectors of four 32-bit lanes, and what the NEON intrinsics lack. A file that is compiled for
 * several levels names its functions with LM_LEVEL (), which puts the level's prefix before. */
#pragma once

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#define LM_INLINE static inline __attribute__ ((always_inline))

#define LM_PASTE(a, b)  a##b
#define LM_PASTE_(a, b) LM_PASTE (a, b)
#define LM_LEVEL(name)  LM_PASTE_ (LM_LEVEL_PREFIX, name)

/* Four halves as floats. */
LM_INLINE float32x4_t
f_halves (const void *p)
{
  return vcvt_f32_f16 (vreinterpret_f16_u16 (vld1_u16 (p)));
}

/* The half at p, as a float in every lane. */
LM_INLINE float32x4_t
f_halves_one (const uint16_t *p)
{
  return vcvt_f32_f16 (vreinterpret_f16_u16 (vld1_dup_u16 (p)));
}

/* e^x for x ≤ 0, within 2 units in the last place; 0 below −87. By Cody and Waite's reduction to
 * |r| ≤ ln 2 / 2 and the Taylor polynomial of degree 7, whose error there is below 2⁻²⁷. A NaN
 * stays one. */
LM_INLINE float32x4_t
f_exp (float32x4_t x)
{
  const float32x4_t least = vdupq_n_f32 (-87.0f);
  float32x4_t clamped = vmaxq_f32 (least, x);
  float32x4_t n = vrndnq_f32 (vmulq_n_f32 (clamped, 0x1.715476p0f));
  float32x4_t r = vfmsq_f32 (clamped, n, vdupq_n_f32 (0x1.62e4p-1f));
  float32x4_t p = vdupq_n_f32 (1.0f / 5040);
  int32x4_t power = vshlq_n_s32 (vaddq_s32 (vcvtq_s32_f32 (n), vdupq_n_s32 (127)), 23);

  r = vfmsq_f32 (r, n, vdupq_n_f32 (0x1.7f7d1cp-20f));
  p = vfmaq_f32 (vdupq_n_f32 (1.0f / 720), p, r);
  p = vfmaq_f32 (vdupq_n_f32 (1.0f / 120), p, r);
  p = vfmaq_f32 (vdupq_n_f32 (1.0f / 24), p, r);
  p = vfmaq_f32 (vdupq_n_f32 (1.0f / 6), p, r);
  p = vfmaq_f32 (vdupq_n_f32 (0.5f), p, r);
  p = vfmaq_f32 (vdupq_n_f32 (1.0f), p, r);
  p = vfmaq_f32 (vdupq_n_f32 (1.0f), p, r);
  p = vmulq_f32 (p, vreinterpretq_f32_s32 (power));
  return vbslq_f32 (vcltq_f32 (x, least), vdupq_n_f32 (0), p);
}
