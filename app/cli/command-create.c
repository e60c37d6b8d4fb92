/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli create: a model of one's own from a Modelfile. */
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "cli.h"
#include "input.h"

/* A relative path after FROM is meant from where the Modelfile is. */
static void
correct_from (LinnetModelfile *modelfile, const char *file)
{
  g_autofree char *folder = NULL;
  g_autofree char *path = NULL;

  if (g_path_is_absolute (modelfile->from) || g_str_equal (file, "-"))
    return;
  folder = g_path_get_dirname (file);
  path = g_build_filename (folder, modelfile->from, NULL);
  if (g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
    g_autofree char *absolute = g_canonicalize_filename (path, NULL);

    g_set_str (&modelfile->from, absolute);
  }
}

int
cli_run_create (char **arguments)
{
  g_auto (GStrv) names = NULL;
  g_autofree char *file = NULL;
  const GOptionEntry entries[] = { { "file", 'f', 0, G_OPTION_ARG_FILENAME, &file,
                                     N_ ("The Modelfile; “-” is standard input"), N_ ("FILE") },
                                   { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &names,
                                     NULL, NULL },
                                   G_OPTION_ENTRY_NULL };
  g_autoptr (GString) text = NULL;
  g_autoptr (LinnetModelfile) modelfile = NULL;
  g_autoptr (LinnetLibrary) library = NULL;
  g_autoptr (GError) error = NULL;
  LinnetLibraryModel *model;
  int status;

  if (!cli_parse (
          arguments, entries, NULL, _ ("NAME"),
          _ ("Makes a model of your own: the weights of another one, which are shared, with "
             "the parameters and texts of a Modelfile."),
          &status))
    return status;
  if (names == NULL || g_strv_length (names) != 1)
    return cli_usage ("create", "%s", _ ("Say what the model is to be called."));
  text = cli_read_file (file != NULL ? file : "Modelfile", &error);
  if (text == NULL)
    return cli_fail (error);
  modelfile = linnet_modelfile_parse (text->str, (gssize) text->len, &error);
  if (modelfile == NULL)
    return cli_fail (error);
  for (guint i = 0; modelfile->notes[i] != NULL; i++)
    cli_note ("%s", modelfile->notes[i]);
  correct_from (modelfile, file != NULL ? file : "Modelfile");
  library = cli_open_library ();
  model = linnet_library_create (library, names[0], modelfile, &error);
  if (model == NULL)
    return cli_fail (error);
  printf (_ ("“%s” is ready: linnet-cli chat %s\n"), linnet_library_model_get_name (model),
          names[0]);
  return CLI_OK;
}
