/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kernels on vectors and attention against the reference or sums in double precision. */
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

/* ---- Attention ---------------------------------------------------------------------------- */

typedef struct {
  size_t n_queries, n_positions, head_dim;
  float scale;
  float *q;
  uint16_t *k, *v;
} attention;

/* One query head in double precision. error: how far float arithmetic may lead: a score takes
 * head_dim + 2 roundings, which change its weight by that factor at most, above and below the line;
 * weights take 4 roundings more and are added up with n_positions of them. */
static void
expect_attention (const attention *a, size_t query, double *out, double *error)
{
  const float *q = a->q + query * a->head_dim;
  double *scores = calloc (a->n_positions, sizeof *scores);
  double max = -INFINITY, sum = 0, score_error = 0, relative;

  for (size_t p = 0; p < a->n_positions; p++) {
    double magnitude = 0;

    for (size_t i = 0; i < a->head_dim; i++) {
      double term = (double) q[i] * (double) lm_half_to_float (a->k[p * a->head_dim + i]);

      scores[p] += (double) a->scale * term;
      magnitude += (double) a->scale * fabs (term);
    }
    score_error = fmax (score_error, magnitude * ((double) a->head_dim + 4) * UNIT);
    max = fmax (max, scores[p]);
  }
  for (size_t p = 0; p < a->n_positions; p++)
    sum += scores[p] = exp (scores[p] - max);
  relative = 2 * score_error + (2 * (double) a->n_positions + 24) * UNIT;
  for (size_t i = 0; i < a->head_dim; i++) {
    out[i] = error[i] = 0;
    for (size_t p = 0; p < a->n_positions; p++) {
      double term = scores[p] / sum * (double) lm_half_to_float (a->v[p * a->head_dim + i]);

      out[i] += term;
      error[i] += relative * fabs (term);
    }
    error[i] += 0x1p-120;
  }
  free (scores);
}

static void
check_attention_of (size_t n_queries, size_t n_positions, size_t head_dim, double q_scale)
{
  size_t n_cached = n_positions * head_dim;
  guarded out = guarded_new (n_queries * head_dim * sizeof (float), 4);
  attention a = {
    n_queries, n_positions, head_dim, 1 / sqrtf ((float) head_dim), NULL, NULL, NULL
  };
  float *scores = calloc (n_positions, sizeof *scores);
  double expected[512], error[512];
  float alone[512];

  a.q = calloc (n_queries * head_dim, sizeof *a.q);
  a.k = calloc (n_cached, sizeof *a.k);
  a.v = calloc (n_cached, sizeof *a.v);
  fill_floats (a.q, n_queries * head_dim, q_scale);
  for (size_t i = 0; i < n_cached; i++) {
    a.k[i] = lm_float_to_half ((float) random_signed () * 4);
    a.v[i] = lm_float_to_half ((float) random_signed ());
  }
  kernels_level->attend (a.q, n_queries, a.k, a.v, n_positions, head_dim, a.scale, scores,
                         (float *) out.data);
  for (size_t i = 0; i < n_queries; i++) {
    expect_attention (&a, i, expected, error);
    for (size_t j = 0; j < head_dim; j++) {
      double value = ((float *) out.data)[i * head_dim + j];

      CHECK (fabs (value - expected[j]) <= error[j],
             "%zu heads of %zu, %zu positions, head %zu: %g, not %g ± %g", n_queries, head_dim,
             n_positions, i, value, expected[j], error[j]);
    }
    /* A head gives the same bits alone. */
    kernels_level->attend (a.q + i * head_dim, 1, a.k, a.v, n_positions, head_dim, a.scale, scores,
                           alone);
    CHECK (memcmp (alone, out.data + i * head_dim * 4, head_dim * 4) == 0, "head %zu alone", i);
  }
  CHECK (guarded_is_intact (&out), "written beyond %zu heads", n_queries);
  guarded_free (&out);
  free (a.q);
  free (a.k);
  free (a.v);
  free (scores);
}

void
check_attention (void)
{
  static const size_t POSITIONS[] = { 1, 2, 8, 31, 32, 33, 100, 517 };
  static const size_t DIMS[] = { 64, 128, 96, 80, 12, 256, 320 };

  for (size_t i = 0; i < sizeof POSITIONS / sizeof *POSITIONS; i++)
    for (size_t j = 0; j < sizeof DIMS / sizeof *DIMS; j++) {
      check_attention_of (1 + random_below (7), POSITIONS[i], DIMS[j], 1);
      check_attention_of (17, POSITIONS[i], DIMS[j], 40); /* weights from 1 down to 0 */
    }
}
