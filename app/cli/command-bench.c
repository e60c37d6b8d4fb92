/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli bench: its options, and a thread to measure on while this one waits for Ctrl+C. */
#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "bench.h"
#include "cli.h"
#include "input.h"

#define MAX_TOKENS      1048576
#define DEFAULT_TIMEOUT 3600 /* seconds of one run of the peer */
#define DEFAULT_PROBE   500  /* ms of one probe of the limit */

typedef struct {
  char *model;
  char **files;
  char *prefills;
  char *depths;
  char *kv;
  int n_decode;
  int n_reps;
  int probe_ms;
  gboolean json;
  gboolean with_forecast;
  gboolean with_start;
  int within; /* percent */
  gboolean with_peer;
  char *peer_path;
  char *peer_command;
  int peer_timeout;
  CliCompute compute;
} BenchArguments;

static void
clear_arguments (BenchArguments *given)
{
  g_free (given->model);
  g_strfreev (given->files);
  g_free (given->prefills);
  g_free (given->depths);
  g_free (given->kv);
  g_free (given->peer_path);
  g_free (given->peer_command);
  cli_compute_clear (&given->compute);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BenchArguments, clear_arguments)

/* What runs on the measuring thread, and what comes of it. */
typedef struct {
  const BenchOptions *options;
  GCancellable *cancellable;
  GMainLoop *loop;
  BenchReport *report;
  int status;
} Measuring;

static gboolean
done_cb (gpointer user_data)
{
  Measuring *measuring = user_data;

  g_main_loop_quit (measuring->loop);
  return G_SOURCE_REMOVE;
}

static gpointer
measuring_thread (gpointer user_data)
{
  Measuring *measuring = user_data;

  measuring->report =
      bench_measure (measuring->options, measuring->cancellable, &measuring->status);
  g_idle_add (done_cb, measuring);
  return NULL;
}

static gboolean
interrupt_cb (gpointer user_data)
{
  Measuring *measuring = user_data;

  g_cancellable_cancel (measuring->cancellable);
  return G_SOURCE_CONTINUE;
}

/* Whether every speed is as it was foretold, but for so many percent of that; otherwise complains.
 */
static gboolean
is_within (const BenchReport *report, int percent)
{
  gboolean is_within = TRUE;

  for (guint i = 0; i < report->models->len; i++) {
    const BenchModel *model = report->models->pdata[i];

    for (guint j = 0; j < model->tests->len; j++) {
      double ratio = bench_test_get_forecast_ratio (model->tests->pdata[j]);

      if (fabs (ratio - 1) * 100 <= percent)
        continue;
      cli_complain (_ ("%s, test %u: the speed is %.2f times what was foretold."), model->title,
                    j + 1, ratio);
      is_within = FALSE;
    }
  }
  return is_within;
}

static int
measure (const BenchOptions *options, const BenchArguments *given)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (BenchReport) report = NULL;
  Measuring measuring = { .options = options, .cancellable = cancellable, .loop = loop };
  guint interrupt = cli_watch_interrupt (interrupt_cb, &measuring);
  GThread *thread = g_thread_new ("bench", measuring_thread, &measuring);

  g_main_loop_run (loop);
  g_thread_join (thread);
  g_clear_handle_id (&interrupt, g_source_remove);
  report = measuring.report;
  if (report == NULL)
    return measuring.status;
  if (given->json)
    bench_report_print_json (report);
  else
    bench_report_print_tables (report);
  return given->within == CLI_UNSET || is_within (report, given->within) ? CLI_OK : CLI_FAILED;
}

/* GOption takes the word after an option whose value may be left out for that value, so that
 * “--peer FILE” would lose the file: “--peer=PATH” gets an option of its own. Transfer full. */
static GStrv
separate_peer (char **arguments)
{
  GStrv copy = g_strdupv (arguments);

  for (guint i = 1; copy[i] != NULL && !g_str_equal (copy[i], "--"); i++) {
    if (g_str_has_prefix (copy[i], "--peer=")) {
      char *separate = g_strconcat ("--peer-path=", copy[i] + strlen ("--peer="), NULL);

      g_free (copy[i]);
      copy[i] = separate;
    }
  }
  return copy;
}

