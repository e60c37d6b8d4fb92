/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetEngine: what a model has in mind, saved and restored; and guessing from the text so far. */
#include <glib/gstdio.h>
#include <string.h>

#include "fixture.h"

#define QUESTION "请把下面这段话原样重复一遍：春天来了，公园里的花都开了，孩子们在草地上奔跑。"

typedef struct {
  gboolean is_done;
  gboolean saves;
  gboolean worked;
  guint n_tokens;
  GError *error;
} Result;

static void
result_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Result *r = user_data;

  g_assert_true (g_main_context_is_owner (g_main_context_default ()));
  if (r->saves)
    r->worked = linnet_engine_save_state_finish (LINNET_ENGINE (object), result, &r->error);
  else
    r->worked = linnet_engine_restore_state_finish (LINNET_ENGINE (object), result, &r->n_tokens,
                                                    &r->error);
  r->is_done = TRUE;
}

static gboolean
is_done (gpointer data)
{
  return ((Result *) data)->is_done;
}

static void
save (LinnetEngine *engine, const char *path, Result *result)
{
  *result = (Result) { .saves = TRUE };
  linnet_engine_save_state_async (engine, path, result_cb, result);
  fixture_wait (is_done, result);
}

static void
restore (LinnetEngine *engine, const char *path, Result *result)
{
  *result = (Result) { .n_tokens = 99 };
  linnet_engine_restore_state_async (engine, path, result_cb, result);
  fixture_wait (is_done, result);
}

static char *
answer (LinnetEngine *engine, gboolean no_lookup, LinnetGenerationStats *stats)
{
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  g_autoptr (Listener) listener = NULL;
  LinnetGenerationOptions options = fixture_greedy (32);

  options.no_lookup = no_lookup;
  listener = listener_new (linnet_engine_generate (engine, conversation, &options));
  listener_wait (listener);
  linnet_generation_get_stats (listener->generation, stats);
  return g_strdup (listener->text->str);
}

static void
test_round_trip (void)
{
  g_autofree char *folder = g_dir_make_tmp ("linnet-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "state", NULL);
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  LinnetGenerationStats stats, stats_restored;
  LinnetEngine *engine;
  Result result;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (2, 512);
  first = answer (engine, FALSE, &stats);
  save (engine, path, &result);
  g_assert_no_error (result.error);
  g_assert_true (result.worked);
  fixture_assert_finalized (engine);

  engine = fixture_engine_new (1, 256);
  restore (engine, path, &result);
  g_assert_no_error (result.error);
  g_assert_true (result.worked);
  g_assert_cmpuint (result.n_tokens, ==, stats.prefill_tokens + stats.decode_tokens);
  second = answer (engine, FALSE, &stats_restored);
  g_assert_cmpstr (second, ==, first);
  g_assert_cmpuint (stats_restored.prefill_tokens, ==, 1);
  g_assert_cmpuint (stats_restored.reused_tokens, ==, stats.prefill_tokens - 1);
  fixture_assert_finalized (engine);
  g_remove (path);
  g_rmdir (folder);
}

static void
test_refused (void)
{
  g_autofree char *folder = g_dir_make_tmp ("linnet-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "state", NULL);
  g_autofree char *below = g_build_filename (path, "none", NULL);
  g_autofree char *bytes = NULL;
  g_autofree char *text = NULL;
  LinnetGenerationStats stats;
  LinnetEngine *engine;
  Result result;
  gsize n_bytes;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (2, 256);
  restore (engine, path, &result);
  g_assert_error (result.error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_IO);
  g_assert_cmpuint (result.n_tokens, ==, 0);
  g_clear_error (&result.error);

  g_assert_true (g_file_set_contents (path, "My notes: do not lose them.", -1, NULL));
  restore (engine, path, &result);
  g_assert_error (result.error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_FORMAT);
  g_clear_error (&result.error);
  save (engine, below, &result);
  g_assert_error (result.error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_IO);
  g_assert_nonnull (strstr (result.error->message, "written"));
  g_clear_error (&result.error);

  text = answer (engine, TRUE, &stats);
  save (engine, path, &result);
  g_assert_true (result.worked);
  g_assert_true (g_file_get_contents (path, &bytes, &n_bytes, NULL));
  bytes[n_bytes / 2] ^= 1;
  g_assert_true (g_file_set_contents (path, bytes, (gssize) n_bytes, NULL));
  restore (engine, path, &result);
  g_assert_error (result.error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_STATE);
  g_assert_nonnull (strstr (result.error->message, "“state”"));
  g_clear_error (&result.error);
  fixture_assert_finalized (engine);
  g_remove (path);
  g_rmdir (folder);
}

/* The caller's reference may be the first to go. */
static void
test_engine_lives (void)
{
  g_autofree char *folder = g_dir_make_tmp ("linnet-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "state", NULL);
  Result result = { .saves = TRUE };
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (1, 256);
  linnet_engine_save_state_async (engine, path, result_cb, &result);
  g_object_unref (engine);
  fixture_wait (is_done, &result);
  g_assert_true (result.worked);
  g_remove (path);
  g_rmdir (folder);
}

/* The answer repeats the question, so that guesses are made and are right. The first is made before
 * any has been timed: nothing depends on how fast this computer is. */
static void
test_lookup (void)
{
  g_autofree char *with = NULL;
  g_autofree char *without = NULL;
  LinnetGenerationStats stats_with, stats_without;
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (1, 512);
  without = answer (engine, TRUE, &stats_without);
  with = answer (engine, FALSE, &stats_with);
  g_test_message ("%u of %u guesses right", stats_with.accepted_tokens, stats_with.drafted_tokens);
  g_assert_cmpstr (with, ==, without);
  g_assert_cmpuint (stats_with.decode_tokens, ==, stats_without.decode_tokens);
  g_assert_cmpuint (stats_with.drafted_tokens, >, 0);
  g_assert_cmpuint (stats_with.accepted_tokens, >, 0);
  g_assert_cmpuint (stats_with.accepted_tokens, <=, stats_with.drafted_tokens);
  g_assert_cmpuint (stats_without.drafted_tokens, ==, 0);
  fixture_assert_finalized (engine);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine-state/round-trip", test_round_trip);
  g_test_add_func ("/engine-state/refused", test_refused);
  g_test_add_func ("/engine-state/engine-lives", test_engine_lives);
  g_test_add_func ("/engine-state/lookup", test_lookup);
  return g_test_run ();
}
