/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetForecast: memory and speeds of a model that is not here, or not loaded. */
#include "advisor/linnet-forecast.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "advisor/linnet-recipe.h"
#include "advisor/linnet-workload.h"

/* Bands, relative, in which nine of ten real values lie: of a computer whose memory is as fast as
 * when it was measured, and of one that shares it with others. */
#define SPREAD_ALONE   0.15
#define SPREAD_VIRTUAL 0.25
/* Loading depends on much that is not measured. */
#define SPREAD_LOAD  0.5
#define SPREAD_LEAST 0.05
#define SPREAD_MOST  0.5

/* A model that thinks writes so many tokens before a typical answer. */
#define THOUGHT_TOKENS 200

/* Words, or Chinese characters, that a token makes: Qwen's tokenizer on ordinary text. */
#define WORDS_A_TOKEN      0.75
#define CHARACTERS_A_TOKEN 1.5
#define DESCRIBED_LENGTH   100 /* words, or characters, of the answer that is described */

static LinnetEstimate
make_estimate (double value, double spread)
{
  return (LinnetEstimate) { value, value / (1 + spread), value * (1 + spread) };
}

/* Of a speed that falls by the part slow, 0…1, while memory is slow. */
static LinnetEstimate
make_speed (double value, double spread, double slow)
{
  return (LinnetEstimate) { value, value * MIN (1 - slow, 1 / (1 + spread)), value * (1 + spread) };
}

/* Speeds and times, corrected by what was real here. */
static void
compute_speeds (LinnetForecast *self,
                const LinnetWorkload *work,
                guint n_thoughts,
                const LinnetMachine *machine,
                const LinnetMeasurements *measurements,
                LinnetHistory *history)
{
  double spread = machine->is_virtual ? SPREAD_VIRTUAL : SPREAD_ALONE;
  double slow = MIN (measurements->spread, SPREAD_MOST);
  double decode_factor = 1, prefill_factor = 1, fitted_spread = 0;
  double decode, question, thoughts, answer;
  double end = LINNET_QUESTION_TOKENS + n_thoughts + LINNET_ANSWER_TOKENS;

  if (history != NULL &&
      linnet_history_fit (history, &decode_factor, &prefill_factor, &fitted_spread)) {
    self->is_fitted = TRUE;
    spread = CLAMP (fitted_spread, SPREAD_LEAST, SPREAD_MOST);
    slow = 0; /* what was real has it in it */
  }
  decode = decode_factor /
           linnet_workload_time_decode (work, measurements,
                                        LINNET_QUESTION_TOKENS + LINNET_ANSWER_TOKENS / 2.0);
  question =
      linnet_workload_time_prefill (work, measurements, LINNET_QUESTION_TOKENS, 0) / prefill_factor;
  thoughts =
      n_thoughts *
      linnet_workload_time_decode (work, measurements, LINNET_QUESTION_TOKENS + n_thoughts / 2.0) /
      decode_factor;
  answer = LINNET_ANSWER_TOKENS *
           linnet_workload_time_decode (work, measurements, end - LINNET_ANSWER_TOKENS / 2.0) /
           decode_factor;
  self->decode = make_speed (decode, spread, slow);
  self->prefill = make_estimate (LINNET_QUESTION_TOKENS / question, spread);
  self->first_token = make_estimate (question + thoughts, spread);
  self->answer = make_estimate (question + thoughts + answer, spread);
  self->first_token.high =
      MAX (self->first_token.high, question * (1 + spread) + thoughts / (1 - slow));
  self->answer.high =
      MAX (self->answer.high, question * (1 + spread) + (thoughts + answer) / (1 - slow));
  self->load = make_estimate (linnet_workload_time_load (work, measurements), SPREAD_LOAD);
}

/* For the threads and the level of instructions that the engine would compute with. */
static gboolean
plan_memory (LinnetForecast *self,
             const LinnetWorkload *work,
             LinnetCacheType cache_type,
             const LinnetMachine *machine,
             const LinnetMeasurements *measurements,
             GError **error)
{
  gboolean is_here = linnet_cpu_level_check (measurements->cpu_level, NULL);
  LinnetModelOptions options = {
    .n_threads = (int) MIN (MIN (machine->n_cores, machine->n_workers), G_MAXINT),
    .cpu_level = is_here ? measurements->cpu_level : NULL,
  };

  return linnet_plan_memory (&work->shape, work->memory_bytes, self->n_ctx, cache_type, &options,
                             &self->memory, error);
}

