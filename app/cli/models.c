/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which model is meant: a file, one of the library, or the demo model. */
#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli.h"
#include "linnet-data.h"

#define DEMO_MODEL "minimind2-small-q8_0.gguf"

static char *
find_demo_model (void)
{
  char *path = linnet_data_find (DEMO_MODEL);

  if (path == NULL)
    cli_complain (_ ("The demo model is not installed here. Choose a model with --model FILE."));
  return path;
}

static void
refreshed_cb (GObject *library, GAsyncResult *result, gpointer user_data)
{
  g_main_loop_quit (user_data);
}

LinnetLibrary *
cli_open_library (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  LinnetLibrary *library = linnet_library_new (NULL);

  linnet_library_refresh_async (library, NULL, refreshed_cb, loop);
  g_main_loop_run (loop);
  return library;
}

LinnetLibraryModel *
cli_find_in_library (LinnetLibrary *library, const char *name)
{
  LinnetLibraryModel *model = linnet_library_find (library, name);
  g_autoptr (LinnetReference) reference = NULL;
  g_autoptr (GError) error = NULL;

  if (model != NULL)
    return model;
  reference = linnet_reference_parse (name, &error);
  if (reference == NULL)
    cli_complain ("%s", error->message);
  else if (reference->kind == LINNET_SOURCE_FILE && g_file_test (name, G_FILE_TEST_EXISTS))
    cli_complain (_ ("“%s” is in no folder that Linnet looks for models in. “linnet-cli inspect” "
                     "shows what is in a file."),
                  name);
  else if (reference->kind == LINNET_SOURCE_FILE)
    cli_complain (_ ("There is no file “%s”."), name);
  else
    cli_complain (_ ("There is no model “%s” on this computer. “linnet-cli list” shows those that "
                     "there are, and “linnet-cli pull %s” gets it."),
                  reference->text, reference->text);
  return NULL;
}

/* Whether it is certain that a file is meant, though it may not be there. */
static gboolean
names_file (const char *name)
{
  return g_path_is_absolute (name) || g_str_has_prefix (name, "." G_DIR_SEPARATOR_S) ||
         g_str_has_prefix (name, ".." G_DIR_SEPARATOR_S) ||
         (g_str_has_suffix (name, ".gguf") && strchr (name, ':') == NULL) ||
         g_file_test (name, G_FILE_TEST_IS_REGULAR);
}

char *
cli_find_model (const char *name, LinnetLibraryModel **model)
{
  g_autoptr (LinnetLibrary) library = NULL;
  LinnetLibraryModel *found;

  if (model != NULL)
    *model = NULL;
  if (name == NULL)
    return find_demo_model ();
  if (names_file (name))
    return g_strdup (name);
  library = cli_open_library ();
  found = cli_find_in_library (library, name);
  if (found == NULL)
    return NULL;
  if (model != NULL)
    *model = g_object_ref (found);
  return g_strdup (linnet_library_model_get_path (found));
}
