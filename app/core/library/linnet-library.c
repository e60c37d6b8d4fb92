/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetLibrary: the list of models, kept in step with the disk by a thread that looks at it. */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "library/linnet-library-private.h"
#include "library/linnet-network-settings.h"

struct _LinnetLibrary {
  GObject parent_instance;

  /* Owned. */
  char *folder;                   /* of Linnet's own models */
  GPtrArray *models;              /* LinnetLibraryModel */
  LinnetInspections *inspections; /* the refreshing thread's, while there is one */
  GQueue waiting;                 /* GTask of refreshes that begin after the one that runs */

  gboolean is_refreshing;
  guint n_changes; /* made here, not by a refresh */
};

/* What the thread works with. */
typedef struct {
  char *folder;
  GStrv folders;
  LinnetInspections *inspections;
  guint n_changes;
} Refresh;

static void linnet_library_list_model_init (GListModelInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LinnetLibrary,
                               linnet_library,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      linnet_library_list_model_init))

static GType
get_item_type (GListModel *list)
{
  return LINNET_TYPE_LIBRARY_MODEL;
}

static guint
get_n_items (GListModel *list)
{
  return LINNET_LIBRARY (list)->models->len;
}

static gpointer
get_item (GListModel *list, guint position)
{
  LinnetLibrary *self = LINNET_LIBRARY (list);

  return position < self->models->len ? g_object_ref (self->models->pdata[position]) : NULL;
}

static void
linnet_library_list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

static void
linnet_library_finalize (GObject *object)
{
  LinnetLibrary *self = LINNET_LIBRARY (object);

  g_free (self->folder);
  g_ptr_array_unref (self->models);
  g_hash_table_unref (self->inspections);
  g_assert (g_queue_is_empty (&self->waiting));
  G_OBJECT_CLASS (linnet_library_parent_class)->finalize (object);
}

static void
linnet_library_class_init (LinnetLibraryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = linnet_library_finalize;
}

static void
linnet_library_init (LinnetLibrary *self)
{
  self->models = g_ptr_array_new_with_free_func (g_object_unref);
  self->inspections = linnet_inspections_new ();
  g_queue_init (&self->waiting);
}

LinnetLibrary *
linnet_library_new (const char *folder)
{
  LinnetLibrary *self = g_object_new (LINNET_TYPE_LIBRARY, NULL);

  linnet_library_set_folder (self, folder);
  return self;
}

void
linnet_library_set_folder (LinnetLibrary *self, const char *folder)
{
  g_autoptr (LinnetNetworkSettings) settings = linnet_network_settings_new ();
  g_autofree char *path = NULL;

  g_return_if_fail (LINNET_IS_LIBRARY (self));

  path = g_canonicalize_filename (folder != NULL ? folder : settings->model_folder, NULL);
  /* What a refresh under way sees is that of the old folder. */
  if (g_set_str (&self->folder, path))
    self->n_changes++;
}

const char *
linnet_library_get_folder (LinnetLibrary *self)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY (self), NULL);

  return self->folder;
}

/* ---- Refreshing ---------------------------------------------------------------------------- */

static void
refresh_free (Refresh *refresh)
{
  g_free (refresh->folder);
  g_strfreev (refresh->folders);
  g_hash_table_unref (refresh->inspections);
  g_free (refresh);
}

/* Makes self's list that of models; what is equal stays the object that it is. */
static void
replace_models (LinnetLibrary *self, GPtrArray *models)
{
  guint n_before = 0;
  guint n_after = 0;
  g_autoptr (GPtrArray) old = g_steal_pointer (&self->models);
  guint n_least = MIN (old->len, models->len);

  while (n_before < n_least &&
         linnet_library_model_equal (old->pdata[n_before], models->pdata[n_before]))
    n_before++;
  while (n_after < n_least - n_before &&
         linnet_library_model_equal (old->pdata[old->len - 1 - n_after],
                                     models->pdata[models->len - 1 - n_after]))
    n_after++;
  self->models = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < models->len; i++) {
    gboolean is_before = i < n_before;
    gboolean is_after = i >= models->len - n_after;
    gpointer model = is_before  ? old->pdata[i]
                     : is_after ? old->pdata[old->len - (models->len - i)]
                                : models->pdata[i];

    g_ptr_array_add (self->models, g_object_ref (model));
  }
  if (old->len - n_before - n_after > 0 || models->len - n_before - n_after > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), n_before, old->len - n_before - n_after,
                                models->len - n_before - n_after);
}

