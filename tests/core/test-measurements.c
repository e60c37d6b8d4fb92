/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMeasurements: rates that can be, in time, stopped at once, and kept between runs. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "engine/linnet-model.h"
#include "fixture.h"
#include "machine/linnet-machine.h"
#include "machine/linnet-measurements.h"

static const char *const TYPES[] = {
  "Q4_K", "Q4_0", "Q5_K", "Q6_K", "Q8_0", "Q2_K", "Q3_K", "F16"
};

static void
progress_cb (double fraction, const char *what, gpointer user_data)
{
  double *last = user_data;

  g_assert_cmpfloat (fraction, >=, *last);
  g_assert_cmpfloat (fraction, <=, 1);
  g_assert_nonnull (what);
  g_assert_true (fraction == 1 || what[0] != '\0');
  *last = fraction;
}

static void
check_rates (const LinnetMeasurements *measurements)
{
  g_assert_cmpfloat (measurements->read_bandwidth, >, 1e8);
  g_assert_cmpfloat (measurements->read_bandwidth, <, 1e13);
  g_assert_cmpfloat (measurements->spread, >=, 0);
  g_assert_cmpfloat (measurements->spread, <=, 1);
  g_assert_cmpfloat (measurements->int8_peak, >, 1e7);
  g_assert_cmpuint (measurements->n_speeds, ==, G_N_ELEMENTS (TYPES));
  for (guint i = 0; i < G_N_ELEMENTS (TYPES); i++) {
    const LinnetKernelSpeed *speed = linnet_measurements_get_speed (measurements, TYPES[i]);

    g_assert_cmpstr (speed->type, ==, TYPES[i]);
    g_assert_cmpfloat (speed->decode, >, 1e6);
    g_assert_cmpfloat (speed->prefill, >, 1e6);
    g_test_message ("%s: %.1f GB/s, %.1f G multiply-adds/s", speed->type, speed->decode * 1e-9,
                    speed->prefill * 1e-9);
  }
}

/* Whether it took as long as promised, and nothing that comes from memory was faster than memory,
 * nor any multiplication than multiplying alone: true of a computer that has little else to do. */
static gboolean
is_plausible (const LinnetMeasurements *measurements)
{
  gboolean plausible = measurements->took_seconds < 2;

  for (guint i = 0; i < measurements->n_speeds; i++)
    plausible = plausible && measurements->speeds[i].decode <= 1.3 * measurements->read_bandwidth &&
                measurements->speeds[i].prefill <= 1.3 * measurements->int8_peak;
  return plausible;
}

static LinnetMeasurements *
measure (void)
{
  g_autoptr (GError) error = NULL;
  double last = 0;
  LinnetMeasurements *measurements = linnet_measurements_run (0, progress_cb, &last, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpfloat (last, ==, 1);
  g_test_message ("%.2f s on %u threads at %s: memory %.1f GB/s, %.0f %% less at times, peak %.1f "
                  "G multiply-adds/s",
                  measurements->took_seconds, measurements->n_threads, measurements->cpu_level,
                  measurements->read_bandwidth * 1e-9, measurements->spread * 100,
                  measurements->int8_peak * 1e-9);
  check_rates (measurements);
  return measurements;
}

#define ATTEMPTS 4 /* other programs may be in the way */

static void
test_run (void)
{
  g_autoptr (LinnetMachine) machine = linnet_machine_new (NULL);
  g_auto (GStrv) levels = linnet_cpu_level_list ();
  g_autoptr (LinnetMeasurements) measurements = measure ();

  for (guint i = 1; i < ATTEMPTS && !fixture_is_slow () && !is_plausible (measurements); i++) {
    linnet_measurements_free (measurements);
    measurements = measure ();
  }
  g_assert_true (fixture_is_slow () || is_plausible (measurements));
  g_assert_cmpstr (measurements->cpu_level, ==, levels[0]);
  g_assert_cmpstr (measurements->processor, ==, machine->processor);
  g_assert_cmpuint (measurements->n_threads, >=, 1);
  g_assert_cmpuint (measurements->n_threads, <=, machine->n_workers);
  g_assert_cmpint (measurements->measured_at, >, 1700000000);
}

static void
test_threads (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LinnetMeasurements) measurements =
      linnet_measurements_run (1, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (measurements->n_threads, ==, 1);
}

/* ---- On a thread -------------------------------------------------------------------------- */

typedef struct {
  GMainLoop *loop;
  GThread *thread;
  GCancellable *cancellable; /* cancelled once half of it is done; NULL: never */
  gint64 cancelled_at;
  double last;
  LinnetMeasurements *measurements;
  GError *error;
} Run;

static void
async_progress_cb (double fraction, const char *what, gpointer user_data)
{
  Run *run = user_data;

  g_assert_true (g_thread_self () == run->thread);
  g_assert_null (run->measurements);
  progress_cb (fraction, what, &run->last);
  if (run->cancellable != NULL && fraction > 0.5 && run->cancelled_at == 0) {
    run->cancelled_at = g_get_monotonic_time ();
    g_cancellable_cancel (run->cancellable);
  }
}

static void
done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;

  run->measurements = linnet_measurements_run_finish (result, &run->error);
  g_main_loop_quit (run->loop);
}

