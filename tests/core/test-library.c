/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetLibrary: models of other programs in trees made here, models of our own made, shared and
 * deleted. */
#include "library/linnet-library-private.h"

#include <glib/gstdio.h>
#include <string.h>

#include "fixture.h"

#define SHA "d7d67cfa0f09836b8b7c2c1e16f0ee4c2baa8dee2aba26a22eef1f9ea3270901"

typedef struct {
  const char *demo; /* NULL: the test is skipped */
  LinnetLibrary *library;
  guint n_changes;
} Fixture;

/* A folder below the test's home, which stays for the whole program. Transfer full. */
static char *
below_home (const char *path)
{
  return g_build_filename (g_get_home_dir (), path, NULL);
}

/* Puts text, or a link to the demo model if it is NULL, at a path below the home. */
static void
put (Fixture *self, const char *path, const char *text)
{
  g_autofree char *full = below_home (path);
  g_autofree char *folder = g_path_get_dirname (full);
  g_autoptr (GFile) file = g_file_new_for_path (full);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  if (text != NULL)
    g_assert_true (g_file_set_contents (full, text, -1, NULL));
  else
    g_assert_true (g_file_make_symbolic_link (file, self->demo, NULL, NULL));
}

/* The same with a copy, so that it is a file of its own. */
static void
put_copy (Fixture *self, const char *path)
{
  g_autofree char *full = below_home (path);
  g_autofree char *folder = g_path_get_dirname (full);
  g_autoptr (GFile) from = g_file_new_for_path (self->demo);
  g_autoptr (GFile) to = g_file_new_for_path (full);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  g_assert_true (g_file_copy (from, to, G_FILE_COPY_NONE, NULL, NULL, NULL, NULL));
}

static void
changed_cb (GListModel *list, guint position, guint removed, guint added, gpointer user_data)
{
  Fixture *self = user_data;

  self->n_changes++;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autofree char *folder = below_home ("own");

  self->demo = fixture_get_demo_model ();
  if (self->demo == NULL)
    return;
  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  self->library = linnet_library_new (folder);
  g_signal_connect (self->library, "items-changed", G_CALLBACK (changed_cb), self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->library == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->library, self);
  /* The thread lets go of it a moment after it has answered. */
  fixture_run_for (50);
  fixture_assert_finalized (self->library);
  fixture_remove_tree (g_get_home_dir ());
}

static void
refreshed_cb (GObject *library, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (linnet_library_refresh_finish (LINNET_LIBRARY (library), result, &error));
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

static void
refresh (Fixture *self)
{
  gboolean is_over = FALSE;

  linnet_library_refresh_async (self->library, NULL, refreshed_cb, &is_over);
  while (!is_over)
    g_main_context_iteration (NULL, TRUE);
}

static guint
count (Fixture *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->library));
}

/* The names, sorted by the library, with ";" between. Transfer full. */
static char *
list_names (Fixture *self)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < count (self); i++) {
    g_autoptr (LinnetLibraryModel) model = g_list_model_get_item (G_LIST_MODEL (self->library), i);

    g_string_append_printf (names, "%s%s", i > 0 ? ";" : "", linnet_library_model_get_name (model));
  }
  return g_string_free (g_steal_pointer (&names), FALSE);
}

static void
put_ollama (Fixture *self, const char *manifest, const char *digest, guint64 size)
{
  g_autofree char *text = g_strdup_printf (
      "{\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.model\",\"digest\":\"%s\","
      "\"size\":%" G_GUINT64_FORMAT "}]}",
      digest, size);

  put (self, manifest, text);
}

static guint64
get_demo_bytes (Fixture *self)
{
  GStatBuf status;

  g_assert_cmpint (g_stat (self->demo, &status), ==, 0);
  return (guint64) status.st_size;
}

