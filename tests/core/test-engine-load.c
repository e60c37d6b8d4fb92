/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetEngine on the demo model: loads that succeed, fail, are cancelled or replaced. */
#include <glib/gstdio.h>
#include <string.h>

#include "fixture.h"

#define QUESTION "介绍一下你自己，越详细越好。"

typedef struct {
  guint n_progress;
  double progress;
  guint n_loading;
  guint n_model;
} LoadNotes;

static void
note_progress_cb (LinnetEngine *engine, GParamSpec *pspec, LoadNotes *notes)
{
  double progress = linnet_engine_get_load_progress (engine);

  g_assert_true (linnet_engine_get_loading (engine));
  g_assert_cmpfloat (progress, >, notes->progress);
  notes->progress = progress;
  notes->n_progress++;
}

static void
note_loading_cb (LinnetEngine *engine, GParamSpec *pspec, LoadNotes *notes)
{
  notes->n_loading++;
  g_assert_true (linnet_engine_get_loading (engine) == (notes->n_loading % 2 == 1));
}

static void
note_model_cb (LinnetEngine *engine, GParamSpec *pspec, LoadNotes *notes)
{
  notes->n_model++;
}

static void
test_load (void)
{
  LinnetEngine *engine;
  g_autoptr (GError) error = NULL;
  LoadNotes notes = { 0 };

  if (fixture_get_demo_model () == NULL)
    return;
  engine = linnet_engine_new ();
  g_assert_null (linnet_engine_get_model (engine));
  g_signal_connect (engine, "notify::load-progress", G_CALLBACK (note_progress_cb), &notes);
  g_signal_connect (engine, "notify::loading", G_CALLBACK (note_loading_cb), &notes);
  g_signal_connect (engine, "notify::model", G_CALLBACK (note_model_cb), &notes);

  g_assert_true (fixture_load (engine, fixture_get_demo_model (), NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (notes.n_progress, >=, 1);
  g_assert_cmpfloat (notes.progress, ==, 1.0);
  g_assert_cmpuint (notes.n_loading, ==, 2);
  g_assert_cmpuint (notes.n_model, ==, 1);
  g_assert_cmpstr (linnet_model_get_architecture (linnet_engine_get_model (engine)), ==, "llama");
  fixture_assert_finalized (engine);
}

/* Files that are no model: path of each in a folder of its own. */
static char *
make_bad_file (const char *folder, guint kind)
{
  g_autofree char *path = g_build_filename (folder, "bad.gguf", NULL);
  g_autofree char *contents = NULL;
  gsize length = 0;

  switch (kind) {
  case 0: /* none at all */
    g_remove (path);
    return g_steal_pointer (&path);
  case 1: /* empty */
    break;
  case 2: /* something else */
    contents = fixture_make_long_question (5000);
    length = strlen (contents);
    break;
  default: /* half a model */
    g_assert_true (g_file_get_contents (fixture_get_demo_model (), &contents, &length, NULL));
    length /= 2;
    break;
  }
  g_assert_true (g_file_set_contents (path, contents != NULL ? contents : "", length, NULL));
  return g_steal_pointer (&path);
}

static void
test_load_bad (void)
{
  const LinnetGenerationOptions options = fixture_greedy (4);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  g_autofree char *folder = NULL;
  LinnetEngine *engine;
  LinnetModel *model;

  if (fixture_get_demo_model () == NULL)
    return;
  folder = g_dir_make_tmp ("linnet-XXXXXX", NULL);
  engine = fixture_engine_new (1, 256);
  model = linnet_engine_get_model (engine);
  for (guint kind = 0; kind < 4; kind++) {
    g_autofree char *path = make_bad_file (folder, kind);
    g_autoptr (Listener) listener = NULL;
    g_autoptr (GError) error = NULL;
    int code = kind == 0 ? LINNET_ENGINE_ERROR_IO : LINNET_ENGINE_ERROR_FORMAT;

    g_assert_false (fixture_load (engine, path, NULL, NULL, &error));
    g_test_message ("%s", error->message);
    g_assert_error (error, LINNET_ENGINE_ERROR, code);
    g_assert_nonnull (strstr (error->message, "“bad.gguf”"));
    g_assert_false (linnet_engine_get_loading (engine));
    g_assert_true (linnet_engine_get_model (engine) == model);
    listener = listener_new (linnet_engine_generate (engine, conversation, &options));
    g_assert_cmpint (listener_wait (listener), ==, LINNET_FINISH_LENGTH);
    g_remove (path);
  }
  g_rmdir (folder);
  fixture_assert_finalized (engine);
}

static void
test_load_cancel (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  LinnetEngine *engine;
  LinnetModel *model;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (1, 256);
  model = linnet_engine_get_model (engine);
  g_cancellable_cancel (cancellable);
  g_assert_false (fixture_load (engine, fixture_get_demo_model (), NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (linnet_engine_get_model (engine) == model);
  fixture_assert_finalized (engine);
}

static void
keep_result_cb (GObject *engine, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static gboolean
is_set (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static gboolean
cancel_cb (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

/* However late the cancellation comes, the outcome and the model agree. */
static void
test_load_cancel_midway (void)
{
  if (fixture_get_demo_model () == NULL)
    return;
  for (guint milliseconds = 0; milliseconds < 40; milliseconds += 2) {
    LinnetEngine *engine = linnet_engine_new ();
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (GError) error = NULL;

    g_timeout_add_full (G_PRIORITY_HIGH, milliseconds, cancel_cb, g_object_ref (cancellable),
                        g_object_unref);
    if (fixture_load (engine, fixture_get_demo_model (), NULL, cancellable, &error)) {
      g_assert_nonnull (linnet_engine_get_model (engine));
    } else {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_null (linnet_engine_get_model (engine));
    }
    fixture_assert_finalized (engine);
    while (!g_cancellable_is_cancelled (cancellable))
      g_main_context_iteration (NULL, TRUE);
  }
}

/* Too late for the worker, but not yet told: it counts. */
static void
test_load_cancel_late (void)
{
  LinnetEngine *engine;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = linnet_engine_new ();
  linnet_engine_load_async (engine, fixture_get_demo_model (), NULL, cancellable, keep_result_cb,
                            &result);
  g_usleep (500000);
  g_cancellable_cancel (cancellable);
  fixture_wait (is_set, &result);
  g_assert_false (linnet_engine_load_finish (engine, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (linnet_engine_get_model (engine));
  g_clear_object (&result);
  fixture_assert_finalized (engine);
}

static void
replaced_cb (GObject *engine, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (linnet_engine_load_finish (LINNET_ENGINE (engine), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  *(gboolean *) user_data = TRUE;
}

static void
test_load_replaced (void)
{
  const LinnetLoadOptions options = { .model.n_threads = 1, .n_ctx = 128 };
  g_autoptr (GError) error = NULL;
  gboolean was_replaced = FALSE;
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = linnet_engine_new ();
  linnet_engine_load_async (engine, fixture_get_demo_model (), NULL, NULL, replaced_cb,
                            &was_replaced);
  g_assert_true (fixture_load (engine, fixture_get_demo_model (), &options, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (was_replaced);
  g_assert_false (linnet_engine_get_loading (engine));
  fixture_assert_finalized (engine);
}

static void
test_load_stops_generation (void)
{
  const LinnetGenerationOptions options = fixture_greedy (0);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  g_autoptr (Listener) listener = NULL;
  g_autoptr (LinnetModel) previous = NULL;
  g_autoptr (GError) error = NULL;
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (1, 0);
  previous = g_object_ref (linnet_engine_get_model (engine));
  listener = listener_new (linnet_engine_generate (engine, conversation, &options));
  g_assert_true (fixture_load (engine, fixture_get_demo_model (), NULL, NULL, &error));
  g_assert_cmpuint (listener->n_finished, ==, 1);
  g_assert_cmpint (linnet_generation_get_finish_reason (listener->generation), ==,
                   LINNET_FINISH_STOPPED);
  g_assert_true (linnet_engine_get_model (engine) != previous);
  fixture_assert_finalized (engine);
}

/* The level is checked first: the file is not even looked at. */
static void
test_load_level (void)
{
  g_auto (GStrv) levels = linnet_cpu_level_list ();
  LinnetLoadOptions options = { .model.cpu_level = "abacus" };
  g_autoptr (GError) error = NULL;
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = linnet_engine_new ();
  g_assert_false (fixture_load (engine, "/nonexistent.gguf", &options, NULL, &error));
  g_assert_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "abacus"));
  for (guint i = 0; levels[i] != NULL; i++)
    g_assert_nonnull (strstr (error->message, levels[i]));
  g_clear_error (&error);

  options.model.cpu_level = "reference";
  g_assert_true (fixture_load (engine, fixture_get_demo_model (), &options, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (linnet_model_get_cpu_level (linnet_engine_get_model (engine)), ==, "reference");
  fixture_assert_finalized (engine);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine-load/good", test_load);
  g_test_add_func ("/engine-load/bad", test_load_bad);
  g_test_add_func ("/engine-load/cancel", test_load_cancel);
  g_test_add_func ("/engine-load/cancel-midway", test_load_cancel_midway);
  g_test_add_func ("/engine-load/cancel-late", test_load_cancel_late);
  g_test_add_func ("/engine-load/level", test_load_level);
  g_test_add_func ("/engine-load/replaced", test_load_replaced);
  g_test_add_func ("/engine-load/stops-generation", test_load_stops_generation);
  return g_test_run ();
}
