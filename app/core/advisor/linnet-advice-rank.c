/* SPDX-License-Identifier: GPL-3.0-or-later
 * Putting models in order. A score is in the units of the catalogue's strengths: one more is about
 * the step from 3B to 7B. */
#include <math.h>

#include "advisor/linnet-advice-private.h"

/* What fewer bits cost in quality. Down to four a model is nearly what it was; below, one size
 * smaller with four bits is better. */
static const struct {
  const char *quantisation;
  double loss;
} LOSSES[] = {
  { "Q2_K", 3.0 },    { "Q3_K_M", 2.2 }, { "Q4_0", 0.3 }, { "Q4_K_M", 0.1 },
  { "Q5_K_M", 0.06 }, { "Q6_K", 0.03 },  { "Q8_0", 0 },   { "F16", 0 },
};

/* What waiting costs: a little within one's patience, and so much each time it takes twice as
 * long. */
#define WAIT_WITHIN 0.4
#define WAIT_BEYOND 1.2
#define WAIT_STRICT 2.4
/* Once for an answer that takes longer than was said. */
#define WAIT_BROKEN 1.5

/* Memory that is nearly full costs up to this much, beginning at this part of what may be taken. */
#define TIGHT_LOSS 1.5
#define TIGHT_FROM 0.7

/* See is_too_much_to_begin(). */
#define BEGIN_LOSS     0.8
#define BEGIN_BILLIONS 4.5

/* Tokens a second without which nothing larger is worth a try. */
#define LATER_SPEED 2.5

#define LANGUAGE_LOSS 3.0
#define LICENCE_LOSS  0.1
/* A GiB to download and to keep. */
#define BYTES_LOSS (0.02 / (1 << 30))

/* A loss from which nobody is sent to a larger model for its sake. */
#define LOSS_TOO_MUCH 1.0

/* Of two models, how many times the parameters the larger has at least to be called so. */
#define LARGER 1.4

static double
quantisation_loss (const char *quantisation)
{
  for (gsize i = 0; i < G_N_ELEMENTS (LOSSES); i++)
    if (g_str_equal (LOSSES[i].quantisation, quantisation))
      return LOSSES[i].loss;
  return LOSSES[0].loss;
}

static double
wait_loss (double seconds, const LinnetAdviceAim *aim)
{
  double share = seconds / aim->patience;

  if (share <= 1)
    return WAIT_WITHIN * share;
  if (aim->is_strict)
    return WAIT_WITHIN + WAIT_BROKEN + WAIT_STRICT * log2 (share);
  return WAIT_WITHIN + WAIT_BEYOND * log2 (share);
}

static double
memory_loss (const LinnetAdvice *self, const LinnetMachine *machine)
{
  double need = (double) self->forecast.memory.total;
  double of_limit = self->memory_limit > 0 ? need / (double) self->memory_limit : 1;
  double of_half = machine->memory > 0 ? need / ((double) machine->memory / 2) : 1;
  double share = CLAMP (MAX (of_limit, of_half), 0, 1);

  return share > TIGHT_FROM ? TIGHT_LOSS * (share - TIGHT_FROM) / (1 - TIGHT_FROM) : 0;
}

gboolean
linnet_advice_speaks (const LinnetCatalogueModel *model,
                      const LinnetWishes *wishes,
                      const char **missing)
{
  for (guint i = 0; wishes->languages != NULL && wishes->languages[i] != NULL; i++) {
    /* "zh" of "zh-CN": no model knows one country's only. */
    g_auto (GStrv) parts = g_strsplit_set (wishes->languages[i], "-_", 2);

    if (parts[0] == NULL || g_strv_contains ((const char *const *) model->languages, parts[0]) ||
        g_strv_contains ((const char *const *) model->languages, wishes->languages[i]))
      continue;
    if (missing != NULL)
      *missing = wishes->languages[i];
    return FALSE;
  }
  return TRUE;
}