static void
refresh_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Refresh *refresh = task_data;
  g_autoptr (GPtrArray) models = g_ptr_array_new_with_free_func (g_object_unref);

  linnet_library_store_scan (refresh->folder, refresh->inspections, cancellable, models);
  linnet_library_scan_others ((const char *const *) refresh->folders, refresh->inspections,
                              cancellable, models);
  g_task_return_pointer (task, g_steal_pointer (&models), (GDestroyNotify) g_ptr_array_unref);
}

static void scan (LinnetLibrary *self, GTask *outer);

static void
scanned_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LinnetLibrary *self = LINNET_LIBRARY (source);
  g_autoptr (GTask) outer = user_data;
  Refresh *refresh = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) models = g_task_propagate_pointer (G_TASK (result), &error);
  GTask *next;

  /* What was seen may be older than what has been done here meanwhile. */
  if (models != NULL && refresh->n_changes != self->n_changes) {
    scan (self, g_steal_pointer (&outer));
    return;
  }
  self->is_refreshing = FALSE;
  if (models != NULL)
    replace_models (self, models);
  next = g_queue_pop_head (&self->waiting);
  if (next != NULL)
    scan (self, next);
  if (models != NULL)
    g_task_return_boolean (outer, TRUE);
  else
    g_task_return_error (outer, g_steal_pointer (&error));
}

/* Takes outer. */
static void
scan (LinnetLibrary *self, GTask *outer)
{
  g_autoptr (GTask) task = g_task_new (self, g_task_get_cancellable (outer), scanned_cb, outer);
  g_autoptr (LinnetNetworkSettings) settings = linnet_network_settings_new ();
  Refresh *refresh = g_new0 (Refresh, 1);

  self->is_refreshing = TRUE;
  refresh->folder = g_strdup (self->folder);
  refresh->folders = g_steal_pointer (&settings->model_folders);
  refresh->inspections = g_hash_table_ref (self->inspections);
  refresh->n_changes = self->n_changes;
  g_task_set_source_tag (task, scan);
  g_task_set_task_data (task, refresh, (GDestroyNotify) refresh_free);
  g_task_run_in_thread (task, refresh_thread);
}

