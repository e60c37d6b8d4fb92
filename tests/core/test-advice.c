/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a beginner is told, as a table of rules, and what holds on any computer. */
#include <string.h>

#include "advice-cases.h"
#include "fixture.h"

#define I5    "i5-12400, 16 GB"
#define SMALL "laptop, 8 GB"

/* ---- Verdicts: sizes on an ordinary computer of 16 GB -------------------------------------- */

static const struct {
  const char *id;
  const char *quantisation;
  LinnetVerdict verdict;
} VERDICTS[] = {
  { "qwen2.5-1.5b-instruct", "Q8_0", LINNET_VERDICT_EASY },      /* easily */
  { "qwen2.5-3b-instruct", "Q4_K_M", LINNET_VERDICT_EASY },      /* fluently */
  { "qwen2.5-3b-instruct", "Q8_0", LINNET_VERDICT_FITS },        /* just right */
  { "qwen2.5-7b-instruct", "Q4_K_M", LINNET_VERDICT_FITS },      /* runs, but slowly */
  { "qwen2.5-7b-instruct", "Q8_0", LINNET_VERDICT_STRUGGLE },    /* barely, with 16 GB */
  { "qwen2.5-14b-instruct", "Q8_0", LINNET_VERDICT_NO },         /* impossible … */
  { "qwen2.5-14b-instruct", "Q4_K_M", LINNET_VERDICT_STRUGGLE }, /* … unless with 4 bits */
  { "qwen2.5-7b-instruct", "F16", LINNET_VERDICT_NO },
  { "qwen2.5-14b-instruct", "F16", LINNET_VERDICT_NO },
};

static void
test_verdicts (void)
{
  g_autoptr (LinnetCatalogue) catalogue = advice_cases_load_catalogue ();
  LinnetWishes wishes = { 0 };
  g_autoptr (LinnetAdviceList) list =
      advice_cases_advise (catalogue, advice_cases_find (I5), &wishes);

  for (gsize i = 0; i < G_N_ELEMENTS (VERDICTS); i++) {
    const LinnetAdvice *advice = advice_cases_get (list, VERDICTS[i].id, VERDICTS[i].quantisation);

    g_assert_nonnull (advice);
    g_test_message ("%s %s: %s, %.1f tokens/s", VERDICTS[i].id, VERDICTS[i].quantisation,
                    linnet_verdict_get_name (advice->verdict), advice->forecast.decode.value);
    g_assert_cmpint (advice->verdict, ==, VERDICTS[i].verdict);
  }
}

/* ---- Recommendations ----------------------------------------------------------------------- */

static const struct {
  const char *computer;
  LinnetWishes wishes;
  double billions; /* of the one recommended, or up to a third more: 3B stands for 4B as well */
  double later;    /* 0: does not matter */
  const char *model_id; /* NULL: does not matter */
} RULES[] = {
  /* Up to 8 GB: 3B. */
  { SMALL, { LINNET_TASK_CHAT }, 3, 0, "qwen2.5-3b-instruct" },
  { SMALL, { LINNET_TASK_CHAT, .quiet = TRUE }, 3, 0, NULL },
  { SMALL, { LINNET_TASK_WRITING }, 3, 0, NULL },
  { SMALL, { LINNET_TASK_CODE }, 3, 0, NULL },
  /* 16 GB: begin with 3B, try 7B later. */
  { I5, { LINNET_TASK_CHAT }, 3, 7, "qwen2.5-3b-instruct" },
  { I5, { LINNET_TASK_CHAT, .wait_seconds = 10 }, 3, 7, NULL },
  { "hybrid laptop, 16 GB", { LINNET_TASK_CHAT }, 3, 7, NULL },
  /* Code and complex writing: 7B when memory and patience allow. */
  { I5, { LINNET_TASK_CODE }, 7, 0, "qwen2.5-7b-instruct" },
  { I5, { LINNET_TASK_WRITING }, 7, 0, NULL },
  { I5, { LINNET_TASK_CODE, .wait_seconds = 30 }, 7, 0, NULL },
  /* Quick answers, little heat: 3B. */
  { I5, { LINNET_TASK_CODE, .wait_seconds = 10 }, 3, 7, NULL },
  { I5, { LINNET_TASK_CODE, .quiet = TRUE }, 3, 7, NULL },
  { I5, { LINNET_TASK_WRITING, .quiet = TRUE }, 3, 7, NULL },
  /* Patience for a chat as well. */
  { I5, { LINNET_TASK_CHAT, .wait_seconds = 40 }, 7, 0, NULL },
  /* Old and small computers. */
  { "old laptop, 4 GB", { LINNET_TASK_CHAT }, 0.5, 0, NULL },
  { "Raspberry Pi 5, 8 GB", { LINNET_TASK_CHAT }, 1.5, 3, NULL },
  /* Memory that others have taken. */
  { "laptop, 8 GB, much open", { LINNET_TASK_CHAT }, 1.5, 0, NULL },
};