static void
test_empty (Fixture *self, gconstpointer data)
{
  if (self->library == NULL)
    return;
  refresh (self);
  g_assert_cmpuint (count (self), ==, 0);
  g_assert_null (linnet_library_find (self->library, "qwen2.5:3b"));
  g_assert_null (linnet_library_find (self->library, "?!"));
}

static void
test_ollama (Fixture *self, gconstpointer data)
{
  LinnetLibraryModel *model;
  g_autoptr (GError) error = NULL;
  g_autofree char *names = NULL;

  if (self->library == NULL)
    return;
  put (self, ".ollama/models/blobs/sha256-" SHA, NULL);
  put_ollama (self, ".ollama/models/manifests/registry.ollama.ai/library/mini/1b", "sha256:" SHA,
              get_demo_bytes (self));
  put_ollama (self, ".ollama/models/manifests/hf.co/O/N-GGUF/Q8_0", "sha256:" SHA,
              get_demo_bytes (self));
  put_ollama (self, ".ollama/models/manifests/registry.ollama.ai/library/mini/half", "sha256:" SHA,
              get_demo_bytes (self) - 1);
  put_ollama (self, ".ollama/models/manifests/registry.ollama.ai/library/mini/out",
              "sha256:../../x", 5);
  put (self, ".ollama/models/manifests/registry.ollama.ai/library/mini/broken", "{");
  refresh (self);
  names = list_names (self);
  g_assert_cmpstr (names, ==, "hf.co/O/N-GGUF:Q8_0;mini:1b");
  model = linnet_library_find (self->library, "MINI:1b");
  g_assert_nonnull (model);
  g_assert_cmpint (linnet_library_model_get_owner (model), ==, LINNET_OWNER_OLLAMA);
  g_assert_cmpstr (linnet_library_model_get_sha256 (model), ==, SHA);
  g_assert_cmpstr (linnet_library_model_get_quantisation (model), ==, "Q8_0");
  g_assert_cmpuint (linnet_library_model_get_n_parameters (model), >, 1000000);
  g_assert_cmpuint (linnet_library_get_freed_bytes (self->library, model), ==, 0);
  g_assert_false (linnet_library_delete (self->library, model, &error));
  g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_FOREIGN);
  g_assert_cmpuint (count (self), ==, 2);
}

static void
test_caches (Fixture *self, gconstpointer data)
{
  g_autofree char *names = NULL;
  LinnetLibraryModel *model;

  if (self->library == NULL)
    return;
  put_copy (self, ".cache/huggingface/hub/models--O--N-GGUF/blobs/" SHA);
  {
    g_autofree char *link =
        below_home (".cache/huggingface/hub/models--O--N-GGUF/snapshots/abc/n-q8_0.gguf");
    g_autofree char *folder = g_path_get_dirname (link);
    g_autoptr (GFile) file = g_file_new_for_path (link);

    g_mkdir_with_parents (folder, 0755);
    g_assert_true (g_file_make_symbolic_link (file, "../../blobs/" SHA, NULL, NULL));
  }
  put_copy (self, ".cache/modelscope/hub/models/O/M___5-GGUF/m-q8_0.gguf");
  put_copy (self, ".lmstudio/models/pub/repo/file-Q8_0.gguf");
  put_copy (self, ".lmstudio/models/pub/repo/mmproj-file.gguf");
  put (self, ".lmstudio/models/pub/repo/text.gguf", "this is no model");
  /* A part without the others, and a loop of links. */
  put (self, ".lmstudio/models/pub/repo/s-00001-of-00002.gguf", NULL);
  {
    g_autofree char *link = below_home (".lmstudio/models/pub/loop");
    g_autoptr (GFile) file = g_file_new_for_path (link);

    g_assert_true (g_file_make_symbolic_link (file, "..", NULL, NULL));
  }
  refresh (self);
  names = list_names (self);
  g_assert_cmpstr (names, ==,
                   "pub/repo/file-Q8_0;hf.co/O/N-GGUF:Q8_0;modelscope.cn/O/M.5-GGUF:Q8_0");
  model = linnet_library_find (self->library, "hf.co/O/N-GGUF");
  g_assert_nonnull (model);
  g_assert_cmpstr (linnet_library_model_get_sha256 (model), ==, SHA);
  g_assert_nonnull (linnet_library_find (self->library, "hf.co/O/N-GGUF:q8_0"));
}

