/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetHistory: real speeds of real chats on this computer, kept in the user's data folder, to be
 * shown beside the forecasts and to correct them. Main thread. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One answer. */
typedef struct {
  char *model; /* what it is the speed of: LinnetModel's title */
  char *quantisation;
  guint64 weight_bytes;  /* that a token costs, as LinnetModelWork */
  guint n_prompt_tokens; /* that were computed; those found in the cache do not count */
  guint n_answer_tokens;
  double prefill;          /* tokens a second, real; 0: too few to say */
  double decode;           /* tokens a second, real; 0 likewise */
  double forecast_prefill; /* what had been foretold without correction; 0: nothing */
  double forecast_decode;
  gint64 when; /* seconds since 1970 */
} LinnetHistoryEntry;

#define LINNET_TYPE_HISTORY (linnet_history_get_type ())
G_DECLARE_FINAL_TYPE (LinnetHistory, linnet_history, LINNET, HISTORY, GObject)

/* path: NULL for the user's. A damaged file is set aside and an empty history begun. */
LinnetHistory *linnet_history_new (const char *path);
/* entry is copied, and written at once. FALSE: it is kept in memory only; G_FILE_ERROR. */
gboolean linnet_history_add (LinnetHistory *self, const LinnetHistoryEntry *entry, GError **error);
guint linnet_history_get_n_entries (LinnetHistory *self);
/* Borrowed until the next add; the latest first. */
const LinnetHistoryEntry *linnet_history_get_entry (LinnetHistory *self, guint index);
/* The latest of that model and quantisation; NULL: none. Borrowed likewise. */
const LinnetHistoryEntry *
linnet_history_find (LinnetHistory *self, const char *model, const char *quantisation);

/* What uncorrected forecasts are to be multiplied with, and the relative spread of it; 1 and 0 and
 * FALSE where there is nothing to learn from. */
gboolean linnet_history_fit (LinnetHistory *self, double *decode, double *prefill, double *spread);

G_END_DECLS
