/* SPDX-License-Identifier: GPL-3.0-or-later
 * The history is kept, is never longer than it may be, survives damage, and learns from what most
 * answers say. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "advisor/linnet-history.h"

typedef struct {
  char *folder;
  char *path;
} Place;

static void
set_up (Place *place, gconstpointer data)
{
  place->folder = g_dir_make_tmp ("linnet-history-XXXXXX", NULL);
  place->path = g_build_filename (place->folder, "deep", "history.json", NULL);
}

static void
tear_down (Place *place, gconstpointer data)
{
  g_autofree char *deep = g_path_get_dirname (place->path);
  g_autofree char *aside = g_strconcat (place->path, ".damaged", NULL);

  g_unlink (place->path);
  g_unlink (aside);
  g_rmdir (deep);
  g_rmdir (place->folder);
  g_free (place->path);
  g_free (place->folder);
}

static void
add (LinnetHistory *history, const char *model, double decode, double foretold)
{
  LinnetHistoryEntry entry = {
    .model = (char *) model,
    .quantisation = (char *) "Q4_K_M",
    .weight_bytes = 1000,
    .n_prompt_tokens = 64,
    .n_answer_tokens = 100,
    .prefill = 2 * decode,
    .decode = decode,
    .forecast_prefill = foretold,
    .forecast_decode = foretold,
    .when = 1790000000,
  };
  g_autoptr (GError) error = NULL;

  g_assert_true (linnet_history_add (history, &entry, &error));
  g_assert_no_error (error);
}

static void
test_kept (Place *place, gconstpointer data)
{
  g_autoptr (LinnetHistory) history = linnet_history_new (place->path);
  g_autoptr (LinnetHistory) again = NULL;
  const LinnetHistoryEntry *entry;

  g_assert_cmpuint (linnet_history_get_n_entries (history), ==, 0);
  add (history, "first", 10, 10);
  add (history, "second “模型”", 12.5, 10);
  again = linnet_history_new (place->path);
  g_assert_cmpuint (linnet_history_get_n_entries (again), ==, 2);
  entry = linnet_history_get_entry (again, 0);
  g_assert_cmpstr (entry->model, ==, "second “模型”");
  g_assert_cmpstr (entry->quantisation, ==, "Q4_K_M");
  g_assert_cmpuint (entry->weight_bytes, ==, 1000);
  g_assert_cmpuint (entry->n_prompt_tokens, ==, 64);
  g_assert_cmpuint (entry->n_answer_tokens, ==, 100);
  g_assert_cmpfloat (entry->decode, ==, 12.5);
  g_assert_cmpfloat (entry->prefill, ==, 25);
  g_assert_cmpfloat (entry->forecast_decode, ==, 10);
  g_assert_cmpint (entry->when, ==, 1790000000);
  g_assert_nonnull (linnet_history_find (again, "first", "Q4_K_M"));
  g_assert_null (linnet_history_find (again, "first", "Q8_0"));
}

static void
test_bounded (Place *place, gconstpointer data)
{
  g_autoptr (LinnetHistory) history = linnet_history_new (place->path);
  g_autoptr (LinnetHistory) again = NULL;

  for (int i = 0; i < 510; i++)
    add (history, i < 10 ? "old" : "new", 1 + i, 10);
  g_assert_cmpuint (linnet_history_get_n_entries (history), ==, 500);
  g_assert_null (linnet_history_find (history, "old", "Q4_K_M"));
  again = linnet_history_new (place->path);
  g_assert_cmpuint (linnet_history_get_n_entries (again), ==, 500);
  g_assert_cmpfloat (linnet_history_get_entry (again, 0)->decode, ==, 510);
  g_assert_cmpfloat (linnet_history_get_entry (again, 499)->decode, ==, 11);
}

static void
test_damaged (Place *place, gconstpointer data)
{
  static const char *const BAD[] = {
    "",
    "{",
    "[]",
    "{\"answers\":7}",
    "{\"answers\":[7]}",
    "{\"answers\":[{\"model\":\"m\"}]}",
    "{\"answers\":[{\"model\":\"m\",\"quantisation\":\"q\",\"weight_bytes\":-1,"
    "\"prompt_tokens\":1,\"answer_tokens\":1,\"prefill\":1,\"decode\":1,"
    "\"forecast_prefill\":1,\"forecast_decode\":1,\"when\":1}]}",
  };
  g_autofree char *aside = g_strconcat (place->path, ".damaged", NULL);
  g_autofree char *deep = g_path_get_dirname (place->path);

  g_assert_cmpint (g_mkdir (deep, 0700), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (BAD); i++) {
    g_autoptr (LinnetHistory) history = NULL;
    g_autofree char *kept = NULL;

    g_assert_true (g_file_set_contents (place->path, BAD[i], -1, NULL));
    history = linnet_history_new (place->path);
    g_assert_cmpuint (linnet_history_get_n_entries (history), ==, 0);
    g_assert_true (g_file_get_contents (aside, &kept, NULL, NULL));
    g_assert_cmpstr (kept, ==, BAD[i]);
    add (history, "m", 10, 10);
    g_assert_cmpuint (linnet_history_get_n_entries (history), ==, 1);
  }
}

/* What comes from elsewhere cannot make a file that is not read again. */
static void
test_odd_values (Place *place, gconstpointer data)
{
  g_autoptr (LinnetHistory) history = linnet_history_new (place->path);
  g_autoptr (LinnetHistory) again = NULL;
  g_autofree char *name = g_strnfill (5000, 'x');

  add (history, name, INFINITY, NAN);
  add (history, "\xff\xfe", 1e300, -1);
  again = linnet_history_new (place->path);
  g_assert_cmpuint (linnet_history_get_n_entries (again), ==, 2);
  g_assert_true (isfinite (linnet_history_get_entry (again, 0)->decode));
}