void
linnet_library_refresh_async (LinnetLibrary *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task;

  g_return_if_fail (LINNET_IS_LIBRARY (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, linnet_library_refresh_async);
  if (self->is_refreshing)
    g_queue_push_tail (&self->waiting, task);
  else
    scan (self, task);
}

gboolean
linnet_library_refresh_finish (LinnetLibrary *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- Finding ------------------------------------------------------------------------------- */

static gboolean
has_reference (LinnetLibraryModel *model, const char *text)
{
  if (g_ascii_strcasecmp (model->name, text) == 0)
    return TRUE;
  for (guint i = 0; model->references != NULL && model->references[i] != NULL; i++)
    if (g_ascii_strcasecmp (model->references[i], text) == 0)
      return TRUE;
  return FALSE;
}

/* Whether the name of the model is that of the repository, with any tag. */
static gboolean
is_of_repository (LinnetLibraryModel *model, const LinnetReference *reference)
{
  gsize length = strlen (reference->text);

  return (reference->kind == LINNET_SOURCE_HUGGING_FACE ||
          reference->kind == LINNET_SOURCE_MODELSCOPE) &&
         reference->tag[0] == '\0' &&
         g_ascii_strncasecmp (model->name, reference->text, length) == 0 &&
         model->name[length] == ':';
}

LinnetLibraryModel *
linnet_library_find (LinnetLibrary *self, const char *name)
{
  g_autoptr (LinnetReference) reference = NULL;

  g_return_val_if_fail (LINNET_IS_LIBRARY (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  for (guint i = 0; i < self->models->len; i++)
    if (has_reference (self->models->pdata[i], name))
      return self->models->pdata[i];
  reference = linnet_reference_parse (name, NULL);
  for (guint i = 0; reference != NULL && i < self->models->len; i++) {
    LinnetLibraryModel *model = self->models->pdata[i];

    if (has_reference (model, reference->text) ||
        (reference->kind == LINNET_SOURCE_FILE &&
         g_str_equal (linnet_library_model_get_path (model), reference->location)))
      return model;
  }
  for (guint i = 0; reference != NULL && i < self->models->len; i++)
    if (is_of_repository (self->models->pdata[i], reference))
      return self->models->pdata[i];
  return NULL;
}

LinnetLibraryModel *
linnet_library_find_files (LinnetLibrary *self, GPtrArray *remote_files)
{
  for (guint i = 0; i < self->models->len; i++) {
    LinnetLibraryModel *model = self->models->pdata[i];
    gboolean is_same = remote_files->len > 0 && model->parts->len == remote_files->len;

    for (guint j = 0; is_same && j < remote_files->len; j++) {
      const LinnetRemoteFile *file = remote_files->pdata[j];
      const LinnetModelPart *part = model->parts->pdata[j];

      is_same = file->sha256 != NULL && g_strcmp0 (file->sha256, part->sha256) == 0 &&
                (file->bytes == 0 || file->bytes == part->bytes);
    }
    if (is_same)
      return model;
  }
  return NULL;
}

/* ---- Changing ------------------------------------------------------------------------------ */

/* Where a model of that name is of Linnet's own; G_MAXUINT: nowhere. */
static guint
find_own (LinnetLibrary *self, const char *name)
{
  for (guint i = 0; i < self->models->len; i++) {
    LinnetLibraryModel *model = self->models->pdata[i];

    if (model->owner == LINNET_OWNER_LINNET && g_ascii_strcasecmp (model->name, name) == 0)
      return i;
  }
  return G_MAXUINT;
}

static void
remove_at (LinnetLibrary *self, guint position)
{
  self->n_changes++;
  g_ptr_array_remove_index (self->models, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

LinnetLibraryModel *
linnet_library_take (LinnetLibrary *self, LinnetLibraryModel *model)
{
  gboolean is_own = model->owner == LINNET_OWNER_LINNET;
  guint position = is_own ? find_own (self, model->name) : G_MAXUINT;

  if (position != G_MAXUINT) {
    g_autoptr (LinnetLibraryModel) old = g_object_ref (self->models->pdata[position]);

    remove_at (self, position);
    /* The new one counts as a user of what it has in common with the old one. */
    g_ptr_array_add (self->models, model);
    linnet_library_store_remove_parts (self->folder, old, self->models);
    g_ptr_array_steal_index (self->models, self->models->len - 1);
  }
  for (position = 0; position < self->models->len; position++) {
    LinnetLibraryModel *other = self->models->pdata[position];

    if (other->owner != LINNET_OWNER_LINNET || (is_own && g_strcmp0 (other->name, model->name) > 0))
      break;
  }
  self->n_changes++;
  g_ptr_array_insert (self->models, (int) position, model);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 0, 1);
  return model;
}

guint64
linnet_library_get_freed_bytes (LinnetLibrary *self, LinnetLibraryModel *model)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY (self), 0);
  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (model), 0);

  if (model->owner != LINNET_OWNER_LINNET)
    return 0;
  return linnet_library_store_count_own (self->folder, model, self->models);
}

gboolean
linnet_library_delete (LinnetLibrary *self, LinnetLibraryModel *model, GError **error)
{
  guint position;

  g_return_val_if_fail (LINNET_IS_LIBRARY (self), FALSE);
  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (model), FALSE);

  if (model->owner != LINNET_OWNER_LINNET || model->slug == NULL) {
    g_set_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_FOREIGN,
                 _ ("“%s” belongs to another program (%s) and is only used by Linnet. Delete it "
                    "there."),
                 model->name, linnet_owner_get_title (model->owner));
    return FALSE;
  }
  if (!linnet_library_store_delete (self->folder, model, self->models, error))
    return FALSE;
  if (g_ptr_array_find (self->models, model, &position))
    remove_at (self, position);
  return TRUE;
}

