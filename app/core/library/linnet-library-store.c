/* SPDX-License-Identifier: GPL-3.0-or-later
 * Linnet's own models on disk: a folder for each, with its files and a description, model.json.
 * A description may also name files of another model's folder, or anywhere else: they are shared,
 * and go when nobody names them any more. */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "library/linnet-library-private.h"
#include "library/linnet-registry-json.h"
#include "linnet-json.h"

#define DESCRIPTION "model.json"
#define VERSION     1
#define MAX_PARTS   999
#define MAX_BYTES   (4 << 20)

/* Whether a name from a file stays in the folder it is put behind. */
static gboolean
is_plain_name (const char *name)
{
  return name != NULL && name[0] != '\0' && name[0] != '.' && strchr (name, '/') == NULL &&
         strchr (name, G_DIR_SEPARATOR) == NULL;
}

/* Where a file of the description is. Transfer full; NULL: it makes no sense. */
static char *
get_part_path (JsonObject *file, const char *folder, const char *slug)
{
  const char *path = linnet_json_get_string (file, "path");
  const char *name = linnet_json_get_string (file, "name");
  const char *other = linnet_json_get_string (file, "folder");

  if (path != NULL)
    return g_path_is_absolute (path) ? g_strdup (path) : NULL;
  if (!is_plain_name (name) || (other != NULL && !is_plain_name (other)))
    return NULL;
  return g_build_filename (folder, other != NULL ? other : slug, name, NULL);
}

static gboolean
read_parts (LinnetLibraryModel *model, JsonArray *files, const char *folder, const char *slug)
{
  guint n = files != NULL ? json_array_get_length (files) : 0;

  if (n == 0)
    return FALSE;
  for (guint i = 0; i < n; i++) {
    JsonObject *file = linnet_json_as_object (json_array_get_element (files, i));
    g_autofree char *path = get_part_path (file, folder, slug);
    const char *sha256 = linnet_json_get_string (file, "sha256");
    GStatBuf status;

    if (path == NULL || g_stat (path, &status) != 0 || !S_ISREG (status.st_mode))
      return FALSE;
    linnet_library_model_add_part (model, path, (guint64) status.st_size,
                                   linnet_registry_is_sha256 (sha256) ? sha256 : NULL);
  }
  return TRUE;
}

/* NULL: damaged, or no model. */
static LinnetLibraryModel *
read_description (const char *folder, const char *slug)
{
  g_autofree char *path = g_build_filename (folder, slug, DESCRIPTION, NULL);
  g_autoptr (JsonNode) root = linnet_json_load (path, MAX_BYTES);
  JsonObject *object = linnet_json_as_object (root);
  g_autoptr (LinnetLibraryModel) model = NULL;
  const char *name = linnet_json_get_string (object, "name");
  const char *recipe;

  if (name == NULL || name[0] == '\0')
    return NULL;
  model = linnet_library_model_new (LINNET_OWNER_LINNET, name);
  model->slug = g_strdup (slug);
  model->title = g_strdup (linnet_json_get_string (object, "title"));
  if (!read_parts (model, linnet_json_get_array (object, "files", MAX_PARTS), folder, slug))
    return NULL;
  recipe = linnet_json_get_string (object, "modelfile");
  if (recipe != NULL)
    model->modelfile = linnet_modelfile_parse (recipe, -1, NULL);
  model->references = linnet_json_get_strings (object, "references", G_MAXUINT);
  return g_steal_pointer (&model);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  const LinnetLibraryModel *first = *(LinnetLibraryModel *const *) a;
  const LinnetLibraryModel *second = *(LinnetLibraryModel *const *) b;

  return g_strcmp0 (first->name, second->name);
}

void
linnet_library_store_scan (const char *folder,
                           LinnetInspections *inspections,
                           GCancellable *cancellable,
                           GPtrArray *models)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_object_unref);
  const char *slug;

  while (dir != NULL && (slug = g_dir_read_name (dir)) != NULL) {
    g_autoptr (LinnetLibraryModel) model = NULL;

    if (slug[0] == '.' || g_cancellable_is_cancelled (cancellable))
      continue;
    model = read_description (folder, slug);
    if (model != NULL && linnet_library_model_inspect (model, inspections, cancellable, NULL))
      g_ptr_array_add (found, g_steal_pointer (&model));
  }
  g_ptr_array_sort (found, compare_names);
  for (guint i = 0; i < found->len; i++)
    g_ptr_array_add (models, g_object_ref (found->pdata[i]));
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* Whether path is a file in a model's folder below folder; then *slug and *name (transfer full) are
 * where. */
static gboolean
is_inside (const char *folder, const char *path, char **slug, char **name)
{
  g_autofree char *own = g_path_get_dirname (path);
  g_autofree char *parent = g_path_get_dirname (own);

  if (!g_str_equal (parent, folder))
    return FALSE;
  if (slug != NULL)
    *slug = g_path_get_basename (own);
  if (name != NULL)
    *name = g_path_get_basename (path);
  return TRUE;
}

