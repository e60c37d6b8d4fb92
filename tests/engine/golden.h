/* SPDX-License-Identifier: GPL-3.0-or-later
 * Comparing a model's log-probabilities with a golden file made by llama.cpp; the format is
 * described in tests/data/golden/make.py. */
#pragma once

#include "lm.h"

typedef struct {
  size_t n_positions;
  double mean_difference; /* of |Δ log-probability| of the text's own next token */
  double max_difference;
  double mean_kl;        /* KL (theirs ‖ ours), nats */
  size_t n_best_checked; /* positions where the peer's top two differ by more than 0.01 */
  size_t n_best_equal;   /* of those, where our best token is theirs */
} golden_result;

/* Scores the text of the n golden files (at most GOLDEN_MAX, all of the same text) once with
 * session and compares with each. false, with the reason in message (of 256 bytes), when a file
 * cannot be read or does not belong to the model. */
#define GOLDEN_MAX 2
bool golden_compare (
    lm_session *session, const char *const *paths, size_t n, golden_result *results, char *message);

/* The same between two sessions on one model, on the text of the golden file at path: theirs are
 * the answers that ours are compared with. */
bool golden_compare_sessions (
    lm_session *theirs, lm_session *ours, const char *path, golden_result *result, char *message);

/* How far the golden file at path is from the one at exact_path, of the same text, in the same
 * measures: what rounding does to llama.cpp itself. n_best_… stay 0, and so does mean_kl where the
 * files keep distributions of different positions. */
bool
golden_distance (const char *exact_path, const char *path, golden_result *result, char *message);
