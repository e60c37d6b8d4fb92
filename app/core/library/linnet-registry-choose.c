/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which files of a repository a tag means: quantisations in file names, and parts of split files.
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "library/linnet-registry-json.h"

#define SPLIT_BYTES (sizeof "-00001-of-00003.gguf" - 1)
#define MAX_PARTS   999

/* What is taken where no tag was given: the usual compromise, then its neighbours. */
static const char *const USUAL[] = { "Q4_K_M", "Q4_K_S", "Q4_0", "Q5_K_M", "Q5_K_S", "Q5_0",
                                     "IQ4_XS", "Q3_K_M", "Q6_K", "Q8_0",   "F16",    "BF16" };

/* Names of files that hold something else than a model to talk with. */
static const char *const OTHERS[] = { "mmproj", "imatrix", "adapter", "lora", "vocab-", "clip-" };

/* The parts of one model. */
typedef struct {
  char *stem; /* of the path, without part and suffix */
  guint count;
  GPtrArray *parts; /* LinnetListedFile, borrowed; NULL where one is missing */
} Group;

static void
group_free (Group *group)
{
  g_free (group->stem);
  g_ptr_array_unref (group->parts);
  g_free (group);
}

static gboolean
has_suffix_ignoring_case (const char *text, const char *suffix)
{
  gsize length = strlen (text);
  gsize n = strlen (suffix);

  return length >= n && g_ascii_strcasecmp (text + length - n, suffix) == 0;
}

gboolean
linnet_registry_is_model_file (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *lower = g_ascii_strdown (base, -1);

  if (!g_str_has_suffix (lower, ".gguf") || lower[0] == '.')
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (OTHERS); i++)
    if (strstr (lower, OTHERS[i]) != NULL)
      return FALSE;
  return TRUE;
}

gboolean
linnet_registry_parse_split (const char *path, gsize *stem_bytes, guint *index, guint *count)
{
  gsize length = strlen (path);
  const char *tail = length > SPLIT_BYTES ? path + length - SPLIT_BYTES : NULL;
  guint64 i;
  guint64 n;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  if (tail == NULL || tail[0] != '-' || strncmp (tail + 6, "-of-", 4) != 0 ||
      g_ascii_strcasecmp (tail + 15, ".gguf") != 0)
    return FALSE;
  first = g_strndup (tail + 1, 5);
  second = g_strndup (tail + 10, 5);
  if (!g_ascii_string_to_unsigned (second, 10, 1, MAX_PARTS, &n, NULL) ||
      !g_ascii_string_to_unsigned (first, 10, 1, n, &i, NULL))
    return FALSE;
  *stem_bytes = length - SPLIT_BYTES;
  *index = (guint) i;
  *count = (guint) n;
  return TRUE;
}

/* The path without its suffix and part. Transfer full. */
static char *
get_stem (const char *path, guint *index, guint *count)
{
  gsize stem_bytes;

  if (linnet_registry_parse_split (path, &stem_bytes, index, count))
    return g_strndup (path, stem_bytes);
  *index = *count = 1;
  return g_strndup (path, strlen (path) - strlen (".gguf"));
}

char *
linnet_registry_guess_quantisation (const char *path)
{
  static const char pattern[] = "(?:^|[-._/])((?:i?q[1-8]|tq[12]|mxfp4|bf16|fp?16|fp?32)\\w*)$";
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_CASELESS, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *stem = NULL;
  g_autofree char *found = NULL;
  guint index;
  guint count;
  char *upper;

  if (!has_suffix_ignoring_case (path, ".gguf"))
    return g_strdup ("");
  stem = get_stem (path, &index, &count);
  if (!g_regex_match (regex, stem, 0, &match))
    return g_strdup ("");
  found = g_match_info_fetch (match, 1);
  upper = g_ascii_strup (found, -1);
  if (g_str_equal (upper, "FP16") || g_str_equal (upper, "FP32"))
    memmove (upper + 1, upper + 2, 3);
  return upper;
}

static Group *
find_group (GPtrArray *groups, const char *stem, guint count)
{
  Group *group;

  for (guint i = 0; i < groups->len; i++) {
    group = g_ptr_array_index (groups, i);
    if (group->count == count && g_str_equal (group->stem, stem))
      return group;
  }
  group = g_new0 (Group, 1);
  group->stem = g_strdup (stem);
  group->count = count;
  group->parts = g_ptr_array_new ();
  g_ptr_array_set_size (group->parts, (int) count);
  g_ptr_array_add (groups, group);
  return group;
}

