/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kernels on vectors against the reference or sums in double precision. */
#include <math.h>

#include "kernels-test.h"
#include "util/half.h"

static const size_t LENGTHS[] = { 1, 7, 8, 9, 64, 67, 1536 };
#define N_LENGTHS (sizeof LENGTHS / sizeof *LENGTHS)

static void
fill_floats (float *x, size_t n, double scale)
{
  for (size_t i = 0; i < n; i++)
    x[i] = (float) (random_signed () * scale);
}

/* rms_norm: each output takes five roundings after the sum, which is exact to 2^−24; add: one. */
void
check_vectors (void)
{
  static float x[1536], w[1536], expected[1536];

  for (size_t i = 0; i < N_LENGTHS; i++) {
    size_t n = LENGTHS[i];
    guarded out = guarded_new (n * sizeof (float), 4);
    float *values = (float *) out.data;

    for (int scale = -30; scale <= 15; scale += 15) {
      fill_floats (x, n, pow (10, scale));
      fill_floats (w, n, 2);
      lm_kernels_ref.rms_norm (x, w, n, 1e-6f, expected);
      kernels_level->rms_norm (x, w, n, 1e-6f, values);
      for (size_t j = 0; j < n; j++)
        CHECK (fabs ((double) values[j] - (double) expected[j]) <=
                   8 * UNIT * fabs ((double) expected[j]) + 0x1p-148,
               "rms_norm of %zu: %g, not %g", n, (double) values[j], (double) expected[j]);
      memcpy (values, x, n * sizeof *x);
      kernels_level->add (values, w, n);
      for (size_t j = 0; j < n; j++)
        CHECK (values[j] == x[j] + w[j], "add of %zu", n);
    }
    CHECK (guarded_is_intact (&out), "written beyond %zu values", n);
    guarded_free (&out);
  }
}

void
check_rope (void)
{
  static const size_t PAIRS[] = { 32, 64, 3, 40, 8, 20 };

  for (size_t i = 0; i < 12; i++) {
    lm_rope_layout layout = i % 2 ? LM_ROPE_HALVES : LM_ROPE_ADJACENT;
    size_t n = PAIRS[i / 2];
    guarded out = guarded_new (2 * n * sizeof (float), 4);
    float expected[128], cosines[64], sines[64];

    fill_floats (expected, 2 * n, 5);
    fill_floats (cosines, n, 1);
    fill_floats (sines, n, 1);
    memcpy (out.data, expected, 2 * n * sizeof *expected);
    lm_kernels_ref.rope (expected, cosines, sines, n, layout);
    kernels_level->rope ((float *) out.data, cosines, sines, n, layout);
    CHECK (memcmp (out.data, expected, 2 * n * sizeof *expected) == 0, "%zu pairs, layout %d", n,
           layout);
    CHECK (guarded_is_intact (&out), "written beyond %zu pairs", n);
    guarded_free (&out);
  }
}

/* Rounding to halves is the same to the last bit, NaN apart, whose bits are not said. */
void
check_halves (void)
{
  enum { N = 4099 };
  static float x[N];
  static uint16_t expected[N];
  guarded out = guarded_new (sizeof expected, 2);
  uint16_t *values = (uint16_t *) out.data;

  for (int round = 0; round < 50; round++) {
    for (int i = 0; i < N; i++) {
      x[i] = lm_bits_to_float ((uint32_t) random_below (UINT32_MAX));
      if (i % 3 == 0)
        x[i] = (float) (random_signed () * 1e-5);
      else if (i % 3 == 1)
        x[i] = (float) (random_signed () * 70000);
    }
    lm_kernels_ref.to_half (x, N, expected);
    kernels_level->to_half (x, N, values);
    for (int i = 0; i < N; i++)
      CHECK (values[i] == expected[i] || isnan (x[i]), "%a became %04x, not %04x", (double) x[i],
             values[i], expected[i]);
  }
  CHECK (guarded_is_intact (&out), "written beyond the halves");
  guarded_free (&out);
}

/* Against double precision: e^x within two units, and four roundings. Where e^x is left out because
 * it is below e^−87, the result is off by less than |x up| e^−87. */
void
check_silu (void)
{
  static float x[1536], up[1536];

  for (size_t i = 0; i < N_LENGTHS * 4; i++) {
    size_t n = LENGTHS[i / 4];
    guarded out = guarded_new (n * sizeof (float), 4);
    float *values = (float *) out.data;

    fill_floats (x, n, pow (10, (double) (i % 4)));
    fill_floats (up, n, 2);
    memcpy (values, x, n * sizeof *x);
    kernels_level->silu_mul (values, up, n);
    for (size_t j = 0; j < n; j++) {
      double exact = (double) x[j] / (1 + exp (-(double) x[j])) * (double) up[j];
      double left_out = fabs ((double) x[j] * (double) up[j]) * exp (-87);

      CHECK (fabs ((double) values[j] - exact) <= 12 * UNIT * fabs (exact) + left_out + 0x1p-149,
             "silu of %g: %g, not %g", (double) x[j], (double) values[j], exact);
    }
    CHECK (guarded_is_intact (&out), "written beyond %zu values", n);
    guarded_free (&out);
  }
}
