/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli demo: what Linnet is, where there is no display to show it. */
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "cli.h"
#include "machine/linnet-machine.h"
#include "talk.h"

#define MAX_TOKENS 200

static void
print_machine (void)
{
  g_autoptr (LinnetMachine) machine = linnet_machine_new (NULL);
  g_auto (GStrv) lines = linnet_machine_describe (machine);

  for (guint i = 0; lines[i] != NULL; i++)
    puts (lines[i]);
}

int
cli_run_demo (char **arguments)
{
  const GOptionEntry entries[] = { G_OPTION_ENTRY_NULL };
  g_auto (CliCompute) compute = CLI_COMPUTE_INIT;
  CliTalkOptions options = { 0 };
  g_autofree char *model = NULL;
  int status;

  if (!cli_parse (arguments, entries, &compute, NULL,
                  _ ("Describes this computer and asks the demo model a question."), &status))
    return status;
  model = cli_find_model (NULL, NULL);
  if (model == NULL)
    return CLI_FAILED;
  options.model = model;
  /* Translators: the demo model is very small and answers little well. Choose a question that it
   * does answer in your language; in Chinese that is "中国的首都是哪里？". */
  options.question = _ ("What is the capital of France?");
  options.load.model = cli_compute_get_options (&compute);
  linnet_generation_options_init (&options.generation);
  options.generation.temperature = 0;
  options.generation.max_tokens = MAX_TOKENS;
  print_machine ();
  printf ("\n> %s\n", options.question);
  fflush (stdout);
  return cli_talk (&options);
}
