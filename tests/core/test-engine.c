/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetEngine on the demo model: loading, and answers that run to their end. */
#define _GNU_SOURCE /* memmem() */
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
  const LinnetLoadOptions options = { .n_threads = 1, .n_ctx = 128 };
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

static void
count_cb (GObject *object, GParamSpec *pspec, gpointer counter)
{
  (*(guint *) counter)++;
}

static void
test_generate (void)
{
  const LinnetGenerationOptions options = fixture_greedy (96);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  g_autoptr (Listener) listener = NULL;
  LinnetGenerationStats stats;
  LinnetFinishReason reason;
  LinnetEngine *engine;
  LinnetGeneration *generation;
  guint n_changes = 0;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (0, 512);
  g_signal_connect (engine, "notify::generation", G_CALLBACK (count_cb), &n_changes);
  listener = listener_new (linnet_engine_generate (engine, conversation, &options));
  g_assert_true (linnet_engine_get_generation (engine) == listener->generation);
  /* The conversation was copied. */
  linnet_conversation_truncate (conversation, 0);
  reason = listener_wait (listener);
  g_test_message ("%s", listener->text->str);
  g_assert_true (reason == LINNET_FINISH_END || reason == LINNET_FINISH_LENGTH);
  g_assert_null (linnet_engine_get_generation (engine));
  g_assert_null (linnet_generation_get_error (listener->generation));
  g_assert_cmpuint (n_changes, ==, 2);

  g_assert_cmpuint (listener->n_texts, >=, 2);
  g_assert_cmpuint (listener->text->len, >, 20);
  g_assert_null (strstr (listener->text->str, "<|im_end|>"));
  g_assert_null (strstr (listener->text->str, "<|im_start|>"));
  g_assert_cmpfloat (listener->progress, ==, 1.0);
  g_assert_cmpuint (listener->n_speeds, >=, 1);

  linnet_generation_get_stats (listener->generation, &stats);
  g_assert_cmpuint (stats.prefill_tokens, >, 5);
  g_assert_cmpuint (stats.reused_tokens, ==, 0);
  g_assert_cmpfloat (stats.prefill_seconds, >, 0.0);
  g_assert_cmpfloat (stats.decode_seconds, >, 0.0);
  if (reason == LINNET_FINISH_LENGTH)
    g_assert_cmpuint (stats.decode_tokens, ==, 96);
  else
    g_assert_cmpuint (stats.decode_tokens, <, 96);
  g_assert_cmpfloat_with_epsilon (linnet_generation_get_tokens_per_second (listener->generation),
                                  stats.decode_tokens / stats.decode_seconds, 1e-6);

  /* Nothing is left over for later, and nobody else holds the generation. */
  fixture_run_for (50);
  g_assert_cmpuint (listener->n_finished, ==, 1);
  generation = g_object_ref (listener->generation);
  g_clear_pointer (&listener, listener_free);
  fixture_assert_finalized (generation);
  fixture_assert_finalized (engine);
}

/* A question that the demo model answers and is done. */
static void
test_answer_ends (void)
{
  const LinnetGenerationOptions options = fixture_greedy (0);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new ("你好");
  g_autoptr (Listener) listener = NULL;
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (0, 1024);
  listener = listener_new (linnet_engine_generate (engine, conversation, &options));
  g_assert_cmpint (listener_wait (listener), ==, LINNET_FINISH_END);
  g_test_message ("%s", listener->text->str);
  g_assert_cmpuint (listener->text->len, >, 0);
  g_assert_null (strstr (listener->text->str, "<|im_end|>"));
  fixture_assert_finalized (engine);
}

static char *
answer_greedily (LinnetEngine *engine, const char *question)
{
  const LinnetGenerationOptions options = fixture_greedy (64);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (question);
  g_autoptr (Listener) listener =
      listener_new (linnet_engine_generate (engine, conversation, &options));

  listener_wait (listener);
  return g_strdup (listener->text->str);
}