static void
run_async (Run *run)
{
  run->loop = g_main_loop_new (NULL, FALSE);
  run->thread = g_thread_self ();
  linnet_measurements_run_async (0, async_progress_cb, run, run->cancellable, done_cb, run);
  g_main_loop_run (run->loop);
  g_main_loop_unref (run->loop);
}

static void
test_async (void)
{
  Run run = { 0 };

  run_async (&run);
  g_assert_no_error (run.error);
  g_assert_cmpfloat (run.last, ==, 1);
  check_rates (run.measurements);
  linnet_measurements_free (run.measurements);
}

static void
test_cancel (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Run run = { .cancellable = cancellable };
  double took;

  run_async (&run);
  took = (double) (g_get_monotonic_time () - run.cancelled_at) / 1000;
  g_assert_error (run.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (run.measurements);
  g_test_message ("stopped after %.1f ms", took);
  if (!fixture_is_slow ())
    g_assert_cmpfloat (took, <, 50);
  g_clear_error (&run.error);

  g_assert_null (linnet_measurements_run (0, NULL, NULL, cancellable, &run.error));
  g_assert_error (run.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&run.error);
}

/* ---- Between runs ------------------------------------------------------------------------- */

static LinnetMeasurements *
make_measurements (void)
{
  g_auto (GStrv) levels = linnet_cpu_level_list ();
  LinnetMeasurements *measurements = g_new0 (LinnetMeasurements, 1);

  *measurements = (LinnetMeasurements) {
    .read_bandwidth = 3.6e10 / 7,
    .spread = 0.25,
    .int8_peak = 4e11,
    .speeds = g_new0 (LinnetKernelSpeed, 2),
    .n_speeds = 2,
    .cpu_level = g_strdup (levels[0]),
    .processor = g_strdup ("Abacus 2000"),
    .n_threads = 3,
    .measured_at = 1760000000,
    .took_seconds = 1.5,
  };
  measurements->speeds[0] = (LinnetKernelSpeed) { "Q8_0", 1e10, 2e11 };
  measurements->speeds[1] = (LinnetKernelSpeed) { "Q4_K", 1e10 / 3, 3e11 };
  return measurements;
}

static void
assert_equal (const LinnetMeasurements *a, const LinnetMeasurements *b)
{
  g_assert_cmpfloat (a->read_bandwidth, ==, b->read_bandwidth);
  g_assert_cmpfloat (a->spread, ==, b->spread);
  g_assert_cmpfloat (a->int8_peak, ==, b->int8_peak);
  g_assert_cmpstr (a->cpu_level, ==, b->cpu_level);
  g_assert_cmpstr (a->processor, ==, b->processor);
  g_assert_cmpuint (a->n_threads, ==, b->n_threads);
  g_assert_cmpint (a->measured_at, ==, b->measured_at);
  g_assert_cmpfloat (a->took_seconds, ==, b->took_seconds);
  g_assert_cmpuint (a->n_speeds, ==, b->n_speeds);
  for (guint i = 0; i < a->n_speeds; i++) {
    g_assert_cmpstr (a->speeds[i].type, ==, b->speeds[i].type);
    g_assert_cmpfloat (a->speeds[i].decode, ==, b->speeds[i].decode);
    g_assert_cmpfloat (a->speeds[i].prefill, ==, b->speeds[i].prefill);
  }
}

static void
test_round_trip (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LinnetMeasurements) measurements = make_measurements ();
  g_autoptr (LinnetMeasurements) loaded = NULL;
  g_autoptr (LinnetMeasurements) copy = linnet_measurements_copy (measurements);

  g_assert_null (linnet_measurements_load ("Abacus 2000"));
  g_assert_true (linnet_measurements_save (measurements, &error));
  g_assert_no_error (error);
  loaded = linnet_measurements_load ("Abacus 2000");
  g_assert_nonnull (loaded);
  assert_equal (loaded, measurements);
  assert_equal (copy, measurements);

  /* Of another processor, or of other instructions, they say nothing. */
  g_assert_null (linnet_measurements_load ("Abacus 3000"));
  g_assert_null (linnet_measurements_load (NULL));
  g_free (measurements->cpu_level);
  measurements->cpu_level = g_strdup ("fingers");
  g_assert_true (linnet_measurements_save (measurements, &error));
  g_assert_null (linnet_measurements_load ("Abacus 2000"));

  /* A processor may have no name. */
  g_clear_pointer (&copy->processor, g_free);
  g_assert_true (linnet_measurements_save (copy, &error));
  g_clear_pointer (&loaded, linnet_measurements_free);
  loaded = linnet_measurements_load (NULL);
  g_assert_nonnull (loaded);
  g_assert_null (loaded->processor);
}

