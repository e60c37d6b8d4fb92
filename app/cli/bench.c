/* SPDX-License-Identifier: GPL-3.0-or-later
 * Measuring for linnet-cli bench. This computer is not the same from one second to the next, so
 * that everything to be compared is done by turns: for each repetition a probe of the limit, our
 * run, and the peer's. */
#include "bench.h"

#include <glib/gi18n.h>

#include "cli.h"
#include "engine/linnet-probe.h"

#define LOOKS_A_TOKEN 4 /* as long together as a token */

/* The state of bench_measure(). */
typedef struct {
  const BenchOptions *options;
  GCancellable *cancellable;
  BenchReport *report;
  LinnetReadProbe *memory;  /* borrowed while tests run; NULL where nothing is written */
  LinnetReadProbe *weights; /* the same of the model at work */
  guint n_steps;            /* runs, in all */
  guint step;
} Bench;

static void
bench_test_free (BenchTest *self)
{
  g_array_unref (self->ours);
  g_array_unref (self->theirs);
  g_array_unref (self->limits);
  g_array_unref (self->shares);
  g_array_unref (self->reads);
  g_array_unref (self->read_shares);
  g_array_unref (self->forecasts);
  g_free (self);
}

static void
bench_model_free (BenchModel *self)
{
  g_free (self->path);
  g_free (self->title);
  g_free (self->quantisation);
  g_free (self->cpu_level);
  g_ptr_array_unref (self->tests);
  bench_start_free (self->start);
  g_free (self);
}

void
bench_report_free (BenchReport *self)
{
  if (self == NULL)
    return;
  linnet_machine_free (self->machine);
  g_date_time_unref (self->date);
  g_free (self->peer_version);
  g_ptr_array_unref (self->models);
  g_free (self);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double *x = a;
  const double *y = b;

  return (*x > *y) - (*x < *y);
}

BenchSummary
bench_summarise (GArray *samples)
{
  g_autoptr (GArray) sorted = g_array_copy (samples);
  const double *values = (const double *) (void *) sorted->data;
  guint n = sorted->len;

  if (n == 0)
    return (BenchSummary) { 0 };
  g_array_sort (sorted, compare_doubles);
  return (BenchSummary) {
    .median = (values[(n - 1) / 2] + values[n / 2]) / 2,
    .min = values[0],
    .max = values[n - 1],
  };
}

double
bench_test_get_forecast_ratio (const BenchTest *test)
{
  return bench_summarise (test->ours).median / bench_summarise (test->forecasts).median;
}

static BenchTest *
bench_test_new (LinnetSpeedKind kind, guint n_tokens, guint depth, const LinnetModelWork *work)
{
  BenchTest *self = g_new0 (BenchTest, 1);

  self->kind = kind;
  self->n_tokens = n_tokens;
  self->depth = depth;
  /* A token that is written reads the weights and all the context, which grows meanwhile. */
  if (kind == LINNET_SPEED_PREFILL)
    self->work = (double) work->prefill_macs;
  else
    self->work =
        (double) work->weight_bytes + (double) work->kv_bytes * (depth + (n_tokens + 1) / 2.0);
  self->ours = g_array_new (FALSE, FALSE, sizeof (double));
  self->theirs = g_array_new (FALSE, FALSE, sizeof (double));
  self->limits = g_array_new (FALSE, FALSE, sizeof (double));
  self->shares = g_array_new (FALSE, FALSE, sizeof (double));
  self->reads = g_array_new (FALSE, FALSE, sizeof (double));
  self->read_shares = g_array_new (FALSE, FALSE, sizeof (double));
  self->forecasts = g_array_new (FALSE, FALSE, sizeof (double));
  return self;
}

static guint
count_tests (const BenchOptions *options)
{
  return options->prefills->len + (options->n_decode > 0 ? 1 : 0);
}

static void
advance (Bench *bench)
{
  bench->step++;
  cli_show_progress (_ ("Measuring…"), MIN ((double) bench->step / bench->n_steps, 0.99));
}

/* work, limit: a second. */
static void
add_share (GArray *limits, GArray *shares, double limit, double work)
{
  double share = limit > 0 ? work / limit : 0;

  g_array_append_val (limits, limit);
  g_array_append_val (shares, share);
}

