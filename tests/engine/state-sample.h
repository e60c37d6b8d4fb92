/* SPDX-License-Identifier: GPL-3.0-or-later
 * Saved sessions of a tiny model, for tests and fuzzing. */
#pragma once

#include <stddef.h>

#include "lm.h"

/* A session with options on a model of synth.h, which the weights and the level depend on:
 * cpu_level as in lm_model_options. NULL on failure. Free with state_sample_close(). */
lm_session *state_sample_open (uint64_t seed,
                               const char *cpu_level,
                               const lm_session_options *options,
                               lm_model **model);
void state_sample_close (lm_session *session, lm_model *model);

/* The file that the session is saved to, as bytes to be freed; NULL on failure. */
unsigned char *state_sample_save (const lm_session *session, size_t *n_bytes);

/* Restores the session from bytes. */
lm_status state_sample_restore (lm_session *session,
                                const unsigned char *bytes,
                                size_t n_bytes,
                                lm_error *error);

/* Makes the checksum of a file right again after it was changed. */
void state_sample_sign (unsigned char *bytes, size_t n_bytes);
