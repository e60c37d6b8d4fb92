/* SPDX-License-Identifier: GPL-3.0-or-later
 * Stopping: how fast, at whatever moment, and only what was meant; disposing at a bad moment. */
#include "fixture.h"

#define QUESTION "请写一篇长文章，介绍中国的历史。"

/* What the engine promises from the stop to its end. "finished" comes a frame later at most, and
 * is what is measured here. */
#define PROMISE_US  50000
#define N_LATENCIES 5

/* Where everything is slow, how long it took is not looked at, and it is stopped but once. */
static guint
count_latencies (void)
{
  return fixture_is_slow () ? 1 : N_LATENCIES;
}

/* One that is read in many blocks; in two where each takes seconds. */
static char *
make_question (void)
{
  return fixture_make_long_question (fixture_is_slow () ? 1400 : 6000);
}

static int
compare_int64 (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

/* The median, so that another process that takes the processor once is no failure. */
static void
assert_latencies (gint64 *latencies_us, const char *what)
{
  guint n = count_latencies ();

  qsort (latencies_us, n, sizeof *latencies_us, compare_int64);
  g_test_message ("%s: median %.1f ms, slowest %.1f ms", what, latencies_us[n / 2] / 1000.0,
                  latencies_us[n - 1] / 1000.0);
  if (!fixture_is_slow ())
    g_assert_cmpint (latencies_us[n / 2], <, PROMISE_US);
}

static gint64
stop_and_measure (Listener *listener)
{
  gint64 start_us = g_get_monotonic_time ();

  linnet_generation_stop (listener->generation);
  g_assert_cmpint (listener_wait (listener), ==, LINNET_FINISH_STOPPED);
  g_assert_null (linnet_generation_get_error (listener->generation));
  return listener->finished_us - start_us;
}

static void
test_stop_in_decode (void)
{
  const LinnetGenerationOptions options = fixture_greedy (0);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  gint64 latencies_us[N_LATENCIES];
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (0, 2048);
  for (guint i = 0; i < count_latencies (); i++) {
    g_autoptr (Listener) listener =
        listener_new (linnet_engine_generate (engine, conversation, &options));

    listener_wait_for_text (listener);
    latencies_us[i] = stop_and_measure (listener);
  }
  assert_latencies (latencies_us, "decode");
  fixture_assert_finalized (engine);
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

static gboolean
is_under_way (gpointer data)
{
  Listener *listener = data;

  g_assert_cmpuint (listener->n_finished, ==, 0);
  return linnet_generation_get_progress (listener->generation) > 0.0;
}

static void
test_stop_in_prefill (void)
{
  const LinnetGenerationOptions options = fixture_greedy (1);
  gint64 latencies_us[N_LATENCIES];
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (0, 4096);
  for (guint i = 0; i < count_latencies (); i++) {
    g_autofree char *rest = make_question ();
    /* Begins differently each time, so that nothing is reused. */
    g_autofree char *question = g_strdup_printf ("%u %s", i, rest);
    g_autoptr (LinnetConversation) conversation = fixture_conversation_new (question);
    g_autoptr (Listener) listener =
        listener_new (linnet_engine_generate (engine, conversation, &options));

    fixture_wait (is_under_way, listener);
    g_assert_cmpint (linnet_generation_get_phase (listener->generation), ==,
                     LINNET_GENERATION_PREFILL);
    latencies_us[i] = stop_and_measure (listener);
    g_assert_cmpuint (listener->n_texts, ==, 0);
    g_assert_cmpfloat (listener->progress, <, 1.0);
  }
  assert_latencies (latencies_us, "prefill");
  fixture_assert_finalized (engine);
}

/* What was prefilled before a stop is found again. */
static void
test_stop_keeps_prefix (void)
{
  const LinnetGenerationOptions options = fixture_greedy (1);
  g_autofree char *question = make_question ();
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (question);
  g_autoptr (Listener) stopped = NULL;
  g_autoptr (Listener) whole = NULL;
  LinnetGenerationStats stats;
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (0, 4096);
  stopped = listener_new (linnet_engine_generate (engine, conversation, &options));
  fixture_wait (is_under_way, stopped);
  stop_and_measure (stopped);
  whole = listener_new (linnet_engine_generate (engine, conversation, &options));
  g_assert_cmpint (listener_wait (whole), ==, LINNET_FINISH_LENGTH);
  linnet_generation_get_stats (whole->generation, &stats);
  g_assert_cmpuint (stats.reused_tokens, >, 0);
  fixture_assert_finalized (engine);
}

static void
test_stop_at_once (void)
{
  const LinnetGenerationOptions options = fixture_greedy (0);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (1, 512);
  for (guint i = 0; i < 20; i++) {
    g_autoptr (Listener) listener =
        listener_new (linnet_engine_generate (engine, conversation, &options));

    linnet_generation_stop (listener->generation);
    g_assert_cmpint (listener_wait (listener), ==, LINNET_FINISH_STOPPED);
    /* Once finished it is harmless. */
    linnet_generation_stop (listener->generation);
  }
  fixture_assert_finalized (engine);
}

static void
ignore_load_cb (GObject *engine, GAsyncResult *result, gpointer user_data)
{
  *(gboolean *) user_data = linnet_engine_load_finish (LINNET_ENGINE (engine), result, NULL);
}

/* Stopped while the worker is still busy with something else: then nothing is computed. */
static void
test_stop_while_waiting (void)
{
  const LinnetGenerationOptions options = fixture_greedy (0);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  g_autoptr (Listener) listener = NULL;
  LinnetGenerationStats stats;
  gboolean is_loaded = FALSE;
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (1, 512);
  linnet_engine_load_async (engine, fixture_get_demo_model (), NULL, NULL, ignore_load_cb,
                            &is_loaded);
  listener = listener_new (linnet_engine_generate (engine, conversation, &options));
  linnet_generation_stop (listener->generation);
  g_assert_cmpint (listener_wait (listener), ==, LINNET_FINISH_STOPPED);
  linnet_generation_get_stats (listener->generation, &stats);
  g_assert_cmpuint (stats.prefill_tokens, ==, 0);
  g_assert_cmpfloat (listener->progress, ==, 0.0);
  g_assert_cmpuint (listener->n_texts, ==, 0);
  fixture_wait (is_true, &is_loaded);
  fixture_assert_finalized (engine);
}

static gpointer
stop_thread (gpointer generation)
{
  g_usleep ((gulong) g_random_int_range (0, 20000));
  linnet_generation_stop (generation);
  g_object_unref (generation);
  return NULL;
}

/* Each answer is either stopped from another thread, at a random moment, or runs to its end, while
 * late stops for those before it come in. */
static void
test_races (void)
{
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  g_autoptr (LinnetGeneration) previous = NULL;
  const guint n_schedules = fixture_is_slow () ? 60 : 200;
  guint n_stopped = 0;
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (2, 512);
  for (guint i = 0; i < n_schedules; i++) {
    gboolean stops = g_test_rand_bit ();
    const LinnetGenerationOptions options = fixture_greedy (stops ? 0 : 3);
    g_autoptr (Listener) listener =
        listener_new (linnet_engine_generate (engine, conversation, &options));
    GThread *late = NULL;
    LinnetFinishReason reason;

    if (previous != NULL)
      late = g_thread_new ("late", stop_thread, g_object_ref (previous));
    if (stops) {
      GThread *stopper = g_thread_new ("stop", stop_thread, g_object_ref (listener->generation));

      reason = listener_wait (listener);
      g_thread_join (stopper);
      n_stopped += reason == LINNET_FINISH_STOPPED;
      g_assert_true (reason == LINNET_FINISH_STOPPED || reason == LINNET_FINISH_END ||
                     reason == LINNET_FINISH_CONTEXT);
    } else {
      g_assert_cmpint (listener_wait (listener), ==, LINNET_FINISH_LENGTH);
    }
    if (late != NULL)
      g_thread_join (late);
    g_set_object (&previous, listener->generation);
  }
  g_test_message ("%u of %u stopped", n_stopped, n_schedules);
  g_assert_cmpuint (n_stopped, >, n_schedules / 10);
  fixture_assert_finalized (engine);
}

static void
test_dispose_while_generating (void)
{
  const LinnetGenerationOptions options = fixture_greedy (0);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  gint64 latencies_us[N_LATENCIES];

  if (fixture_get_demo_model () == NULL)
    return;
  for (guint i = 0; i < count_latencies (); i++) {
    LinnetEngine *engine = fixture_engine_new (0, 1024);
    g_autoptr (Listener) listener =
        listener_new (linnet_engine_generate (engine, conversation, &options));
    gint64 start_us;

    if (i % 3 > 0)
      listener_wait_for_text (listener);
    start_us = g_get_monotonic_time ();
    fixture_assert_finalized (engine);
    latencies_us[i] = g_get_monotonic_time () - start_us;
    g_assert_cmpuint (listener->n_finished, ==, 1);
    g_assert_cmpint (linnet_generation_get_finish_reason (listener->generation), ==,
                     LINNET_FINISH_STOPPED);
  }
  assert_latencies (latencies_us, "dispose");
}

static void
dispose_cb (LinnetGeneration *generation, const char *chunk, LinnetEngine *engine)
{
  g_object_run_dispose (G_OBJECT (engine));
}

static void
test_dispose_in_handler (void)
{
  const LinnetGenerationOptions options = fixture_greedy (0);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  g_autoptr (Listener) listener = NULL;
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (0, 1024);
  listener = listener_new (linnet_engine_generate (engine, conversation, &options));
  g_signal_connect (listener->generation, "text", G_CALLBACK (dispose_cb), engine);
  g_assert_cmpint (listener_wait (listener), ==, LINNET_FINISH_STOPPED);
  g_signal_handlers_disconnect_by_data (listener->generation, engine);
  g_assert_null (linnet_engine_get_model (engine));
  fixture_assert_finalized (engine);
}

static void
loaded_cb (GObject *engine, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (linnet_engine_load_finish (LINNET_ENGINE (engine), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  *(gboolean *) user_data = TRUE;
}

static void
test_dispose_while_loading (void)
{
  LinnetEngine *engine;
  gboolean is_done = FALSE;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = linnet_engine_new ();
  linnet_engine_load_async (engine, fixture_get_demo_model (), NULL, NULL, loaded_cb, &is_done);
  g_object_run_dispose (G_OBJECT (engine));
  fixture_wait (is_true, &is_done);
  fixture_assert_finalized (engine);
}

typedef struct {
  LinnetEngine *engine;
  LinnetConversation *conversation;
  guint n_left;
} Relay;

static void
start_again_cb (LinnetGeneration *generation, Relay *relay)
{
  const LinnetGenerationOptions options = fixture_greedy (2);
  g_autoptr (LinnetGeneration) next = NULL;

  if (--relay->n_left == 0)
    return;
  next = linnet_engine_generate (relay->engine, relay->conversation, &options);
  g_signal_connect (next, "finished", G_CALLBACK (start_again_cb), relay);
}

static gboolean
is_over (gpointer data)
{
  return ((Relay *) data)->n_left == 0;
}

/* The engine is free when "finished" comes. */
static void
test_start_in_handler (void)
{
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (QUESTION);
  Relay relay = { .conversation = conversation, .n_left = 6 };

  if (fixture_get_demo_model () == NULL)
    return;
  relay.engine = fixture_engine_new (1, 512);
  start_again_cb (NULL, &relay);
  fixture_wait (is_over, &relay);
  fixture_assert_finalized (relay.engine);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine-stop/decode", test_stop_in_decode);
  g_test_add_func ("/engine-stop/prefill", test_stop_in_prefill);
  g_test_add_func ("/engine-stop/keeps-prefix", test_stop_keeps_prefix);
  g_test_add_func ("/engine-stop/at-once", test_stop_at_once);
  g_test_add_func ("/engine-stop/while-waiting", test_stop_while_waiting);
  g_test_add_func ("/engine-stop/races", test_races);
  g_test_add_func ("/engine-stop/dispose-while-generating", test_dispose_while_generating);
  g_test_add_func ("/engine-stop/dispose-in-handler", test_dispose_in_handler);
  g_test_add_func ("/engine-stop/dispose-while-loading", test_dispose_while_loading);
  g_test_add_func ("/engine-stop/start-in-handler", test_start_in_handler);
  return g_test_run ();
}
