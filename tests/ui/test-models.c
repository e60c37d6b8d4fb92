/* SPDX-License-Identifier: GPL-3.0-or-later
 * The widgets of the page of models, on a library in a folder of their own. */
#include <glib/gstdio.h>

#include "advisor/linnet-memory-check.h"
#include "models/linnet-model-row.h"
#include "models/linnet-model-text.h"
#include "models/linnet-models-page.h"
#include "models/linnet-pull-row.h"
#include "models/linnet-verdict-chip.h"
#include "ui-test.h"

typedef struct {
  char *folder;
  LinnetLibrary *library;
  LinnetPullList *pulls;
  LinnetAdvisor *advisor;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("linnet-ui-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->library = linnet_library_new (fixture->folder);
  fixture->pulls = linnet_pull_list_new (fixture->library);
  fixture->advisor = linnet_advisor_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ui_assert_finalized (fixture->advisor);
  ui_assert_finalized (fixture->pulls);
  ui_assert_finalized (fixture->library);
  g_rmdir (fixture->folder);
  g_free (fixture->folder);
}

static void
collect_labels_cb (GtkWidget *widget, gpointer text)
{
  if (GTK_IS_LABEL (widget) && gtk_widget_is_visible (widget))
    g_string_append_printf (text, "%s\n", gtk_label_get_text (GTK_LABEL (widget)));
}

/* The texts that are shown below root, one a line. Transfer full. */
static char *
dup_texts (GtkWidget *root)
{
  GString *text = g_string_new (NULL);

  ui_walk (root, collect_labels_cb, text);
  return g_string_free (text, FALSE);
}

static void
assert_shows (GtkWidget *root, const char *wanted, gboolean shows)
{
  g_autofree char *texts = dup_texts (root);

  if ((strstr (texts, wanted) != NULL) != shows)
    g_error ("“%s” is %s in:\n%s", wanted, shows ? "not" : "there", texts);
}

static void
test_row (void)
{
  GtkWidget *widget = g_object_ref_sink (linnet_model_row_new ("A & B", "1.9 GB"));
  LinnetModelRow *row = LINNET_MODEL_ROW (widget);

  assert_shows (widget, "A & B", TRUE);
  assert_shows (widget, "words", FALSE);
  linnet_model_row_set_verdict (row, LINNET_VERDICT_FITS, "9 words a second");
  linnet_model_row_add_badge (row, "starred-symbolic", "Recommended");
  assert_shows (widget, linnet_verdict_get_title (LINNET_VERDICT_FITS), TRUE);
  assert_shows (widget, "9 words a second", TRUE);
  assert_shows (widget, "Recommended", TRUE);
  linnet_model_row_set_verdict (row, LINNET_VERDICT_NO, NULL);
  linnet_model_row_clear_badges (row);
  assert_shows (widget, linnet_verdict_get_title (LINNET_VERDICT_FITS), FALSE);
  assert_shows (widget, "9 words a second", FALSE);
  assert_shows (widget, "Recommended", FALSE);
  ui_assert_finalized (widget);
}

/* No two verdicts look alike to someone who sees no colours. */
static void
test_verdicts (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = LINNET_VERDICT_EASY; i <= LINNET_VERDICT_NO; i++) {
    GtkWidget *chip = g_object_ref_sink (linnet_verdict_chip_new ());

    linnet_verdict_chip_set_verdict (LINNET_VERDICT_CHIP (chip), (LinnetVerdict) i);
    assert_shows (chip, linnet_verdict_get_title ((LinnetVerdict) i), TRUE);
    g_assert_true (
        g_hash_table_add (seen, (gpointer) linnet_verdict_get_title ((LinnetVerdict) i)));
    ui_assert_finalized (chip);
  }
}

static void
test_text (void)
{
  g_autofree char *parameters = linnet_model_text_parameters (1543714304);
  g_autofree char *licence = linnet_model_text_licence_name ("\n   \n  Apache License \nText");

  g_assert_cmpstr (parameters, ==, "1.5B");
  g_assert_cmpstr (licence, ==, "Apache License");
  g_assert_null (linnet_model_text_licence_name (NULL));
  g_assert_null (linnet_model_text_licence_name (" \n "));
}