/* ---- Creating ------------------------------------------------------------------------------ */

/* A model that only refers to a file. Transfer full; NULL: error. */
static LinnetLibraryModel *
make_base (LinnetLibrary *self, const char *from, GError **error)
{
  g_autoptr (LinnetReference) reference = NULL;
  g_autoptr (LinnetLibraryModel) base = NULL;
  LinnetLibraryModel *found = linnet_library_find (self, from);
  g_autoptr (GMappedFile) file = NULL;

  if (found != NULL)
    return g_object_ref (found);
  reference = linnet_reference_parse (from, error);
  if (reference == NULL)
    return NULL;
  if (reference->kind != LINNET_SOURCE_FILE) {
    g_set_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_NOT_FOUND,
                 _ ("“%s”, from which the model is to be made, is not on this computer. Get it "
                    "first: linnet-cli pull %s"),
                 reference->text, reference->text);
    return NULL;
  }
  base = linnet_library_model_new (LINNET_OWNER_FOLDER, reference->name);
  file = g_mapped_file_new (reference->location, FALSE, NULL);
  linnet_library_model_add_part (base, reference->location,
                                 file != NULL ? g_mapped_file_get_length (file) : 0, NULL);
  return linnet_library_model_inspect (base, NULL, NULL, error) ? g_steal_pointer (&base) : NULL;
}

LinnetLibraryModel *
linnet_library_create (LinnetLibrary *self,
                       const char *name,
                       const LinnetModelfile *modelfile,
                       GError **error)
{
  g_autoptr (LinnetReference) reference = NULL;
  g_autoptr (LinnetLibraryModel) base = NULL;
  g_autoptr (LinnetLibraryModel) model = NULL;

  g_return_val_if_fail (LINNET_IS_LIBRARY (self), NULL);
  g_return_val_if_fail (name != NULL && modelfile != NULL, NULL);

  reference = linnet_reference_parse (name, error);
  if (reference == NULL)
    return NULL;
  if (reference->kind != LINNET_SOURCE_OLLAMA || reference->host != NULL) {
    g_set_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_REFERENCE,
                 _ ("“%s” cannot be the name of a model of yours. Choose one such as “teacher”."),
                 name);
    return NULL;
  }
  if (find_own (self, reference->text) != G_MAXUINT) {
    g_set_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_EXISTS,
                 _ ("There is a model “%s” already. Choose another name, or delete it first: "
                    "linnet-cli rm %s"),
                 reference->text, reference->text);
    return NULL;
  }
  base = make_base (self, modelfile->from, error);
  if (base == NULL)
    return NULL;
  model = linnet_library_model_new (LINNET_OWNER_LINNET, reference->text);
  model->slug = linnet_registry_make_slug (reference->text);
  model->title = g_strdup (name);
  for (guint i = 0; i < base->parts->len; i++) {
    const LinnetModelPart *part = base->parts->pdata[i];

    linnet_library_model_add_part (model, part->path, part->bytes, part->sha256);
  }
  model->quantisation = g_strdup (base->quantisation);
  model->architecture = g_strdup (base->architecture);
  model->n_parameters = base->n_parameters;
  model->modelfile = base->modelfile != NULL ? linnet_modelfile_copy (base->modelfile)
                                             : linnet_modelfile_new (modelfile->from);
  g_set_str (&model->modelfile->from, modelfile->from);
  linnet_modelfile_merge (model->modelfile, modelfile);
  if (!linnet_library_store_write (self->folder, model, error))
    return NULL;
  return linnet_library_take (self, g_steal_pointer (&model));
}