static void
test_rules (void)
{
  g_autoptr (LinnetCatalogue) catalogue = advice_cases_load_catalogue ();

  for (gsize i = 0; i < G_N_ELEMENTS (RULES); i++) {
    g_autoptr (LinnetAdviceList) list =
        advice_cases_advise (catalogue, advice_cases_find (RULES[i].computer), &RULES[i].wishes);
    const LinnetAdvice *first = &list->ranked[0];

    g_assert_cmpint (list->recommended, ==, 0);
    g_test_message ("%s, %s: %s %s; %s", RULES[i].computer,
                    linnet_task_get_name (RULES[i].wishes.task), first->model->id,
                    first->file->quantisation, list->summary);
    g_assert_cmpfloat (first->model->billions, >=, RULES[i].billions);
    g_assert_cmpfloat (first->model->billions, <=, RULES[i].billions * 1.34);
    if (RULES[i].model_id != NULL)
      g_assert_cmpstr (first->model->id, ==, RULES[i].model_id);
    if (RULES[i].later > 0) {
      g_assert_cmpint (list->later, >=, 0);
      g_assert_cmpfloat (list->ranked[list->later].model->billions, ==, RULES[i].later);
    }
  }
}

static gboolean
has_reason (const LinnetAdvice *advice, const char *words)
{
  for (guint i = 0; advice->reasons[i] != NULL; i++)
    if (strstr (advice->reasons[i], words) != NULL)
      return TRUE;
  return FALSE;
}

static void
test_reasons (void)
{
  g_autoptr (LinnetCatalogue) catalogue = advice_cases_load_catalogue ();
  const char *languages[] = { "zh-CN", "sv", NULL };
  LinnetWishes wishes = { LINNET_TASK_CODE, .wait_seconds = 10, .languages = languages };
  g_autoptr (LinnetAdviceList) list =
      advice_cases_advise (catalogue, advice_cases_find (I5), &wishes);

  for (guint i = 0; i < list->n_ranked; i++) {
    const LinnetAdvice *advice = &list->ranked[i];

    g_assert_cmpuint (g_strv_length (advice->reasons), >=, 1);
    g_assert_cmpint (has_reason (advice, "no commercial use"), ==, advice->model->is_restricted);
    g_assert_true (has_reason (advice, "of memory"));
    g_assert_true (has_reason (advice, "the language “sv”"));
    if (advice->verdict == LINNET_VERDICT_NO)
      g_assert_true (has_reason (advice, "stand still"));
    else if (advice->forecast.memory.total <= advice->memory_limit)
      g_assert_true (has_reason (advice, "10 s that you want to wait"));
  }
}

static void
test_best_of_each (void)
{
  g_autoptr (LinnetCatalogue) catalogue = advice_cases_load_catalogue ();
  LinnetWishes wishes = { 0 };
  g_autoptr (LinnetAdviceList) list =
      advice_cases_advise (catalogue, advice_cases_find (I5), &wishes);
  g_autoptr (GArray) best = linnet_advice_list_best_of_each (list);
  double last = 0;

  g_assert_cmpuint (best->len, ==, linnet_catalogue_get_n_models (catalogue));
  for (guint i = 0; i < best->len; i++) {
    const LinnetAdvice *advice = &list->ranked[g_array_index (best, guint, i)];

    g_assert_cmpfloat (advice->model->billions, >=, last);
    last = advice->model->billions;
  }
}

/* ---- On any computer ------------------------------------------------------------------------ */

static double
random_between (double low, double high)
{
  return g_test_rand_double_range (low, high);
}

static AdviceComputer
random_computer (void)
{
  AdviceComputer computer = { "random",
                              random_between (0.5, 64),
                              0,
                              (guint) g_test_rand_int_range (1, 65),
                              random_between (2e9, 300e9),
                              random_between (2e9, 3000e9) };

  computer.available_gib = computer.memory_gib * random_between (0, 1);
  return computer;
}

static LinnetWishes
random_wishes (void)
{
  return (LinnetWishes) {
    .task = (LinnetTask) g_test_rand_int_range (0, LINNET_N_TASKS),
    .wait_seconds = g_test_rand_bit () ? random_between (0, 200) : 0,
    .quiet = g_test_rand_bit (),
  };
}

static void
assert_sound (const LinnetAdviceList *list)
{
  for (guint i = 0; i < list->n_ranked; i++) {
    const LinnetAdvice *advice = &list->ranked[i];
    gboolean fits = advice->forecast.memory.total <= advice->memory_limit;

    /* What would swap neither runs easily nor fits. */
    if (advice->verdict < LINNET_VERDICT_STRUGGLE)
      g_assert_true (fits);
  }
  if (list->recommended >= 0) {
    const LinnetAdvice *first = &list->ranked[list->recommended];

    g_assert_cmpuint (first->forecast.memory.total, <=, first->memory_limit);
    g_assert_cmpint (first->verdict, !=, LINNET_VERDICT_NO);
  }
  if (list->later >= 0) {
    const LinnetAdvice *later = &list->ranked[list->later];

    g_assert_cmpuint (later->forecast.memory.total, <=, later->memory_limit);
    g_assert_cmpfloat (later->model->billions, >, list->ranked[list->recommended].model->billions);
  }
  g_assert_cmpuint (strlen (list->summary), >, 20);
}

