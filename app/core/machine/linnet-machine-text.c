/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading the small text files of /proc and /sys. */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "machine/linnet-machine-private.h"

#define MAX_BYTES ((gsize) 4 << 20) /* /proc/cpuinfo of a thousand processors */
#define MAX_NAMES 1024              /* of a folder */

/* Files there say that they have no length, so that one reads until there is no more. */
static GString *
read_stream (FILE *stream)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[4096];
  gsize n;

  while ((n = fread (buffer, 1, sizeof buffer, stream)) > 0) {
    if (text->len + n > MAX_BYTES)
      return NULL;
    g_string_append_len (text, buffer, (gssize) n);
  }
  return ferror (stream) ? NULL : g_steal_pointer (&text);
}

char *
linnet_machine_read (const char *root, const char *path)
{
  g_autofree char *full = g_build_filename (root, path, NULL);
  g_autoptr (GString) text = NULL;
  FILE *stream;

  if (!g_file_test (full, G_FILE_TEST_IS_REGULAR))
    return NULL;
  stream = g_fopen (full, "rb");
  if (stream == NULL)
    return NULL;
  text = read_stream (stream);
  fclose (stream);
  /* A GString is terminated, and whoever reads the string ends at a NUL within it. */
  return text != NULL ? g_strstrip (g_string_free (g_steal_pointer (&text), FALSE)) : NULL;
}

gboolean
linnet_machine_read_number (const char *root, const char *path, gint64 *number)
{
  g_autofree char *text = linnet_machine_read (root, path);
  char *end = NULL;

  if (text == NULL)
    return FALSE;
  errno = 0;
  *number = g_ascii_strtoll (text, &end, 10);
  return end != text && errno == 0;
}

char *
linnet_machine_find_value (const char *text, const char *key)
{
  gsize length = strlen (key);

  for (const char *line = text; line != NULL && *line != '\0';) {
    const char *end = strchr (line, '\n');
    gsize line_length = end != NULL ? (gsize) (end - line) : strlen (line);

    if (line_length > length && strncmp (line, key, length) == 0 &&
        strchr (" \t:", line[length]) != NULL) {
      const char *colon = memchr (line + length, ':', line_length - length);

      if (colon != NULL)
        return g_strstrip (g_strndup (colon + 1, line_length - (gsize) (colon + 1 - line)));
    }
    line = end != NULL ? end + 1 : NULL;
  }
  return NULL;
}

guint64
linnet_machine_find_kilobytes (const char *text, const char *key)
{
  g_autofree char *value = linnet_machine_find_value (text, key);
  guint64 kilobytes =
      value != NULL && g_ascii_isdigit (value[0]) ? g_ascii_strtoull (value, NULL, 10) : 0;

  /* More than any address has bits for is nonsense. */
  return kilobytes <= G_MAXINT64 / 1024 ? kilobytes * 1024 : 0;
}

GHashTable *
linnet_machine_parse_cpu_list (const char *list)
{
  GHashTable *set = g_hash_table_new (NULL, NULL);
  g_auto (GStrv) parts = g_strsplit (list != NULL ? list : "", ",", LINNET_MACHINE_MAX_CPUS);

  for (guint i = 0; parts[i] != NULL; i++) {
    char *end = NULL;
    guint64 first = g_ascii_strtoull (parts[i], &end, 10);
    guint64 last = first;

    if (end == parts[i])
      continue;
    if (*end == '-')
      last = g_ascii_strtoull (end + 1, NULL, 10);
    for (guint64 cpu = first; cpu <= MIN (last, LINNET_MACHINE_MAX_CPUS); cpu++)
      g_hash_table_add (set, GUINT_TO_POINTER ((guint) cpu));
  }
  return set;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

GStrv
linnet_machine_list (const char *root, const char *folder, const char *prefix)
{
  g_autofree char *path = g_build_filename (root, folder, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_null_terminated (0, g_free, TRUE);
  const char *name;

  while (dir != NULL && names->len < MAX_NAMES && (name = g_dir_read_name (dir)) != NULL) {
    if (g_str_has_prefix (name, prefix))
      g_ptr_array_add (names, g_strdup (name));
  }
  g_ptr_array_sort (names, compare_names);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}
