/* SPDX-License-Identifier: GPL-3.0-or-later
 * Models of other programs, found and used where they are: walks their folders, bounded in depth
 * and number, and takes each file once. */
#include <glib/gstdio.h>
#include <string.h>

#include "library/linnet-library-private.h"
#include "library/linnet-registry-json.h"

#define MAX_DEPTH   7
#define MAX_ENTRIES 50000
#define MAX_FILES   2000

#define HUGGING_FACE_PREFIX "models--"

/* The places where one program keeps its models. */
typedef struct {
  LinnetOwner owner;
  char *root;
} Place;

typedef struct {
  const Place *place;
  GPtrArray *candidates; /* LinnetLibraryModel, owned by the array */
  GHashTable *folders;   /* identities of those that were visited; borrowed */
  guint n_entries;
} Walk;

static void
place_free (Place *place)
{
  g_free (place->root);
  g_free (place);
}

/* path: taken; NULL adds nothing. */
static void
add_place (GPtrArray *places, LinnetOwner owner, char *path)
{
  Place *place;

  if (path == NULL)
    return;
  place = g_new0 (Place, 1);
  place->owner = owner;
  place->root = path;
  g_ptr_array_add (places, place);
}

/* A folder that the environment names, with more behind it. Transfer full; NULL: it does not. */
static char *
get_chosen (const char *variable, const char *more)
{
  const char *value = g_getenv (variable);

  if (value == NULL || !g_path_is_absolute (value))
    return NULL;
  return more != NULL ? g_build_filename (value, more, NULL) : g_strdup (value);
}

/* Caches are in the user's cache folder, and for a program in a sandbox, which has one of its own,
 * in the usual place. */
static void
add_cache (GPtrArray *places, LinnetOwner owner, const char *path)
{
  add_place (places, owner, g_build_filename (g_get_user_cache_dir (), path, NULL));
  add_place (places, owner, g_build_filename (g_get_home_dir (), ".cache", path, NULL));
}

static GPtrArray *
list_places (const char *const *folders)
{
  GPtrArray *places = g_ptr_array_new_with_free_func ((GDestroyNotify) place_free);
  const char *home = g_get_home_dir ();

  add_place (places, LINNET_OWNER_OLLAMA, get_chosen ("OLLAMA_MODELS", NULL));
  add_place (places, LINNET_OWNER_OLLAMA, g_build_filename (home, ".ollama", "models", NULL));
#ifndef G_OS_WIN32
  add_place (places, LINNET_OWNER_OLLAMA, g_strdup ("/usr/share/ollama/.ollama/models"));
  add_place (places, LINNET_OWNER_OLLAMA, g_strdup ("/var/lib/ollama/.ollama/models"));
  add_place (places, LINNET_OWNER_OLLAMA,
             g_build_filename (home, ".var/app/com.jeffser.Alpaca/data/.ollama/models", NULL));
#endif
  add_place (places, LINNET_OWNER_LM_STUDIO, g_build_filename (home, ".lmstudio", "models", NULL));
  add_cache (places, LINNET_OWNER_LM_STUDIO, "lm-studio/models");
  add_place (places, LINNET_OWNER_HUGGING_FACE, get_chosen ("HF_HUB_CACHE", NULL));
  add_place (places, LINNET_OWNER_HUGGING_FACE, get_chosen ("HF_HOME", "hub"));
  add_cache (places, LINNET_OWNER_HUGGING_FACE, "huggingface/hub");
  add_place (places, LINNET_OWNER_MODELSCOPE, get_chosen ("MODELSCOPE_CACHE", NULL));
  add_cache (places, LINNET_OWNER_MODELSCOPE, "modelscope/hub");
  for (guint i = 0; folders != NULL && folders[i] != NULL; i++)
    if (g_path_is_absolute (folders[i]))
      add_place (places, LINNET_OWNER_FOLDER, g_strdup (folders[i]));
  return places;
}

/* ---- Names --------------------------------------------------------------------------------- */

/* A repository and a file in it, as one would ask for it. Transfer full; NULL: the names are not
 * such. */
static char *
make_repository_name (const char *site, const char *owner, const char *name, const char *file)
{
  g_autofree char *base = g_path_get_basename (file);
  g_autofree char *quantisation = linnet_registry_guess_quantisation (base);
  g_autofree char *text =
      g_strdup_printf ("%s/%s/%s:%s", site, owner, name, quantisation[0] ? quantisation : base);
  g_autoptr (LinnetReference) reference = linnet_reference_parse (text, NULL);

  return reference != NULL ? g_strdup (reference->text) : NULL;
}

