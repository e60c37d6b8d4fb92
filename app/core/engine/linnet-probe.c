/* SPDX-License-Identifier: GPL-3.0-or-later
 * The engine's probes, for the application. */
#include "engine/linnet-probe.h"

#include <glib/gi18n-lib.h>

#include "engine/linnet-engine-private.h"

typedef lm_status (*Probe) (const lm_probe_options *options, double *rate, lm_error *error);

static bool
progress_cb (uint64_t done, uint64_t total, void *user_data)
{
  return !g_cancellable_is_cancelled (user_data);
}

static gboolean
run (Probe probe,
     const LinnetProbeOptions *options,
     GCancellable *cancellable,
     double *rate,
     GError **error)
{
  lm_error failure = { 0 };
  lm_probe_options lm_options = {
    .n_threads = options->n_threads,
    .seconds = options->seconds,
    .cpu_level = options->cpu_level,
    .progress = progress_cb,
    .user_data = cancellable,
  };

  *rate = 0;
  if (!linnet_cpu_level_check (options->cpu_level, error) ||
      g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (probe (&lm_options, rate, &failure) == LM_OK)
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (failure.code == LM_ERROR_MEMORY)
    g_set_error_literal (
        error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_MEMORY,
        _ ("There is not enough free memory to measure this computer’s speed. Close other "
           "programs and try again."));
  else
    g_set_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_FAILED,
                 _ ("This computer’s speed could not be measured (%s)."), failure.message);
  return FALSE;
}

gboolean
linnet_probe_bandwidth (const LinnetProbeOptions *options,
                        GCancellable *cancellable,
                        double *bytes_per_second,
                        GError **error)
{
  g_return_val_if_fail (options != NULL, FALSE);
  g_return_val_if_fail (bytes_per_second != NULL, FALSE);

  return run (lm_probe_read_bandwidth, options, cancellable, bytes_per_second, error);
}

gboolean
linnet_probe_int8_peak (const LinnetProbeOptions *options,
                        GCancellable *cancellable,
                        double *macs_per_second,
                        GError **error)
{
  g_return_val_if_fail (options != NULL, FALSE);
  g_return_val_if_fail (macs_per_second != NULL, FALSE);

  return run (lm_probe_int8_peak, options, cancellable, macs_per_second, error);
}
