/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetPull and LinnetPullList: from a name to a model in the library, with a registry on loopback
 * that also breaks off, and programs that end in the middle. */
#include "library/linnet-pull-list.h"

#include <string.h>

#include "fixture.h"
#include "registry.h"

typedef struct {
  Registry *registry; /* NULL: the test is skipped */
  char *folder;
  LinnetLibrary *library;
  LinnetPullList *list;
  guint n_finished;
} Fixture;

static void
set_endpoint (Fixture *self, const char *variable, const char *path)
{
  g_autofree char *url = registry_build_url (self->registry, path);

  g_setenv (variable, url, TRUE);
}

static void
finished_cb (LinnetPullList *list, LinnetPull *pull, gpointer user_data)
{
  Fixture *self = user_data;

  self->n_finished++;
}

/* As when the program begins. */
static void
open_library (Fixture *self)
{
  self->library = linnet_library_new (self->folder);
  self->list = linnet_pull_list_new (self->library);
  g_signal_connect (self->list, "finished", G_CALLBACK (finished_cb), self);
}

/* As when it ends. */
static void
close_library (Fixture *self)
{
  fixture_run_for (50);
  fixture_assert_finalized (g_steal_pointer (&self->list));
  fixture_run_for (50);
  fixture_assert_finalized (g_steal_pointer (&self->library));
}

static void
set_up (Fixture *self, gconstpointer data)
{
  const char *demo = fixture_get_demo_model ();
  g_autoptr (GError) error = NULL;

  if (demo == NULL)
    return;
  self->registry = registry_new ();
  if (self->registry == NULL)
    return;
  self->folder = g_dir_make_tmp ("linnet-pull-XXXXXX", &error);
  g_assert_no_error (error);
  set_endpoint (self, "LINNET_OLLAMA_REGISTRY", "/ollama");
  set_endpoint (self, "LINNET_HUGGING_FACE", "/hf");
  set_endpoint (self, "LINNET_MODELSCOPE", "/modelscope");
  json_node_unref (registry_control (
      self->registry, "load",
      "{\"ollama\":[{\"name\":\"mini:1b\",\"weights\":{\"path\":\"%s\"},"
      "\"system\":\"Be kind.\",\"license\":\"Apache\",\"params\":{\"temperature\":0.5}},"
      "{\"name\":\"noise:1b\",\"weights\":{\"size\":300000,\"seed\":1}}],"
      "\"hugging_face\":[{\"name\":\"O/N-GGUF\",\"files\":{\"n-q8_0.gguf\":{\"path\":\"%s\"}}}],"
      "\"modelscope\":[{\"name\":\"O/N-GGUF\",\"files\":{\"n-q8_0.gguf\":{\"path\":\"%s\"}}}]}",
      demo, demo, demo));
  open_library (self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->registry == NULL)
    return;
  close_library (self);
  fixture_remove_tree (self->folder);
  g_free (self->folder);
  registry_free (self->registry);
}

/* A pull that has begun; a reference of its own. */
static LinnetPull *
begin (Fixture *self, const char *name, const char *other)
{
  const char *references[] = { name, other, NULL };
  g_autoptr (GError) error = NULL;
  LinnetPull *pull = linnet_pull_list_add (self->list, references, &error);

  g_assert_no_error (error);
  return g_object_ref (pull);
}

static gboolean
is_over (gpointer data)
{
  LinnetPullState state = linnet_pull_get_state (data);

  return state == LINNET_PULL_DONE || state == LINNET_PULL_FAILED ||
         state == LINNET_PULL_CANCELLED || state == LINNET_PULL_PAUSED;
}

static gboolean
has_bytes (gpointer data)
{
  return linnet_pull_get_bytes_done (data) > 1000000 || is_over (data);
}

static void
assert_done (Fixture *self, LinnetPull *pull)
{
  LinnetLibraryModel *model;

  fixture_wait (is_over, pull);
  g_assert_no_error (linnet_pull_get_error (pull));
  g_assert_cmpint (linnet_pull_get_state (pull), ==, LINNET_PULL_DONE);
  model = linnet_pull_get_model (pull);
  g_assert_nonnull (model);
  g_assert_true (linnet_library_find (self->library, linnet_pull_get_name (pull)) == model);
  g_assert_true (g_file_test (linnet_library_model_get_path (model), G_FILE_TEST_IS_REGULAR));
  g_assert_null (linnet_pull_list_find (self->list, linnet_pull_get_name (pull)));
}

static void
control (Fixture *self, const char *what, const char *json)
{
  json_node_unref (registry_control (self->registry, what, "%s", json));
}

