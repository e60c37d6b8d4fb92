/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the tests of core share. */
#include "fixture.h"

#include <glib/gstdio.h>

#define PATIENCE_SECONDS 120

static gboolean
give_up_cb (gpointer data)
{
  g_error ("Waited for %d seconds in vain", PATIENCE_SECONDS);
  return G_SOURCE_REMOVE;
}

void
fixture_wait (gboolean (*condition) (gpointer data), gpointer data)
{
  guint patience = g_timeout_add_seconds (PATIENCE_SECONDS, give_up_cb, NULL);

  while (!condition (data))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (patience);
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

static gboolean
set_true_cb (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

void
fixture_run_for (guint milliseconds)
{
  gboolean over = FALSE;

  g_timeout_add (milliseconds, set_true_cb, &over);
  fixture_wait (is_true, &over);
}

void
fixture_remove_tree (const char *path)
{
  g_autoptr (GDir) dir =
      g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *inner = g_build_filename (path, name, NULL);

    fixture_remove_tree (inner);
  }
  g_remove (path);
}

const char *
fixture_get_demo_model (void)
{
  const char *path = g_getenv ("LINNET_DEMO_MODEL");

  if (path != NULL && g_file_test (path, G_FILE_TEST_EXISTS))
    return path;
  g_test_skip ("LINNET_DEMO_MODEL names no file");
  return NULL;
}

gboolean
fixture_is_slow (void)
{
  return g_getenv ("LINNET_TEST_SLOW") != NULL;
}

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static gboolean
is_set (gpointer data)
{
  return *(gpointer *) data != NULL;
}

gboolean
fixture_load (LinnetEngine *engine,
              const char *path,
              const LinnetLoadOptions *options,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  linnet_engine_load_async (engine, path, options, cancellable, load_cb, &result);
  fixture_wait (is_set, &result);
  return linnet_engine_load_finish (engine, result, error);
}

LinnetEngine *
fixture_engine_new (int n_threads, guint n_ctx)
{
  const LinnetLoadOptions options = { .model.n_threads = n_threads, .n_ctx = n_ctx };
  LinnetEngine *engine = linnet_engine_new ();
  g_autoptr (GError) error = NULL;

  fixture_load (engine, g_getenv ("LINNET_DEMO_MODEL"), &options, NULL, &error);
  g_assert_no_error (error);
  return engine;
}

void
fixture_assert_finalized (gpointer object)
{
  gpointer weak = object;

  g_object_add_weak_pointer (object, &weak);
  g_object_unref (object);
  g_assert_null (weak);
}

void
fixture_conversation_add (LinnetConversation *conversation, LinnetRole role, const char *text)
{
  g_autoptr (LinnetMessage) message = linnet_message_new (role, text);

  linnet_conversation_append (conversation, message);
}

LinnetConversation *
fixture_conversation_new (const char *question)
{
  LinnetConversation *conversation = linnet_conversation_new ();

  fixture_conversation_add (conversation, LINNET_ROLE_USER, question);
  return conversation;
}

char *
fixture_make_long_question (gsize n_bytes)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; text->len < n_bytes; i++)
    g_string_append_printf (text, "第%u个问题：中国的首都是哪里？What is the capital of China? ",
                            i);
  return g_string_free (text, FALSE);
}

LinnetGenerationOptions
fixture_greedy (guint max_tokens)
{
  return (LinnetGenerationOptions) { .max_tokens = max_tokens };
}

static void
listener_text_cb (LinnetGeneration *generation, const char *chunk, Listener *self)
{
  g_assert_cmpuint (self->n_finished, ==, 0);
  g_assert_true (g_utf8_validate (chunk, -1, NULL));
  g_assert_cmpuint (strlen (chunk), >, 0);
  g_assert_cmpint (linnet_generation_get_phase (generation), ==, LINNET_GENERATION_DECODE);
  g_string_append (self->text, chunk);
  self->n_texts++;
}

static void
listener_phase_cb (LinnetGeneration *generation, GParamSpec *pspec, Listener *self)
{
  LinnetGenerationPhase phase = linnet_generation_get_phase (generation);

  g_assert_cmpuint (self->n_finished, ==, 0);
  g_assert_cmpint (phase, >, self->phase);
  self->phase = phase;
}

static void
listener_progress_cb (LinnetGeneration *generation, GParamSpec *pspec, Listener *self)
{
  double progress = linnet_generation_get_progress (generation);

  g_assert_cmpuint (self->n_finished, ==, 0);
  g_assert_cmpfloat (progress, >, self->progress);
  g_assert_cmpfloat (progress, <=, 1.0);
  self->progress = progress;
  self->n_progress++;
}

static void
listener_speed_cb (LinnetGeneration *generation, GParamSpec *pspec, Listener *self)
{
  g_assert_cmpuint (self->n_finished, ==, 0);
  g_assert_cmpfloat (linnet_generation_get_tokens_per_second (generation), >, 0.0);
  self->n_speeds++;
}

static void
listener_finished_cb (LinnetGeneration *generation, Listener *self)
{
  g_assert_cmpint (linnet_generation_get_phase (generation), ==, LINNET_GENERATION_FINISHED);
  g_assert_cmpuint (self->n_finished, ==, 0);
  self->n_finished++;
  self->finished_us = g_get_monotonic_time ();
}

Listener *
listener_new (LinnetGeneration *generation)
{
  Listener *self = g_new0 (Listener, 1);

  g_assert_nonnull (generation);
  self->generation = generation;
  self->text = g_string_new (NULL);
  g_signal_connect (generation, "text", G_CALLBACK (listener_text_cb), self);
  g_signal_connect (generation, "notify::phase", G_CALLBACK (listener_phase_cb), self);
  g_signal_connect (generation, "notify::progress", G_CALLBACK (listener_progress_cb), self);
  g_signal_connect (generation, "notify::tokens-per-second", G_CALLBACK (listener_speed_cb), self);
  g_signal_connect (generation, "finished", G_CALLBACK (listener_finished_cb), self);
  return self;
}

void
listener_free (Listener *self)
{
  g_signal_handlers_disconnect_by_data (self->generation, self);
  g_object_unref (self->generation);
  g_string_free (self->text, TRUE);
  g_free (self);
}

static gboolean
has_finished (gpointer data)
{
  return ((Listener *) data)->n_finished > 0;
}

LinnetFinishReason
listener_wait (Listener *self)
{
  fixture_wait (has_finished, self);
  return linnet_generation_get_finish_reason (self->generation);
}

static gboolean
has_text_or_finished (gpointer data)
{
  return ((Listener *) data)->n_texts > 0 || has_finished (data);
}

void
listener_wait_for_text (Listener *self)
{
  fixture_wait (has_text_or_finished, self);
  g_assert_cmpuint (self->n_texts, >, 0);
}
