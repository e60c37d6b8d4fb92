/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli bench: how fast a model is here. */
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "cli.h"
#include "engine/linnet-measure.h"
#include "machine/linnet-machine.h"

#define MAX_TOKENS 1048576

typedef struct {
  char *model;
  char *prefills;
  char *depths;
  int n_decode;
  int n_threads;
  int n_reps;
  gboolean json;
} BenchArguments;

static void
clear_arguments (BenchArguments *given)
{
  g_free (given->model);
  g_free (given->prefills);
  g_free (given->depths);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BenchArguments, clear_arguments)

static void
progress_cb (double fraction, gpointer user_data)
{
  cli_show_progress (_ ("Measuring…"), fraction);
}

static const char *
kind_name (LinnetSpeedKind kind)
{
  return kind == LINNET_SPEED_PREFILL ? "prefill" : "decode";
}

static void
add_result (JsonBuilder *builder, const LinnetSpeed *speed)
{
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "test");
  json_builder_add_string_value (builder, kind_name (speed->kind));
  json_builder_set_member_name (builder, "tokens");
  json_builder_add_int_value (builder, speed->n_tokens);
  json_builder_set_member_name (builder, "depth");
  json_builder_add_int_value (builder, speed->depth);
  json_builder_set_member_name (builder, "reps");
  json_builder_add_int_value (builder, speed->n_reps);
  json_builder_set_member_name (builder, "median");
  json_builder_add_double_value (builder, speed->median);
  json_builder_set_member_name (builder, "min");
  json_builder_add_double_value (builder, speed->min);
  json_builder_set_member_name (builder, "max");
  json_builder_add_double_value (builder, speed->max);
  json_builder_end_object (builder);
}

