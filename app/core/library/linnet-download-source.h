/* SPDX-License-Identifier: GPL-3.0-or-later
 * The sources of one file: how fast each is, and which of them is not to be asked any more. Main
 * thread. */
#pragma once

#include "library/linnet-download-private.h"

G_BEGIN_DECLS

typedef struct {
  char *url;
  char *label; /* the URL as the journal keeps it: without user and password; "": not askable */
  char *host;
  GError *failure; /* NULL: it can be used */
  double rate;     /* bytes a second and connection; 0: not measured */
  gboolean is_measuring;
  guint n_failures; /* since a connection last brought all that it was to bring */
  gboolean has_no_ranges;
  char *etag; /* last seen; NULL: none */
} LinnetDownloadSource;

LinnetDownloadSource *linnet_download_source_new (const char *url);
void linnet_download_source_free (LinnetDownloadSource *self);
/* Another chance, as if nothing had been heard from it. */
void linnet_download_source_reset (LinnetDownloadSource *self);
/* A connection brought so many bytes since begun_us (monotonic time). */
void linnet_download_source_measure (LinnetDownloadSource *self, guint64 n_bytes, gint64 begun_us);

/* An array of LinnetDownloadSource. */

/* One that is not measured yet before all others, then the fastest. alone: if it can be used, only
 * that one; −1: any. −1: none is left. */
int linnet_download_sources_choose (GPtrArray *sources, int alone);
gboolean linnet_download_sources_has_other (GPtrArray *sources, guint but);
/* Of the error that says most, when all have failed. */
const GError *linnet_download_sources_get_failure (GPtrArray *sources);
/* What the journal tells of turned out to be wrong. Returns the source to try alone, the one least
 * suspected; −1: none is left. A source that gave all of it fails with error. */
int linnet_download_sources_suspect (GPtrArray *sources,
                                     const LinnetJournal *journal,
                                     const GError *error);

G_END_DECLS
