/* SPDX-License-Identifier: GPL-3.0-or-later
 * docs/advice.md is what the advisor says. With LINNET_ADVICE_TABLE set it is written, to the file
 * so named. */
#include "advice-cases.h"

static const struct {
  const char *name;
  LinnetWishes wishes;
} WISHES[] = {
  { "chat and learning", { .task = LINNET_TASK_CHAT } },
  { "chat, cool and quiet", { .task = LINNET_TASK_CHAT, .quiet = TRUE } },
  { "writing, up to 60 s", { .task = LINNET_TASK_WRITING, .wait_seconds = 60 } },
  { "code", { .task = LINNET_TASK_CODE } },
  { "code, within 10 s", { .task = LINNET_TASK_CODE, .wait_seconds = 10 } },
  { "reasoning", { .task = LINNET_TASK_REASONING } },
};

static const char INTRODUCTION[] =
    "<!-- SPDX-License-Identifier: GPL-3.0-or-later -->\n"
    "# What Linnet advises\n\n"
    "For computers of every kind and several wishes, what the advisor (`app/core/advisor`) says "
    "of\n"
    "them: the speeds are foretold from the memory's read bandwidth and from how many "
    "multiply-adds\n"
    "a second the processor does in prefill, both given here, and measured on a real computer. "
    "What\n"
    "it says of yours: `linnet-cli advise`.\n\n"
    "The test `core-advice-table` holds this page to the code. After a change that is meant, "
    "write\n"
    "it anew:\n\n"
    "    LINNET_ADVICE_TABLE=$PWD/docs/advice.md ./dev test advice-table\n";

static void
add_advice (GString *page, const LinnetAdvice *advice)
{
  g_string_append_printf (page, "%s %s | %s | %.1f | %.0f s", advice->model->title,
                          advice->file->quantisation, linnet_verdict_get_title (advice->verdict),
                          advice->forecast.decode.value, advice->forecast.answer.value);
}

static void
add_row (GString *page, const char *wish, const LinnetAdviceList *list)
{
  g_string_append_printf (page, "| %s | ", wish);
  if (list->recommended >= 0)
    add_advice (page, &list->ranked[list->recommended]);
  else
    g_string_append (page, "none: the demo model | | |");
  g_string_append_printf (page, " | %s |\n",
                          list->later >= 0 ? list->ranked[list->later].model->title : "");
}

static void
add_computer (GString *page, LinnetCatalogue *catalogue, const AdviceComputer *computer)
{
  g_string_append_printf (page,
                          "\n## %s\n\n%.1f GiB of memory, %.1f GiB free; %u cores; %.0f GB/s; "
                          "%.0f GMAC/s\n\n"
                          "| Wish | First | Verdict | Tokens/s | Answer | Later |\n"
                          "|---|---|---|--:|--:|---|\n",
                          computer->name, computer->memory_gib, computer->available_gib,
                          computer->n_cores, computer->bandwidth * 1e-9, computer->prefill * 1e-9);
  for (guint i = 0; i < G_N_ELEMENTS (WISHES); i++) {
    g_autoptr (LinnetAdviceList) list =
        advice_cases_advise (catalogue, computer, &WISHES[i].wishes);

    add_row (page, WISHES[i].name, list);
  }
}

static void
test_page (void)
{
  g_autoptr (LinnetCatalogue) catalogue = advice_cases_load_catalogue ();
  g_autoptr (GString) page = g_string_new (INTRODUCTION);
  g_autofree char *path =
      g_build_filename (g_getenv ("LINNET_DATA_DIR"), "..", "docs", "advice.md", NULL);
  const char *target = g_getenv ("LINNET_ADVICE_TABLE");
  g_autofree char *committed = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < advice_cases_count_computers (); i++)
    add_computer (page, catalogue, &ADVICE_COMPUTERS[i]);
  g_assert_cmpuint (advice_cases_count_computers () * G_N_ELEMENTS (WISHES), >=, 30);
  if (target != NULL) {
    g_file_set_contents (target, page->str, -1, &error);
    g_assert_no_error (error);
    return;
  }
  g_file_get_contents (path, &committed, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (committed, ==, page->str);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/advice-table/page", test_page);
  return g_test_run ();
}
