/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetStateJob: saving what a model has in mind to a file, or restoring it. Made on the main
 * thread, run on the worker, and told on the main thread again. */
#pragma once

#include "engine/linnet-engine-private.h"

G_BEGIN_DECLS

typedef struct _LinnetStateJob LinnetStateJob;

/* session is borrowed; takes task over. It returns the number of tokens, or −1 and an error, in the
 * main context that it was made in. */
LinnetStateJob *
linnet_state_job_new (lm_session *session, const char *path, gboolean saves, GTask *task);

/* Runs and frees it. */
void linnet_state_job_run (LinnetStateJob *self);

G_END_DECLS
