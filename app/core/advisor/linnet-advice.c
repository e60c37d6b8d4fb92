/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetAdvice: judging forecasts and putting the list together. */
#include "advisor/linnet-advice.h"

#include <glib/gi18n-lib.h>

#include "advisor/linnet-advice-private.h"

#define MIB ((guint64) 1 << 20)
#define GIB ((guint64) 1 << 30)

/* What Linnet itself holds without a model, and goes on to hold. */
#define APPLICATION_BYTES (256 * MIB)

/* What a desktop takes when nothing else runs. */
#define SYSTEM_PART  6
#define SYSTEM_LEAST (3 * GIB / 2)

/* Parts of the limit, and of all memory, that a model may take and still be easy to live with. */
#define EASY_OF_LIMIT  0.75
#define EASY_OF_MEMORY 0.5

/* Seconds of full load that neither heat nor wake a fan. */
#define QUIET_PATIENCE 13

static const struct {
  const char *name;
  const char *title;
} VERDICTS[] = {
  [LINNET_VERDICT_EASY] = { "easy", NC_ ("verdict", "Runs easily") },
  [LINNET_VERDICT_FITS] = { "fits", NC_ ("verdict", "Just fits") },
  [LINNET_VERDICT_STRUGGLE] = { "struggle", NC_ ("verdict", "Will struggle") },
  [LINNET_VERDICT_NO] = { "no", NC_ ("verdict", "Will not run") },
};

const char *
linnet_verdict_get_name (LinnetVerdict verdict)
{
  g_return_val_if_fail ((gsize) verdict < G_N_ELEMENTS (VERDICTS), NULL);

  return VERDICTS[verdict].name;
}

const char *
linnet_verdict_get_title (LinnetVerdict verdict)
{
  g_return_val_if_fail ((gsize) verdict < G_N_ELEMENTS (VERDICTS), NULL);

  return g_dpgettext2 (GETTEXT_PACKAGE, "verdict", VERDICTS[verdict].title);
}

/* ---- Memory ------------------------------------------------------------------------------- */

/* A model takes the place of the one that is open, whose memory is to be had as well. */
guint64
linnet_advice_memory_limit (const LinnetMachine *machine)
{
  LinnetMachine without = { 0 };

  g_return_val_if_fail (machine != NULL, 0);

  without.memory = machine->memory;
  without.available = machine->available;
  if (without.available > 0 && machine->own_bytes > APPLICATION_BYTES)
    without.available =
        MIN (machine->available + (machine->own_bytes - APPLICATION_BYTES), machine->memory);
  return linnet_machine_get_memory_limit (&without);
}

guint64
linnet_advice_memory_alone (const LinnetMachine *machine)
{
  guint64 limit = linnet_advice_memory_limit (machine);
  guint64 system = MAX (machine->memory / SYSTEM_PART, SYSTEM_LEAST);
  guint64 alone = machine->memory > system ? machine->memory - system : 0;

  return MAX (alone, limit);
}

/* ---- Verdicts ----------------------------------------------------------------------------- */

static LinnetVerdict
judge_memory (const LinnetForecast *forecast, const LinnetMachine *machine)
{
  guint64 limit = linnet_advice_memory_limit (machine);
  guint64 need = forecast->memory.total;

  if (need == 0 || need > linnet_advice_memory_alone (machine))
    return LINNET_VERDICT_NO;
  if (need > limit)
    return LINNET_VERDICT_STRUGGLE;
  if ((double) need > EASY_OF_LIMIT * (double) limit ||
      (double) need > EASY_OF_MEMORY * (double) machine->memory)
    return LINNET_VERDICT_FITS;
  return LINNET_VERDICT_EASY;
}

static LinnetVerdict
judge_speed (const LinnetForecast *forecast)
{
  if (forecast->decode.value >= LINNET_ADVICE_FAST)
    return LINNET_VERDICT_EASY;
  return forecast->decode.value >= LINNET_ADVICE_SLOW ? LINNET_VERDICT_FITS
                                                      : LINNET_VERDICT_STRUGGLE;
}

LinnetVerdict
linnet_advice_judge (const LinnetForecast *forecast,
                     const LinnetMachine *machine,
                     const LinnetWishes *wishes,
                     char **reason)
{
  LinnetVerdict verdict;

  g_return_val_if_fail (forecast != NULL && machine != NULL, LINNET_VERDICT_NO);

  verdict = MAX (judge_memory (forecast, machine), judge_speed (forecast));
  if (reason != NULL)
    *reason = linnet_advice_explain_verdict (verdict, forecast, machine);
  return verdict;
}

/* ---- The list ----------------------------------------------------------------------------- */