/* A prompt is read in one go, so that the limit is looked at before and after. */
static gboolean
measure_prefill (Bench *bench, LinnetSpeedMeter *meter, BenchTest *test, GError **error)
{
  const LinnetModelOptions *model = &bench->options->model;
  LinnetProbeOptions options = {
    .n_threads = model->n_threads_prefill,
    .seconds = bench->options->probe_seconds,
    .cpu_level = model->cpu_level,
  };
  double before, after, rate;

  if (!linnet_probe_int8_peak (&options, bench->cancellable, &before, error) ||
      !linnet_speed_meter_run (meter, test->kind, test->n_tokens, test->depth, NULL, NULL, &rate,
                               error) ||
      !linnet_probe_int8_peak (&options, bench->cancellable, &after, error))
    return FALSE;
  add_share (test->limits, test->shares, (before + after) / 2, rate * test->work);
  g_array_append_val (test->ours, rate);
  return TRUE;
}

/* What was read between the tokens of a run. */
typedef struct {
  LinnetReadProbe *probe;
  double bytes;
  double seconds;
} Reads;

typedef struct {
  Reads memory;
  Reads weights;
  guint64 bytes; /* of each look */
} Looks;

static void
look (Reads *reads, guint64 bytes)
{
  double took;

  reads->bytes += (double) linnet_read_probe_look (reads->probe, bytes, &took);
  reads->seconds += took;
}

static void
look_cb (gpointer user_data)
{
  Looks *looks = user_data;

  look (&looks->memory, looks->bytes);
  look (&looks->weights, looks->bytes);
}

/* Memory may be twice as fast in one second as in the next, so that it is looked at after each
 * token, which is as long as LOOKS_A_TOKEN looks. All tokens read as much, and so do all looks: the
 * speeds of both are means of the same kind. */
static gboolean
measure_decode (Bench *bench, LinnetSpeedMeter *meter, BenchTest *test, GError **error)
{
  Looks looks = {
    .memory.probe = bench->memory,
    .weights.probe = bench->weights,
    .bytes = (guint64) (test->work / LOOKS_A_TOKEN),
  };
  double rate;

  if (!linnet_speed_meter_run (meter, test->kind, test->n_tokens, test->depth, look_cb, &looks,
                               &rate, error))
    return FALSE;
  add_share (test->limits, test->shares, looks.memory.bytes / looks.memory.seconds,
             rate * test->work);
  add_share (test->reads, test->read_shares, looks.weights.bytes / looks.weights.seconds,
             rate * test->work);
  g_array_append_val (test->ours, rate);
  return TRUE;
}

static gboolean
measure_ours (Bench *bench, LinnetSpeedMeter *meter, BenchTest *test, GError **error)
{
  gboolean is_prefill = test->kind == LINNET_SPEED_PREFILL;

  if (!(is_prefill ? measure_prefill : measure_decode) (bench, meter, test, error))
    return FALSE;
  advance (bench);
  return TRUE;
}

/* tests: those of one depth. One run of the peer, or two where it shall use other threads to read
 * than to write. */
static gboolean
measure_theirs (Bench *bench, const char *path, BenchTest **tests, GError **error)
{
  const BenchOptions *options = bench->options;
  guint n_prefills = options->prefills->len;
  g_autofree double *rates = g_new0 (double, count_tests (options));
  BenchPeerRun run = {
    .model = path,
    .prefills = (const guint *) (void *) options->prefills->data,
    .n_prefills = n_prefills,
    .n_decode = options->n_decode,
    .depth = tests[0]->depth,
    .n_threads = options->model.n_threads_prefill,
    .cache_type = options->cache_type,
  };
  BenchPeerRun second = run;
  gboolean is_split = n_prefills > 0 && options->n_decode > 0 &&
                      options->model.n_threads_prefill != options->model.n_threads;

  if (n_prefills == 0)
    run.n_threads = options->model.n_threads;
  if (is_split)
    run.n_decode = 0;
  if (!bench_peer_measure (options->peer, &run, bench->cancellable, rates,
                           &bench->report->peer_version, error))
    return FALSE;
  if (is_split) {
    second.n_prefills = 0;
    second.n_threads = options->model.n_threads;
    if (!bench_peer_measure (options->peer, &second, bench->cancellable, rates + n_prefills,
                             &bench->report->peer_version, error))
      return FALSE;
  }
  for (guint i = 0; i < count_tests (options); i++)
    g_array_append_val (tests[i]->theirs, rates[i]);
  advance (bench);
  return TRUE;
}

