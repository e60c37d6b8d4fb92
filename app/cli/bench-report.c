/* SPDX-License-Identifier: GPL-3.0-or-later
 * The figures of linnet-cli bench as tables and as JSON. */
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "bench.h"
#include "cli.h"
#include "linnet-json.h"

/* How much of the limit the peer's speed makes use of, 0…1: its runs have no probe of their own. */
static double
get_peer_share (const BenchTest *test)
{
  double limit = bench_summarise (test->limits).median;

  return limit > 0 ? bench_summarise (test->theirs).median * test->work / limit : 0;
}

/* ---- JSON --------------------------------------------------------------------------------- */

static void
add_summary (JsonBuilder *builder, GArray *samples)
{
  BenchSummary summary = bench_summarise (samples);

  linnet_json_add_double (builder, "median", summary.median);
  linnet_json_add_double (builder, "min", summary.min);
  linnet_json_add_double (builder, "max", summary.max);
  json_builder_set_member_name (builder, "samples");
  json_builder_begin_array (builder);
  for (guint i = 0; i < samples->len; i++)
    json_builder_add_double_value (builder, g_array_index (samples, double, i));
  json_builder_end_array (builder);
}

static void
add_test (JsonBuilder *builder, const BenchTest *test)
{
  gboolean is_prefill = test->kind == LINNET_SPEED_PREFILL;
  double ours = bench_summarise (test->ours).median;
  double theirs = bench_summarise (test->theirs).median;

  json_builder_begin_object (builder);
  linnet_json_add_string (builder, "test", is_prefill ? "prefill" : "decode");
  linnet_json_add_int (builder, "tokens", test->n_tokens);
  linnet_json_add_int (builder, "depth", test->depth);
  linnet_json_add_int (builder, "reps", test->ours->len);
  add_summary (builder, test->ours);
  linnet_json_add_double (builder, "share", bench_summarise (test->shares).median);
  json_builder_set_member_name (builder, "limit");
  json_builder_begin_object (builder);
  linnet_json_add_string (builder, "of", is_prefill ? "int8 multiply-adds/s" : "bytes read/s");
  linnet_json_add_double (builder, "per_token", test->work);
  add_summary (builder, test->limits);
  json_builder_end_object (builder);
  if (test->reads->len > 0) {
    json_builder_set_member_name (builder, "weights");
    json_builder_begin_object (builder);
    linnet_json_add_string (builder, "of", "bytes read/s");
    add_summary (builder, test->reads);
    linnet_json_add_double (builder, "share", bench_summarise (test->read_shares).median);
    json_builder_end_object (builder);
  }
  if (test->forecasts->len > 0) {
    json_builder_set_member_name (builder, "forecast");
    json_builder_begin_object (builder);
    add_summary (builder, test->forecasts);
    linnet_json_add_double (builder, "ratio", bench_test_get_forecast_ratio (test));
    json_builder_end_object (builder);
  }
  if (test->theirs->len > 0) {
    json_builder_set_member_name (builder, "peer");
    json_builder_begin_object (builder);
    add_summary (builder, test->theirs);
    linnet_json_add_double (builder, "share", get_peer_share (test));
    json_builder_end_object (builder);
    linnet_json_add_double (builder, "ratio", ours / theirs);
  }
  json_builder_end_object (builder);
}

static void
add_start (JsonBuilder *builder, const BenchStart *start)
{
  json_builder_set_member_name (builder, "start");
  json_builder_begin_object (builder);
  linnet_json_add_int (builder, "tokens", start->n_tokens);
  linnet_json_add_int (builder, "reps", start->seconds->len);
  add_summary (builder, start->seconds);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "memory");
  json_builder_begin_object (builder);
  linnet_json_add_int (builder, "context", start->n_ctx);
  linnet_json_add_int (builder, "peak", (gint64) start->peak_bytes);
  linnet_json_add_int (builder, "weights", (gint64) start->memory.weights);
  linnet_json_add_int (builder, "kv_cache", (gint64) start->memory.kv_cache);
  linnet_json_add_int (builder, "foretold", (gint64) start->memory.total);
  json_builder_end_object (builder);
}

