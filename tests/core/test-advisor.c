/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetAdvisor: what it says when, what it keeps from one run to the next, and what it learns from
 * an answer. Its folders are the test's own. */
#include <glib/gstdio.h>
#include <string.h>

#include "advisor/linnet-advisor.h"
#include "fixture.h"

/* What is heard of an advisor. */
typedef struct {
  guint n_changed;
  guint n_progress;
  double progress;
  guint n_ready;
  gboolean is_done;
  GError *error;
} Heard;

static void
changed_cb (LinnetAdvisor *advisor, gpointer user_data)
{
  Heard *heard = user_data;

  heard->n_changed++;
}

static void
progress_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  Heard *heard = user_data;
  double progress;

  g_object_get (object, "progress", &progress, NULL);
  if (progress > 0)
    g_assert_cmpfloat (progress, >=, heard->progress);
  heard->progress = progress;
  heard->n_progress++;
}

static void
ready_cb (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  Heard *heard = user_data;

  heard->n_ready++;
}

static void
inspected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Heard *heard = user_data;

  g_assert_cmpint (linnet_advisor_inspect_finish (LINNET_ADVISOR (source), result, &heard->error),
                   ==, heard->error == NULL);
  heard->is_done = TRUE;
}

static gboolean
is_done (gpointer data)
{
  return ((Heard *) data)->is_done;
}

static void
listen (LinnetAdvisor *advisor, Heard *heard)
{
  g_signal_connect (advisor, "changed", G_CALLBACK (changed_cb), heard);
  g_signal_connect (advisor, "notify::progress", G_CALLBACK (progress_cb), heard);
  g_signal_connect (advisor, "notify::ready", G_CALLBACK (ready_cb), heard);
}

static gboolean
get_flag (LinnetAdvisor *advisor, const char *name)
{
  gboolean value;

  g_object_get (advisor, name, &value, NULL);
  return value;
}

static void
test_inspect (void)
{
  g_autoptr (LinnetAdvisor) advisor = linnet_advisor_new ();
  g_autoptr (LinnetAdvisor) second = NULL;
  g_autoptr (LinnetAdviceList) list = NULL;
  g_autoptr (LinnetAdviceList) again = NULL;
  LinnetWishes wishes = { 0 };
  Heard heard = { 0 };

  listen (advisor, &heard);
  g_assert_null (linnet_advisor_get_catalogue_error (advisor));
  g_assert_cmpuint (linnet_catalogue_get_n_models (linnet_advisor_get_catalogue (advisor)), ==, 10);
  g_assert_cmpuint (linnet_advisor_get_machine (advisor)->n_threads, >=, 1);
  g_assert_null (linnet_advisor_get_measurements (advisor));
  g_assert_null (linnet_advisor_advise (advisor, &wishes));
  g_assert_false (get_flag (advisor, "ready"));

  linnet_advisor_inspect_async (advisor, FALSE, NULL, inspected_cb, &heard);
  g_assert_true (get_flag (advisor, "inspecting"));
  fixture_wait (is_done, &heard);
  g_assert_no_error (heard.error);
  g_assert_false (get_flag (advisor, "inspecting"));
  g_assert_true (get_flag (advisor, "ready"));
  g_assert_cmpuint (heard.n_ready, ==, 1);
  g_assert_cmpuint (heard.n_changed, ==, 1);
  g_assert_cmpuint (heard.n_progress, >, 2);
  g_assert_cmpfloat (heard.progress, ==, 1);
  list = linnet_advisor_advise (advisor, &wishes);
  g_assert_nonnull (list);

  /* The next run knows it at once. */
  second = linnet_advisor_new ();
  g_assert_true (get_flag (second, "ready"));
  again = linnet_advisor_advise (second, &wishes);
  g_assert_nonnull (again);
}

/* Of an inspection that is stopped nothing is lost that was known. */
static void
test_cancel (void)
{
  g_autoptr (LinnetAdvisor) advisor = linnet_advisor_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gboolean was_ready = get_flag (advisor, "ready");
  Heard heard = { 0 };

  linnet_advisor_inspect_async (advisor, TRUE, cancellable, inspected_cb, &heard);
  g_cancellable_cancel (cancellable);
  fixture_wait (is_done, &heard);
  g_assert_error (heard.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&heard.error);
  g_assert_false (get_flag (advisor, "inspecting"));
  g_assert_cmpint (get_flag (advisor, "ready"), ==, was_ready);
}

/* A catalogue of one's own that is not right is left aside, and that is said. */
static void
test_own_catalogue (void)
{
  g_autofree char *folder = g_build_filename (g_get_user_config_dir (), "linnet", NULL);
  g_autofree char *path = g_build_filename (folder, "catalogue.json", NULL);
  g_autoptr (LinnetAdvisor) advisor = NULL;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, "{\"version\":1,\"models\":[{}]}", -1, NULL));
  advisor = linnet_advisor_new ();
  g_unlink (path);
  g_assert_error (linnet_advisor_get_catalogue_error (advisor), LINNET_CATALOGUE_ERROR,
                  LINNET_CATALOGUE_ERROR_INVALID);
  g_assert_cmpuint (linnet_catalogue_get_n_models (linnet_advisor_get_catalogue (advisor)), ==, 10);
}

/* A real answer by the demo model. */
static void
test_record (void)
{
  LinnetGenerationOptions options = fixture_greedy (48);
  g_autoptr (LinnetConversation) conversation = NULL;
  g_autoptr (LinnetEngine) engine = NULL;
  g_autoptr (LinnetAdvisor) advisor = NULL;
  g_autoptr (Listener) listener = NULL;
  g_autofree char *question = fixture_make_long_question (400);
  const LinnetHistoryEntry *entry;
  LinnetModel *model;
  Heard heard = { 0 };

  if (fixture_get_demo_model () == NULL)
    return;
  options.no_lookup = TRUE;
  advisor = linnet_advisor_new ();
  linnet_advisor_inspect_async (advisor, FALSE, NULL, inspected_cb, &heard);
  fixture_wait (is_done, &heard);
  g_assert_no_error (heard.error);
  listen (advisor, &heard);
  conversation = fixture_conversation_new (question);
  engine = fixture_engine_new (0, 1024);
  model = linnet_engine_get_model (engine);
  listener = listener_new (linnet_engine_generate (engine, conversation, &options));
  listener_wait (listener);
  linnet_advisor_record (advisor, model, listener->generation);

  g_assert_cmpuint (heard.n_changed, ==, 1);
  g_assert_cmpuint (linnet_history_get_n_entries (linnet_advisor_get_history (advisor)), ==, 1);
  entry = linnet_history_find (linnet_advisor_get_history (advisor), linnet_model_get_title (model),
                               linnet_model_get_quantisation (model));
  g_assert_nonnull (entry);
  g_assert_cmpuint (entry->n_prompt_tokens, >, 32);
  g_assert_cmpfloat (entry->prefill, >, 0);
  g_assert_cmpfloat (entry->forecast_prefill, >, 0);
  if (entry->n_answer_tokens >= 16) {
    g_assert_cmpfloat (entry->decode, >, 0);
    g_assert_cmpfloat (entry->forecast_decode, >, 0);
  }
  g_assert_cmpuint (entry->weight_bytes, >, 1000000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/advisor/inspect", test_inspect);
  g_test_add_func ("/advisor/cancel", test_cancel);
  g_test_add_func ("/advisor/own-catalogue", test_own_catalogue);
  g_test_add_func ("/advisor/record", test_record);
  return g_test_run ();
}