static guint
count_entries (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
test_whole (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetPull) pull = NULL;
  g_autoptr (LinnetPull) again = NULL;
  g_autoptr (LinnetPull) twin = NULL;
  LinnetLibraryModel *model;

  if (self->registry == NULL)
    return;
  pull = begin (self, "mini:1b", NULL);
  g_assert_cmpint (linnet_pull_get_state (pull), ==, LINNET_PULL_RESOLVING);
  g_assert_cmpstr (linnet_pull_get_status (pull), ==, "Asking the registry…");
  g_assert_true (linnet_pull_list_find (self->list, "Mini:1b") == pull);
  assert_done (self, pull);
  g_assert_cmpuint (self->n_finished, ==, 1);
  model = linnet_pull_get_model (pull);
  g_assert_cmpstr (linnet_library_model_get_licence (model), ==, "Apache");
  g_assert_cmpstr (linnet_library_model_get_modelfile (model)->system, ==, "Be kind.");
  g_assert_cmpint (linnet_library_model_get_owner (model), ==, LINNET_OWNER_LINNET);

  /* What is there is not fetched again, under this name or another. */
  registry_clear (self->registry);
  again = begin (self, "mini:1b", NULL);
  assert_done (self, again);
  twin = begin (self, "hf.co/O/N-GGUF:Q8_0", "modelscope.cn/O/N-GGUF:Q8_0");
  assert_done (self, twin);
  g_assert_cmpstr (linnet_library_model_get_path (linnet_pull_get_model (twin)), ==,
                   linnet_library_model_get_path (model));
  g_assert_nonnull (linnet_library_find (self->library, "modelscope.cn/O/N-GGUF:Q8_0"));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (self->library)), ==, 2);
}

static void
test_pause (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetPull) pull = NULL;

  if (self->registry == NULL)
    return;
  control (self, "options", "{\"rate\": 2000000}");
  pull = begin (self, "mini:1b", NULL);
  fixture_wait (has_bytes, pull);
  g_assert_cmpint (linnet_pull_get_state (pull), ==, LINNET_PULL_FETCHING);
  linnet_pull_pause (pull);
  fixture_wait (is_over, pull);
  g_assert_cmpint (linnet_pull_get_state (pull), ==, LINNET_PULL_PAUSED);
  g_assert_true (g_str_has_prefix (linnet_pull_get_status (pull), "Paused · "));
  control (self, "options", "{\"rate\": 0}");
  linnet_pull_start (pull);
  assert_done (self, pull);
}

/* The library gets another folder in the middle: the pull ends where it began, and the next one is
 * in the new folder. */
static void
test_other_folder (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetPull) pull = NULL;
  g_autoptr (LinnetPull) second = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  LinnetLibraryModel *model;

  if (self->registry == NULL)
    return;
  before = g_build_filename (self->folder, "before", NULL);
  after = g_build_filename (self->folder, "after", NULL);
  linnet_library_set_folder (self->library, before);
  control (self, "options", "{\"rate\": 2000000}");
  pull = begin (self, "mini:1b", NULL);
  fixture_wait (has_bytes, pull);
  g_assert_cmpint (linnet_pull_get_state (pull), ==, LINNET_PULL_FETCHING);
  linnet_library_set_folder (self->library, after);
  control (self, "options", "{\"rate\": 0}");
  assert_done (self, pull);
  model = linnet_pull_get_model (pull);
  g_assert_true (g_str_has_prefix (linnet_library_model_get_path (model), before));
  g_assert_cmpint (linnet_library_model_get_owner (model), ==, LINNET_OWNER_FOLDER);
  g_assert_false (g_file_test (after, G_FILE_TEST_EXISTS));

  /* It shares the file of the first, so that only its description is in the new folder. */
  second = begin (self, "hf.co/O/N-GGUF:Q8_0", NULL);
  assert_done (self, second);
  g_assert_cmpint (linnet_library_model_get_owner (linnet_pull_get_model (second)), ==,
                   LINNET_OWNER_LINNET);
  g_assert_cmpuint (count_entries (after), ==, 1);
  g_assert_cmpuint (count_entries (before), ==, 1);
}

/* Whether what an earlier program has left is in the list, with what had come by then. */
static gboolean
finds_unfinished (Fixture *self)
{
  g_autoptr (LinnetPull) found = g_list_model_get_item (G_LIST_MODEL (self->list), 0);

  return found != NULL && linnet_pull_get_bytes_done (found) > 500000;
}

/* The program ends in the middle; the next one finds the pull and goes on. That is the same process
 * here, in which the writer of the first one may have some to do still. */