static void
add_model (JsonBuilder *builder, const BenchModel *model)
{
  g_autofree char *base = g_filename_display_basename (model->path);

  json_builder_begin_object (builder);
  linnet_json_add_string (builder, "file", base);
  linnet_json_add_string (builder, "model", model->title);
  linnet_json_add_string (builder, "quantisation", model->quantisation);
  linnet_json_add_int (builder, "file_bytes", (gint64) model->file_bytes);
  linnet_json_add_string (builder, "cpu", model->cpu_level);
  json_builder_set_member_name (builder, "results");
  json_builder_begin_array (builder);
  for (guint i = 0; i < model->tests->len; i++)
    add_test (builder, model->tests->pdata[i]);
  json_builder_end_array (builder);
  if (model->start != NULL)
    add_start (builder, model->start);
  json_builder_end_object (builder);
}

void
bench_report_print_json (const BenchReport *self)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *date = g_date_time_format_iso8601 (self->date);

  json_builder_begin_object (builder);
  linnet_json_add_string (builder, "version", VERSION);
  linnet_json_add_string (builder, "peer", self->peer_version);
  linnet_json_add_string (builder, "date", date);
  linnet_json_add_string (builder, "processor", self->machine->processor);
  linnet_json_add_int (builder, "cores", self->machine->n_cores);
  linnet_json_add_int (builder, "memory", (gint64) self->machine->memory);
  linnet_json_add_int (builder, "threads", self->n_threads);
  linnet_json_add_int (builder, "threads_prefill", self->n_threads_prefill);
  linnet_json_add_string (builder, "kv", linnet_cache_type_get_name (self->cache_type));
  json_builder_set_member_name (builder, "models");
  json_builder_begin_array (builder);
  for (guint i = 0; i < self->models->len; i++)
    add_model (builder, self->models->pdata[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  cli_print_json (json_builder_get_root (builder));
}

/* ---- Tables ------------------------------------------------------------------------------- */

static void
add_row (CliTable *table, const BenchTest *test)
{
  gboolean is_prefill = test->kind == LINNET_SPEED_PREFILL;
  BenchSummary summary = bench_summarise (test->ours);
  double theirs_median = bench_summarise (test->theirs).median;
  double limit_median = bench_summarise (test->limits).median;
  g_autofree char *tokens = g_strdup_printf ("%u", test->n_tokens);
  g_autofree char *depth = g_strdup_printf ("%u", test->depth);
  g_autofree char *median = g_strdup_printf ("%.1f", summary.median);
  g_autofree char *spread = g_strdup_printf ("%.1f – %.1f", summary.min, summary.max);
  g_autofree char *share = g_strdup_printf ("%.0f %%", 100 * bench_summarise (test->shares).median);
  g_autofree char *limit =
      g_strdup_printf (is_prefill ? "%.0f GMAC/s" : "%.1f GB/s", limit_median * 1e-9);
  g_autofree char *read_share =
      is_prefill ? g_strdup ("")
                 : g_strdup_printf ("%.0f %%", 100 * bench_summarise (test->read_shares).median);
  const char *name = is_prefill ? C_ ("bench", "prefill") : C_ ("bench", "decode");

  if (test->theirs->len > 0) {
    g_autofree char *theirs = g_strdup_printf ("%.1f", theirs_median);
    g_autofree char *ratio = g_strdup_printf ("%.2f", summary.median / theirs_median);

    cli_table_add (table, name, tokens, depth, median, spread, theirs, ratio, share, limit,
                   read_share);
  } else {
    cli_table_add (table, name, tokens, depth, median, spread, share, limit, read_share);
  }
}

static void
print_start (const BenchStart *start)
{
  BenchSummary summary = bench_summarise (start->seconds);
  g_autofree char *peak = g_format_size (start->peak_bytes);
  g_autofree char *foretold = g_format_size (start->memory.total);

  printf (
      _ ("First token %.2f s after opening the file (%.2f – %.2f), with a prompt of %u tokens\n"),
      summary.median, summary.min, summary.max, start->n_tokens);
  if (start->peak_bytes > 0)
    printf (_ ("Memory with %u tokens of context: %s at its peak, %s foretold\n"), start->n_ctx,
            peak, foretold);
}

static void
print_model (const BenchModel *model, gboolean has_peer)
{
  g_autoptr (CliTable) table = cli_table_new (has_peer ? "lrrrrrrrrr" : "lrrrrrrr");
  g_autofree char *size = g_format_size (model->file_bytes);
  g_autofree char *title = cli_fit (model->title, 60);

  printf ("\n%s · %s · %s · %s\n", title, model->quantisation, size, model->cpu_level);
  if (model->start != NULL)
    print_start (model->start);
  if (model->tests->len == 0)
    return;
  if (has_peer)
    cli_table_add (table, _ ("Test"), _ ("Tokens"), _ ("Depth"), _ ("Tokens/s"),
                   _ ("Slowest – fastest"), "llama.cpp", C_ ("bench", "Ratio"),
                   C_ ("bench", "Share"), C_ ("bench", "of"), C_ ("bench", "of reading it"));
  else
    cli_table_add (table, _ ("Test"), _ ("Tokens"), _ ("Depth"), _ ("Tokens/s"),
                   _ ("Slowest – fastest"), C_ ("bench", "Share"), C_ ("bench", "of"),
                   C_ ("bench", "of reading it"));
  for (guint i = 0; i < model->tests->len; i++)
    add_row (table, model->tests->pdata[i]);
  cli_table_print (table, 0);
}

/* Beside the other table, which is wide enough. */
static void
print_forecasts (const BenchModel *model)
{
  g_autoptr (CliTable) table = cli_table_new ("lrrrrr");

  cli_table_add (table, _ ("Test"), _ ("Tokens"), _ ("Depth"), C_ ("bench", "Measured"),
                 C_ ("bench", "Foretold"), C_ ("bench", "Ratio"));
  for (guint i = 0; i < model->tests->len; i++) {
    const BenchTest *test = model->tests->pdata[i];
    double ours = bench_summarise (test->ours).median;
    double foretold = bench_summarise (test->forecasts).median;
    g_autofree char *tokens = g_strdup_printf ("%u", test->n_tokens);
    g_autofree char *depth = g_strdup_printf ("%u", test->depth);
    g_autofree char *measured_text = g_strdup_printf ("%.1f", ours);
    g_autofree char *foretold_text = g_strdup_printf ("%.1f", foretold);
    g_autofree char *ratio = g_strdup_printf ("%.2f", bench_test_get_forecast_ratio (test));

    cli_table_add (table,
                   test->kind == LINNET_SPEED_PREFILL ? C_ ("bench", "prefill")
                                                      : C_ ("bench", "decode"),
                   tokens, depth, measured_text, foretold_text, ratio);
  }
  printf ("\n");
  cli_table_print (table, 0);
}

void
bench_report_print_tables (const BenchReport *self)
{
  g_auto (GStrv) machine = linnet_machine_describe (self->machine);
  g_autofree char *date = g_date_time_format (self->date, "%F");

  if (self->peer_version != NULL)
    printf ("Linnet %s · %s · %s\n", VERSION, self->peer_version, date);
  else
    printf ("Linnet %s · %s\n", VERSION, date);
  printf ("%s\n", machine[0]);
  if (self->n_threads == self->n_threads_prefill)
    printf (ngettext ("%d thread used\n", "%d threads used\n", self->n_threads), self->n_threads);
  else
    printf (_ ("threads used: %d to write, %d to read\n"), self->n_threads,
            self->n_threads_prefill);
  printf ("--kv %s\n", linnet_cache_type_get_name (self->cache_type));
  for (guint i = 0; i < self->models->len; i++) {
    const BenchModel *model = self->models->pdata[i];

    print_model (model, self->peer_version != NULL);
    if (self->with_forecast && model->tests->len > 0)
      print_forecasts (model);
  }
}
