/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMeasurements: measuring, and finding what was measured. */
#include "machine/linnet-measurements.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "engine/linnet-model.h"
#include "machine/linnet-machine.h"
#include "machine/linnet-measurements-private.h"

/* Together well below two seconds, with what it takes to get the memory. */
#define PEAK_SECONDS    0.15
#define KERNELS_SECONDS 1.4
#define PEAK_SHARE      (PEAK_SECONDS / (PEAK_SECONDS + KERNELS_SECONDS))
#define MEMORY_SHARE    0.2 /* of the kernels' time; see linnet_probe_kernels() */

/* Made-up weights are read often enough if they are some times what the processor's cache holds,
 * and small enough if they are a part of what is free. */
#define CACHES      3
#define FREE_PART   4
#define LEAST_BYTES ((guint64) 64 << 20)
#define USUAL_BYTES ((guint64) 128 << 20)
#define MOST_BYTES  ((guint64) 512 << 20)

/* What catalogues offer, and how many bits a weight takes. */
static const struct {
  const char *type;
  double bits;
} TYPES[] = {
  { "Q4_K", 4.5 },
  { "Q4_0", 4.5 },
  { "Q5_K", 5.5 },
  { "Q6_K", 6.5625 },
  { "Q8_0", 8.5 },
  { "Q2_K", 2.625 },
  { "Q3_K", 3.4375 },
  { "F16", 16 },
  /* From here on they are not measured. */
  { "Q4_1", 5 },
  { "Q5_0", 5.5 },
  { "Q5_1", 6 },
  { "IQ2_XXS", 2.0625 },
  { "IQ2_XS", 2.3125 },
  { "IQ2_S", 2.5625 },
  { "IQ3_XXS", 3.0625 },
  { "IQ3_S", 3.4375 },
  { "IQ4_NL", 4.5 },
  { "IQ4_XS", 4.25 },
  { "BF16", 16 },
  { "F32", 32 },
};
#define N_MEASURED 8

typedef struct {
  LinnetMeasurementsProgressFunc progress;
  gpointer user_data;
} Watcher;

const char *
linnet_measurements_intern_type (const char *type)
{
  for (guint i = 0; i < G_N_ELEMENTS (TYPES); i++) {
    if (g_strcmp0 (TYPES[i].type, type) == 0)
      return TYPES[i].type;
  }
  return NULL;
}

static void
kernels_progress_cb (double fraction, gpointer user_data)
{
  const Watcher *watcher = user_data;

  if (watcher->progress != NULL)
    watcher->progress (PEAK_SHARE + (1 - PEAK_SHARE) * fraction,
                       fraction < MEMORY_SHARE
                           ? _ ("How fast the memory can be read…")
                           : _ ("How fast models of each quantisation are computed…"),
                       watcher->user_data);
}

static guint64
choose_memory (const LinnetMachine *machine)
{
  guint64 bytes = machine->cache > 0 ? machine->cache * CACHES : 0;

  bytes = CLAMP (bytes, USUAL_BYTES, MOST_BYTES);
  if (machine->available > 0)
    bytes = MIN (bytes, machine->available / FREE_PART);
  return MAX (bytes, LEAST_BYTES);
}

static gboolean
measure_kernels (LinnetMeasurements *self,
                 const LinnetProbeOptions *options,
                 const LinnetMachine *machine,
                 Watcher *watcher,
                 GCancellable *cancellable,
                 GError **error)
{
  LinnetKernelProbe probe = {
    .memory_bytes = choose_memory (machine),
    .speeds = self->speeds,
    .n_speeds = self->n_speeds,
  };

  if (!linnet_probe_kernels (options, &probe, kernels_progress_cb, watcher, cancellable, error))
    return FALSE;
  self->read_bandwidth = probe.read_bandwidth;
  self->spread = probe.spread;
  self->n_threads = probe.n_threads;
  return TRUE;
}

LinnetMeasurements *
linnet_measurements_run (guint n_threads,
                         LinnetMeasurementsProgressFunc progress,
                         gpointer user_data,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (LinnetMeasurements) self = g_new0 (LinnetMeasurements, 1);
  g_autoptr (LinnetMachine) machine = linnet_machine_new (NULL);
  g_auto (GStrv) levels = linnet_cpu_level_list ();
  gint64 start = g_get_monotonic_time ();
  Watcher watcher = { progress, user_data };
  LinnetProbeOptions options = {
    .n_threads =
        n_threads > 0 ? (int) MIN (n_threads, G_MAXINT) : linnet_machine_choose_threads (machine),
  };

  self->cpu_level = g_strdup (levels[0]);
  self->processor = g_strdup (machine->processor);
  self->n_speeds = N_MEASURED;
  self->speeds = g_new0 (LinnetKernelSpeed, self->n_speeds);
  for (guint i = 0; i < self->n_speeds; i++)
    self->speeds[i].type = TYPES[i].type;
  if (progress != NULL)
    progress (0, _ ("How fast the processor multiplies…"), user_data);
  options.seconds = PEAK_SECONDS;
  if (!linnet_probe_int8_peak (&options, cancellable, &self->int8_peak, error))
    return NULL;
  options.seconds = KERNELS_SECONDS;
  if (!measure_kernels (self, &options, machine, &watcher, cancellable, error))
    return NULL;
  self->measured_at = g_get_real_time () / G_USEC_PER_SEC;
  self->took_seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  if (progress != NULL)
    progress (1, "", user_data);
  return g_steal_pointer (&self);
}

