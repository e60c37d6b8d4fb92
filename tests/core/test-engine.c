/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetEngine on the demo model: answers that run to their end. */
#define _GNU_SOURCE /* memmem() */
#include <glib/gstdio.h>
#include <string.h>

#include "fixture.h"

#define QUESTION "介绍一下你自己，越详细越好。"

static void
count_cb (GObject *object, GParamSpec *pspec, gpointer counter)
{
  (*(guint *) counter)++;
}

static void
test_generate (void)
{
  const guint max_tokens = fixture_is_slow () ? 24 : 96;
  const LinnetGenerationOptions options = fixture_greedy (max_tokens);
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
    g_assert_cmpuint (stats.decode_tokens, ==, max_tokens);
  else
    g_assert_cmpuint (stats.decode_tokens, <, max_tokens);
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
  const LinnetGenerationOptions options = fixture_greedy (fixture_is_slow () ? 16 : 64);
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
  options.max_tokens = fixture_is_slow () ? 12 : 48;
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
