/* SPDX-License-Identifier: GPL-3.0-or-later
 * RoPE frequencies. Linear scaling: Chen et al. 2023, arXiv:2306.15595. YaRN: Peng et al. 2023,
 * arXiv:2309.00071, section 3. */
#include "model/rope.h"

#include <math.h>

#include "util/error.h"

#define PI 3.14159265358979323846

/* The pair (a real number) that turns n_turns times within the original context. */
static double
pair_of_turns (const lm_hparams *h, double n_turns)
{
  return h->n_rot * log (h->rope_original_ctx / (n_turns * 2 * PI)) / (2 * log (h->rope_base));
}

/* How much of pair i keeps its own frequency: 1 for fast pairs, 0 for slow ones, a ramp between. */
static double
yarn_own_share (const lm_hparams *h, size_t i)
{
  double low = fmax (0, floor (pair_of_turns (h, h->yarn_beta_fast)));
  double high = fmin (h->n_rot - 1.0, ceil (pair_of_turns (h, h->yarn_beta_slow)));
  double ramp = ((double) i - low) / fmax (0.001, high - low);

  return 1 - fmin (1, fmax (0, ramp));
}

bool
lm_rope_init (lm_rope *rope, const lm_hparams *h, const float *factors)
{
  rope->n_pairs = h->n_rot / 2;
  rope->magnitude = h->rope_attn_factor;
  rope->frequencies = lm_aligned_alloc (rope->n_pairs, sizeof *rope->frequencies);
  if (rope->frequencies == NULL)
    return false;
  if (h->rope_scaling == LM_ROPE_SCALING_YARN)
    rope->magnitude *= (float) (1 + 0.1 * log (h->rope_factor));
  for (size_t i = 0; i < rope->n_pairs; i++) {
    double own = pow (h->rope_base, -2.0 * (double) i / h->n_rot);
    double share = 1;

    if (factors != NULL)
      own /= factors[i];
    if (h->rope_scaling == LM_ROPE_SCALING_LINEAR)
      share = 0;
    else if (h->rope_scaling == LM_ROPE_SCALING_YARN)
      share = yarn_own_share (h, i);
    rope->frequencies[i] = own * share + own / h->rope_factor * (1 - share);
  }
  return true;
}

void
lm_rope_clear (lm_rope *rope)
{
  lm_aligned_free (rope->frequencies);
  rope->frequencies = NULL;
}

void
lm_rope_angles (const lm_rope *rope, uint32_t position, float *cosines, float *sines)
{
  for (size_t i = 0; i < rope->n_pairs; i++) {
    double angle = rope->frequencies[i] * position;

    cosines[i] = (float) cos (angle) * rope->magnitude;
    sines[i] = (float) sin (angle) * rope->magnitude;
  }
}