/* What is equal stays the same object, and nothing is said to have changed. */
static void
test_refresh (Fixture *self, gconstpointer data)
{
  LinnetLibraryModel *first;
  g_autofree char *gone = below_home (".lmstudio/models/a/b/z.gguf");

  if (self->library == NULL)
    return;
  put_copy (self, ".lmstudio/models/a/b/m.gguf");
  put_copy (self, ".lmstudio/models/a/b/z.gguf");
  refresh (self);
  g_assert_cmpuint (count (self), ==, 2);
  g_assert_cmpuint (self->n_changes, ==, 1);
  first = linnet_library_find (self->library, "a/b/m");
  refresh (self);
  refresh (self);
  g_assert_cmpuint (self->n_changes, ==, 1);
  g_assert_true (first == linnet_library_find (self->library, "a/b/m"));
  g_remove (gone);
  refresh (self);
  g_assert_cmpuint (self->n_changes, ==, 2);
  g_assert_cmpuint (count (self), ==, 1);
  g_assert_true (first == linnet_library_find (self->library, "a/b/m"));
}

static LinnetLibraryModel *
create (Fixture *self, const char *name, const char *recipe)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LinnetModelfile) modelfile = linnet_modelfile_parse (recipe, -1, &error);
  LinnetLibraryModel *model;

  g_assert_no_error (error);
  model = linnet_library_create (self->library, name, modelfile, &error);
  g_assert_no_error (error);
  return model;
}

/* A model of Linnet's own with a file of its own, as a pull leaves it. */
static LinnetLibraryModel *
add_own (Fixture *self, const char *name, const char *file)
{
  g_autoptr (LinnetLibraryModel) model = linnet_library_model_new (LINNET_OWNER_LINNET, name);
  g_autofree char *path = NULL;
  g_autofree char *relative = NULL;
  g_autoptr (GError) error = NULL;

  model->slug = linnet_registry_make_slug (name);
  relative = g_strdup_printf ("own/%s/%s", model->slug, file);
  put_copy (self, relative);
  path = below_home (relative);
  linnet_library_model_add_part (model, path, get_demo_bytes (self), SHA);
  g_assert_true (linnet_library_model_inspect (model, NULL, NULL, &error));
  g_assert_true (
      linnet_library_store_write (linnet_library_get_folder (self->library), model, &error));
  return linnet_library_take (self->library, g_steal_pointer (&model));
}