/* "models--OWNER--NAME/snapshots/COMMIT/FILE" */
static char *
make_hugging_face_name (const char *relative)
{
  g_auto (GStrv) parts = g_strsplit (relative, G_DIR_SEPARATOR_S, 4);
  const char *owner;
  const char *dashes;
  g_autofree char *person = NULL;

  if (g_strv_length (parts) != 4 || !g_str_has_prefix (parts[0], HUGGING_FACE_PREFIX) ||
      !g_str_equal (parts[1], "snapshots"))
    return NULL;
  owner = parts[0] + strlen (HUGGING_FACE_PREFIX);
  dashes = strstr (owner, "--");
  if (dashes == NULL)
    return NULL;
  person = g_strndup (owner, (gsize) (dashes - owner));
  return make_repository_name ("hf.co", person, dashes + 2, parts[3]);
}

/* text behind a prefix, if it begins with it. */
static const char *
skip_prefix (const char *text, const char *prefix)
{
  return g_str_has_prefix (text, prefix) ? text + strlen (prefix) : text;
}

/* "[hub/][models/]OWNER/NAME/FILE"; newer versions write a dot in a name as three underscores. */
static char *
make_modelscope_name (const char *relative)
{
  const char *inner =
      skip_prefix (skip_prefix (relative, "hub" G_DIR_SEPARATOR_S), "models" G_DIR_SEPARATOR_S);
  g_auto (GStrv) parts = g_strsplit (inner, G_DIR_SEPARATOR_S, 3);
  g_autoptr (GString) name = NULL;

  if (g_strv_length (parts) != 3)
    return NULL;
  name = g_string_new (parts[1]);
  g_string_replace (name, "___", ".", 0);
  return make_repository_name ("modelscope.cn", parts[0], name->str, parts[2]);
}

/* What a file is called: as its program would, else by its path below the place. Transfer full. */
static char *
make_name (const Place *place, const char *path)
{
  const char *relative = path + strlen (place->root);
  char *name = NULL;
  gsize stem_bytes;
  guint index;
  guint count;

  while (G_IS_DIR_SEPARATOR (*relative))
    relative++;
  if (place->owner == LINNET_OWNER_HUGGING_FACE)
    name = make_hugging_face_name (relative);
  else if (place->owner == LINNET_OWNER_MODELSCOPE)
    name = make_modelscope_name (relative);
  if (name != NULL)
    return name;
  if (!linnet_registry_parse_split (relative, &stem_bytes, &index, &count))
    stem_bytes = strlen (relative) - strlen (".gguf");
  {
    g_autofree char *stem = g_strndup (relative, stem_bytes);

    return g_filename_display_name (stem);
  }
}

/* ---- Files --------------------------------------------------------------------------------- */

/* The sha256 that a cache gives a file as its name, behind the link in the snapshot. Transfer full;
 * NULL: it does not. */
static char *
find_sha256 (const Place *place, const char *path)
{
  g_autofree char *target =
      place->owner == LINNET_OWNER_HUGGING_FACE ? g_file_read_link (path, NULL) : NULL;
  g_autofree char *base = target != NULL ? g_path_get_basename (target) : NULL;

  return linnet_registry_is_sha256 (base) ? g_steal_pointer (&base) : NULL;
}

/* Adds the file, and the other parts of a split one, of which path is the first. */
static gboolean
add_parts (const Place *place, LinnetLibraryModel *model, const char *path)
{
  gsize stem_bytes;
  guint index;
  guint count = 1;
  gboolean is_split = linnet_registry_parse_split (path, &stem_bytes, &index, &count);

  for (guint i = 1; i <= count; i++) {
    g_autofree char *part =
        is_split ? g_strdup_printf ("%.*s-%05u-of-%05u.gguf", (int) stem_bytes, path, i, count)
                 : g_strdup (path);
    g_autofree char *sha256 = find_sha256 (place, part);
    GStatBuf status;

    if (g_stat (part, &status) != 0 || !S_ISREG (status.st_mode))
      return FALSE;
    linnet_library_model_add_part (model, part, (guint64) status.st_size, sha256);
  }
  return TRUE;
}

static void
visit_file (Walk *walk, const char *path)
{
  g_autoptr (LinnetLibraryModel) model = NULL;
  g_autofree char *name = NULL;
  gsize stem_bytes;
  guint index;
  guint count;

  if (walk->candidates->len >= MAX_FILES || !linnet_registry_is_model_file (path) ||
      (linnet_registry_parse_split (path, &stem_bytes, &index, &count) && index != 1))
    return;
  name = make_name (walk->place, path);
  model = linnet_library_model_new (walk->place->owner, name);
  if (add_parts (walk->place, model, path))
    g_ptr_array_add (walk->candidates, g_steal_pointer (&model));
}

/* Which file a path is, however one gets to it. Transfer full. */
static char *
identify (const char *path)
{
  GStatBuf status;

#ifndef G_OS_WIN32
  if (g_stat (path, &status) == 0 && status.st_ino != 0)
    return g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) status.st_dev,
                            (guint64) status.st_ino);
