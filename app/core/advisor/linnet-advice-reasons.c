/* SPDX-License-Identifier: GPL-3.0-or-later
 * Saying why, as a teacher would who sits beside: in plain sentences, with the figures that
 * matter. */
#include <glib/gi18n-lib.h>
#include <math.h>

#include "advisor/linnet-advice-private.h"

/* Strengths from which a model is said to be good, and below which to be weak. */
#define GOOD 4
#define WEAK 2

static char *
explain_memory (LinnetVerdict verdict, const LinnetForecast *forecast, const LinnetMachine *machine)
{
  guint64 limit = linnet_advice_memory_limit (machine);
  g_autofree char *need = g_format_size (forecast->memory.total);
  g_autofree char *room = g_format_size (limit);
  g_autofree char *memory = g_format_size (machine->memory);

  if (forecast->memory.total > linnet_advice_memory_alone (machine))
    return g_strdup_printf (
        _ ("It needs %s of memory, more than this computer with its %s can spare: everything would "
           "be moved to the disk and back, and stand still."),
        need, memory);
  if (forecast->memory.total > limit)
    return g_strdup_printf (
        _ ("It needs %s of memory, and only %s can be spared now. Close other programs and look "
           "again."),
        need, room);
  if (verdict == LINNET_VERDICT_EASY)
    return g_strdup_printf (_ ("It takes %s of the %s of memory that can be spared: other programs "
                               "keep enough."),
                            need, room);
  return g_strdup_printf (
      _ ("It takes %s of the %s of memory that can be spared: it is wise to close what is not "
         "needed."),
      need, room);
}

static char *
explain_speed (const LinnetForecast *forecast)
{
  g_autofree char *speed = linnet_forecast_describe_speed (forecast);
  g_autofree char *answer = linnet_forecast_describe_answer (forecast);

  /* Translators: in each, "about 9 words a second" and "a 100-word answer in about 8 s". */
  if (forecast->decode.value >= LINNET_ADVICE_FAST)
    return g_strdup_printf (_ ("It writes as fast as one reads: %s, %s."), speed, answer);
  if (forecast->decode.value >= LINNET_ADVICE_SLOW)
    return g_strdup_printf (_ ("One can watch it write: %s, %s."), speed, answer);
  return g_strdup_printf (_ ("It writes slowly, one does something else meanwhile: %s, %s."), speed,
                          answer);
}

char *
linnet_advice_explain_verdict (LinnetVerdict verdict,
                               const LinnetForecast *forecast,
                               const LinnetMachine *machine)
{
  guint64 limit = linnet_advice_memory_limit (machine);

  if (forecast->memory.total > limit || forecast->decode.value <= 0)
    return explain_memory (verdict, forecast, machine);
  if (verdict == LINNET_VERDICT_STRUGGLE || forecast->decode.value < LINNET_ADVICE_FAST)
    return explain_speed (forecast);
  return explain_memory (verdict, forecast, machine);
}

/* ---- For the task ------------------------------------------------------------------------- */

static const char *
explain_good (LinnetTask task)
{
  switch (task) {
  case LINNET_TASK_WRITING:
    return _ ("It writes good texts that need few corrections.");
  case LINNET_TASK_CODE:
    return _ ("It writes code of medium difficulty that can be used.");
  case LINNET_TASK_REASONING:
    return _ ("It reasons soundly most of the time.");
  case LINNET_TASK_CHAT:
  case LINNET_N_TASKS:
  default:
    return _ ("It talks fluently and knows a good deal.");
  }
}

static const char *
explain_fair (LinnetTask task)
{
  switch (task) {
  case LINNET_TASK_WRITING:
    return _ ("It writes plain texts; the wording needs a second look.");
  case LINNET_TASK_CODE:
    return _ ("It writes short scripts; test what it gives you.");
  case LINNET_TASK_REASONING:
    return _ ("It follows simple reasoning; check its conclusions.");
  case LINNET_TASK_CHAT:
  case LINNET_N_TASKS:
  default:
    return _ ("It is good for chat, learning and simple questions; its logic sometimes slips.");
  }
}

static const char *
explain_weak (LinnetTask task)
{
  switch (task) {
  case LINNET_TASK_WRITING:
    return _ ("It is weak at longer texts.");
  case LINNET_TASK_CODE:
    return _ ("It is weak at code, which is often wrong.");
  case LINNET_TASK_REASONING:
    return _ ("It is weak at reasoning, and often wrong.");
  case LINNET_TASK_CHAT:
  case LINNET_N_TASKS:
  default:
    return _ ("It knows little, and is often wrong.");
  }
}

static const char *
explain_task (const LinnetCatalogueModel *model, LinnetTask task)
{
  guint strength = model->strengths[task];

  if (strength >= GOOD)
    return explain_good (task);
  return strength >= WEAK ? explain_fair (task) : explain_weak (task);
}

