/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the measurements share. */
#pragma once

#include "engine/linnet-engine-private.h"
#include "engine/linnet-measure.h"

G_BEGIN_DECLS

/* A GCancellable handler: stops the session's running call. Any thread. */
void linnet_measure_cancel_cb (GCancellable *cancellable, gpointer session);

/* NULL on failure; free with lm_session_free(). */
lm_session *linnet_measure_session_new (LinnetModel *model,
                                        guint n_ctx,
                                        LinnetCacheType cache_type,
                                        GError **error);

/* Whether an engine call went well; otherwise error says why, cancellation before all else. */
gboolean linnet_measure_check (LinnetModel *model,
                               lm_status status,
                               const lm_error *failure,
                               GCancellable *cancellable,
                               GError **error);

G_END_DECLS