#endif
  return g_canonicalize_filename (path, NULL);
}

/* Links are followed, but each folder is looked into once. */
static void
visit_folder (Walk *walk, const char *path, guint depth)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  if (dir == NULL || !g_hash_table_add (walk->folders, identify (path)))
    return;
  while (walk->n_entries < MAX_ENTRIES && (name = g_dir_read_name (dir)) != NULL) {
    walk->n_entries++;
    if (name[0] != '.')
      g_ptr_array_add (names, g_strdup (name));
  }
  g_ptr_array_sort_values (names, (GCompareFunc) g_strcmp0);
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *inner = g_build_filename (path, names->pdata[i], NULL);

    if (linnet_registry_is_model_file (inner) && g_file_test (inner, G_FILE_TEST_IS_REGULAR))
      visit_file (walk, inner);
    else if (depth > 1 && g_file_test (inner, G_FILE_TEST_IS_DIR))
      visit_folder (walk, inner, depth - 1);
  }
}

static gboolean
has_name (GPtrArray *models, const char *name)
{
  for (guint i = 0; i < models->len; i++)
    if (g_ascii_strcasecmp (((LinnetLibraryModel *) models->pdata[i])->name, name) == 0)
      return TRUE;
  return FALSE;
}

/* Two programs may have models of one name. */
static void
make_unique (LinnetLibraryModel *model, GPtrArray *models)
{
  g_autofree char *plain = g_strdup (model->name);

  for (guint n = 1; has_name (models, model->name); n++) {
    g_free (model->name);
    model->name =
        n == 1 ? g_strdup_printf ("%s (%s)", plain, linnet_owner_get_title (model->owner))
               : g_strdup_printf ("%s (%s %u)", plain, linnet_owner_get_title (model->owner), n);
  }
}

static gboolean
has_model (GPtrArray *models, LinnetLibraryModel *model)
{
  for (guint i = 0; i < models->len; i++) {
    LinnetLibraryModel *other = models->pdata[i];

    if (g_str_equal (other->name, model->name) &&
        g_str_equal (linnet_library_model_get_path (other), linnet_library_model_get_path (model)))
      return TRUE;
  }
  return FALSE;
}

/* The models of a folder that was Linnet's own before: they keep their names and recipes. */
static void
add_former (const char *folder,
            LinnetInspections *inspections,
            GCancellable *cancellable,
            GPtrArray *models)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_object_unref);

  linnet_library_store_scan (folder, inspections, cancellable, found);
  for (guint i = 0; i < found->len; i++) {
    LinnetLibraryModel *model = found->pdata[i];

    /* It may be Linnet's own folder still. */
    if (has_model (models, model))
      continue;
    model->owner = LINNET_OWNER_FOLDER;
    make_unique (model, models);
    g_ptr_array_add (models, g_object_ref (model));
  }
}

void
linnet_library_scan_others (const char *const *folders,
                            LinnetInspections *inspections,
                            GCancellable *cancellable,
                            GPtrArray *models)
{
  g_autoptr (GPtrArray) places = list_places (folders);
  g_autoptr (GPtrArray) candidates = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < places->len && !g_cancellable_is_cancelled (cancellable); i++) {
    g_autoptr (GHashTable) visited = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    Walk walk = { places->pdata[i], candidates, visited, 0 };

    if (walk.place->owner == LINNET_OWNER_OLLAMA)
      linnet_library_scan_ollama (walk.place->root, candidates);
    else
      visit_folder (&walk, walk.place->root, MAX_DEPTH);
  }
  for (guint i = 0; folders != NULL && folders[i] != NULL; i++)
    if (g_path_is_absolute (folders[i]))
      add_former (folders[i], inspections, cancellable, models);
  for (guint i = 0; i < models->len; i++)
    g_hash_table_add (seen, identify (linnet_library_model_get_path (models->pdata[i])));
  for (guint i = 0; i < candidates->len && !g_cancellable_is_cancelled (cancellable); i++) {
    LinnetLibraryModel *model = candidates->pdata[i];
    g_autofree char *file = identify (linnet_library_model_get_path (model));
    g_autofree char *key = model->owner == LINNET_OWNER_OLLAMA
                               ? g_strdup_printf ("%s %s", file, model->name)
                               : g_strdup (file);

    /* Ollama's have names of their own, even where they share a file. */
    if (g_hash_table_contains (seen, file) && model->owner != LINNET_OWNER_OLLAMA)
      continue;
    if (!g_hash_table_add (seen, g_steal_pointer (&key)) ||
        !linnet_library_model_inspect (model, inspections, cancellable, NULL))
      continue;
    g_hash_table_add (seen, g_steal_pointer (&file));
    make_unique (model, models);
    g_ptr_array_add (models, g_object_ref (model));
  }
}