static void
test_unwritable (Place *place, gconstpointer data)
{
  g_autofree char *path = g_build_filename (place->folder, "file", "history.json", NULL);
  g_autofree char *file = g_path_get_dirname (path);
  g_autoptr (LinnetHistory) history = NULL;
  g_autoptr (GError) error = NULL;
  LinnetHistoryEntry entry = { .model = (char *) "m", .quantisation = (char *) "q", .decode = 1 };

  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  history = linnet_history_new (path);
  g_assert_false (linnet_history_add (history, &entry, &error));
  g_assert_nonnull (error);
  g_assert_true (error->domain == G_FILE_ERROR);
  g_assert_cmpuint (linnet_history_get_n_entries (history), ==, 1);
  g_unlink (file);
}

static void
test_fit (Place *place, gconstpointer data)
{
  g_autoptr (LinnetHistory) history = linnet_history_new (place->path);
  double decode, prefill, spread;

  g_assert_false (linnet_history_fit (history, &decode, &prefill, &spread));
  g_assert_cmpfloat (decode, ==, 1);
  g_assert_cmpfloat (prefill, ==, 1);
  g_assert_cmpfloat (spread, ==, 0);
  /* One answer says nothing yet. */
  add (history, "m", 8, 10);
  g_assert_false (linnet_history_fit (history, &decode, &prefill, &spread));
  add (history, "m", 8.2, 10);
  add (history, "m", 7.9, 10);
  g_assert_true (linnet_history_fit (history, &decode, &prefill, &spread));
  g_assert_cmpfloat (fabs (decode - 0.8), <, 0.02);
  g_assert_cmpfloat (fabs (prefill - 1.6), <, 0.04);
  g_assert_cmpfloat (spread, <, 0.15);
  /* One that was odd, and one after a sleep, change nothing. */
  add (history, "m", 3, 10);
  add (history, "m", 0.01, 10);
  add (history, "m", 8, 10);
  g_assert_true (linnet_history_fit (history, &decode, &prefill, &spread));
  g_assert_cmpfloat (fabs (decode - 0.8), <, 0.03);
  /* A computer that has changed is followed. */
  for (int i = 0; i < 12; i++)
    add (history, "m", 12, 10);
  g_assert_true (linnet_history_fit (history, &decode, &prefill, &spread));
  g_assert_cmpfloat (fabs (decode - 1.2), <, 0.01);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/history/kept", Place, NULL, set_up, test_kept, tear_down);
  g_test_add ("/history/bounded", Place, NULL, set_up, test_bounded, tear_down);
  g_test_add ("/history/damaged", Place, NULL, set_up, test_damaged, tear_down);
  g_test_add ("/history/odd-values", Place, NULL, set_up, test_odd_values, tear_down);
  g_test_add ("/history/unwritable", Place, NULL, set_up, test_unwritable, tear_down);
  g_test_add ("/history/fit", Place, NULL, set_up, test_fit, tear_down);
  return g_test_run ();
}
