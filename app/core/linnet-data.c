/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finding the files that come with Linnet. */
#include "config.h"

#include "linnet-data.h"

/* Folders, most wanted first. Transfer full. */
static GStrv
list_folders (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const char *chosen = g_getenv ("LINNET_DATA_DIR");
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);

  if (chosen != NULL && chosen[0] != '\0')
    g_strv_builder_add (builder, chosen);
  g_strv_builder_add (builder, PKGDATADIR);
  if (program != NULL) {
    /* A build that is not installed: build/app/linnet or build/app/cli/linnet-cli, and
     * build/data. */
    g_autofree char *here = g_path_get_dirname (program);

    g_strv_builder_take (builder, g_build_filename (here, "..", "data", NULL));
    g_strv_builder_take (builder, g_build_filename (here, "..", "..", "data", NULL));
  }
  return g_strv_builder_end (builder);
}

char *
linnet_data_find (const char *name)
{
  g_auto (GStrv) folders = list_folders ();

  g_return_val_if_fail (name != NULL, NULL);

  for (guint i = 0; folders[i] != NULL; i++) {
    g_autofree char *path = g_build_filename (folders[i], name, NULL);

    if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
      return g_steal_pointer (&path);
  }
  return NULL;
}