static gboolean
warm_up (Bench *bench, LinnetSpeedMeter *meter, BenchTest **tests, GError **error)
{
  double rate;

  for (guint i = 0; i < count_tests (bench->options); i++) {
    if (!linnet_speed_meter_run (meter, tests[i]->kind, tests[i]->n_tokens, tests[i]->depth, NULL,
                                 NULL, &rate, error))
      return FALSE;
    advance (bench);
  }
  return TRUE;
}

/* What would be foretold of the tests, without correction by earlier answers, from how fast the
 * computer is at this moment. */
static gboolean
foretell (Bench *bench, const LinnetWorkload *work, BenchTest **tests, GError **error)
{
  g_autoptr (LinnetMeasurements) measurements = linnet_measurements_run (
      (guint) bench->options->model.n_threads, NULL, NULL, bench->cancellable, error);

  if (measurements == NULL)
    return FALSE;
  for (guint i = 0; i < count_tests (bench->options); i++) {
    BenchTest *test = tests[i];
    double rate;

    if (test->kind == LINNET_SPEED_PREFILL)
      rate = test->n_tokens /
             linnet_workload_time_prefill (work, measurements, test->n_tokens, test->depth);
    else
      rate = 1 / linnet_workload_time_decode (work, measurements,
                                              test->depth + (test->n_tokens + 1) / 2.0);
    g_array_append_val (test->forecasts, rate);
  }
  return TRUE;
}

/* One turn of each, at one depth. */
static gboolean
measure_round (Bench *bench,
               LinnetSpeedMeter *meter,
               const BenchModel *model,
               BenchTest **tests,
               GError **error)
{
  if (bench->options->with_forecast && !foretell (bench, &model->work, tests, error))
    return FALSE;
  for (guint i = 0; i < count_tests (bench->options); i++) {
    if (!measure_ours (bench, meter, tests[i], error))
      return FALSE;
  }
  return bench->options->peer == NULL || measure_theirs (bench, model->path, tests, error);
}

static void
add_tests (BenchModel *model, const BenchOptions *options, const LinnetModelWork *work)
{
  for (guint i = 0; i < options->depths->len; i++) {
    guint depth = g_array_index (options->depths, guint, i);

    for (guint j = 0; j < options->prefills->len; j++)
      g_ptr_array_add (model->tests,
                       bench_test_new (LINNET_SPEED_PREFILL,
                                       g_array_index (options->prefills, guint, j), depth, work));
    if (options->n_decode > 0)
      g_ptr_array_add (model->tests,
                       bench_test_new (LINNET_SPEED_DECODE, options->n_decode, depth, work));
  }
}

/* The longest run at the depth of the tests. */
static guint64
longest_timeline (BenchTest **tests, guint n_tests)
{
  guint64 longest = 0;

  for (guint i = 0; i < n_tests; i++)
    longest = MAX (longest, (guint64) tests[i]->depth + tests[i]->n_tokens);
  return longest;
}

/* loaded: NULL for memory of its own. */
static LinnetReadProbe *
open_probe (Bench *bench, LinnetModel *loaded, GError **error)
{
  LinnetProbeOptions options = {
    .n_threads = bench->options->model.n_threads,
    .seconds = bench->options->probe_seconds,
    .model = loaded,
  };

  return linnet_read_probe_new (&options, bench->cancellable, error);
}

/* Each depth has a session of its own, so that depths take turns as well. */
static gboolean
measure_tests (Bench *bench, LinnetModel *loaded, BenchModel *model, GError **error)
{
  guint n_tests = count_tests (bench->options), n_depths = bench->options->depths->len;
  g_autoptr (LinnetReadProbe) memory = NULL;
  g_autoptr (LinnetReadProbe) weights = NULL;
  g_autoptr (GPtrArray) meters =
      g_ptr_array_new_with_free_func ((GDestroyNotify) linnet_speed_meter_free);

  if (bench->options->n_decode > 0 && ((memory = open_probe (bench, NULL, error)) == NULL ||
                                       (weights = open_probe (bench, loaded, error)) == NULL))
    return FALSE;
  bench->memory = memory;
  bench->weights = weights;
  for (guint i = 0; i < n_depths; i++) {
    BenchTest **tests = (BenchTest **) model->tests->pdata + (gsize) i * n_tests;
    LinnetSpeedMeter *meter =
        linnet_speed_meter_new (loaded, longest_timeline (tests, n_tests),
                                bench->options->cache_type, bench->cancellable, error);

    if (meter == NULL)
      return FALSE;
    g_ptr_array_add (meters, meter);
    if (!warm_up (bench, meter, tests, error))
      return FALSE;
  }
  for (guint round = 0; round < bench->options->n_reps; round++) {
    for (guint i = 0; i < n_depths; i++) {
      BenchTest **tests = (BenchTest **) model->tests->pdata + (gsize) i * n_tests;

      if (!measure_round (bench, meters->pdata[i], model, tests, error))
        return FALSE;
    }
  }
  return TRUE;
}