static void
print_json (LinnetModel *model, const LinnetMachine *machine, int n_threads, GArray *results)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "version");
  json_builder_add_string_value (builder, VERSION);
  json_builder_set_member_name (builder, "model");
  json_builder_add_string_value (builder, linnet_model_get_title (model));
  json_builder_set_member_name (builder, "quantisation");
  json_builder_add_string_value (builder, linnet_model_get_quantisation (model));
  json_builder_set_member_name (builder, "file_bytes");
  json_builder_add_int_value (builder, (gint64) linnet_model_get_file_bytes (model));
  json_builder_set_member_name (builder, "processor");
  if (machine->processor != NULL)
    json_builder_add_string_value (builder, machine->processor);
  else
    json_builder_add_null_value (builder);
  json_builder_set_member_name (builder, "threads");
  json_builder_add_int_value (builder, n_threads);
  json_builder_set_member_name (builder, "results");
  json_builder_begin_array (builder);
  for (guint i = 0; i < results->len; i++)
    add_result (builder, &g_array_index (results, LinnetSpeed, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  cli_print_json (json_builder_get_root (builder));
}

static void
add_row (CliTable *table, const LinnetSpeed *speed)
{
  g_autofree char *tokens = g_strdup_printf ("%u", speed->n_tokens);
  g_autofree char *depth = g_strdup_printf ("%u", speed->depth);
  g_autofree char *median = g_strdup_printf ("%.1f", speed->median);
  g_autofree char *spread = g_strdup_printf ("%.1f – %.1f", speed->min, speed->max);

  cli_table_add (
      table, speed->kind == LINNET_SPEED_PREFILL ? C_ ("bench", "prefill") : C_ ("bench", "decode"),
      tokens, depth, median, spread);
}

static void
print_table (LinnetModel *model, const LinnetMachine *machine, int n_threads, GArray *results)
{
  g_autoptr (CliTable) table = cli_table_new ("lrrrr");
  g_autofree char *size = g_format_size (linnet_model_get_file_bytes (model));

  printf ("%s · %s · %s\n", linnet_model_get_title (model), linnet_model_get_quantisation (model),
          size);
  printf (ngettext ("%s · %d thread\n", "%s · %d threads\n", n_threads),
          machine->processor != NULL ? machine->processor : _ ("Processor of unknown make"),
          n_threads);
  putchar ('\n');
  cli_table_add (table, _ ("Test"), _ ("Tokens"), _ ("Depth"), _ ("Tokens/s"),
                 _ ("Slowest – fastest"));
  for (guint i = 0; i < results->len; i++)
    add_row (table, &g_array_index (results, LinnetSpeed, i));
  cli_table_print (table, 0);
}

static int
measure (const BenchArguments *given, GArray *prefills, GArray *depths)
{
  g_autoptr (LinnetMachine) machine = linnet_machine_new (NULL);
  g_autoptr (LinnetModel) model = NULL;
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;
  int n_threads = cli_choose_threads (given->n_threads);
  LinnetSpeedOptions options = {
    .prefills = (const guint *) (void *) prefills->data,
    .n_prefills = prefills->len,
    .n_decode = (guint) given->n_decode,
    .depths = (const guint *) (void *) depths->data,
    .n_depths = depths->len,
    .n_reps = (guint) given->n_reps,
  };

  model = cli_open_model (given->model, LINNET_MODEL_LEVEL_FULL, n_threads);
  if (model == NULL)
    return CLI_FAILED;
  results = linnet_measure_speed (model, &options, progress_cb, NULL, NULL, &error);
  cli_show_progress ("", 1);
  if (results == NULL)
    return cli_fail (error);
  if (given->json)
    print_json (model, machine, n_threads, results);
  else
    print_table (model, machine, n_threads, results);
  return CLI_OK;
}

static gboolean
parse (char **arguments, BenchArguments *given, int *status)
{
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &given->model, N_ ("The model"), N_ ("FILE") },
    { "threads", 0, 0, G_OPTION_ARG_INT, &given->n_threads, N_ ("Threads to compute with"), "N" },
    { "prefill", 'p', 0, G_OPTION_ARG_STRING, &given->prefills,
      N_ ("Tokens to read at once (128,512); 0: do not measure reading"), "N,N…" },
    { "decode", 'n', 0, G_OPTION_ARG_INT, &given->n_decode,
      N_ ("Tokens to write (64); 0: do not measure writing"), "N" },
    { "depth", 'd', 0, G_OPTION_ARG_STRING, &given->depths,
      N_ ("Tokens that are in the context beforehand (0)"), "N,N…" },
    { "reps", 0, 0, G_OPTION_ARG_INT, &given->n_reps, N_ ("Repetitions of each (3)"), "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &given->json, N_ ("Print the figures as JSON"), NULL },
    G_OPTION_ENTRY_NULL
  };

  return cli_parse (arguments, entries, NULL,
                    _ ("Measures how many tokens a second a model reads (prefill) and writes "
                       "(decode) on this computer: the median of several runs, the slowest and the "
                       "fastest."),
                    status);
}

int
cli_run_bench (char **arguments)
{
  g_auto (BenchArguments) given = { .n_decode = 64, .n_threads = CLI_UNSET, .n_reps = 3 };
  g_autoptr (GArray) prefills = NULL;
  g_autoptr (GArray) depths = NULL;
  int status;

  if (!parse (arguments, &given, &status))
    return status;
  if (!cli_check_range ("bench", "--threads", given.n_threads, 1, 1024) ||
      !cli_check_range ("bench", "-n", given.n_decode, 0, MAX_TOKENS) ||
      !cli_check_range ("bench", "--reps", given.n_reps, 1, 1000))
    return CLI_USAGE;
  prefills = cli_parse_list ("bench", "-p", given.prefills != NULL ? given.prefills : "128,512", 0,
                             MAX_TOKENS);
  if (prefills == NULL)
    return CLI_USAGE;
  depths = cli_parse_list ("bench", "-d", given.depths != NULL ? given.depths : "0", 0, MAX_TOKENS);
  if (depths == NULL)
    return CLI_USAGE;
  for (guint i = prefills->len; i > 0; i--) {
    if (g_array_index (prefills, guint, i - 1) == 0)
      g_array_remove_index (prefills, i - 1);
  }
  if (prefills->len == 0 && given.n_decode == 0)
    return cli_usage ("bench", "%s", _ ("With -p 0 and -n 0 there is nothing to measure."));
  return measure (&given, prefills, depths);
}
