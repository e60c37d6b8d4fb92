/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli advise: which model to take on this computer, and why. */
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "advice-report.h"
#include "cli.h"

typedef struct {
  char *task;
  char *wait;
  char *languages;
  gboolean quiet;
  gboolean measure;
  gboolean json;
} AdviseArguments;

static void
clear_arguments (AdviseArguments *given)
{
  g_free (given->task);
  g_free (given->wait);
  g_free (given->languages);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AdviseArguments, clear_arguments)

static gboolean
parse (char **arguments, AdviseArguments *given, int *status)
{
  const GOptionEntry entries[] = {
    { "task", 't', 0, G_OPTION_ARG_STRING, &given->task,
      N_ ("What for: chat (also learning), writing, code or reasoning"), N_ ("TASK") },
    { "wait", 'w', 0, G_OPTION_ARG_STRING, &given->wait,
      N_ ("Seconds that an answer may take; 0: what is usual for the task"), N_ ("SECONDS") },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &given->quiet,
      N_ ("Cool and quiet rather than the best answers"), NULL },
    { "languages", 'l', 0, G_OPTION_ARG_STRING, &given->languages,
      N_ ("Languages it has to know: zh,en"), N_ ("CODES") },
    { "measure", 0, 0, G_OPTION_ARG_NONE, &given->measure,
      N_ ("Measure this computer anew, even if that was done before"), NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &given->json, N_ ("Print the advice as JSON"), NULL },
    G_OPTION_ENTRY_NULL
  };

  return cli_parse (arguments, entries, NULL, NULL,
                    _ ("Says which model to take on this computer, how much memory it would need "
                       "and how fast it would be, before anything is downloaded: from what the "
                       "memory and the processor reach, which takes two seconds to measure once."),
                    status);
}

static void
measuring_cb (double fraction, const char *what, gpointer user_data)
{
  cli_show_progress (what, MIN (fraction, 0.99));
}

/* Those of an earlier run, or new ones. NULL: complained. */
static LinnetMeasurements *
get_measurements (const LinnetMachine *machine, gboolean anew)
{
  g_autoptr (LinnetMeasurements) found = NULL;
  g_autoptr (GError) error = NULL;

  if (!anew)
    found = linnet_measurements_load (machine->processor);
  if (found != NULL)
    return g_steal_pointer (&found);
  found = linnet_measurements_run (0, measuring_cb, NULL, NULL, &error);
  cli_show_progress ("", 1);
  if (found == NULL) {
    cli_fail (error);
    return NULL;
  }
  /* Without a place to keep them they are measured again the next time. */
  if (!linnet_measurements_save (found, &error))
    cli_note ("%s", error->message);
  return g_steal_pointer (&found);
}

/* FALSE: complained. */
static gboolean
read_wishes (const AdviseArguments *given, char **languages, LinnetWishes *wishes)
{
  if (given->task != NULL && !linnet_task_parse (given->task, &wishes->task)) {
    cli_usage ("advise", _ ("--task has to be chat, writing, code or reasoning, not “%s”."),
               given->task);
    return FALSE;
  }
  if (!cli_parse_double ("advise", "--wait", given->wait, 0, LINNET_WISHES_LONGEST_WAIT,
                         &wishes->wait_seconds))
    return FALSE;
  wishes->quiet = given->quiet;
  if (languages != NULL)
    wishes->languages = (const char **) languages;
  return TRUE;
}

static char **
split_languages (const char *text)
{
  char **languages = text != NULL ? g_strsplit (text, ",", -1) : NULL;

  for (guint i = 0; languages != NULL && languages[i] != NULL; i++)
    g_strstrip (languages[i]);
  return languages;
}

int
cli_run_advise (char **arguments)
{
  g_auto (AdviseArguments) given = { 0 };
  g_auto (GStrv) languages = NULL;
  g_autoptr (LinnetCatalogue) catalogue = NULL;
  g_autoptr (LinnetMachine) machine = NULL;
  g_autoptr (LinnetMeasurements) measurements = NULL;
  g_autoptr (LinnetHistory) history = NULL;
  g_autoptr (LinnetAdviceList) list = NULL;
  g_autoptr (GError) error = NULL;
  LinnetWishes wishes = { 0 };
  int status;

  if (!parse (arguments, &given, &status))
    return status;
  languages = split_languages (given.languages);
  if (!read_wishes (&given, languages, &wishes))
    return CLI_USAGE;
  catalogue = linnet_catalogue_load (NULL, &error);
  if (catalogue == NULL)
    return cli_fail (error);
  machine = linnet_machine_new (NULL);
  measurements = get_measurements (machine, given.measure);
  if (measurements == NULL)
    return CLI_FAILED;
  history = linnet_history_new (NULL);
  list = linnet_advise (catalogue, machine, measurements, &wishes, history);
  if (given.json)
    advice_report_print_json (list, machine, measurements, &wishes);
  else
    advice_report_print (list, machine);
  return CLI_OK;
}