static gboolean
is_whole (const Group *group)
{
  for (guint i = 0; i < group->count; i++)
    if (group->parts->pdata[i] == NULL)
      return FALSE;
  return TRUE;
}

/* The models of a repository, whole ones only. */
static GPtrArray *
make_groups (GPtrArray *files)
{
  g_autoptr (GPtrArray) groups = g_ptr_array_new_with_free_func ((GDestroyNotify) group_free);

  for (guint i = 0; i < files->len; i++) {
    LinnetListedFile *file = g_ptr_array_index (files, i);
    g_autofree char *stem = NULL;
    guint index;
    guint count;

    if (!linnet_registry_is_model_file (file->path))
      continue;
    stem = get_stem (file->path, &index, &count);
    find_group (groups, stem, count)->parts->pdata[index - 1] = file;
  }
  for (guint i = groups->len; i-- > 0;)
    if (!is_whole (g_ptr_array_index (groups, i)))
      g_ptr_array_remove_index (groups, i);
  return g_steal_pointer (&groups);
}

/* Whether the stem's name ends with the tag as a word of its own, or is it. */
static gboolean
matches (const Group *group, const char *tag)
{
  g_autofree char *base = g_path_get_basename (group->stem);
  g_autofree char *plain = has_suffix_ignoring_case (tag, ".gguf")
                               ? g_strndup (tag, strlen (tag) - strlen (".gguf"))
                               : g_strdup (tag);
  gsize length = strlen (base);
  gsize n = strlen (plain);

  if (g_ascii_strcasecmp (base, plain) == 0)
    return TRUE;
  if (length > n && strchr ("-._", base[length - n - 1]) != NULL &&
      g_ascii_strcasecmp (base + length - n, plain) == 0)
    return TRUE;
  {
    const LinnetListedFile *first = group->parts->pdata[0];
    g_autofree char *quantisation = linnet_registry_guess_quantisation (first->path);

    return quantisation[0] != '\0' && g_ascii_strcasecmp (quantisation, plain) == 0;
  }
}

/* The shortest name is the plainest; one file is better than several. */
static const Group *
find_match (GPtrArray *groups, const char *tag)
{
  const Group *best = NULL;

  for (guint i = 0; i < groups->len; i++) {
    const Group *group = g_ptr_array_index (groups, i);

    if (matches (group, tag) &&
        (best == NULL || strlen (group->stem) < strlen (best->stem) ||
         (strlen (group->stem) == strlen (best->stem) && group->count < best->count)))
      best = group;
  }
  return best;
}

static const Group *
find_usual (GPtrArray *groups)
{
  for (guint i = 0; i < G_N_ELEMENTS (USUAL); i++) {
    const Group *group = find_match (groups, USUAL[i]);

    if (group != NULL)
      return group;
  }
  return groups->len > 0 ? g_ptr_array_index (groups, 0) : NULL;
}

/* "Q2_K, Q4_K_M"; transfer full. */
static char *
list_quantisations (GPtrArray *groups)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) names = NULL;

  for (guint i = 0; i < groups->len; i++) {
    const Group *group = g_ptr_array_index (groups, i);
    const LinnetListedFile *first = group->parts->pdata[0];
    g_autofree char *name = linnet_registry_guess_quantisation (first->path);

    if (name[0] != '\0' && g_hash_table_add (seen, g_strdup (name)))
      g_strv_builder_add (builder, name);
  }
  names = g_strv_builder_end (builder);
  return g_strjoinv (", ", names);
}

GPtrArray *
linnet_registry_choose (GPtrArray *files, const char *tag, GError **error)
{
  g_autoptr (GPtrArray) groups = make_groups (files);
  g_autoptr (GPtrArray) chosen = g_ptr_array_new ();
  gboolean is_usual = tag[0] == '\0' || g_str_equal (tag, "latest");
  const Group *group = is_usual ? find_usual (groups) : find_match (groups, tag);

  if (groups->len == 0) {
    g_set_error_literal (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_NOT_FOUND,
                         _ ("This repository has no GGUF files. Look for one whose name ends in "
                            "“GGUF”."));
    return NULL;
  }
  if (group == NULL) {
    g_autofree char *names = list_quantisations (groups);

    g_set_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_NOT_FOUND,
                 _ ("This repository has no “%s”. Choose one of these instead: %s."), tag, names);
    return NULL;
  }
  for (guint i = 0; i < group->count; i++)
    g_ptr_array_add (chosen, group->parts->pdata[i]);
  return g_steal_pointer (&chosen);
}
