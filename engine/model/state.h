/* SPDX-License-Identifier: GPL-3.0-or-later
 * A saved session as a stream of bytes. */
#pragma once

#include <stdio.h>

#include "lm.h"

/* What ties a state to a model: a hash of everything the file says before its weights, its size,
 * and some of each tensor, which takes a few ms where hashing all would take seconds. The level of
 * instructions belongs to it, for each rounds in its own way. LM_ERROR_IO, LM_ERROR_TRUNCATED. */
lm_status lm_state_identify (const lm_model *model, uint64_t *identity, lm_error *error);

/* lm_session_restore() from a stream, which is read to its end. */
lm_status lm_state_read (lm_session *session, FILE *stream, lm_error *error);