/* No verdict of worse is better than that of better. */
static void
assert_no_worse (const LinnetAdviceList *better, const LinnetAdviceList *worse)
{
  for (guint i = 0; i < worse->n_ranked; i++) {
    const LinnetAdvice *x = &worse->ranked[i];
    const LinnetAdvice *y = advice_cases_get (better, x->model->id, x->file->quantisation);

    g_assert_cmpint (y->verdict, <=, x->verdict);
    g_assert_cmpfloat (y->forecast.decode.value, >=, x->forecast.decode.value * 0.999999);
    g_assert_cmpfloat (y->forecast.answer.value, <=, x->forecast.answer.value * 1.000001);
  }
}

static void
test_any_computer (void)
{
  g_autoptr (LinnetCatalogue) catalogue = advice_cases_load_catalogue ();
  int n = fixture_is_slow () ? 15 : 80;

  for (int i = 0; i < n; i++) {
    AdviceComputer computer = random_computer (), better = computer;
    LinnetWishes wishes = random_wishes ();
    g_autoptr (LinnetAdviceList) list = advice_cases_advise (catalogue, &computer, &wishes);
    g_autoptr (LinnetAdviceList) more = NULL;
    g_autoptr (LinnetAdviceList) faster = NULL;

    assert_sound (list);
    better.memory_gib += random_between (0, 16);
    better.available_gib += random_between (0, better.memory_gib - better.available_gib);
    more = advice_cases_advise (catalogue, &better, &wishes);
    assert_no_worse (more, list);
    better = computer;
    better.bandwidth *= random_between (1, 4);
    better.prefill *= random_between (1, 4);
    faster = advice_cases_advise (catalogue, &better, &wishes);
    assert_no_worse (faster, list);
  }
}

/* Of one model, fewer bytes are never slower to write with. */
static void
test_monotone (void)
{
  g_autoptr (LinnetCatalogue) catalogue = advice_cases_load_catalogue ();
  LinnetWishes wishes = { 0 };
  g_autoptr (LinnetAdviceList) list =
      advice_cases_advise (catalogue, advice_cases_find (I5), &wishes);

  for (guint i = 0; i < list->n_ranked; i++)
    for (guint j = 0; j < list->n_ranked; j++)
      if (list->ranked[i].model == list->ranked[j].model &&
          list->ranked[i].forecast.memory.weights < list->ranked[j].forecast.memory.weights)
        g_assert_cmpfloat (list->ranked[i].forecast.decode.value, >,
                           list->ranked[j].forecast.decode.value);
}

/* The model that is open makes room for the next. */
static void
test_open_model (void)
{
  const guint64 gib = (guint64) 1 << 30;
  g_autoptr (LinnetMachine) machine = advice_cases_make_machine (advice_cases_find (I5));
  guint64 limit = linnet_advice_memory_limit (machine);

  machine->available -= 4 * gib;
  g_assert_cmpuint (linnet_advice_memory_limit (machine), <, limit - 3 * gib);
  machine->own_bytes = 4 * gib + gib / 4;
  g_assert_cmpuint (linnet_advice_memory_limit (machine), ==, limit);
  /* However much it holds, no more than there is. */
  machine->own_bytes = 1000 * gib;
  g_assert_cmpuint (linnet_advice_memory_limit (machine), <, machine->memory);
}

static void
test_nothing_known (void)
{
  g_autoptr (LinnetCatalogue) catalogue = advice_cases_load_catalogue ();
  g_autoptr (LinnetMachine) machine = g_new0 (LinnetMachine, 1);
  g_autoptr (LinnetMeasurements) measurements = g_new0 (LinnetMeasurements, 1);
  LinnetWishes wishes = { 0 };
  g_autoptr (LinnetAdviceList) list = NULL;

  machine->n_cores = machine->n_threads = machine->n_workers = 1;
  list = linnet_advise (catalogue, machine, measurements, &wishes, NULL);
  g_assert_cmpint (list->recommended, ==, -1);
  g_assert_cmpint (list->later, ==, -1);
  g_assert_nonnull (strstr (list->summary, "demo model"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/advice/verdicts", test_verdicts);
  g_test_add_func ("/advice/rules", test_rules);
  g_test_add_func ("/advice/reasons", test_reasons);
  g_test_add_func ("/advice/best-of-each", test_best_of_each);
  g_test_add_func ("/advice/any-computer", test_any_computer);
  g_test_add_func ("/advice/monotone", test_monotone);
  g_test_add_func ("/advice/open-model", test_open_model);
  g_test_add_func ("/advice/nothing-known", test_nothing_known);
  return g_test_run ();
}
