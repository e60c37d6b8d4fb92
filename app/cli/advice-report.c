/* SPDX-License-Identifier: GPL-3.0-or-later
 * The advice of linnet-cli advise as text and as JSON. */
#include "config.h"

#include "advice-report.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "cli.h"
#include "linnet-json.h"

/* ---- Text --------------------------------------------------------------------------------- */

static char *
format_estimate (const LinnetEstimate *estimate)
{
  return g_strdup_printf (estimate->value < 9.95 ? "%.1f" : "%.0f", estimate->value);
}

static void
print_recommended (const LinnetAdvice *advice)
{
  const LinnetForecast *forecast = &advice->forecast;
  g_autofree char *size = g_format_size (forecast->file_bytes);
  g_autofree char *need = g_format_size (forecast->memory.total);
  g_autofree char *room = g_format_size (advice->memory_limit);
  g_autofree char *speed = linnet_forecast_describe_speed (forecast);
  g_autofree char *answer = linnet_forecast_describe_answer (forecast);

  printf ("\n%s · %s · %s\n", advice->model->title, advice->file->quantisation,
          linnet_verdict_get_title (advice->verdict));
  /* Translators: sizes: of a download, of memory, and of the memory that can be spared. */
  printf (_ ("%s to download, %s of %s of memory"), size, need, room);
  printf ("\n%s · %s\n", speed, answer);
  printf (_ ("Between %.1f and %.1f tokens a second%s"), forecast->decode.low,
          forecast->decode.high,
          forecast->is_fitted ? _ (", corrected by earlier answers on this computer") : "");
  printf ("\n");
  printf (_ ("Licence: %s"), advice->model->licence);
  printf (" (%s)\n", advice->model->licence_url);
  for (guint i = 0; advice->reasons[i] != NULL; i++)
    printf ("• %s\n", advice->reasons[i]);
  printf (_ ("Get it: %s"), advice->file->references[0]);
  printf ("\n");
}

static void
add_row (CliTable *table, const LinnetAdvice *advice)
{
  const LinnetForecast *forecast = &advice->forecast;
  g_autofree char *size = g_format_size (forecast->file_bytes);
  g_autofree char *need = g_format_size (forecast->memory.total);
  g_autofree char *speed = format_estimate (&forecast->decode);
  g_autofree char *first = format_estimate (&forecast->first_token);

  cli_table_add (table, advice->model->title, advice->file->quantisation, size, need, speed, first,
                 linnet_verdict_get_title (advice->verdict), advice->model->licence);
}

void
advice_report_print (const LinnetAdviceList *list, const LinnetMachine *machine)
{
  g_autoptr (CliTable) table = cli_table_new ("llrrrrll");
  g_autoptr (GArray) best = linnet_advice_list_best_of_each (list);
  g_auto (GStrv) lines = linnet_machine_describe (machine);

  for (guint i = 0; lines[i] != NULL; i++)
    puts (lines[i]);
  printf ("\n%s\n", list->summary);
  if (list->recommended >= 0)
    print_recommended (&list->ranked[list->recommended]);
  printf ("\n");
  cli_table_add (table, _ ("Model"), _ ("Bits"), _ ("Download"), _ ("Memory"), _ ("Tokens/s"),
                 _ ("Begins after (s)"), _ ("Verdict"), _ ("Licence"));
  for (guint i = 0; i < best->len; i++)
    add_row (table, &list->ranked[g_array_index (best, guint, i)]);
  cli_table_print (table, 0);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static void
add_estimate (JsonBuilder *builder, const char *name, const LinnetEstimate *estimate)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  linnet_json_add_double (builder, "value", estimate->value);
  linnet_json_add_double (builder, "low", estimate->low);
  linnet_json_add_double (builder, "high", estimate->high);
  json_builder_end_object (builder);
}

static void
add_strings (JsonBuilder *builder, const char *name, const char *const *strings)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; strings != NULL && strings[i] != NULL; i++)
    json_builder_add_string_value (builder, strings[i]);
  json_builder_end_array (builder);
}

static void
add_forecast (JsonBuilder *builder, const LinnetForecast *forecast)
{
  linnet_json_add_int (builder, "file_bytes", forecast->file_bytes);
  linnet_json_add_int (builder, "context", forecast->n_ctx);
  json_builder_set_member_name (builder, "memory");
  json_builder_begin_object (builder);
  linnet_json_add_int (builder, "weights", forecast->memory.weights);
  linnet_json_add_int (builder, "kv_cache", forecast->memory.kv_cache);
  linnet_json_add_int (builder, "scratch", forecast->memory.scratch);
  linnet_json_add_int (builder, "total", forecast->memory.total);
  json_builder_end_object (builder);
  add_estimate (builder, "decode", &forecast->decode);
  add_estimate (builder, "prefill", &forecast->prefill);
  add_estimate (builder, "first_token", &forecast->first_token);
  add_estimate (builder, "load", &forecast->load);
  add_estimate (builder, "answer", &forecast->answer);
  linnet_json_add_boolean (builder, "fitted", forecast->is_fitted);
}

static void
add_advice (JsonBuilder *builder, const LinnetAdvice *advice)
{
  json_builder_begin_object (builder);
  linnet_json_add_string (builder, "model", advice->model->id);
  linnet_json_add_string (builder, "title", advice->model->title);
  linnet_json_add_string (builder, "quantisation", advice->file->quantisation);
  linnet_json_add_string (builder, "verdict", linnet_verdict_get_name (advice->verdict));
  linnet_json_add_double (builder, "score", advice->score);
  linnet_json_add_int (builder, "memory_limit", advice->memory_limit);
  add_forecast (builder, &advice->forecast);
  linnet_json_add_string (builder, "licence", advice->model->licence);
  linnet_json_add_boolean (builder, "restricted", advice->model->is_restricted);
  add_strings (builder, "references", (const char *const *) advice->file->references);
  add_strings (builder, "reasons", (const char *const *) advice->reasons);
  json_builder_end_object (builder);
}

static void
add_index (JsonBuilder *builder, const char *name, int index)
{
  json_builder_set_member_name (builder, name);
  if (index >= 0)
    json_builder_add_int_value (builder, index);
  else
    json_builder_add_null_value (builder);
}

void
advice_report_print_json (const LinnetAdviceList *list,
                          const LinnetMachine *machine,
                          const LinnetMeasurements *measurements,
                          const LinnetWishes *wishes)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  linnet_json_add_string (builder, "task", linnet_task_get_name (wishes->task));
  linnet_json_add_double (builder, "wait", wishes->wait_seconds);
  linnet_json_add_boolean (builder, "quiet", wishes->quiet);
  add_strings (builder, "languages", wishes->languages);
  linnet_json_add_int (builder, "memory", machine->memory);
  linnet_json_add_int (builder, "available", machine->available);
  linnet_json_add_double (builder, "read_bandwidth", measurements->read_bandwidth);
  linnet_json_add_string (builder, "summary", list->summary);
  add_index (builder, "recommended", list->recommended);
  add_index (builder, "later", list->later);
  json_builder_set_member_name (builder, "ranked");
  json_builder_begin_array (builder);
  for (guint i = 0; i < list->n_ranked; i++)
    add_advice (builder, &list->ranked[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  cli_print_json (json_builder_get_root (builder));
}
