/* SPDX-License-Identifier: GPL-3.0-or-later
 * A saved session as a stream of bytes. */
#pragma once

#include <stdio.h>

#include "lm.h"

/* lm_session_restore() from a stream, which is read to its end. */
lm_status lm_state_read (lm_session *session, FILE *stream, lm_error *error);
