/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli rm: deletes a model of Linnet's own, after saying what that frees. */
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "cli.h"
#include "input.h"

/* Asks on the terminal; without one, nobody has said yes. */
static gboolean
confirm (void)
{
  char answer[16] = "";

  if (!cli_input_is_terminal ()) {
    cli_complain (_ ("Say --yes if it is to be deleted without a question."));
    return FALSE;
  }
  /* Translators: “y” is the only answer that deletes. */
  fputs (_ ("Delete it? (y/N) "), stderr);
  fflush (stderr);
  return fgets (answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

int
cli_run_rm (char **arguments)
{
  g_auto (GStrv) names = NULL;
  gboolean yes = FALSE;
  const GOptionEntry entries[] = {
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &yes, N_ ("Do not ask"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &names, NULL, NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (LinnetLibrary) library = NULL;
  g_autoptr (LinnetLibraryModel) model = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *freed = NULL;
  int status;

  if (!cli_parse (arguments, entries, NULL, _ ("NAME"),
                  _ ("Deletes a model that Linnet got or made. What belongs to other programs is "
                     "never touched."),
                  &status))
    return status;
  if (names == NULL || g_strv_length (names) != 1)
    return cli_usage ("rm", "%s", _ ("Name one model to delete."));
  library = cli_open_library ();
  model = cli_find_in_library (library, names[0]);
  if (model == NULL)
    return CLI_FAILED;
  g_object_ref (model);
  freed = g_format_size (linnet_library_get_freed_bytes (library, model));
  if (linnet_library_model_get_owner (model) == LINNET_OWNER_LINNET) {
    cli_note (_ ("Deleting “%s” frees %s."), linnet_library_model_get_name (model), freed);
    if (!yes && !confirm ())
      return CLI_FAILED;
  }
  return linnet_library_delete (library, model, &error) ? CLI_OK : cli_fail (error);
}