static void
test_damaged (void)
{
  static const char *const replacements[][2] = {
    { "{", "[" },
    { "\"version\" : 1", "\"version\" : 2" },
    { "\"version\" : 1", "\"version\" : \"1\"" },
    { "400000000000.0", "-1" },
    { "400000000000.0", "1e300" },
    { "400000000000.0", "\"fast\"" },
    { "400000000000.0", "{}" },
    { "\"int8_peak\"", "\"peak\"" },
    { "\"n_threads\" : 3", "\"n_threads\" : 0" },
    { "\"n_threads\" : 3", "\"n_threads\" : 9999999999" },
    { "\"spread\" : 0.25", "\"spread\" : 1.5" },
    { "Q8_0", "Q8_99" },
    { "\"type\" : \"Q8_0\"", "\"type\" : 8" },
    { "\"speeds\" : [", "\"speeds\" : [ 7," },
    { "\"speeds\"", "\"rates\"" },
    { "200000000000.0", "0" },
  };
  g_autoptr (LinnetMeasurements) measurements = make_measurements ();
  g_autofree char *path =
      g_build_filename (g_get_user_data_dir (), "linnet", "measurements.json", NULL);
  g_autofree char *good = NULL;
  g_autofree char *huge = g_strnfill (1 << 20, ' ');
  gsize length;

  g_assert_true (linnet_measurements_save (measurements, NULL));
  g_assert_true (g_file_get_contents (path, &good, &length, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (replacements); i++) {
    g_autoptr (GString) bad = g_string_new (good);

    g_assert_cmpuint (g_string_replace (bad, replacements[i][0], replacements[i][1], 1), ==, 1);
    g_assert_true (g_file_set_contents (path, bad->str, -1, NULL));
    g_assert_null (linnet_measurements_load ("Abacus 2000"));
  }
  for (gsize n = 0; n < length - 2; n++) {
    g_assert_true (g_file_set_contents (path, good, (gssize) n, NULL));
    g_assert_null (linnet_measurements_load ("Abacus 2000"));
  }
  memcpy (huge, good, length);
  g_assert_true (g_file_set_contents (path, huge, 1 << 20, NULL));
  g_assert_null (linnet_measurements_load ("Abacus 2000"));
  g_assert_true (g_file_set_contents (path, good, (gssize) length, NULL));
  g_clear_pointer (&measurements, linnet_measurements_free);
  measurements = linnet_measurements_load ("Abacus 2000");
  g_assert_nonnull (measurements);
}

/* A folder that cannot be made is said, and nothing is lost but the file. */
static void
test_unwritable (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LinnetMeasurements) measurements = make_measurements ();
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "linnet", NULL);
  g_autofree char *path = g_build_filename (folder, "measurements.json", NULL);

  g_remove (path);
  g_rmdir (folder);
  g_assert_true (g_mkdir_with_parents (g_get_user_data_dir (), 0700) == 0);
  g_assert_true (g_file_set_contents (folder, "", 0, NULL));
  g_assert_false (linnet_measurements_save (measurements, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (error->domain, ==, G_FILE_ERROR);
  g_assert_null (linnet_measurements_load ("Abacus 2000"));
  g_remove (folder);
}

static void
test_speeds (void)
{
  g_autoptr (LinnetMeasurements) measurements = make_measurements ();
  static const char *const nearest[][2] = {
    { "Q8_0", "Q8_0" },    { "Q4_K", "Q4_K" }, { "Q4_1", "Q4_K" }, { "F16", "Q8_0" },
    { "IQ2_XXS", "Q4_K" }, { "F32", "Q8_0" },  { "Q9_X", "Q4_K" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (nearest); i++)
    g_assert_cmpstr (linnet_measurements_get_speed (measurements, nearest[i][0])->type, ==,
                     nearest[i][1]);
  measurements->n_speeds = 0;
  g_assert_null (linnet_measurements_get_speed (measurements, "Q4_K"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/measurements/run", test_run);
  g_test_add_func ("/measurements/threads", test_threads);
  g_test_add_func ("/measurements/async", test_async);
  g_test_add_func ("/measurements/cancel", test_cancel);
  g_test_add_func ("/measurements/round-trip", test_round_trip);
  g_test_add_func ("/measurements/damaged", test_damaged);
  g_test_add_func ("/measurements/unwritable", test_unwritable);
  g_test_add_func ("/measurements/speeds", test_speeds);
  return g_test_run ();
}