/* Seconds for an answer that nobody minds: talk wants an answer soon, code and good texts are worth
 * waiting for. */
static double
assume_patience (LinnetTask task)
{
  switch (task) {
  case LINNET_TASK_WRITING:
  case LINNET_TASK_CODE:
    return 45;
  case LINNET_TASK_REASONING:
    return 90;
  case LINNET_TASK_CHAT:
  case LINNET_N_TASKS:
  default:
    return 10;
  }
}

LinnetAdviceAim
linnet_advice_aim (const LinnetWishes *wishes)
{
  LinnetAdviceAim aim = { .wishes = *wishes };

  aim.patience = wishes->wait_seconds > 0 ? wishes->wait_seconds : assume_patience (wishes->task);
  aim.is_strict = wishes->wait_seconds > 0;
  /* An answer that is soon written is little heat. */
  if (wishes->quiet) {
    aim.patience = wishes->wait_seconds > 0 ? MIN (aim.patience, QUIET_PATIENCE) : QUIET_PATIENCE;
    aim.is_strict = TRUE;
  }
  return aim;
}

static LinnetAdvice
consider (const LinnetCatalogueModel *model,
          const LinnetCatalogueFile *file,
          const LinnetMachine *machine,
          const LinnetMeasurements *measurements,
          const LinnetAdviceAim *aim,
          LinnetHistory *history)
{
  LinnetAdvice advice = { .model = model, .file = file };
  guint n_ctx = MIN (LINNET_ADVICE_CONTEXT, model->n_ctx_train);

  linnet_forecast_compute (&advice.forecast, model, file->quantisation, n_ctx, LINNET_CACHE_F16,
                           machine, measurements, history);
  advice.memory_limit = linnet_advice_memory_limit (machine);
  advice.verdict = linnet_advice_judge (&advice.forecast, machine, &aim->wishes, NULL);
  advice.score = linnet_advice_score (&advice, machine, aim);
  advice.reasons = linnet_advice_give_reasons (&advice, machine, aim);
  return advice;
}

LinnetAdviceList *
linnet_advise (LinnetCatalogue *catalogue,
               const LinnetMachine *machine,
               const LinnetMeasurements *measurements,
               const LinnetWishes *wishes,
               LinnetHistory *history)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (LinnetAdvice));
  LinnetAdviceList *list;
  LinnetAdviceAim aim;
  gsize n_ranked;

  g_return_val_if_fail (LINNET_IS_CATALOGUE (catalogue), NULL);
  g_return_val_if_fail (machine != NULL && measurements != NULL && wishes != NULL, NULL);

  aim = linnet_advice_aim (wishes);
  for (guint i = 0; i < linnet_catalogue_get_n_models (catalogue); i++) {
    const LinnetCatalogueModel *model = linnet_catalogue_get_model (catalogue, i);

    for (guint j = 0; j < model->n_files; j++) {
      LinnetAdvice advice =
          consider (model, &model->files[j], machine, measurements, &aim, history);

      g_array_append_val (all, advice);
    }
  }
  list = g_new0 (LinnetAdviceList, 1);
  list->catalogue = g_object_ref (catalogue);
  list->ranked = (LinnetAdvice *) (void *) g_array_steal (all, &n_ranked);
  list->n_ranked = (guint) n_ranked;
  linnet_advice_rank (list, machine, &aim);
  list->summary = linnet_advice_summarise (list, machine);
  return list;
}

void
linnet_advice_list_free (LinnetAdviceList *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n_ranked; i++)
    g_strfreev (self->ranked[i].reasons);
  g_free (self->ranked);
  g_free (self->summary);
  g_object_unref (self->catalogue);
  g_free (self);
}

static int
compare_models (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const LinnetAdviceList *self = user_data;
  const LinnetCatalogueModel *x = self->ranked[*(const guint *) a].model;
  const LinnetCatalogueModel *y = self->ranked[*(const guint *) b].model;

  if (x->billions < y->billions || x->billions > y->billions)
    return x->billions < y->billions ? -1 : 1;
  return g_strcmp0 (x->id, y->id);
}

GArray *
linnet_advice_list_best_of_each (const LinnetAdviceList *self)
{
  GArray *best = g_array_new (FALSE, FALSE, sizeof (guint));

  g_return_val_if_fail (self != NULL, best);

  for (guint i = 0; i < self->n_ranked; i++) {
    gboolean is_first = TRUE;

    for (guint j = 0; j < i && is_first; j++)
      is_first = self->ranked[j].model != self->ranked[i].model;
    if (is_first)
      g_array_append_val (best, i);
  }
  g_array_sort_with_data (best, compare_models, (gpointer) self);
  return best;
}
