/* SPDX-License-Identifier: GPL-3.0-or-later
 * Measuring the start of a model for linnet-cli bench. */
#include "bench-start.h"

#include "cli.h"
#include "engine/linnet-measure.h"
#include "machine/linnet-machine.h"

/* A short question, and the context that a conversation has unless told otherwise. */
#define PROMPT_TOKENS  16
#define CONTEXT_TOKENS 4096

BenchStart *
bench_start_new (void)
{
  BenchStart *self = g_new0 (BenchStart, 1);

  self->seconds = g_array_new (FALSE, FALSE, sizeof (double));
  return self;
}

void
bench_start_free (BenchStart *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->seconds);
  g_free (self);
}

/* Reads all of the context but two tokens at once, and writes one more: both ways of computing have
 * had what memory they need then. */
static gboolean
fill (BenchStart *self,
      LinnetModel *model,
      LinnetSpeedMeter *meter,
      LinnetCacheType cache_type,
      GError **error)
{
  double rate;

  if (!linnet_model_estimate_memory (model, self->n_ctx, cache_type, &self->memory, error) ||
      !linnet_speed_meter_run (meter, LINNET_SPEED_DECODE, 1, self->n_ctx - 2, NULL, NULL, &rate,
                               error))
    return FALSE;
  self->peak_bytes = linnet_machine_get_own_peak ();
  return TRUE;
}

gboolean
bench_start_run (BenchStart *self,
                 const char *path,
                 const LinnetModelOptions *options,
                 LinnetCacheType cache_type,
                 gboolean fills,
                 GCancellable *cancellable,
                 int *status)
{
  g_autoptr (LinnetModel) model = NULL;
  g_autoptr (LinnetSpeedMeter) meter = NULL;
  g_autoptr (GError) error = NULL;
  gint64 start_us;
  double rate, seconds;

  linnet_machine_reset_own_peak ();
  start_us = g_get_monotonic_time ();
  model = cli_open_model (path, LINNET_MODEL_LEVEL_FULL, options, cancellable, status);
  if (model == NULL)
    return FALSE;
  self->n_ctx = MIN (CONTEXT_TOKENS, MAX (linnet_model_get_n_ctx_train (model), 64));
  self->n_tokens = MIN (PROMPT_TOKENS, self->n_ctx - 2);
  meter = linnet_speed_meter_new (model, self->n_ctx - 1, cache_type, cancellable, &error);
  if (meter != NULL && linnet_speed_meter_run (meter, LINNET_SPEED_PREFILL, self->n_tokens, 0, NULL,
                                               NULL, &rate, &error)) {
    seconds = (double) (g_get_monotonic_time () - start_us) / G_USEC_PER_SEC;
    g_array_append_val (self->seconds, seconds);
    if (!fills || fill (self, model, meter, cache_type, &error))
      return TRUE;
  }
  *status = cli_fail (error);
  return FALSE;
}
