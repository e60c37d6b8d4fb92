/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli show: what is known of one model of the library. */
#include "config.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <stdio.h>

#include "cli.h"
#include "linnet-json.h"

#define VALUE_WIDTH 72

void
cli_build_model (JsonBuilder *builder, LinnetLibraryModel *model)
{
  const LinnetModelfile *modelfile = linnet_library_model_get_modelfile (model);
  g_autofree char *recipe = modelfile != NULL ? linnet_modelfile_to_string (modelfile) : NULL;

  json_builder_begin_object (builder);
  linnet_json_add_string (builder, "name", linnet_library_model_get_name (model));
  linnet_json_add_string (builder, "title", linnet_library_model_get_title (model));
  linnet_json_add_string (builder, "owner",
                          linnet_owner_get_title (linnet_library_model_get_owner (model)));
  linnet_json_add_string (builder, "path", linnet_library_model_get_path (model));
  linnet_json_add_int (builder, "bytes", (gint64) linnet_library_model_get_bytes (model));
  linnet_json_add_int (builder, "parameters",
                       (gint64) linnet_library_model_get_n_parameters (model));
  linnet_json_add_string (builder, "quantisation", linnet_library_model_get_quantisation (model));
  linnet_json_add_string (builder, "architecture", linnet_library_model_get_architecture (model));
  linnet_json_add_string (builder, "sha256", linnet_library_model_get_sha256 (model));
  linnet_json_add_string (builder, "licence", linnet_library_model_get_licence (model));
  linnet_json_add_string (builder, "modelfile", recipe);
  json_builder_end_object (builder);
}

/* The licence's first line that says something. Transfer full. */
static char *
get_first_line (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", 64);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_strstrip (lines[i])[0] != '\0')
      return cli_fit (lines[i], VALUE_WIDTH);
  return g_strdup ("");
}

static void
add_parameters (CliTable *table, const LinnetModelfile *modelfile)
{
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  g_hash_table_iter_init (&iter, modelfile->parameters);
  while (g_hash_table_iter_next (&iter, &name, &value))
    cli_table_add (table, (char *) name, (char *) value);
  for (guint i = 0; modelfile->stops != NULL && modelfile->stops[i] != NULL; i++) {
    g_autofree char *stop = cli_fit (modelfile->stops[i], VALUE_WIDTH);

    cli_table_add (table, "stop", stop);
  }
}

static void
print_summary (LinnetLibraryModel *model)
{
  g_autoptr (CliTable) table = cli_table_new ("ll");
  const LinnetModelfile *modelfile = linnet_library_model_get_modelfile (model);
  const char *licence = linnet_library_model_get_licence (model);
  g_autofree char *title = cli_fit (linnet_library_model_get_title (model), VALUE_WIDTH);
  g_autofree char *path = cli_fit (linnet_library_model_get_path (model), 4096);
  g_autofree char *size = g_format_size (linnet_library_model_get_bytes (model));
  g_autofree char *parameters =
      g_strdup_printf ("%.2fB · %s", (double) linnet_library_model_get_n_parameters (model) / 1e9,
                       linnet_library_model_get_quantisation (model));

  printf ("%s\n", title);
  cli_table_add (table, _ ("Name"), linnet_library_model_get_name (model));
  cli_table_add (table, _ ("Owner"),
                 linnet_owner_get_title (linnet_library_model_get_owner (model)));
  cli_table_add (table, _ ("File"), path);
  cli_table_add (table, _ ("Size"), size);
  cli_table_add (table, _ ("Architecture"), linnet_library_model_get_architecture (model));
  cli_table_add (table, _ ("Parameters"), parameters);
  if (linnet_library_model_get_sha256 (model) != NULL)
    cli_table_add (table, "sha256", linnet_library_model_get_sha256 (model));
  if (licence != NULL) {
    g_autofree char *line = get_first_line (licence);

    cli_table_add (table, _ ("Licence"), line);
  }
  if (modelfile != NULL) {
    g_autofree char *system =
        modelfile->system != NULL ? cli_fit (modelfile->system, VALUE_WIDTH) : NULL;

    add_parameters (table, modelfile);
    if (system != NULL)
      cli_table_add (table, _ ("System prompt"), system);
  }
  cli_table_print (table, 2);
}

static int
print_licence (LinnetLibraryModel *model)
{
  const char *licence = linnet_library_model_get_licence (model);

  if (licence == NULL) {
    cli_complain (_ ("No licence came with “%s”. Look at the page that it is from."),
                  linnet_library_model_get_name (model));
    return CLI_FAILED;
  }
  puts (licence);
  return CLI_OK;
}

static void
print_modelfile (LinnetLibraryModel *model)
{
  const LinnetModelfile *modelfile = linnet_library_model_get_modelfile (model);
  g_autoptr (LinnetModelfile) plain =
      modelfile == NULL ? linnet_modelfile_new (linnet_library_model_get_path (model)) : NULL;
  g_autofree char *text = linnet_modelfile_to_string (plain != NULL ? plain : modelfile);

  fputs (text, stdout);
}

int
cli_run_show (char **arguments)
{
  g_auto (GStrv) names = NULL;
  gboolean modelfile = FALSE;
  gboolean licence = FALSE;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "modelfile", 0, 0, G_OPTION_ARG_NONE, &modelfile, N_ ("Print its Modelfile"), NULL },
    { "licence", 0, 0, G_OPTION_ARG_NONE, &licence, N_ ("Print the text of its licence"), NULL },
    { "license", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &licence, NULL, NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("Print everything as JSON"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &names, NULL, NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (LinnetLibrary) library = NULL;
  LinnetLibraryModel *model;
  int status;

  if (!cli_parse (arguments, entries, NULL, _ ("NAME"),
                  _ ("Shows what a model of the library is, and what it is told beforehand."),
                  &status))
    return status;
  if (names == NULL || g_strv_length (names) != 1)
    return cli_usage ("show", "%s", _ ("Name one model to show."));
  library = cli_open_library ();
  model = cli_find_in_library (library, names[0]);
  if (model == NULL)
    return CLI_FAILED;
  if (licence)
    return print_licence (model);
  if (json) {
    g_autoptr (JsonBuilder) builder = json_builder_new ();

    cli_build_model (builder, model);
    cli_print_json (json_builder_get_root (builder));
  } else if (modelfile) {
    print_modelfile (model);
  } else {
    print_summary (model);
  }
  return CLI_OK;
}
