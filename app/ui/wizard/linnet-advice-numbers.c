/* SPDX-License-Identifier: GPL-3.0-or-later
 * The figures behind an advice, for experts. */
#include "config.h"

#include <glib/gi18n.h>

#include "wizard/linnet-advice-numbers.h"

static void
add_bytes (LinnetAdviceNumberFunc func, gpointer user_data, const char *title, guint64 bytes)
{
  g_autofree char *size =
      g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS | G_FORMAT_SIZE_LONG_FORMAT);

  func (title, size, user_data);
}

static void
add_speed (LinnetAdviceNumberFunc func,
           gpointer user_data,
           const char *title,
           const LinnetEstimate *estimate)
{
  g_autofree char *text =
      /* Translators: a speed and the band in which it lies nine times out of ten. */
      g_strdup_printf (_ ("%.1f tokens/s (%.1f to %.1f)"), estimate->value, estimate->low,
                       estimate->high);

  func (title, text, user_data);
}

static void
add_seconds (LinnetAdviceNumberFunc func,
             gpointer user_data,
             const char *title,
             const LinnetEstimate *estimate)
{
  g_autofree char *text =
      g_strdup_printf (_ ("%.1f s (%.1f to %.1f)"), estimate->value, estimate->low, estimate->high);

  func (title, text, user_data);
}

static void
add_model (const LinnetCatalogueModel *model, LinnetAdviceNumberFunc func, gpointer user_data)
{
  g_autofree char *shape = NULL;

  shape = g_strdup_printf (_ ("%s, %.0f million parameters, %u layers of width %u"),
                           model->architecture, (double) model->n_parameters / 1e6, model->n_layers,
                           model->n_embd);
  func (_ ("Model"), shape, user_data);
}

static void
add_memory (const LinnetAdvice *advice, LinnetAdviceNumberFunc func, gpointer user_data)
{
  const LinnetForecast *forecast = &advice->forecast;
  g_autofree char *cache = NULL;

  cache = g_strdup_printf (
      ngettext ("KV cache for %u token", "KV cache for %u tokens", forecast->n_ctx),
      forecast->n_ctx);
  add_bytes (func, user_data, _ ("File"), forecast->file_bytes);
  add_bytes (func, user_data, _ ("Weights in memory"), forecast->memory.weights);
  add_bytes (func, user_data, cache, forecast->memory.kv_cache);
  add_bytes (func, user_data, _ ("Working memory"), forecast->memory.scratch);
  add_bytes (func, user_data, _ ("Memory in total"), forecast->memory.total);
  add_bytes (func, user_data, _ ("A model may take now"), advice->memory_limit);
}

void
linnet_advice_foreach_number (const LinnetAdvice *advice,
                              LinnetAdviceNumberFunc func,
                              gpointer user_data)
{
  const LinnetForecast *forecast;
  g_autofree char *sources = NULL;

  g_return_if_fail (advice != NULL);
  g_return_if_fail (func != NULL);

  forecast = &advice->forecast;
  add_model (advice->model, func, user_data);
  add_memory (advice, func, user_data);
  add_speed (func, user_data, _ ("Writing"), &forecast->decode);
  add_speed (func, user_data, _ ("Reading a question"), &forecast->prefill);
  add_seconds (func, user_data, _ ("Until the first word"), &forecast->first_token);
  add_seconds (func, user_data, _ ("A typical answer"), &forecast->answer);
  add_seconds (func, user_data, _ ("Opening the model"), &forecast->load);
  func (_ ("Where the speeds come from"),
        forecast->is_fitted ? _ ("Measured here, corrected by real answers on this computer")
                            : _ ("Computed from what was measured on this computer"),
        user_data);
  sources = advice->file->references != NULL ? g_strjoinv ("\n", advice->file->references) : NULL;
  if (sources != NULL && sources[0] != '\0')
    func (_ ("Sources"), sources, user_data);
}