void
linnet_forecast_compute (LinnetForecast *self,
                         const LinnetCatalogueModel *model,
                         const char *quantisation,
                         guint n_ctx,
                         LinnetCacheType cache_type,
                         const LinnetMachine *machine,
                         const LinnetMeasurements *measurements,
                         LinnetHistory *history)
{
  g_autoptr (GError) error = NULL;
  LinnetWorkload work;

  g_return_if_fail (self != NULL && model != NULL && quantisation != NULL);
  g_return_if_fail (machine != NULL && measurements != NULL);
  g_return_if_fail (linnet_recipe_is_known (quantisation));

  *self = (LinnetForecast) { .n_ctx = n_ctx };
  self->file_bytes = linnet_recipe_get_file_bytes (model, quantisation);
  for (guint i = 0; i < model->n_files; i++)
    if (g_str_equal (model->files[i].quantisation, quantisation) && model->files[i].bytes > 0)
      self->file_bytes = model->files[i].bytes;
  /* The catalogue was checked for what the engine can do; what is left are heads that do not fit
   * the type of cache. */
  if (!linnet_workload_init (&work, model, quantisation, cache_type, &error) ||
      !plan_memory (self, &work, cache_type, machine, measurements, &error)) {
    g_debug ("No forecast for %s: %s", model->id, error->message);
    return;
  }
  compute_speeds (self, &work, model->thinks ? THOUGHT_TOKENS : 0, machine, measurements, history);
}

gboolean
linnet_forecast_compute_for_model (LinnetForecast *self,
                                   LinnetModel *model,
                                   guint n_ctx,
                                   LinnetCacheType cache_type,
                                   const LinnetMachine *machine,
                                   const LinnetMeasurements *measurements,
                                   LinnetHistory *history,
                                   GError **error)
{
  LinnetWorkload work;

  g_return_val_if_fail (self != NULL && LINNET_IS_MODEL (model), FALSE);
  g_return_val_if_fail (machine != NULL && measurements != NULL, FALSE);

  *self = (LinnetForecast) { .n_ctx = n_ctx };
  self->file_bytes = linnet_model_get_file_bytes (model);
  if (!linnet_workload_init_for_model (&work, model, cache_type, error) ||
      !linnet_model_estimate_memory (model, n_ctx, cache_type, &self->memory, error))
    return FALSE;
  /* Whether a file's model thinks is not known here. */
  compute_speeds (self, &work, 0, machine, measurements, history);
  return TRUE;
}

/* ---- In words ----------------------------------------------------------------------------- */

/* How much text a token makes in the language that the sentence is in. */
static double
get_text_a_token (void)
{
  /* Translators: what speeds are counted in: translate with "characters" (in English) for a
   * language written without spaces, such as Chinese, else with "words". */
  const char *unit = C_ ("unit of speed", "words");

  return g_str_equal (unit, "characters") ? CHARACTERS_A_TOKEN : WORDS_A_TOKEN;
}

/* Short for people: 0.4, 2.5, 12. Transfer full. */
static char *
format_number (double value)
{
  return g_strdup_printf (value < 9.95 ? "%.1f" : "%.0f", value);
}

char *
linnet_forecast_describe_speed (const LinnetForecast *self)
{
  g_autofree char *number = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  number = format_number (self->decode.value * get_text_a_token ());
  if (g_str_has_suffix (number, ".0") && strlen (number) > 2)
    number[strlen (number) - 2] = '\0';
  /* Translators: in a language without spaces between words: "characters a second". */
  return g_strdup_printf (_ ("about %s words a second"), number);
}

char *
linnet_forecast_describe_answer (const LinnetForecast *self)
{
  double n_tokens, seconds;

  g_return_val_if_fail (self != NULL, NULL);

  if (self->decode.value <= 0)
    return g_strdup ("");
  n_tokens = DESCRIBED_LENGTH / get_text_a_token ();
  seconds = self->first_token.value + n_tokens / self->decode.value;
  if (seconds >= 90)
    return g_strdup_printf (ngettext ("a 100-word answer in about %d minute",
                                      "a 100-word answer in about %d minutes",
                                      (gulong) MIN (lround (seconds / 60), G_MAXINT)),
                            (int) MIN (lround (seconds / 60), G_MAXINT));
  /* Translators: in a language without spaces between words: "a 100-character answer". */
  return g_strdup_printf (_ ("a 100-word answer in about %d s"), (int) MAX (lround (seconds), 1));
}
