/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMeasurements: what this computer reaches, measured in under two seconds with the engine's
 * own kernels on made-up weights: what forecasts are computed from, before any model is there.
 * Plain data. */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/linnet-probe.h"

G_BEGIN_DECLS

typedef struct {
  double read_bandwidth;     /* bytes a second that all threads read from memory */
  double spread;             /* by what part of it that was at times less while measured, 0…1 */
  double int8_peak;          /* 8-bit multiply-adds a second in registers */
  LinnetKernelSpeed *speeds; /* n_speeds, owned */
  guint n_speeds;
  char *cpu_level;    /* that the engine computes with here, as linnet_cpu_level_list() */
  char *processor;    /* as LinnetMachine: measurements of another are void; NULL if unknown */
  guint n_threads;    /* measured with */
  gint64 measured_at; /* seconds since 1970 */
  double took_seconds;
} LinnetMeasurements;

/* Called on the measuring thread with 0…1 and what is measured now, translated. */
typedef void (*LinnetMeasurementsProgressFunc) (double fraction,
                                                const char *what,
                                                gpointer user_data);

/* Measures; blocks. n_threads: 0 for as many as the engine would decode with, within what this
 * process is granted. progress and cancellable may be NULL. NULL on failure: LINNET_ENGINE_ERROR or
 * G_IO_ERROR_CANCELLED. */
LinnetMeasurements *linnet_measurements_run (guint n_threads,
                                             LinnetMeasurementsProgressFunc progress,
                                             gpointer user_data,
                                             GCancellable *cancellable,
                                             GError **error);

/* The same on a thread of its own; progress and callback come on the caller's main context. */
void linnet_measurements_run_async (guint n_threads,
                                    LinnetMeasurementsProgressFunc progress,
                                    gpointer user_data,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer callback_data);
LinnetMeasurements *linnet_measurements_run_finish (GAsyncResult *result, GError **error);

/* For type, the nearest that was measured if it was not; NULL: nothing was. Borrowed. */
const LinnetKernelSpeed *linnet_measurements_get_speed (const LinnetMeasurements *self,
                                                        const char *type);

/* Kept between runs in the user's data folder. load: NULL if there is none, it is damaged, or it is
 * of another processor or level. processor: of LinnetMachine. */
LinnetMeasurements *linnet_measurements_load (const char *processor);
gboolean linnet_measurements_save (const LinnetMeasurements *self,
                                   GError **error); /* G_FILE_ERROR */

/* As it is kept in that file: an object of the fields' names. Transfer full. */
JsonNode *linnet_measurements_to_json (const LinnetMeasurements *self);

LinnetMeasurements *linnet_measurements_copy (const LinnetMeasurements *self);
void linnet_measurements_free (LinnetMeasurements *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetMeasurements, linnet_measurements_free)

G_END_DECLS