static void
test_unfinished (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetPull) pull = NULL;
  g_autoptr (LinnetPull) found = NULL;

  if (self->registry == NULL)
    return;
  control (self, "options", "{\"rate\": 2000000}");
  pull = begin (self, "mini:1b", NULL);
  fixture_wait (has_bytes, pull);
  g_clear_object (&pull);
  close_library (self);

  control (self, "options", "{\"rate\": 0}");
  open_library (self);
  for (guint i = 0; i < 100 && !finds_unfinished (self); i++) {
    close_library (self);
    open_library (self);
  }
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (self->list)), ==, 1);
  found = g_list_model_get_item (G_LIST_MODEL (self->list), 0);
  g_assert_cmpstr (linnet_pull_get_name (found), ==, "mini:1b");
  g_assert_cmpint (linnet_pull_get_state (found), ==, LINNET_PULL_PAUSED);
  g_assert_cmpuint (linnet_pull_get_bytes_total (found), >, 20000000);
  g_assert_cmpuint (linnet_pull_get_bytes_done (found), >, 500000);
  linnet_pull_start (found);
  assert_done (self, found);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (self->list)), ==, 0);
}

static void
test_cancel (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetPull) pull = NULL;
  g_autoptr (LinnetPull) second = NULL;
  g_autoptr (LinnetPull) found = NULL;

  if (self->registry == NULL)
    return;
  control (self, "options", "{\"rate\": 2000000}");
  pull = begin (self, "mini:1b", NULL);
  fixture_wait (has_bytes, pull);
  linnet_pull_cancel (pull);
  g_assert_cmpint (linnet_pull_get_state (pull), ==, LINNET_PULL_CANCELLED);
  g_assert_null (linnet_pull_list_find (self->list, "mini:1b"));
  fixture_run_for (300);
  g_assert_cmpuint (count_entries (self->folder), ==, 0);

  /* And one that an earlier run has left. */
  g_clear_object (&pull);
  second = begin (self, "mini:1b", NULL);
  fixture_wait (has_bytes, second);
  g_clear_object (&second);
  close_library (self);
  open_library (self);
  found = g_list_model_get_item (G_LIST_MODEL (self->list), 0);
  g_assert_nonnull (found);
  linnet_pull_cancel (found);
  fixture_run_for (300);
  g_assert_cmpuint (count_entries (self->folder), ==, 0);
}

static void
test_failures (Fixture *self, gconstpointer data)
{
  g_autoptr (LinnetPull) missing = NULL;
  g_autoptr (LinnetPull) noise = NULL;
  const char *wrong[] = { "qwen 2.5", NULL };
  g_autoptr (GError) error = NULL;

  if (self->registry == NULL)
    return;
  g_assert_null (linnet_pull_list_add (self->list, wrong, &error));
  g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_REFERENCE);
  missing = begin (self, "mini:2b", NULL);
  fixture_wait (is_over, missing);
  g_assert_error (linnet_pull_get_error (missing), LINNET_LIBRARY_ERROR,
                  LINNET_LIBRARY_ERROR_NOT_FOUND);
  g_assert_cmpstr (linnet_pull_get_status (missing), ==, linnet_pull_get_error (missing)->message);
  /* What is no model is not kept. */
  noise = begin (self, "noise:1b", NULL);
  fixture_wait (is_over, noise);
  g_assert_error (linnet_pull_get_error (noise), LINNET_LIBRARY_ERROR,
                  LINNET_LIBRARY_ERROR_UNSUPPORTED);
  g_assert_cmpuint (count_entries (self->folder), ==, 0);
  g_assert_cmpuint (self->n_finished, ==, 2);
}

static void
test_file (Fixture *self, gconstpointer data)
{
  const char *demo = fixture_get_demo_model ();
  g_autoptr (LinnetPull) pull = NULL;
  LinnetLibraryModel *model;

  if (self->registry == NULL)
    return;
  pull = begin (self, demo, NULL);
  assert_done (self, pull);
  model = linnet_pull_get_model (pull);
  g_assert_cmpstr (linnet_library_model_get_path (model), ==, demo);
  g_assert_cmpuint (linnet_library_get_freed_bytes (self->library, model), ==, 0);
  g_assert_true (linnet_library_delete (self->library, model, NULL));
  g_assert_true (g_file_test (demo, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)
  ADD ("/pull/whole", test_whole);
  ADD ("/pull/pause", test_pause);
  ADD ("/pull/other-folder", test_other_folder);
  ADD ("/pull/unfinished", test_unfinished);
  ADD ("/pull/cancel", test_cancel);
  ADD ("/pull/failures", test_failures);
  ADD ("/pull/file", test_file);
  return g_test_run ();
}
