/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kernels on vectors against the reference or sums in double precision. */
#include <float.h>
#include <math.h>

#include "kernels-test.h"
#include "util/half.h"

static const size_t LENGTHS[] = { 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 67, 1536 };
#define N_LENGTHS  (sizeof LENGTHS / sizeof *LENGTHS)
#define MAX_LENGTH 1536

/* Vectors of a length: first ordinary ones of as many sizes, then extreme ones. */
#define N_ORDINARY 4
#define N_ROUNDS   16

static void
fill_floats (float *x, size_t n, double scale)
{
  for (size_t i = 0; i < n; i++)
    x[i] = (float) (random_signed () * scale);
}

/* n floats that are aligned to a float only. */
static guarded
floats_new (size_t n)
{
  return guarded_new (n * sizeof (float), random_below (16) * sizeof (float));
}

/* Each output takes five roundings after the sum, which is exact to 2^−24. Where x × scale is
 * denormal, the weight makes its error larger. A square that no float can hold gives zero. */
static void
check_rms_norm (const float *x, const float *w, size_t n)
{
  float expected[MAX_LENGTH];
  guarded out = floats_new (n), same = floats_new (n);
  float *values = (float *) out.data;

  lm_kernels_ref.rms_norm (x, w, n, 1e-6f, expected);
  kernels_level->rms_norm (x, w, n, 1e-6f, values);
  for (size_t j = 0; j < n; j++)
    CHECK (fabs ((double) values[j] - (double) expected[j]) <=
               8 * UNIT * fabs ((double) expected[j]) + 0x1p-148 * (1 + fabs ((double) w[j])),
           "rms_norm of %zu: %g, not %g", n, (double) values[j], (double) expected[j]);
  memcpy (same.data, x, n * sizeof *x);
  kernels_level->rms_norm ((float *) same.data, w, n, 1e-6f, (float *) same.data);
  CHECK (memcmp (same.data, out.data, n * sizeof *x) == 0, "rms_norm of %zu in place", n);
  CHECK (guarded_is_intact (&out) && guarded_is_intact (&same), "written beyond %zu values", n);
  guarded_free (&out);
  guarded_free (&same);
}

/* One rounding: the same bits. */
static void
check_add (const float *x, const float *w, size_t n)
{
  guarded out = floats_new (n);
  float *values = (float *) out.data;

  memcpy (values, x, n * sizeof *x);
  kernels_level->add (values, w, n);
  for (size_t j = 0; j < n; j++)
    CHECK (lm_float_to_bits (values[j]) == lm_float_to_bits (x[j] + w[j]), "add of %zu: %g + %g", n,
           (double) x[j], (double) w[j]);
  CHECK (guarded_is_intact (&out), "written beyond %zu values", n);
  guarded_free (&out);
}

void
check_vectors (void)
{
  for (size_t i = 0; i < N_LENGTHS; i++)
    for (int round = 0; round < N_ROUNDS; round++) {
      size_t n = LENGTHS[i];
      guarded a = floats_new (n), b = floats_new (n);
      float *x = (float *) a.data, *w = (float *) b.data;

      fill_floats (x, n, pow (10, 15 * round - 30));
      fill_floats (w, n, 2);
      if (round >= N_ORDINARY)
        fill_extremes (LM_TYPE_F32, 1, n, round % 2 ? 1e18 : FLT_MAX, x);
      if (round >= N_ROUNDS / 2)
        fill_extremes (LM_TYPE_F32, 1, n, FLT_MAX / 64, w); /* √n times that is finite */
      check_rms_norm (x, w, n);
      check_add (x, w, n);
      guarded_free (&a);
      guarded_free (&b);
    }
}

static void
check_rope_of (size_t n, lm_rope_layout layout, bool is_extreme)
{
  guarded out = floats_new (2 * n), cosines = floats_new (n), sines = floats_new (n);
  float expected[128], *c = (float *) cosines.data, *s = (float *) sines.data;

  fill_floats (expected, 2 * n, 5);
  fill_floats (c, n, 1);
  fill_floats (s, n, 1);
  if (is_extreme) {
    fill_extremes (LM_TYPE_F32, 1, 2 * n, FLT_MAX / 8, expected);
    fill_extremes (LM_TYPE_F32, 1, n, 1, c);
    fill_extremes (LM_TYPE_F32, 1, n, 1, s);
  }
  memcpy (out.data, expected, 2 * n * sizeof *expected);
  lm_kernels_ref.rope (expected, c, s, n, layout);
  kernels_level->rope ((float *) out.data, c, s, n, layout);
  CHECK (memcmp (out.data, expected, 2 * n * sizeof *expected) == 0, "%zu pairs, layout %d", n,
         layout);
  CHECK (guarded_is_intact (&out), "written beyond %zu pairs", n);
  guarded_free (&out);
  guarded_free (&cosines);
  guarded_free (&sines);
}

void
check_rope (void)
{
  static const size_t PAIRS[] = { 32, 64, 3, 40, 8, 20, 1, 2, 4, 7, 12, 16, 33, 48, 63 };

  for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++)
    for (int round = 0; round < N_ROUNDS; round++) {
      check_rope_of (PAIRS[i], LM_ROPE_ADJACENT, round > 0);
      check_rope_of (PAIRS[i], LM_ROPE_HALVES, round > 0);
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

  for (int round = 0; round < (kernels_are_brief ? 5 : 50); round++) {
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

/* Against double precision: e^x within two units, and four roundings; where one of them gives what
 * is denormal, up makes its error larger. Where e^x is left out because it is below e^−87, so is
 * the result. */
static void
check_silu_of (const float *x, const float *up, size_t n)
{
  guarded out = floats_new (n);
  float *values = (float *) out.data;

  memcpy (values, x, n * sizeof *x);
  kernels_level->silu_mul (values, up, n);
  for (size_t j = 0; j < n; j++) {
    double exact = (double) x[j] / (1 + exp (-(double) x[j])) * (double) up[j];
    double left_out =
        fabs ((double) x[j] * (double) up[j]) * exp (-fmax (87, fabs ((double) x[j])));
    double error = 12 * UNIT * fabs (exact) + left_out + 0x1p-149 * (1 + fabs ((double) up[j]));

    CHECK (fabs ((double) values[j] - exact) <= error, "silu of %g, times %g: %g, not %g",
           (double) x[j], (double) up[j], (double) values[j], exact);
  }
  CHECK (guarded_is_intact (&out), "written beyond %zu values", n);
  guarded_free (&out);
}

void
check_silu (void)
{
  static const double LARGEST[] = { 1, 80, 1e10, FLT_MAX / 4 };

  for (size_t i = 0; i < N_LENGTHS; i++)
    for (int round = 0; round < N_ROUNDS; round++) {
      size_t n = LENGTHS[i];
      guarded a = floats_new (n), b = floats_new (n);
      float *x = (float *) a.data, *up = (float *) b.data;

      fill_floats (x, n, pow (10, round % N_ORDINARY));
      fill_floats (up, n, 2);
      if (round >= N_ORDINARY)
        fill_extremes (LM_TYPE_F32, 1, n, LARGEST[round % 4], x);
      if (round >= N_ROUNDS / 2)
        fill_extremes (LM_TYPE_F32, 1, n, FLT_MAX / 4 / LARGEST[round % 4], up);
      check_silu_of (x, up, n);
      guarded_free (&a);
      guarded_free (&b);
    }
}
