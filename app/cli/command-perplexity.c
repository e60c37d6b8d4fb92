/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli perplexity: how well a model foretells a text. */
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "cli.h"
#include "engine/linnet-measure.h"
#include "input.h"

#define DEFAULT_CTX 512

static void
progress_cb (double fraction, gpointer user_data)
{
  cli_show_progress (_ ("Measuring…"), fraction);
}

static void
print_json (LinnetModel *model,
            const LinnetPerplexityOptions *options,
            const LinnetPerplexity *result)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "model");
  json_builder_add_string_value (builder, linnet_model_get_title (model));
  json_builder_set_member_name (builder, "context");
  json_builder_add_int_value (builder, options->n_ctx);
  json_builder_set_member_name (builder, "kv");
  json_builder_add_string_value (builder, linnet_cache_type_get_name (options->cache_type));
  json_builder_set_member_name (builder, "tokens");
  json_builder_add_int_value (builder, (gint64) result->n_text_tokens);
  json_builder_set_member_name (builder, "windows");
  json_builder_add_int_value (builder, (gint64) result->n_windows);
  json_builder_set_member_name (builder, "scored");
  json_builder_add_int_value (builder, (gint64) result->n_scored);
  json_builder_set_member_name (builder, "mean_nll");
  json_builder_add_double_value (builder, result->mean_nll);
  json_builder_set_member_name (builder, "perplexity");
  json_builder_add_double_value (builder, result->perplexity);
  json_builder_set_member_name (builder, "uncertainty");
  json_builder_add_double_value (builder, result->uncertainty);
  json_builder_set_member_name (builder, "seconds");
  json_builder_add_double_value (builder, result->seconds);
  json_builder_end_object (builder);
  cli_print_json (json_builder_get_root (builder));
}

static void
print_text (guint n_ctx, const LinnetPerplexity *result)
{
  g_autoptr (CliTable) table = cli_table_new ("ll");
  g_autofree char *tokens = g_strdup_printf (
      _ ("%u, of which %u scored in %u windows of %u"), (guint) result->n_text_tokens,
      (guint) result->n_scored, (guint) result->n_windows, n_ctx);
  g_autofree char *nll = g_strdup_printf ("%.4f", result->mean_nll);
  g_autofree char *perplexity =
      g_strdup_printf ("%.4f ± %.4f", result->perplexity, result->uncertainty);

  cli_table_add (table, _ ("Tokens"), tokens);
  cli_table_add (table, _ ("Mean NLL"), nll);
  cli_table_add (table, _ ("PPL"), perplexity);
  cli_table_print (table, 0);
}

static int
measure (const char *model_path,
         const char *text_path,
         const CliCompute *compute,
         const LinnetPerplexityOptions *options,
         gboolean json)
{
  g_autoptr (LinnetModel) model = NULL;
  g_autoptr (GString) text = NULL;
  g_autoptr (GError) error = NULL;
  LinnetModelOptions model_options = cli_compute_get_options (compute);
  LinnetPerplexity result;
  gboolean ok;

  text = cli_read_file (text_path, &error);
  if (text == NULL)
    return cli_fail (error);
  model = cli_open_model (model_path, LINNET_MODEL_LEVEL_FULL, &model_options, NULL, NULL);
  if (model == NULL)
    return CLI_FAILED;
  ok = linnet_measure_perplexity (model, text->str, text->len, options, &result, progress_cb, NULL,
                                  NULL, &error);
  cli_show_progress ("", 1);
  if (!ok)
    return cli_fail (error);
  if (json)
    print_json (model, options, &result);
  else
    print_text (options->n_ctx, &result);
  return CLI_OK;
}

int
cli_run_perplexity (char **arguments)
{
  g_autofree char *path = NULL;
  g_autofree char *kv = NULL;
  g_auto (GStrv) files = NULL;
  LinnetPerplexityOptions options = { 0 };
  int n_ctx = DEFAULT_CTX;
  g_auto (CliCompute) compute = CLI_COMPUTE_INIT;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &path, N_ ("The model"), N_ ("FILE") },
    { "ctx", 'c', 0, G_OPTION_ARG_INT, &n_ctx, N_ ("Tokens in a window (512)"), "N" },
    CLI_KV_ENTRY (&kv),
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("Print the figures as JSON"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, NULL },
    G_OPTION_ENTRY_NULL
  };
  int status;

  if (!cli_parse (arguments, entries, &compute, _ ("TEXT"),
                  _ ("Measures how well a model foretells the text in the file TEXT (“-”: standard "
                     "input). The text is cut into windows of --ctx tokens, and the second half of "
                     "each is scored: the protocol of llama-perplexity."),
                  &status))
    return status;
  if (!cli_check_range ("perplexity", "--ctx", n_ctx, 4, 1048576) ||
      !cli_parse_cache_type ("perplexity", kv, &options.cache_type))
    return CLI_USAGE;
  if (files == NULL || g_strv_length (files) != 1)
    return cli_usage ("perplexity", "%s", _ ("Name one text file to measure with."));
  options.n_ctx = (guint) n_ctx;
  return measure (path, files[0], &compute, &options, json);
}
