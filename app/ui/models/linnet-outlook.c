/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetOutlook: forecast, verdict and real speed of a file that is here. */
#include "config.h"

#include <glib/gi18n.h>

#include "models/linnet-outlook.h"

#define USUAL_CONTEXT_TOKENS 4096u

guint
linnet_outlook_usual_context (LinnetModel *model)
{
  guint trained = linnet_model_get_n_ctx_train (model);

  return trained > 0 ? MIN (trained, USUAL_CONTEXT_TOKENS) : USUAL_CONTEXT_TOKENS;
}

LinnetOutlook *
linnet_outlook_new (LinnetAdvisor *advisor,
                    LinnetModel *model,
                    guint n_ctx,
                    LinnetCacheType cache_type)
{
  const LinnetMachine *machine;
  const LinnetMeasurements *measurements;
  const LinnetHistoryEntry *entry;
  g_autoptr (LinnetOutlook) self = NULL;

  g_return_val_if_fail (LINNET_IS_ADVISOR (advisor), NULL);
  g_return_val_if_fail (LINNET_IS_MODEL (model), NULL);

  machine = linnet_advisor_get_machine (advisor);
  measurements = linnet_advisor_get_measurements (advisor);
  if (measurements == NULL)
    return NULL;
  if (n_ctx == 0)
    n_ctx = linnet_outlook_usual_context (model);

  self = g_new0 (LinnetOutlook, 1);
  if (!linnet_forecast_compute_for_model (&self->forecast, model, n_ctx, cache_type, machine,
                                          measurements, linnet_advisor_get_history (advisor), NULL))
    return NULL;
  self->verdict = linnet_advice_judge (&self->forecast, machine, NULL, &self->reason);
  entry = linnet_history_find (linnet_advisor_get_history (advisor), linnet_model_get_title (model),
                               linnet_model_get_quantisation (model));
  if (entry != NULL) {
    self->real_decode = entry->decode;
    self->real_when = entry->when;
  }
  return g_steal_pointer (&self);
}

void
linnet_outlook_free (LinnetOutlook *self)
{
  if (self == NULL)
    return;
  g_free (self->reason);
  g_free (self);
}

char *
linnet_outlook_describe_speed (const LinnetOutlook *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->real_decode > 0)
    /* Translators: a model's real speed in the latest chat, and what was foretold for it. */
    return g_strdup_printf (_ ("%.1f tokens/s in your chat, %.1f foretold"), self->real_decode,
                            self->forecast.decode.value);
  return linnet_forecast_describe_speed (&self->forecast);
}

static void
open_on_thread (GTask *task, gpointer source, gpointer path, GCancellable *cancellable)
{
  GError *error = NULL;
  LinnetModel *model =
      linnet_model_open (path, LINNET_MODEL_LEVEL_METADATA, NULL, NULL, NULL, cancellable, &error);

  if (model != NULL)
    g_task_return_pointer (task, model, g_object_unref);
  else
    g_task_return_error (task, error);
}

void
linnet_outlook_open_async (const char *path,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (path != NULL);

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, linnet_outlook_open_async);
  g_task_set_task_data (task, g_strdup (path), g_free);
  g_task_run_in_thread (task, open_on_thread);
}

LinnetModel *
linnet_outlook_open_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, linnet_outlook_open_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
