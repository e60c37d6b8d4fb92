/* SPDX-License-Identifier: GPL-3.0-or-later
 * Making folders out of descriptions of them. */
#include "machine-tree.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

/* The numbers of a "{FIRST-LAST/STEP}". */
typedef struct {
  const char *begin; /* of it in the path; NULL: there is none */
  const char *end;
  int first, last, step;
} Range;

static Range
find_range (const char *text)
{
  Range range = { .step = 1 };
  const char *brace = strchr (text, '{');
  int n = 0;

  if (brace == NULL)
    return range;
  g_assert_cmpint (sscanf (brace, "{%d-%d%n", &range.first, &range.last, &n), ==, 2);
  range.begin = brace;
  range.end = brace + n;
  if (*range.end == '/')
    range.step = (int) g_ascii_strtoll (range.end + 1, (char **) &range.end, 10);
  g_assert_true (*range.end == '}' && range.step > 0);
  range.end++;
  return range;
}

/* Appends text with what it says of number. */
static void
expand (GString *out, const char *text, int number)
{
  const char *brace;

  for (; (brace = strstr (text, "{i")) != NULL; text = strchr (brace, '}') + 1) {
    int offset = brace[2] == '}' ? 0 : (int) g_ascii_strtoll (brace + 2, NULL, 10);

    g_assert_nonnull (strchr (brace, '}'));
    g_string_append_len (out, text, brace - text);
    g_string_append_printf (out, "%d", number + offset);
  }
  g_string_append (out, text);
}

static void
write_file (const char *root, const char *path, const char *text)
{
  g_autofree char *full = g_build_filename (root, path, NULL);
  g_autofree char *folder = g_path_get_dirname (full);
  FILE *file;

  g_assert_null (strstr (path, ".."));
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  /* Not through a temporary file and to the disk: there are hundreds of them. */
  file = g_fopen (full, "wb");
  g_assert_nonnull (file);
  g_assert_cmpint (fputs (text, file), >=, 0);
  g_assert_cmpint (fclose (file), ==, 0);
}

/* entry: "PATH\ntext", or "PATH * {RANGE}\ntext". */
static void
write_entry (const char *root, const char *entry)
{
  const char *newline = strchr (entry, '\n');
  g_autofree char *head = g_strchomp (g_strndup (entry, (gsize) (newline - entry)));
  char *star = strstr (head, " * ");
  Range range = find_range (star != NULL ? star : head);
  g_autoptr (GString) whole = g_string_new (NULL);

  if (range.begin == NULL) {
    write_file (root, head, newline + 1);
    return;
  }
  for (int i = range.first; i <= range.last; i += range.step) {
    g_autoptr (GString) text = g_string_new (NULL);
    g_autofree char *path = NULL;

    expand (text, newline + 1, i);
    g_string_append (whole, text->str);
    path = g_strdup_printf ("%.*s%d%s", (int) (range.begin - head), head, i, range.end);
    if (star == NULL)
      write_file (root, path, text->str);
  }
  if (star != NULL) {
    *star = '\0';
    write_file (root, head, whole->str);
  }
}

char *
machine_tree_unpack_text (const char *text)
{
  g_auto (GStrv) entries = g_strsplit (text, "\n== ", -1);
  char *root = g_dir_make_tmp ("linnet-machine-XXXXXX", NULL);

  g_assert_nonnull (root);
  for (guint i = 1; entries[i] != NULL; i++) {
    g_autofree char *entry = g_strconcat (entries[i], "\n", NULL);

    write_entry (root, entry);
  }
  return root;
}

static char *
get_folder (void)
{
  return g_build_filename (g_getenv ("LINNET_TEST_DATA"), "machine", NULL);
}

char *
machine_tree_unpack (const char *name)
{
  g_autofree char *folder = get_folder ();
  g_autofree char *file = g_strconcat (name, ".tree", NULL);
  g_autofree char *path = g_build_filename (folder, file, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return machine_tree_unpack_text (text);
}

void
machine_tree_remove (char *root)
{
  fixture_remove_tree (root);
  g_free (root);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

GStrv
machine_tree_list (void)
{
  g_autofree char *folder = get_folder ();
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_null_terminated (0, g_free, TRUE);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL) {
    if (g_str_has_suffix (name, ".tree"))
      g_ptr_array_add (names, g_strndup (name, strlen (name) - strlen (".tree")));
  }
  g_ptr_array_sort (names, compare_names);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}
