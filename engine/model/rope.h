/* SPDX-License-Identifier: GPL-3.0-or-later
 * The angles of rotary position embedding, with every scaling a GGUF file can ask for. */
#pragma once

#include "model/hparams.h"

typedef struct {
  double *frequencies; /* owned, n_pairs: radians a position */
  size_t n_pairs;
  float magnitude; /* what cosines and sines are multiplied with (YaRN's attention factor) */
} lm_rope;

/* factors: n_rot / 2 divisors (Llama 3's rope_freqs tensor) or NULL. false: out of memory. */
bool lm_rope_init (lm_rope *rope, const lm_hparams *hparams, const float *factors);
void lm_rope_clear (lm_rope *rope);

/* Cosines and sines for one position: n_pairs of each. */
void lm_rope_angles (const lm_rope *rope, uint32_t position, float *cosines, float *sines);