/* ---- On a thread -------------------------------------------------------------------------- */

typedef struct {
  guint n_threads;
  LinnetMeasurementsProgressFunc progress;
  gpointer user_data;
  GMainContext *context; /* owned: the caller's */
  gint64 told_at;        /* when progress was sent last, monotonic */
} Run;

/* Progress on its way to the caller's thread. */
typedef struct {
  LinnetMeasurementsProgressFunc progress;
  gpointer user_data;
  double fraction;
  const char *what; /* a translation: lives for ever */
} Report;

#define REPORT_USEC 15000 /* once a frame is enough */

static void
run_free (gpointer data)
{
  Run *run = data;

  g_main_context_unref (run->context);
  g_free (run);
}

static gboolean
report_cb (gpointer data)
{
  const Report *report = data;

  report->progress (report->fraction, report->what, report->user_data);
  return G_SOURCE_REMOVE;
}

/* Not g_main_context_invoke(), which may run it here. */
static void
send_progress_cb (double fraction, const char *what, gpointer user_data)
{
  Run *run = user_data;
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GSource) source = NULL;
  Report *report;

  if (fraction > 0 && fraction < 1 && now - run->told_at < REPORT_USEC)
    return;
  run->told_at = now;
  report = g_new0 (Report, 1);
  *report = (Report) { run->progress, run->user_data, fraction, what };
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, report_cb, report, g_free);
  g_source_attach (source, run->context);
}

static void
run_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Run *run = data;
  GError *error = NULL;
  LinnetMeasurements *measurements = linnet_measurements_run (
      run->n_threads, run->progress != NULL ? send_progress_cb : NULL, run, cancellable, &error);

  if (measurements != NULL)
    g_task_return_pointer (task, measurements, (GDestroyNotify) linnet_measurements_free);
  else
    g_task_return_error (task, error);
}

void
linnet_measurements_run_async (guint n_threads,
                               LinnetMeasurementsProgressFunc progress,
                               gpointer user_data,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer callback_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, callback_data);
  Run *run = g_new0 (Run, 1);

  run->n_threads = n_threads;
  run->progress = progress;
  run->user_data = user_data;
  run->context = g_main_context_ref_thread_default ();
  g_task_set_source_tag (task, linnet_measurements_run_async);
  g_task_set_task_data (task, run, run_free);
  g_task_run_in_thread (task, run_thread);
}

LinnetMeasurements *
linnet_measurements_run_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- What was measured -------------------------------------------------------------------- */

static double
get_bits (const char *type)
{
  for (guint i = 0; i < G_N_ELEMENTS (TYPES); i++) {
    if (g_strcmp0 (TYPES[i].type, type) == 0)
      return TYPES[i].bits;
  }
  return TYPES[0].bits;
}

const LinnetKernelSpeed *
linnet_measurements_get_speed (const LinnetMeasurements *self, const char *type)
{
  const LinnetKernelSpeed *nearest = NULL;
  double wanted, least = INFINITY;

  g_return_val_if_fail (self != NULL, NULL);

  wanted = get_bits (type);
  for (guint i = 0; i < self->n_speeds; i++) {
    double distance = fabs (get_bits (self->speeds[i].type) - wanted);

    if (g_strcmp0 (self->speeds[i].type, type) == 0)
      return &self->speeds[i];
    if (distance < least) {
      least = distance;
      nearest = &self->speeds[i];
    }
  }
  return nearest;
}

LinnetMeasurements *
linnet_measurements_copy (const LinnetMeasurements *self)
{
  LinnetMeasurements *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = g_memdup2 (self, sizeof *self);
  copy->speeds = g_memdup2 (self->speeds, self->n_speeds * sizeof *self->speeds);
  copy->cpu_level = g_strdup (self->cpu_level);
  copy->processor = g_strdup (self->processor);
  return copy;
}

void
linnet_measurements_free (LinnetMeasurements *self)
{
  if (self == NULL)
    return;
  g_free (self->speeds);
  g_free (self->cpu_level);
  g_free (self->processor);
  g_free (self);
}
