/* SPDX-License-Identifier: GPL-3.0-or-later
 * The main loop is never blocked: a heartbeat goes on while a model loads, reads and writes, and no
 * call waits. Both are measured in several rounds and judged by the best, because another process
 * may take the processor at any time; what the engine itself does, it does in every round. */
#include "fixture.h"

#define N_ROUNDS 5
#define BEAT_MS  5
#define LATE_US  50000 /* of the slowest beat of a round */
#define CALL_US  5000  /* loading the demo model takes several times that */

typedef struct {
  gint64 last_us;
  gint64 slowest_us;
  gint64 sum_us;
  guint n_beats;
  guint n_late;
} Heart;

static gboolean
beat_cb (gpointer data)
{
  Heart *heart = data;
  gint64 now_us = g_get_monotonic_time ();
  gint64 late_us = MAX (now_us - heart->last_us - BEAT_MS * 1000, 0);

  heart->slowest_us = MAX (heart->slowest_us, late_us);
  heart->sum_us += late_us;
  heart->n_beats++;
  heart->n_late += late_us > LATE_US;
  heart->last_us = now_us;
  return G_SOURCE_CONTINUE;
}

static void
loaded_cb (GObject *engine, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  linnet_engine_load_finish (LINNET_ENGINE (engine), result, &error);
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

/* A load and an answer; returns how long the two calls took together. */
static gint64
work (LinnetEngine *engine)
{
  const LinnetGenerationOptions options = fixture_greedy (16);
  g_autofree char *question = fixture_make_long_question (fixture_is_slow () ? 100 : 600);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (question);
  g_autoptr (Listener) listener = NULL;
  LinnetGeneration *generation;
  gboolean is_loaded = FALSE;
  gint64 start_us = g_get_monotonic_time ();
  gint64 call_us;

  linnet_engine_load_async (engine, fixture_get_demo_model (), NULL, NULL, loaded_cb, &is_loaded);
  call_us = g_get_monotonic_time () - start_us;
  fixture_wait (is_true, &is_loaded);

  start_us = g_get_monotonic_time ();
  generation = linnet_engine_generate (engine, conversation, &options);
  call_us += g_get_monotonic_time () - start_us;
  listener = listener_new (generation);
  listener_wait (listener);
  return call_us;
}

static void
test_heartbeat (void)
{
  gint64 call_us = G_MAXINT64, slowest_us = G_MAXINT64;
  guint n_beats = 0, n_late = 0;
  LinnetEngine *engine;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = linnet_engine_new ();
  for (guint i = 0; i < N_ROUNDS; i++) {
    Heart heart = { .last_us = g_get_monotonic_time () };
    guint source_id = g_timeout_add_full (G_PRIORITY_DEFAULT, BEAT_MS, beat_cb, &heart, NULL);
    gint64 round_call_us = work (engine);

    g_source_remove (source_id);
    g_assert_cmpuint (heart.n_beats, >, 0);
    g_test_message ("calls %.2f ms; %u beats late by %.2f ms on average, %.1f ms at most",
                    round_call_us / 1000.0, heart.n_beats, heart.sum_us / 1000.0 / heart.n_beats,
                    heart.slowest_us / 1000.0);
    call_us = MIN (call_us, round_call_us);
    slowest_us = MIN (slowest_us, heart.slowest_us);
    n_beats += heart.n_beats;
    n_late += heart.n_late;
  }
  fixture_assert_finalized (engine);

  g_test_message ("%u of %u beats later than %d ms", n_late, n_beats, LATE_US / 1000);
  if (fixture_is_slow ())
    return;
  g_assert_cmpint (call_us, <, CALL_US);
  g_assert_cmpint (slowest_us, <, LATE_US);
}

/* The main loop wakes at most once a frame, however fast the model writes, and not at all when
 * there is nothing to do. */
static void
test_frames (void)
{
  const LinnetGenerationOptions options = fixture_greedy (64);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new ("讲一个很长的故事。");
  g_autoptr (Listener) listener = NULL;
  LinnetEngine *engine;
  gint64 start_us, elapsed_us;
  guint n_wakes = 0;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (1, 512);
  start_us = g_get_monotonic_time ();
  listener = listener_new (linnet_engine_generate (engine, conversation, &options));
  while (listener->n_finished == 0) {
    g_main_context_iteration (NULL, TRUE);
    n_wakes++;
  }
  elapsed_us = listener->finished_us - start_us;
  g_test_message ("%u chunks, woken %u times in %.0f ms", listener->n_texts, n_wakes,
                  elapsed_us / 1000.0);
  g_assert_cmpuint (listener->n_texts, >, 0);
  g_assert_cmpuint (listener->n_texts, <=, n_wakes);
  g_assert_cmpint (n_wakes, <=, elapsed_us / 15000 + 2);

  g_usleep (50000);
  while (g_main_context_pending (NULL))
    g_main_context_iteration (NULL, FALSE);
  g_usleep (50000);
  g_assert_false (g_main_context_pending (NULL));
  fixture_assert_finalized (engine);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/main-loop/heartbeat", test_heartbeat);
  g_test_add_func ("/main-loop/frames", test_frames);
  return g_test_run ();
}