/* One begins with a model of about 3B, unless a larger one is as quick and easy here. */
static gboolean
is_too_much_to_begin (const LinnetAdvice *self, const LinnetAdviceAim *aim)
{
  gboolean begins =
      aim->wishes.quiet || (aim->wishes.task == LINNET_TASK_CHAT && aim->wishes.wait_seconds <= 0);

  return begins && self->model->billions > BEGIN_BILLIONS &&
         (self->verdict != LINNET_VERDICT_EASY || self->forecast.answer.value > aim->patience);
}

double
linnet_advice_score (const LinnetAdvice *self,
                     const LinnetMachine *machine,
                     const LinnetAdviceAim *aim)
{
  double score = self->model->strengths[aim->wishes.task];

  score -= quantisation_loss (self->file->quantisation);
  score -= memory_loss (self, machine);
  score -= BYTES_LOSS * (double) self->forecast.file_bytes;
  if (self->forecast.answer.value > 0)
    score -= wait_loss (self->forecast.answer.value, aim);
  if (!linnet_advice_speaks (self->model, &aim->wishes, NULL))
    score -= LANGUAGE_LOSS;
  if (is_too_much_to_begin (self, aim))
    score -= BEGIN_LOSS;
  if (self->model->is_restricted)
    score -= LICENCE_LOSS;
  return score;
}

gboolean
linnet_advice_is_recommendable (const LinnetAdvice *self)
{
  return self->verdict != LINNET_VERDICT_NO && self->forecast.memory.total <= self->memory_limit &&
         self->forecast.decode.value >= LINNET_ADVICE_USELESS;
}

/* The first are those that run well, then those that run, then those that do not. */
static int
get_tier (const LinnetAdvice *self)
{
  if (linnet_advice_is_recommendable (self))
    return self->verdict == LINNET_VERDICT_STRUGGLE ? 1 : 0;
  return self->verdict == LINNET_VERDICT_NO ? 3 : 2;
}

static int
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const LinnetAdvice *x = a;
  const LinnetAdvice *y = b;

  if (get_tier (x) != get_tier (y))
    return get_tier (x) - get_tier (y);
  if (x->score < y->score || x->score > y->score)
    return x->score > y->score ? -1 : 1;
  if (x->model != y->model)
    return g_strcmp0 (x->model->id, y->model->id);
  return g_strcmp0 (x->file->quantisation, y->file->quantisation);
}

/* The next size above first, of the same family if it has one. */
static int
find_later (const LinnetAdviceList *list, const LinnetAdvice *first)
{
  int found = -1;

  for (guint i = 0; i < list->n_ranked; i++) {
    const LinnetAdvice *candidate = &list->ranked[i];
    const LinnetAdvice *best = found >= 0 ? &list->ranked[found] : NULL;
    gboolean is_kin = g_str_equal (candidate->model->family, first->model->family);
    gboolean best_is_kin = best != NULL && g_str_equal (best->model->family, first->model->family);

    if (!linnet_advice_is_recommendable (candidate) ||
        candidate->forecast.decode.value < LATER_SPEED ||
        quantisation_loss (candidate->file->quantisation) >= LOSS_TOO_MUCH ||
        candidate->model->billions < LARGER * first->model->billions)
      continue;
    /* The list is in order of score: the first of a model is its best file. */
    if (best == NULL || (is_kin && !best_is_kin) ||
        (is_kin == best_is_kin && candidate->model->billions < best->model->billions))
      found = (int) i;
  }
  return found;
}

void
linnet_advice_rank (LinnetAdviceList *list,
                    const LinnetMachine *machine,
                    const LinnetAdviceAim *aim)
{
  g_sort_array (list->ranked, list->n_ranked, sizeof *list->ranked, compare, NULL);
  list->recommended =
      list->n_ranked > 0 && linnet_advice_is_recommendable (&list->ranked[0]) ? 0 : -1;
  list->later = list->recommended >= 0 ? find_later (list, &list->ranked[0]) : -1;
}
