/* SPDX-License-Identifier: GPL-3.0-or-later
 * The probes as the application sees them: figures, and errors that say what to do. */
#include "engine/linnet-model.h"
#include "engine/linnet-probe.h"
#include "fixture.h"

static void
check_look (LinnetReadProbe *probe)
{
  double took;
  guint64 bytes = linnet_read_probe_look (probe, 100000000, &took);

  g_assert_cmpuint (bytes, >=, 100000000);
  g_assert_cmpfloat ((double) bytes / took, >, 1e8);
}

static void
test_figures (void)
{
  LinnetProbeOptions options = { .n_threads = 1, .seconds = 0.1 };
  g_autoptr (LinnetReadProbe) probe = NULL;
  g_autoptr (GError) error = NULL;
  double peak;

  probe = linnet_read_probe_new (&options, NULL, &error);
  g_assert_no_error (error);
  check_look (probe);
  options.cpu_level = "reference";
  g_assert_true (linnet_probe_int8_peak (&options, NULL, &peak, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (peak, >, 1e7);
}

static void
test_errors (void)
{
  LinnetProbeOptions options = { .n_threads = 1, .cpu_level = "abacus" };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  double rate = 1;

  g_assert_false (linnet_probe_int8_peak (&options, NULL, &rate, &error));
  g_assert_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_UNSUPPORTED);
  g_assert_cmpfloat (rate, ==, 0);
  g_clear_error (&error);
  options = (LinnetProbeOptions) { .n_threads = 1, .seconds = 100 };
  g_assert_null (linnet_read_probe_new (&options, NULL, &error));
  g_assert_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_FAILED);
  g_clear_error (&error);
  options.seconds = 0;
  g_cancellable_cancel (cancellable);
  g_assert_null (linnet_read_probe_new (&options, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Of a model that is in memory, and not of one that only its file was looked into. */
static void
test_weights (void)
{
  LinnetProbeOptions options = { .n_threads = 1, .seconds = 0.1 };
  const char *path = fixture_get_demo_model ();
  g_autoptr (LinnetModel) closed = NULL;
  g_autoptr (LinnetModel) full = NULL;
  g_autoptr (LinnetReadProbe) probe = NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;
  closed = linnet_model_open (path, LINNET_MODEL_LEVEL_METADATA, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  options.model = closed;
  g_assert_null (linnet_read_probe_new (&options, NULL, &error));
  g_assert_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_FAILED);
  g_clear_error (&error);
  full = linnet_model_open (path, LINNET_MODEL_LEVEL_FULL, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  options.model = full;
  probe = linnet_read_probe_new (&options, NULL, &error);
  g_assert_no_error (error);
  check_look (probe);
}

static gpointer
cancel_thread (gpointer cancellable)
{
  g_usleep (200000);
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* Halfway, from another thread: long before the ten seconds are over. */
static void
test_cancel (void)
{
  LinnetProbeOptions options = { .n_threads = 1, .seconds = 10 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_thread, cancellable);
  gint64 start = g_get_monotonic_time ();
  double rate;

  g_assert_false (linnet_probe_int8_peak (&options, cancellable, &rate, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/probe/figures", test_figures);
  g_test_add_func ("/probe/weights", test_weights);
  g_test_add_func ("/probe/errors", test_errors);
  g_test_add_func ("/probe/cancel", test_cancel);
  return g_test_run ();
}
