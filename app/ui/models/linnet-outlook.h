/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetOutlook: how a model that is on this computer would run on it, and how it did. */
#pragma once

#include "advisor/linnet-advisor.h"

G_BEGIN_DECLS

typedef struct {
  LinnetForecast forecast;
  LinnetVerdict verdict;
  char *reason;       /* translated sentence; NULL: none */
  double real_decode; /* tokens a second of the latest chat; 0: none yet */
  gint64 real_when;   /* seconds since 1970 */
} LinnetOutlook;

/* model: opened as deeply as its metadata. n_ctx: 0 for what a load without options takes. NULL:
 * the computer has not been measured yet, or the engine does not know the architecture. */
LinnetOutlook *linnet_outlook_new (LinnetAdvisor *advisor,
                                   LinnetModel *model,
                                   guint n_ctx,
                                   LinnetCacheType cache_type);
void linnet_outlook_free (LinnetOutlook *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetOutlook, linnet_outlook_free)

/* Translated: the real speed beside the forecast, or the forecast alone. Transfer full. */
char *linnet_outlook_describe_speed (const LinnetOutlook *self);

/* Tokens of context that a model is loaded with where nobody chose. */
guint linnet_outlook_usual_context (LinnetModel *model);

/* Opens the metadata of the file at path on a thread. LINNET_ENGINE_ERROR, G_IO_ERROR_CANCELLED. */
void linnet_outlook_open_async (const char *path,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
LinnetModel *linnet_outlook_open_finish (GAsyncResult *result, GError **error);

G_END_DECLS