static void
add_part (JsonBuilder *builder,
          const char *folder,
          const char *own_slug,
          const LinnetModelPart *part)
{
  g_autofree char *slug = NULL;
  g_autofree char *name = NULL;

  json_builder_begin_object (builder);
  if (!is_inside (folder, part->path, &slug, &name)) {
    linnet_json_add_string (builder, "path", part->path);
  } else {
    linnet_json_add_string (builder, "name", name);
    if (!g_str_equal (slug, own_slug))
      linnet_json_add_string (builder, "folder", slug);
  }
  linnet_json_add_int (builder, "bytes", (gint64) part->bytes);
  if (part->sha256 != NULL)
    linnet_json_add_string (builder, "sha256", part->sha256);
  json_builder_end_object (builder);
}

/* Transfer full. */
static JsonNode *
describe (const char *folder, LinnetLibraryModel *model)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  linnet_json_add_int (builder, "version", VERSION);
  linnet_json_add_string (builder, "name", model->name);
  if (model->title != NULL)
    linnet_json_add_string (builder, "title", model->title);
  linnet_json_add_strings (builder, "references", (const char *const *) model->references);
  linnet_json_begin_array (builder, "files");
  for (guint i = 0; i < model->parts->len; i++)
    add_part (builder, folder, model->slug, model->parts->pdata[i]);
  json_builder_end_array (builder);
  if (model->modelfile != NULL) {
    g_autofree char *recipe = linnet_modelfile_to_string (model->modelfile);

    linnet_json_add_string (builder, "modelfile", recipe);
  }
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

gboolean
linnet_library_make_folder (const char *folder, GError **error)
{
  int saved;

  if (g_mkdir_with_parents (folder, 0755) == 0)
    return TRUE;
  saved = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
               _ ("The folder “%s” cannot be made: %s. Choose another folder for models."), folder,
               g_strerror (saved));
  return FALSE;
}

gboolean
linnet_library_store_write (const char *folder, LinnetLibraryModel *model, GError **error)
{
  g_autofree char *own = g_build_filename (folder, model->slug, NULL);
  g_autofree char *path = g_build_filename (own, DESCRIPTION, NULL);
  g_autoptr (JsonNode) root = describe (folder, model);

  return linnet_library_make_folder (own, error) && linnet_json_save (root, path, 0644, error);
}

/* ---- Deleting ------------------------------------------------------------------------------ */

static gboolean
is_used (const char *path, LinnetLibraryModel *except, GPtrArray *models)
{
  for (guint i = 0; i < models->len; i++) {
    LinnetLibraryModel *model = models->pdata[i];

    /* The next version of a model has the name of the one that it replaces. */
    if (model == except || model->owner != LINNET_OWNER_LINNET)
      continue;
    for (guint j = 0; j < model->parts->len; j++)
      if (g_str_equal (((LinnetModelPart *) model->parts->pdata[j])->path, path))
        return TRUE;
  }
  return FALSE;
}

guint64
linnet_library_store_count_own (const char *folder, LinnetLibraryModel *model, GPtrArray *models)
{
  guint64 bytes = 0;

  for (guint i = 0; i < model->parts->len; i++) {
    const LinnetModelPart *part = model->parts->pdata[i];

    if (is_inside (folder, part->path, NULL, NULL) && !is_used (part->path, model, models))
      bytes += part->bytes;
  }
  return bytes;
}

void
linnet_library_store_remove_parts (const char *folder, LinnetLibraryModel *model, GPtrArray *models)
{
  for (guint i = 0; i < model->parts->len; i++) {
    const LinnetModelPart *part = model->parts->pdata[i];
    g_autofree char *own = g_path_get_dirname (part->path);

    if (!is_inside (folder, part->path, NULL, NULL) || is_used (part->path, model, models))
      continue;
    g_unlink (part->path);
    /* The folder of a model that went before, and left its files to this one. */
    g_rmdir (own);
  }
}

gboolean
linnet_library_store_delete (const char *folder,
                             LinnetLibraryModel *model,
                             GPtrArray *models,
                             GError **error)
{
  g_autofree char *own = g_build_filename (folder, model->slug, NULL);
  g_autofree char *path = g_build_filename (own, DESCRIPTION, NULL);

  /* First, so that what is half deleted is no model. */
  if (g_unlink (path) != 0 && errno != ENOENT) {
    int saved = errno;

    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
                 _ ("“%s” cannot be deleted: %s."), model->name, g_strerror (saved));
    return FALSE;
  }
  linnet_library_store_remove_parts (folder, model, models);
  g_rmdir (own);
  return TRUE;
}