static gboolean
parse (char **arguments, BenchArguments *given, int *status)
{
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &given->model, N_ ("The model"), N_ ("FILE") },
    { "prefill", 'p', 0, G_OPTION_ARG_STRING, &given->prefills,
      N_ ("Tokens to read at once (128,512); 0: do not measure reading"), "N,N…" },
    { "decode", 'n', 0, G_OPTION_ARG_INT, &given->n_decode,
      N_ ("Tokens to write (64); 0: do not measure writing"), "N" },
    { "depth", 'd', 0, G_OPTION_ARG_STRING, &given->depths,
      N_ ("Tokens that are in the context beforehand (0)"), "N,N…" },
    CLI_KV_ENTRY (&given->kv),
    { "reps", 0, 0, G_OPTION_ARG_INT, &given->n_reps, N_ ("Repetitions of each (3)"), "N" },
    { "probe-ms", 0, 0, G_OPTION_ARG_INT, &given->probe_ms,
      N_ ("Milliseconds to look for the processor’s limit before and after a prompt is read (500)"),
      "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &given->json, N_ ("Print the figures as JSON"), NULL },
    { "start", 0, 0, G_OPTION_ARG_NONE, &given->with_start,
      N_ ("Also measure how long a model takes to its first token, and its memory with a full "
          "context"),
      NULL },
    { "forecast", 0, 0, G_OPTION_ARG_NONE, &given->with_forecast,
      N_ ("Show what Linnet foretells of each speed without the model, and measured / foretold"),
      NULL },
    { "within", 0, 0, G_OPTION_ARG_INT, &given->within,
      N_ ("Fail where a speed is more than that much off what --forecast foretold"),
      N_ ("PERCENT") },
    { "peer", 0, 0, G_OPTION_ARG_NONE, &given->with_peer,
      N_ ("Compare with llama.cpp’s llama-bench on the PATH; --peer=PATH: with that one"), NULL },
    { "peer-path", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &given->peer_path, NULL, NULL },
    { "peer-command", 0, 0, G_OPTION_ARG_FILENAME, &given->peer_command,
      N_ ("Compare with a llama-bench that is started like this"), N_ ("COMMAND") },
    { "peer-timeout", 0, 0, G_OPTION_ARG_INT, &given->peer_timeout,
      N_ ("Seconds that one run of it may take (3600)"), "N" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &given->files, NULL, NULL },
    G_OPTION_ENTRY_NULL
  };
  g_auto (GStrv) separated = separate_peer (arguments);

  return cli_parse (
      separated, entries, &given->compute, _ ("[FILE…]"),
      _ ("Measures how many tokens a second models read (prefill) and write (decode) "
         "on this computer: the median of several runs, the slowest and the fastest; "
         "and how much that makes of what the computer can do, measured at "
         "the same time: of the memory’s read bandwidth for decode, of the "
         "processor’s 8-bit multiply-adds for prefill. Decode is also held against "
         "merely reading this model’s weights from memory, over and over: a computer "
         "may read gigabytes more slowly than the half gigabyte the other is measured "
         "with."),
      status);
}

static gboolean
check_ranges (const BenchArguments *given)
{
  return cli_check_range ("bench", "-n", given->n_decode, 0, MAX_TOKENS) &&
         cli_check_range ("bench", "--reps", given->n_reps, 1, 1000) &&
         cli_check_range ("bench", "--probe-ms", given->probe_ms, 10, 60000) &&
         cli_check_range ("bench", "--within", given->within, 1, 1000) &&
         cli_check_range ("bench", "--peer-timeout", given->peer_timeout, 1, 1000000);
}