static void
test_pull_row (Fixture *fixture, gconstpointer data)
{
  const char *const references[] = { "qwen2.5:3b", NULL };
  g_autoptr (GError) error = NULL;
  LinnetPull *pull = linnet_pull_new (fixture->library, references, &error);
  GtkWidget *row;

  g_assert_no_error (error);
  row = g_object_ref_sink (linnet_pull_row_new (pull, NULL));
  assert_shows (row, "qwen2.5:3b", TRUE);
  ui_assert_names (row);
  ui_assert_finalized (row);
  ui_assert_finalized (pull);
}

static void
type_cb (GtkWidget *widget, gpointer text)
{
  if (GTK_IS_SEARCH_ENTRY (widget))
    gtk_editable_set_text (GTK_EDITABLE (widget), text);
}

/* Without a model of its own the page offers the catalogue, which can be searched. */
static void
test_page (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window = adw_window_new ();
  GtkWidget *page = g_object_ref_sink (linnet_models_page_new (fixture->advisor, fixture->pulls));

  gtk_window_set_default_size (GTK_WINDOW (window), 360, 600);
  adw_window_set_content (ADW_WINDOW (window), page);
  gtk_window_present (GTK_WINDOW (window));
  ui_run (200);
  assert_shows (page, "No model is here yet", TRUE);
  assert_shows (page, "Qwen2.5 7B Instruct", TRUE);
  assert_shows (page, "Restricted licence", TRUE);

  ui_walk (page, type_cb, (char *) "qwen3 8");
  ui_run (600);
  assert_shows (page, "Qwen3 8B", TRUE);
  assert_shows (page, "Qwen2.5 7B Instruct", FALSE);
  ui_walk (page, type_cb, (char *) "nothing of this name");
  ui_run (600);
  assert_shows (page, "No Model Found", TRUE);

  adw_window_set_content (ADW_WINDOW (window), NULL);
  gtk_window_destroy (GTK_WINDOW (window));
  ui_assert_finalized (page);
}

/* ---- Memory ---- */

static void
keep_result_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_there (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static LinnetMemoryCheck
check_memory (const char *path, guint n_ctx, const char *root)
{
  const LinnetLoadOptions options = { .n_ctx = n_ctx };
  LinnetMemoryCheck check = { 0 };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  linnet_memory_check_async (path, &options, root, NULL, keep_result_cb, &result);
  ui_wait (is_there, &result, 30, "the look at the memory");
  g_assert_true (linnet_memory_check_finish (result, &check, &error));
  g_assert_no_error (error);
  return check;
}

/* A computer of a few megabytes cannot have what a large one can. */
static void
test_memory (Fixture *fixture, gconstpointer data)
{
  g_autofree char *proc = g_build_filename (fixture->folder, "proc", NULL);
  g_autofree char *meminfo = g_build_filename (proc, "meminfo", NULL);
  g_autoptr (GError) error = NULL;
  LinnetMemoryCheck check;

  if (ui_get_demo_model () == NULL) {
    g_test_skip ("the demo model is not there");
    return;
  }
  g_mkdir (proc, 0700);
  g_file_set_contents (meminfo, "MemTotal: 32000000 kB\nMemAvailable: 24000000 kB\n", -1, &error);
  g_assert_no_error (error);
  check = check_memory (ui_get_demo_model (), 0, fixture->folder);
  g_assert_true (check.fits);
  g_assert_cmpuint (check.needed, >, 20000000);

  g_file_set_contents (meminfo, "MemTotal: 20000 kB\nMemAvailable: 9000 kB\n", -1, &error);
  g_assert_no_error (error);
  check = check_memory (ui_get_demo_model (), 0, fixture->folder);
  g_assert_false (check.fits);
  g_assert_cmpuint (check.smaller_n_ctx, ==, 0);

  /* What is wrong with a file is for the load to say. */
  check = check_memory ("/nowhere/model.gguf", 0, fixture->folder);
  g_assert_true (check.fits);
  g_unlink (meminfo);
  g_rmdir (proc);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  adw_init ();

  g_test_add_func ("/ui/models/row", test_row);
  g_test_add_func ("/ui/models/verdicts", test_verdicts);
  g_test_add_func ("/ui/models/text", test_text);
  g_test_add ("/ui/models/pull-row", Fixture, NULL, set_up, test_pull_row, tear_down);
  g_test_add ("/ui/models/page", Fixture, NULL, set_up, test_page, tear_down);
  g_test_add ("/ui/models/memory", Fixture, NULL, set_up, test_memory, tear_down);
  return g_test_run ();
}
