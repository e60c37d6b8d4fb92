/* SPDX-License-Identifier: GPL-3.0-or-later
 * The engine's probes, for the application. */
#include "engine/linnet-probe.h"

#include <glib/gi18n-lib.h>

#include "engine/linnet-engine-private.h"

/* Who wants to know, and who may say stop. */
typedef struct {
  LinnetProbeProgressFunc progress; /* NULL allowed */
  gpointer user_data;
  GCancellable *cancellable; /* NULL allowed */
} Watcher;

static bool
progress_cb (uint64_t done, uint64_t total, void *user_data)
{
  const Watcher *watcher = user_data;

  if (watcher->progress != NULL)
    watcher->progress ((double) done / (double) total, watcher->user_data);
  return !g_cancellable_is_cancelled (watcher->cancellable);
}

static gboolean
start (const LinnetProbeOptions *options,
       Watcher *watcher,
       lm_probe_options *lm_options,
       GError **error)
{
  *lm_options = (lm_probe_options) {
    .n_threads = options->n_threads,
    .seconds = options->seconds,
    .cpu_level = options->cpu_level,
    .model = options->model != NULL ? linnet_model_get_handle (options->model) : NULL,
    .progress = progress_cb,
    .user_data = watcher,
  };
  return linnet_cpu_level_check (options->cpu_level, error) &&
         !g_cancellable_set_error_if_cancelled (watcher->cancellable, error);
}

static gboolean
finish (lm_status status, const lm_error *failure, const Watcher *watcher, GError **error)
{
  if (status == LM_OK)
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (watcher->cancellable, error))
    return FALSE;
  if (failure->code == LM_ERROR_MEMORY)
    g_set_error_literal (
        error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_MEMORY,
        _ ("There is not enough free memory to measure this computer’s speed. Close other "
           "programs and try again."));
  else
    g_set_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_FAILED,
                 _ ("This computer’s speed could not be measured (%s)."), failure->message);
  return FALSE;
}

struct _LinnetReadProbe {
  lm_read_probe *handle; /* owned */
  LinnetModel *model;    /* owned, or NULL */
};

LinnetReadProbe *
linnet_read_probe_new (const LinnetProbeOptions *options, GCancellable *cancellable, GError **error)
{
  g_autoptr (LinnetReadProbe) self = g_new0 (LinnetReadProbe, 1);
  lm_error failure = { 0 };
  Watcher watcher = { .cancellable = cancellable };
  lm_probe_options lm_options;

  g_return_val_if_fail (options != NULL, NULL);

  if (!start (options, &watcher, &lm_options, error))
    return NULL;
  g_set_object (&self->model, options->model);
  self->handle = lm_read_probe_open (&lm_options, &failure);
  if (self->handle != NULL)
    return g_steal_pointer (&self);
  finish (failure.code, &failure, &watcher, error);
  return NULL;
}

void
linnet_read_probe_free (LinnetReadProbe *self)
{
  if (self == NULL)
    return;
  lm_read_probe_close (self->handle);
  g_clear_object (&self->model);
  g_free (self);
}

guint64
linnet_read_probe_look (LinnetReadProbe *self, guint64 bytes, double *took)
{
  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (took != NULL, 0);

  return lm_read_probe_look (self->handle, bytes, took);
}

gboolean
linnet_probe_int8_peak (const LinnetProbeOptions *options,
                        GCancellable *cancellable,
                        double *macs_per_second,
                        GError **error)
{
  lm_error failure = { 0 };
  Watcher watcher = { .cancellable = cancellable };
  lm_probe_options lm_options;
  lm_status status;

  g_return_val_if_fail (options != NULL, FALSE);
  g_return_val_if_fail (macs_per_second != NULL, FALSE);

  *macs_per_second = 0;
  if (!start (options, &watcher, &lm_options, error))
    return FALSE;
  status = lm_probe_int8_peak (&lm_options, macs_per_second, &failure);
  return finish (status, &failure, &watcher, error);
}

gboolean
linnet_probe_kernels (const LinnetProbeOptions *options,
                      LinnetKernelProbe *probe,
                      LinnetProbeProgressFunc progress,
                      gpointer user_data,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autofree lm_kernel_speed *speeds = NULL;
  lm_memory_speed memory = { 0 };
  lm_error failure = { 0 };
  Watcher watcher = { progress, user_data, cancellable };
  lm_probe_options lm_options;
  lm_status status;

  g_return_val_if_fail (options != NULL, FALSE);
  g_return_val_if_fail (probe != NULL && probe->n_speeds > 0, FALSE);

  if (!start (options, &watcher, &lm_options, error))
    return FALSE;
  speeds = g_new0 (lm_kernel_speed, probe->n_speeds);
  for (guint i = 0; i < probe->n_speeds; i++)
    speeds[i].type = probe->speeds[i].type;
  status = lm_probe_kernels (&lm_options, probe->memory_bytes, speeds, probe->n_speeds, &memory,
                             &failure);
  for (guint i = 0; i < probe->n_speeds; i++) {
    probe->speeds[i].decode = speeds[i].decode;
    probe->speeds[i].prefill = speeds[i].prefill;
  }
  probe->read_bandwidth = memory.read_bandwidth;
  probe->spread = memory.spread;
  probe->n_threads = memory.n_threads;
  return finish (status, &failure, &watcher, error);
}