/* Numbers each once, and without zeros unless those are wanted. NULL: complained. */
static GArray *
parse_sizes (const char *option, const char *text, gboolean keep_zero)
{
  g_autoptr (GArray) given = cli_parse_list ("bench", option, text, 0, MAX_TOKENS);
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (guint));

  if (given == NULL)
    return NULL;
  for (guint i = 0; i < given->len; i++) {
    guint size = g_array_index (given, guint, i);
    gboolean is_new = size > 0 || keep_zero;

    for (guint j = 0; j < sizes->len; j++)
      is_new = is_new && g_array_index (sizes, guint, j) != size;
    if (is_new)
      g_array_append_val (sizes, size);
  }
  return g_steal_pointer (&sizes);
}

/* The models to measure, the demo model if none is named. NULL: complained. */
static GStrv
list_files (const BenchArguments *given)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (given->model != NULL)
    g_strv_builder_add (builder, given->model);
  if (given->files != NULL)
    g_strv_builder_addv (builder, (const char **) given->files);
  if (given->model == NULL && given->files == NULL) {
    char *demo = cli_find_model (NULL, NULL);

    if (demo == NULL)
      return NULL;
    g_strv_builder_take (builder, demo);
  }
  return g_strv_builder_end (builder);
}

/* A comparison needs to know the number of threads, so that it is not left to the engine: a thread
 * for each core, which is also what llama.cpp takes. */
static LinnetModelOptions
choose_compute (const CliCompute *compute)
{
  g_autoptr (LinnetMachine) machine = linnet_machine_new (NULL);
  LinnetModelOptions options = cli_compute_get_options (compute);

  if (compute->n_threads == CLI_UNSET)
    options.n_threads = (int) MIN (machine->n_cores, machine->n_workers);
  if (compute->n_threads_prefill == CLI_UNSET)
    options.n_threads_prefill = options.n_threads;
  return options;
}

int
cli_run_bench (char **arguments)
{
  g_auto (BenchArguments) given = { .n_decode = 64,
                                    .n_reps = 3,
                                    .probe_ms = DEFAULT_PROBE,
                                    .within = CLI_UNSET,
                                    .peer_timeout = DEFAULT_TIMEOUT,
                                    .compute = CLI_COMPUTE_INIT };
  g_autoptr (GArray) prefills = NULL;
  g_autoptr (GArray) depths = NULL;
  g_autoptr (BenchPeer) peer = NULL;
  g_auto (GStrv) files = NULL;
  BenchOptions options = { 0 };
  int status;

  if (!parse (arguments, &given, &status))
    return status;
  if (!check_ranges (&given) || !cli_parse_cache_type ("bench", given.kv, &options.cache_type))
    return CLI_USAGE;
  prefills = parse_sizes ("-p", given.prefills != NULL ? given.prefills : "128,512", FALSE);
  depths =
      prefills != NULL ? parse_sizes ("-d", given.depths != NULL ? given.depths : "0", TRUE) : NULL;
  if (depths == NULL)
    return CLI_USAGE;
  if (prefills->len == 0 && given.n_decode == 0 && !given.with_start)
    return cli_usage ("bench", "%s", _ ("With -p 0 and -n 0 there is nothing to measure."));
  if ((given.with_forecast || given.within != CLI_UNSET) && given.compute.cpu != NULL)
    return cli_usage ("bench", "%s",
                      _ ("--forecast is for the instructions that Linnet chooses, not for --cpu."));
  if (given.with_peer || given.peer_path != NULL || given.peer_command != NULL) {
    g_autoptr (GError) error = NULL;

    peer = bench_peer_new (given.peer_path, given.peer_command, (guint) given.peer_timeout, &error);
    if (peer == NULL)
      return cli_fail (error);
  }
  files = list_files (&given);
  if (files == NULL)
    return CLI_FAILED;
  options.files = (const char *const *) files;
  options.prefills = prefills;
  options.n_decode = (guint) given.n_decode;
  options.depths = depths;
  options.n_reps = (guint) given.n_reps;
  options.probe_seconds = given.probe_ms / 1000.0;
  options.model = choose_compute (&given.compute);
  options.peer = peer;
  options.with_start = given.with_start;
  options.with_forecast = given.with_forecast || given.within != CLI_UNSET;
  return measure (&options, &given);
}