/* Declares a token to be a control token, in a copy of a model in memory. */
static void
make_control_token (char *model, gsize length, gint32 token)
{
  static const char key[] = "tokenizer.ggml.token_type";
  const gint32 control = 3;
  char *types = memmem (model, length, key, strlen (key));

  g_assert_nonnull (types);
  /* Behind the key: type "array", type of its elements, their number. */
  types += strlen (key) + 4 + 4 + 8;
  memcpy (types + (gsize) token * sizeof token, &control, sizeof control);
}

static void
test_control_tokens_are_not_shown (void)
{
  g_autoptr (GArray) tokens = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *path = NULL;
  g_autofree char *contents = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *first = NULL;
  LinnetEngine *engine;
  gsize length;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (1, 256);
  before = answer_greedily (engine, QUESTION);
  tokens = linnet_model_tokenize (linnet_engine_get_model (engine), before, -1, FALSE, NULL);
  g_assert_nonnull (tokens);

  folder = g_dir_make_tmp ("linnet-XXXXXX", NULL);
  path = g_build_filename (folder, "model.gguf", NULL);
  g_assert_true (g_file_get_contents (fixture_get_demo_model (), &contents, &length, NULL));
  make_control_token (contents, length, g_array_index (tokens, gint32, 0));
  g_assert_true (g_file_set_contents (path, contents, (gssize) length, NULL));
  g_assert_true (fixture_load (engine, path, NULL, NULL, NULL));
  after = answer_greedily (engine, QUESTION);
  g_test_message ("%s → %s", before, after);
  first = g_utf8_substring (before, 0, 1);
  g_assert_true (g_str_has_suffix (before, after));
  g_assert_cmpuint (strlen (after), <, strlen (before));
  g_assert_false (g_str_has_prefix (after, first));
  g_remove (path);
  g_rmdir (folder);
  fixture_assert_finalized (engine);
}

static void
test_greedy_is_repeatable (void)
{
  LinnetEngine *one, *two;
  g_autofree char *first = NULL;
  g_autofree char *other = NULL;
  g_autofree char *again = NULL;
  g_autofree char *with_two = NULL;

  if (fixture_get_demo_model () == NULL)
    return;
  one = fixture_engine_new (1, 512);
  two = fixture_engine_new (2, 512);
  first = answer_greedily (one, QUESTION);
  other = answer_greedily (one, "What is the capital of France?");
  again = answer_greedily (one, QUESTION);
  with_two = answer_greedily (two, QUESTION);
  g_assert_cmpuint (strlen (first), >, 20);
  g_assert_cmpstr (first, !=, other);
  g_assert_cmpstr (again, ==, first);
  g_assert_cmpstr (with_two, ==, first);
  fixture_assert_finalized (one);
  fixture_assert_finalized (two);
}

static char *
answer_with_seed (LinnetEngine *engine, guint64 seed)
{
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  g_autoptr (Listener) listener = NULL;
  LinnetGenerationOptions options;

  linnet_generation_options_init (&options);
  options.max_tokens = 48;
  options.temperature = 1.0f;
  options.seed = seed;
  listener = listener_new (linnet_engine_generate (engine, conversation, &options));
  listener_wait (listener);
  return g_strdup (listener->text->str);
}

static void
test_seed_decides (void)
{
  LinnetEngine *engine;
  g_autofree char *first = NULL;
  g_autofree char *again = NULL;
  guint n_others = 0;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (2, 512);
  first = answer_with_seed (engine, 1);
  again = answer_with_seed (engine, 1);
  g_assert_cmpstr (again, ==, first);
  for (guint64 seed = 2; seed < 5; seed++) {
    g_autofree char *other = answer_with_seed (engine, seed);

    n_others += strcmp (other, first) != 0;
  }
  g_assert_cmpuint (n_others, >, 0);
  fixture_assert_finalized (engine);
}

