/* SPDX-License-Identifier: GPL-3.0-or-later
 * The main loop is never blocked: a heartbeat goes on while a model loads, reads and writes. */
#include "fixture.h"

#define BEAT_MS 5
/* Two frames and what a busy test machine takes away; a blocking call on the demo model would be
 * hundreds of milliseconds. */
#define LATE_US 50000

typedef struct {
  GArray *lateness_us; /* gint64, one a beat */
  gint64 last_us;
  guint source_id;
} Heart;

static gboolean
beat_cb (gpointer data)
{
  Heart *heart = data;
  gint64 now_us = g_get_monotonic_time ();
  gint64 late_us = MAX (now_us - heart->last_us - BEAT_MS * 1000, 0);

  g_array_append_val (heart->lateness_us, late_us);
  heart->last_us = now_us;
  return G_SOURCE_CONTINUE;
}

static void
heart_start (Heart *heart)
{
  heart->lateness_us = g_array_new (FALSE, FALSE, sizeof (gint64));
  heart->last_us = g_get_monotonic_time ();
  heart->source_id = g_timeout_add_full (G_PRIORITY_DEFAULT, BEAT_MS, beat_cb, heart, NULL);
}

static int
compare_int64 (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

static void
heart_stop (Heart *heart, const char *what)
{
  gint64 sum_us = 0, slow_us, slowest_us;
  guint n_beats = heart->lateness_us->len;

  g_source_remove (heart->source_id);
  g_assert_cmpuint (n_beats, >, 3);
  g_array_sort (heart->lateness_us, compare_int64);
  for (guint i = 0; i < n_beats; i++)
    sum_us += g_array_index (heart->lateness_us, gint64, i);
  slow_us = g_array_index (heart->lateness_us, gint64, (n_beats - 1) * 99 / 100);
  slowest_us = g_array_index (heart->lateness_us, gint64, n_beats - 1);
  g_test_message ("%s: %u beats late by %.2f ms on average, 99 %% ≤ %.1f ms, all ≤ %.1f ms", what,
                  n_beats, sum_us / 1000.0 / n_beats, slow_us / 1000.0, slowest_us / 1000.0);
  if (!fixture_is_slow ())
    g_assert_cmpint (slow_us, <, LATE_US);
  g_array_unref (heart->lateness_us);
}

static void
test_heartbeat (void)
{
  const LinnetGenerationOptions options = fixture_greedy (64);
  g_autofree char *question = fixture_make_long_question (fixture_is_slow () ? 150 : 1500);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new (question);
  g_autoptr (Listener) listener = NULL;
  LinnetEngine *engine;
  Heart heart;

  if (fixture_get_demo_model () == NULL)
    return;
  heart_start (&heart);
  engine = fixture_engine_new (0, 4096);
  fixture_run_for (50);
  heart_stop (&heart, "load");

  heart_start (&heart);
  listener = listener_new (linnet_engine_generate (engine, conversation, &options));
  listener_wait (listener);
  heart_stop (&heart, "answer");
  fixture_assert_finalized (engine);
}

/* Text comes at most once a frame, however fast the model writes. */
static void
test_frames (void)
{
  const LinnetGenerationOptions options = fixture_greedy (64);
  g_autoptr (LinnetConversation) conversation = fixture_conversation_new ("讲一个很长的故事。");
  g_autoptr (Listener) listener = NULL;
  LinnetEngine *engine;
  gint64 start_us, elapsed_us;

  if (fixture_get_demo_model () == NULL)
    return;
  engine = fixture_engine_new (0, 512);
  start_us = g_get_monotonic_time ();
  listener = listener_new (linnet_engine_generate (engine, conversation, &options));
  listener_wait (listener);
  elapsed_us = listener->finished_us - start_us;
  g_test_message ("%u chunks in %.0f ms", listener->n_texts, elapsed_us / 1000.0);
  g_assert_cmpuint (listener->n_texts, >, 0);
  g_assert_cmpint (listener->n_texts, <=, elapsed_us / 15000 + 1);
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
