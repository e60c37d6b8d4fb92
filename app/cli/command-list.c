/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli list: the models on this computer, whoever got them. */
#include "config.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <stdio.h>

#include "cli.h"

#define NAME_WIDTH 60

/* "7.6B"; "" where it is not known. Transfer full. */
static char *
format_parameters (guint64 n)
{
  if (n == 0)
    return g_strdup ("");
  if (n >= 1000000000)
    return g_strdup_printf ("%.1fB", (double) n / 1e9);
  return g_strdup_printf ("%.0fM", (double) n / 1e6);
}

static void
print_table (GListModel *models)
{
  g_autoptr (CliTable) table = cli_table_new ("lrlrl");
  guint n = g_list_model_get_n_items (models);

  if (n == 0) {
    cli_note (_ ("There are no models yet. “linnet-cli pull qwen2.5:3b” gets one."));
    return;
  }
  cli_table_add (table, _ ("Name"), _ ("Parameters"), _ ("Quantisation"), _ ("Size"), _ ("Owner"));
  for (guint i = 0; i < n; i++) {
    g_autoptr (LinnetLibraryModel) model = g_list_model_get_item (models, i);
    g_autofree char *name = cli_fit (linnet_library_model_get_name (model), NAME_WIDTH);
    g_autofree char *size = g_format_size (linnet_library_model_get_bytes (model));
    g_autofree char *parameters = format_parameters (linnet_library_model_get_n_parameters (model));

    cli_table_add (table, name, parameters, linnet_library_model_get_quantisation (model), size,
                   linnet_owner_get_title (linnet_library_model_get_owner (model)));
  }
  cli_table_print (table, 0);
}

static void
print_json (GListModel *models)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (models); i++) {
    g_autoptr (LinnetLibraryModel) model = g_list_model_get_item (models, i);

    cli_build_model (builder, model);
  }
  json_builder_end_array (builder);
  cli_print_json (json_builder_get_root (builder));
}

int
cli_run_list (char **arguments)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = { { "json", 0, 0, G_OPTION_ARG_NONE, &json,
                                     N_ ("Print everything as JSON"), NULL },
                                   G_OPTION_ENTRY_NULL };
  g_autoptr (LinnetLibrary) library = NULL;
  int status;

  if (!cli_parse (
          arguments, entries, NULL, NULL,
          _ ("Lists the models on this computer: Linnet’s own, and those of Ollama, LM Studio "
             "and the caches of Hugging Face and ModelScope, which are used where they are."),
          &status))
    return status;
  library = cli_open_library ();
  if (json)
    print_json (G_LIST_MODEL (library));
  else
    print_table (G_LIST_MODEL (library));
  return CLI_OK;
}