/* Before the model is loaded for the tests, so that it is not there twice. NULL: complained. */
static BenchStart *
measure_start (Bench *bench, const char *path, int *status)
{
  const BenchOptions *options = bench->options;
  g_autoptr (BenchStart) start = bench_start_new ();

  for (guint i = 1; i <= options->n_reps; i++) {
    if (!bench_start_run (start, path, &options->model, options->cache_type, i == options->n_reps,
                          bench->cancellable, status))
      return NULL;
    advance (bench);
  }
  return g_steal_pointer (&start);
}

/* The model stays loaded while the peer works, and is gone before the next one comes. */
static int
measure_model (Bench *bench, const char *path)
{
  g_autoptr (BenchStart) start = NULL;
  g_autoptr (LinnetModel) loaded = NULL;
  g_autoptr (GError) error = NULL;
  LinnetModelWork work;
  BenchModel *model;
  int status;

  if (bench->options->with_start) {
    start = measure_start (bench, path, &status);
    if (start == NULL)
      return status;
  }
  loaded = cli_open_model (path, LINNET_MODEL_LEVEL_FULL, &bench->options->model,
                           bench->cancellable, &status);
  if (loaded == NULL)
    return status;
  if (!linnet_model_get_work (loaded, bench->options->cache_type, &work, &error))
    return cli_fail (error);
  model = g_new0 (BenchModel, 1);
  model->path = g_strdup (path);
  model->title = g_strdup (linnet_model_get_title (loaded));
  model->quantisation = g_strdup (linnet_model_get_quantisation (loaded));
  model->cpu_level = g_strdup (linnet_model_get_cpu_level (loaded));
  model->file_bytes = linnet_model_get_file_bytes (loaded);
  model->tests = g_ptr_array_new_with_free_func ((GDestroyNotify) bench_test_free);
  model->start = g_steal_pointer (&start);
  g_ptr_array_add (bench->report->models, model);
  add_tests (model, bench->options, &work);
  if (!linnet_workload_init_for_model (&model->work, loaded, bench->options->cache_type, &error))
    return cli_fail (error);
  if (model->tests->len == 0 || measure_tests (bench, loaded, model, &error))
    return CLI_OK;
  cli_show_progress ("", 1);
  return cli_fail (error);
}

/* Whether all files are there and models, so that an hour's work is not lost on the last one. */
static int
check_files (const BenchOptions *options)
{
  int status = CLI_OK;

  for (guint i = 0; options->files[i] != NULL && status == CLI_OK; i++) {
    g_autoptr (LinnetModel) model =
        cli_open_model (options->files[i], LINNET_MODEL_LEVEL_METADATA, NULL, NULL, &status);
  }
  return status;
}

static BenchReport *
bench_report_new (const BenchOptions *options)
{
  BenchReport *self = g_new0 (BenchReport, 1);

  self->machine = linnet_machine_new (NULL);
  self->date = g_date_time_new_now_utc ();
  self->n_threads = options->model.n_threads;
  self->n_threads_prefill = options->model.n_threads_prefill;
  self->cache_type = options->cache_type;
  self->with_forecast = options->with_forecast;
  self->models = g_ptr_array_new_with_free_func ((GDestroyNotify) bench_model_free);
  return self;
}

BenchReport *
bench_measure (const BenchOptions *options, GCancellable *cancellable, int *status)
{
  g_autoptr (BenchReport) report = bench_report_new (options);
  guint n_files = g_strv_length ((char **) options->files);
  guint n_tests = count_tests (options);
  guint n_starts = options->with_start ? options->n_reps : 0;
  guint n_a_depth = n_tests + options->n_reps * (n_tests + (options->peer != NULL ? 1 : 0));
  Bench bench = {
    .options = options,
    .cancellable = cancellable,
    .report = report,
    .n_steps = n_files * (options->depths->len * n_a_depth + n_starts),
  };

  *status = check_files (options);
  for (guint i = 0; i < n_files && *status == CLI_OK; i++)
    *status = measure_model (&bench, options->files[i]);
  cli_show_progress ("", 1);
  return *status == CLI_OK ? g_steal_pointer (&report) : NULL;
}