static void
test_sharing (Fixture *self, gconstpointer data)
{
  LinnetLibraryModel *base;
  LinnetLibraryModel *made;
  g_autofree char *weights = NULL;
  g_autofree char *names = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LinnetModelfile) again = NULL;

  if (self->library == NULL)
    return;
  refresh (self);
  base = add_own (self, "mini:1b", "weights.gguf");
  weights = g_strdup (linnet_library_model_get_path (base));
  made = create (self, "teacher", "FROM mini:1b\nPARAMETER temperature 0.25\nSYSTEM Be kind.\n");
  g_assert_cmpstr (linnet_library_model_get_path (made), ==, weights);
  g_assert_cmpstr (linnet_library_model_get_name (made), ==, "teacher:latest");
  g_assert_cmpuint (linnet_library_get_freed_bytes (self->library, base), ==, 0);
  again = linnet_modelfile_parse ("FROM mini:1b", -1, NULL);
  g_assert_null (linnet_library_create (self->library, "Teacher", again, &error));
  g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_EXISTS);

  /* What was written is read again, after the base is gone as well. */
  g_assert_true (linnet_library_delete (self->library, base, NULL));
  refresh (self);
  names = list_names (self);
  g_assert_cmpstr (names, ==, "teacher:latest");
  made = linnet_library_find (self->library, "teacher");
  g_assert_cmpstr (linnet_library_model_get_modelfile (made)->system, ==, "Be kind.");
  g_assert_true (g_file_test (weights, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (linnet_library_get_freed_bytes (self->library, made), ==,
                    get_demo_bytes (self));
  g_assert_true (linnet_library_delete (self->library, made, NULL));
  g_assert_false (g_file_test (weights, G_FILE_TEST_EXISTS));
  {
    g_autoptr (GDir) dir = g_dir_open (linnet_library_get_folder (self->library), 0, NULL);

    g_assert_null (g_dir_read_name (dir));
  }
}

/* A newer version takes the place of the older one, whose file goes unless another needs it. */
static void
test_replacing (Fixture *self, gconstpointer data)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  LinnetLibraryModel *made;

  if (self->library == NULL)
    return;
  refresh (self);
  first = g_strdup (linnet_library_model_get_path (add_own (self, "mini:1b", "first.gguf")));
  second = g_strdup (linnet_library_model_get_path (add_own (self, "mini:1b", "second.gguf")));
  g_assert_cmpuint (count (self), ==, 1);
  g_assert_false (g_file_test (first, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (second, G_FILE_TEST_EXISTS));
  made = create (self, "mine", "FROM mini:1b\n");
  add_own (self, "mini:1b", "third.gguf");
  g_assert_true (g_file_test (second, G_FILE_TEST_EXISTS));
  g_assert_cmpstr (linnet_library_model_get_path (made), ==, second);
  refresh (self);
  g_assert_cmpuint (count (self), ==, 2);
  g_assert_true (
      linnet_library_delete (self->library, linnet_library_find (self->library, "mine"), NULL));
  g_assert_false (g_file_test (second, G_FILE_TEST_EXISTS));
  g_assert_nonnull (linnet_library_find (self->library, "mini:1b"));
}

static void
test_foreign_base (Fixture *self, gconstpointer data)
{
  LinnetLibraryModel *made;
  g_autofree char *weights = below_home (".lmstudio/models/a/b/m.gguf");
  g_autofree char *recipe = g_strdup_printf ("FROM %s\n", weights);
  g_autoptr (LinnetModelfile) missing = linnet_modelfile_parse ("FROM qwen2.5:3b", -1, NULL);
  g_autoptr (GError) error = NULL;

  if (self->library == NULL)
    return;
  put_copy (self, ".lmstudio/models/a/b/m.gguf");
  refresh (self);
  made = create (self, "mine", recipe);
  g_assert_cmpuint (linnet_library_get_freed_bytes (self->library, made), ==, 0);
  g_assert_true (linnet_library_delete (self->library, made, NULL));
  g_assert_true (g_file_test (weights, G_FILE_TEST_EXISTS));
  g_assert_null (linnet_library_create (self->library, "x", missing, &error));
  g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_NOT_FOUND);
}

/* Descriptions that lie are no models, and deleting never leaves the folder. */
static void
test_hostile_descriptions (Fixture *self, gconstpointer data)
{
  static const char *const files[] = {
    "{\"name\":\"../../secret\"}",
    "{\"name\":\"weights.gguf\",\"folder\":\"..\"}",
    "{\"name\":\"weights.gguf\",\"folder\":\"a/b\"}",
    "{\"path\":\"relative.gguf\"}",
    "{\"name\":5}",
    "5",
    "",
  };

  if (self->library == NULL)
    return;
  put_copy (self, "weights.gguf");
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *path = g_strdup_printf ("own/m%u/model.json", i);
    g_autofree char *text = g_strdup_printf ("{\"name\":\"m%u\",\"files\":[%s]}", i, files[i]);

    put (self, path, text);
  }
  put (self, "own/x/model.json", "not even JSON");
  refresh (self);
  g_assert_cmpuint (count (self), ==, 0);
}

