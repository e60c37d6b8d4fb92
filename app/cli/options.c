/* SPDX-License-Identifier: GPL-3.0-or-later
 * Command lines into values: options, ranges, lists; and opening the model that is meant. */
#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "machine/linnet-machine.h"

#define MAX_THREADS 1024

void
cli_compute_clear (CliCompute *self)
{
  g_clear_pointer (&self->cpu, g_free);
}

LinnetModelOptions
cli_compute_get_options (const CliCompute *self)
{
  g_autoptr (LinnetMachine) machine = linnet_machine_new (NULL);
  int n_threads =
      self->n_threads != CLI_UNSET ? self->n_threads : linnet_machine_choose_threads (machine);

  return (LinnetModelOptions) {
    .n_threads = n_threads,
    .n_threads_prefill = self->n_threads_prefill != CLI_UNSET ? self->n_threads_prefill : n_threads,
    .cpu_level = self->cpu,
  };
}

static void
add_compute_entries (GOptionContext *context, CliCompute *compute)
{
  const GOptionEntry entries[] = {
    { "threads", 0, 0, G_OPTION_ARG_INT, &compute->n_threads,
      N_ ("Threads to compute with; without it, as many as are good here"), "N" },
    { "threads-prefill", 0, 0, G_OPTION_ARG_INT, &compute->n_threads_prefill,
      N_ ("Threads to read with, if not as many"), "N" },
    { "cpu", 0, 0, G_OPTION_ARG_STRING, &compute->cpu,
      N_ ("Instructions to compute with, not the best there are; “help” lists them"),
      N_ ("LEVEL") },
    G_OPTION_ENTRY_NULL
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

/* Whether there is something to compute; otherwise status is what to exit with. */
static gboolean
check_compute (const char *command, const CliCompute *compute, int *status)
{
  g_autoptr (GError) error = NULL;

  *status = CLI_USAGE;
  if (!cli_check_range (command, "--threads", compute->n_threads, 1, MAX_THREADS) ||
      !cli_check_range (command, "--threads-prefill", compute->n_threads_prefill, 1, MAX_THREADS))
    return FALSE;
  if (g_strcmp0 (compute->cpu, "help") == 0 || g_strcmp0 (compute->cpu, "list") == 0) {
    g_auto (GStrv) levels = linnet_cpu_level_list ();
    g_autofree char *lines = g_strjoinv ("\n", levels);

    puts (lines);
    *status = CLI_OK;
    return FALSE;
  }
  if (linnet_cpu_level_check (compute->cpu, &error))
    return TRUE;
  cli_usage (command, "%s", error->message);
  return FALSE;
}

gboolean
cli_parse (char **arguments,
           const GOptionEntry *entries,
           CliCompute *compute,
           const char *parameters,
           const char *summary,
           int *status)
{
  g_autoptr (GOptionContext) context = g_option_context_new (parameters);
  g_autoptr (GError) error = NULL;
  g_autofree char *command = g_strdup (arguments[0]);
  g_autofree char *program = g_strdup_printf ("linnet-cli %s", command);
  /* GOption takes out what it understands; the strings stay the caller's. */
  g_autofree char **copy = g_memdup2 (arguments, (g_strv_length (arguments) + 1) * sizeof (char *));
  int n_arguments = (int) g_strv_length (arguments);

  g_set_prgname (program);
  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (compute != NULL)
    add_compute_entries (context, compute);
  if (g_option_context_parse (context, &n_arguments, &copy, &error)) {
    if (n_arguments == 1)
      return compute == NULL || check_compute (command, compute, status);
    *status = cli_usage (command, _ ("“%s” is one argument too many."), copy[1]);
    return FALSE;
  }
  *status = cli_usage (command, "%s", error->message);
  return FALSE;
}

gboolean
cli_check_range (const char *command, const char *option, gint64 value, gint64 min, gint64 max)
{
  char lowest[32], highest[32], given[32];

  if (value == CLI_UNSET || (value >= min && value <= max))
    return TRUE;
  g_snprintf (lowest, sizeof lowest, "%" G_GINT64_FORMAT, min);
  g_snprintf (highest, sizeof highest, "%" G_GINT64_FORMAT, max);
  g_snprintf (given, sizeof given, "%" G_GINT64_FORMAT, value);
  cli_usage (command, _ ("%s has to be between %s and %s, not %s."), option, lowest, highest,
             given);
  return FALSE;
}

gboolean
cli_parse_double (const char *command,
                  const char *option,
                  const char *text,
                  double min,
                  double max,
                  double *value)
{
  char *end = NULL;
  double number;

  if (text == NULL)
    return TRUE;
  number = g_ascii_strtod (text, &end);
  if (end == text || *end != '\0' || !(number >= min && number <= max)) {
    cli_usage (command, _ ("%s has to be a number between %g and %g, not “%s”."), option, min, max,
               text);
    return FALSE;
  }
  *value = number;
  return TRUE;
}

GArray *
cli_parse_list (const char *command, const char *option, const char *text, guint min, guint max)
{
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (guint));
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  for (guint i = 0; parts[i] != NULL; i++) {
    guint64 number;
    guint item;

    if (!g_ascii_string_to_unsigned (g_strstrip (parts[i]), 10, min, max, &number, NULL)) {
      cli_usage (command,
                 _ ("%s has to be numbers between %u and %u with commas between them, not “%s”."),
                 option, min, max, text);
      return NULL;
    }
    item = (guint) number;
    g_array_append_val (list, item);
  }
  if (list->len == 0) {
    cli_usage (command, _ ("%s needs at least one number."), option);
    return NULL;
  }
  return g_steal_pointer (&list);
}

gboolean
cli_parse_cache_type (const char *command, const char *text, LinnetCacheType *type)
{
  g_autoptr (GError) error = NULL;

  if (text == NULL || linnet_cache_type_parse (text, type, &error))
    return TRUE;
  cli_usage (command, "%s", error->message);
  return FALSE;
}

char *
cli_parse_text (const char *command, const char *option, const char *argument)
{
  g_autofree char *text = NULL;

  /* Where the locale is plain "C", terminals speak UTF-8 all the same. */
  if (g_utf8_validate (argument, -1, NULL))
    return g_strdup (argument);
  text = g_locale_to_utf8 (argument, -1, NULL, NULL, NULL);
  if (text == NULL)
    cli_usage (command, _ ("The text of %s is not valid UTF-8."), option);
  return g_steal_pointer (&text);
}

static void
loading_cb (double fraction, gpointer user_data)
{
  cli_show_progress (_ ("Loading the model…"), fraction);
}

LinnetModel *
cli_open_model (const char *path,
                LinnetModelLevel level,
                const LinnetModelOptions *options,
                GCancellable *cancellable,
                int *status)
{
  g_autofree char *found = cli_find_model (path, NULL);
  g_autoptr (GError) error = NULL;
  LinnetModel *model = NULL;
  int failure = CLI_FAILED;

  if (found != NULL) {
    model = linnet_model_open (found, level, options, loading_cb, NULL, cancellable, &error);
    cli_show_progress ("", 1);
    if (model == NULL)
      failure = cli_fail (error);
  }
  if (status != NULL)
    *status = model != NULL ? CLI_OK : failure;
  return model;
}