/* NULL: there is nothing to say. */
static const char *
explain_quantisation (const char *quantisation)
{
  if (g_str_equal (quantisation, "Q2_K") || g_str_equal (quantisation, "Q3_K_M"))
    return _ ("With so few bits a weight it makes clearly more mistakes: a smaller model with four "
              "bits is the better choice.");
  if (g_str_has_prefix (quantisation, "Q4"))
    return _ ("Four bits a weight: a quarter of the memory, and nearly the quality, of the "
              "original.");
  if (g_str_equal (quantisation, "Q8_0"))
    return _ ("Eight bits a weight: half the memory of the original, and no difference that one "
              "would notice.");
  if (g_str_equal (quantisation, "F16"))
    return _ ("The original, not made smaller: eight bits would be as good and twice as fast.");
  return NULL;
}

/* ---- For the wishes ----------------------------------------------------------------------- */

/* Transfer full; NULL: there is nothing to say. */
static char *
explain_wait (const LinnetAdvice *self, const LinnetAdviceAim *aim)
{
  double seconds = self->forecast.answer.value;

  if (aim->wishes.quiet)
    return g_strdup (seconds <= aim->patience
                         ? _ ("Its answers are short work, so that the computer stays cool and "
                              "quiet.")
                         : _ ("It keeps the processor busy for long: the computer gets warm, and "
                              "its fan loud."));
  if (aim->wishes.wait_seconds <= 0 || aim->wishes.wait_seconds >= LINNET_WISHES_LONGEST_WAIT ||
      seconds <= 0)
    return NULL;
  if (seconds <= aim->patience)
    return g_strdup_printf (
        _ ("A typical answer takes about %d s, within the %d s that you want to "
           "wait."),
        (int) MIN (MAX (lround (seconds), 1), G_MAXINT), (int) MIN (aim->patience, G_MAXINT));
  return g_strdup_printf (
      _ ("A typical answer takes about %d s, longer than the %d s that you want "
         "to wait."),
      (int) MIN (lround (seconds), G_MAXINT), (int) MIN (aim->patience, G_MAXINT));
}

char **
linnet_advice_give_reasons (const LinnetAdvice *self,
                            const LinnetMachine *machine,
                            const LinnetAdviceAim *aim)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gboolean fits = self->forecast.memory.total <= self->memory_limit;
  const char *quantisation = explain_quantisation (self->file->quantisation);
  const char *missing = NULL;
  char *wait = fits ? explain_wait (self, aim) : NULL;

  if (fits)
    g_strv_builder_add (builder, explain_task (self->model, aim->wishes.task));
  if (fits && self->forecast.decode.value > 0)
    g_strv_builder_take (builder, explain_speed (&self->forecast));
  g_strv_builder_take (builder, explain_memory (self->verdict, &self->forecast, machine));
  if (wait != NULL)
    g_strv_builder_take (builder, wait);
  if (self->model->thinks && fits)
    g_strv_builder_add (builder,
                        _ ("It thinks before it answers, so that its answers begin later."));
  if (!linnet_advice_speaks (self->model, &aim->wishes, &missing)) {
    /* Translators: the code of a language, such as "sv". */
    char *text = g_strdup_printf (_ ("It was not made for the language “%s”."), missing);

    g_strv_builder_take (builder, text);
  }
  if (quantisation != NULL)
    g_strv_builder_add (builder, quantisation);
  if (self->model->licence_note != NULL)
    g_strv_builder_add (builder, self->model->licence_note);
  return g_strv_builder_end (builder);
}

/* ---- The whole ---------------------------------------------------------------------------- */

static char *
summarise_nothing (const LinnetMachine *machine)
{
  g_autofree char *room = NULL;

  if (machine->memory == 0)
    return g_strdup (_ ("The system does not say how much memory there is, so that nothing can be "
                        "recommended. The demo model runs anywhere."));
  room = g_format_size (linnet_advice_memory_limit (machine));
  return g_strdup_printf (_ ("Only %s of memory can be spared now, too little for any of these "
                             "models. Close other programs and look again; the demo model runs "
                             "anyway."),
                          room);
}

char *
linnet_advice_summarise (const LinnetAdviceList *list, const LinnetMachine *machine)
{
  const LinnetAdvice *first, *later;

  if (list->recommended < 0)
    return summarise_nothing (machine);
  first = &list->ranked[list->recommended];
  if (list->later < 0)
    return g_strdup_printf (_ ("Take %s (%s): it is the best that runs on this computer."),
                            first->model->title, first->file->quantisation);
  later = &list->ranked[list->later];
  if (later->verdict == LINNET_VERDICT_EASY)
    return g_strdup_printf (
        _ ("Start with %s (%s). When you want more, %s runs here as well, a little slower."),
        first->model->title, first->file->quantisation, later->model->title);
  return g_strdup_printf (
      _ ("Start with %s (%s). If it runs well and you can wait longer, try %s later: it is better, "
         "and slower."),
      first->model->title, first->file->quantisation, later->model->title);
}