static void
set_folders (const char *first)
{
  g_autoptr (GSettings) settings = g_settings_new ("io.github.linnet_chat.Linnet");
  const char *folders[] = { first, NULL };

  g_settings_set_strv (settings, "model-folders", folders);
}

/* Linnet's own models go to another folder; those of the old one stay and can be used as before,
 * but are not deleted any more. */
static void
test_other_folder (Fixture *self, gconstpointer data)
{
  g_autofree char *before = below_home ("own");
  g_autofree char *after = below_home ("elsewhere");
  g_autofree char *names = NULL;
  g_autofree char *none = NULL;
  g_autofree char *both = NULL;
  g_autoptr (GError) error = NULL;
  LinnetLibraryModel *teacher;

  if (self->library == NULL)
    return;
  refresh (self);
  add_own (self, "mini:1b", "weights.gguf");
  create (self, "teacher", "FROM mini:1b\nSYSTEM Be kind.\n");
  linnet_library_set_folder (self->library, after);
  g_assert_cmpstr (linnet_library_get_folder (self->library), ==, after);
  refresh (self);
  none = list_names (self);
  g_assert_cmpstr (none, ==, "");

  set_folders (before);
  refresh (self);
  names = list_names (self);
  g_assert_cmpstr (names, ==, "mini:1b;teacher:latest");
  teacher = linnet_library_find (self->library, "teacher");
  g_assert_cmpint (linnet_library_model_get_owner (teacher), ==, LINNET_OWNER_FOLDER);
  g_assert_cmpstr (linnet_library_model_get_modelfile (teacher)->system, ==, "Be kind.");
  g_assert_cmpuint (linnet_library_get_freed_bytes (self->library, teacher), ==, 0);
  g_assert_false (linnet_library_delete (self->library, teacher, &error));
  g_assert_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_FOREIGN);

  /* What is made now is in the new folder, though it shares a file of the old one. */
  create (self, "poet", "FROM mini:1b\n");
  refresh (self);
  both = list_names (self);
  g_assert_cmpstr (both, ==, "poet:latest;mini:1b;teacher:latest");
  g_assert_cmpint (linnet_library_model_get_owner (linnet_library_find (self->library, "poet")), ==,
                   LINNET_OWNER_LINNET);
  g_assert_true (
      linnet_library_delete (self->library, linnet_library_find (self->library, "poet"), NULL));

  /* Back again, with the folder still named: nothing is there twice. */
  linnet_library_set_folder (self->library, before);
  refresh (self);
  g_assert_cmpuint (count (self), ==, 2);
  g_assert_cmpint (linnet_library_model_get_owner (linnet_library_find (self->library, "teacher")),
                   ==, LINNET_OWNER_LINNET);
  set_folders (NULL);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *home = g_dir_make_tmp ("linnet-library-XXXXXX", &error);
  g_autofree char *cache = g_build_filename (home, ".cache", NULL);

  g_assert_no_error (error);
  g_setenv ("HOME", home, TRUE);
  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  g_setenv ("XDG_DATA_HOME", home, TRUE);
  g_unsetenv ("OLLAMA_MODELS");
  g_unsetenv ("HF_HOME");
  g_unsetenv ("HF_HUB_CACHE");
  g_unsetenv ("MODELSCOPE_CACHE");
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)
  ADD ("/library/empty", test_empty);
  ADD ("/library/ollama", test_ollama);
  ADD ("/library/caches", test_caches);
  ADD ("/library/refresh", test_refresh);
  ADD ("/library/sharing", test_sharing);
  ADD ("/library/replacing", test_replacing);
  ADD ("/library/foreign-base", test_foreign_base);
  ADD ("/library/other-folder", test_other_folder);
  ADD ("/library/hostile-descriptions", test_hostile_descriptions);
  return g_test_run ();
}
