/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetPull: getting a model by its name: the registry is asked, the files are fetched and
 * verified, and the library has one model more. Main thread.
 *
 * A pull that is under way when the program ends, however it ends, is found again by
 * linnet_pull_list_unfinished() and goes on from there.
 *
 * Properties (read-only, notify): "state", "status" (string), and those of LinnetDownload:
 * "bytes-done", "bytes-total", "rate", "seconds-left", "error". */
#pragma once

#include "library/linnet-download.h"
#include "library/linnet-library.h"

G_BEGIN_DECLS

typedef enum {
  LINNET_PULL_IDLE,
  LINNET_PULL_RESOLVING, /* the registries are asked */
  LINNET_PULL_FETCHING,
  LINNET_PULL_PAUSED,
  LINNET_PULL_VERIFYING,
  LINNET_PULL_DONE,
  LINNET_PULL_FAILED, /* start tries again */
  LINNET_PULL_CANCELLED,
} LinnetPullState;
GType linnet_pull_state_get_type (void);
#define LINNET_TYPE_PULL_STATE (linnet_pull_state_get_type ())

#define LINNET_TYPE_PULL (linnet_pull_get_type ())
G_DECLARE_FINAL_TYPE (LinnetPull, linnet_pull, LINNET, PULL, GObject)

/* references: NULL-terminated names of the same model, the first gives it its name; the others are
 * further sources, used where their sha256 is the same, or where the first has nothing.
 * LINNET_LIBRARY_ERROR_REFERENCE. */
LinnetPull *linnet_pull_new (LinnetLibrary *library, const char *const *references, GError **error);

/* Those that were under way when the program last ended: paused, to be started. Transfer full. */
GPtrArray *linnet_pull_list_unfinished (LinnetLibrary *library);

void linnet_pull_start (LinnetPull *self);
void linnet_pull_pause (LinnetPull *self);
void linnet_pull_cancel (LinnetPull *self); /* removes what was fetched */

const char *linnet_pull_get_name (LinnetPull *self);
LinnetPullState linnet_pull_get_state (LinnetPull *self);
/* Translated, for a line below the bar: "Asking the registry…", "1.2 GB of 1.9 GB · 12 MB/s ·
 * about 1 minute left". */
const char *linnet_pull_get_status (LinnetPull *self);
guint64 linnet_pull_get_bytes_done (LinnetPull *self);
guint64 linnet_pull_get_bytes_total (LinnetPull *self);
double linnet_pull_get_rate (LinnetPull *self);
double linnet_pull_get_seconds_left (LinnetPull *self);
const GError *linnet_pull_get_error (LinnetPull *self);       /* borrowed */
LinnetLibraryModel *linnet_pull_get_model (LinnetPull *self); /* when done; borrowed */

G_END_DECLS