static void
test_prefix_is_reused (void)
{
  const LinnetGenerationOptions options = fixture_greedy (32);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  g_autoptr (Listener) first = NULL;
  g_autoptr (Listener) second = NULL;
  LinnetGenerationStats first_stats, second_stats;
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (2, 1024);
  first = listener_new (linnet_engine_generate (engine, conversation, &options));
  listener_wait (first);
  linnet_generation_get_stats (first->generation, &first_stats);
  fixture_conversation_add (conversation, LINNET_ROLE_ASSISTANT, first->text->str);
  fixture_conversation_add (conversation, LINNET_ROLE_USER, "谢谢！");
  second = listener_new (linnet_engine_generate (engine, conversation, &options));
  listener_wait (second);
  linnet_generation_get_stats (second->generation, &second_stats);
  g_test_message ("%u tokens reused, %u computed; before: %u + %u", second_stats.reused_tokens,
                  second_stats.prefill_tokens, first_stats.prefill_tokens,
                  first_stats.decode_tokens);
  /* The whole first prompt at least; of the answer what is cut into the same tokens again. */
  g_assert_cmpuint (second_stats.reused_tokens, >=, first_stats.prefill_tokens);
  g_assert_cmpuint (second_stats.prefill_tokens, >, 0);
  fixture_assert_finalized (engine);
}

static void
test_context_overflow (void)
{
  const LinnetGenerationOptions options = fixture_greedy (4);
  g_autofree char *question = fixture_make_long_question (2000);
  g_autoptr (LinnetConversation) too_long = fixture_conversation_new (question);
  g_autoptr (LinnetConversation) fits = fixture_conversation_new (QUESTION);
  g_autoptr (Listener) listener = NULL;
  g_autoptr (Listener) after = NULL;
  const GError *error;
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (1, 64);
  listener = listener_new (linnet_engine_generate (engine, too_long, &options));
  g_assert_cmpint (listener_wait (listener), ==, LINNET_FINISH_FAILED);
  error = linnet_generation_get_error (listener->generation);
  g_assert_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_CONTEXT);
  g_test_message ("%s", error->message);
  g_assert_true (g_regex_match_simple ("[0-9]+ tokens longer", error->message, 0, 0));
  g_assert_cmpuint (listener->n_texts, ==, 0);

  after = listener_new (linnet_engine_generate (engine, fits, &options));
  g_assert_cmpint (listener_wait (after), ==, LINNET_FINISH_LENGTH);
  fixture_assert_finalized (engine);
}

static void
test_context_full (void)
{
  const LinnetGenerationOptions options = fixture_greedy (0);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  g_autoptr (Listener) listener = NULL;
  LinnetGenerationStats stats;
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (1, 48);
  listener = listener_new (linnet_engine_generate (engine, conversation, &options));
  g_assert_cmpint (listener_wait (listener), ==, LINNET_FINISH_CONTEXT);
  g_assert_null (linnet_generation_get_error (listener->generation));
  linnet_generation_get_stats (listener->generation, &stats);
  g_assert_cmpuint (stats.prefill_tokens + stats.decode_tokens, ==, 48);
  g_assert_cmpuint (listener->text->len, >, 0);
  fixture_assert_finalized (engine);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/load", test_load);
  g_test_add_func ("/engine/load-bad", test_load_bad);
  g_test_add_func ("/engine/load-cancel", test_load_cancel);
  g_test_add_func ("/engine/load-cancel-midway", test_load_cancel_midway);
  g_test_add_func ("/engine/load-cancel-late", test_load_cancel_late);
  g_test_add_func ("/engine/load-replaced", test_load_replaced);
  g_test_add_func ("/engine/load-stops-generation", test_load_stops_generation);
  g_test_add_func ("/engine/generate", test_generate);
  g_test_add_func ("/engine/answer-ends", test_answer_ends);
  g_test_add_func ("/engine/control-tokens-are-not-shown", test_control_tokens_are_not_shown);
  g_test_add_func ("/engine/greedy-is-repeatable", test_greedy_is_repeatable);
  g_test_add_func ("/engine/seed-decides", test_seed_decides);
  g_test_add_func ("/engine/prefix-is-reused", test_prefix_is_reused);
  g_test_add_func ("/engine/context-overflow", test_context_overflow);
  g_test_add_func ("/engine/context-full", test_context_full);
  return g_test_run ();
}
