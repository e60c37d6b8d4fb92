/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetLibraryModel: one model on this computer. */
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "engine/linnet-model.h"
#include "library/linnet-library-private.h"

/* Tokens of context for which a model that can run at all says what memory it needs. */
#define PROBE_TOKENS 512

enum {
  PROP_0,
  PROP_NAME,
  PROP_TITLE,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (LinnetLibraryModel, linnet_library_model, G_TYPE_OBJECT)

/* What a file says of itself. */
typedef struct {
  char *title;
  char *quantisation;
  char *architecture;
  guint64 n_parameters;
  gboolean is_usable;
} Inspection;

static void
inspection_free (Inspection *self)
{
  g_free (self->title);
  g_free (self->quantisation);
  g_free (self->architecture);
  g_free (self);
}

static void
part_free (LinnetModelPart *part)
{
  g_free (part->path);
  g_free (part->sha256);
  g_free (part);
}

static void
linnet_library_model_finalize (GObject *object)
{
  LinnetLibraryModel *self = LINNET_LIBRARY_MODEL (object);

  g_free (self->name);
  g_free (self->title);
  g_ptr_array_unref (self->parts);
  g_free (self->quantisation);
  g_free (self->architecture);
  linnet_modelfile_free (self->modelfile);
  g_strfreev (self->references);
  g_free (self->slug);
  G_OBJECT_CLASS (linnet_library_model_parent_class)->finalize (object);
}

static void
linnet_library_model_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  LinnetLibraryModel *self = LINNET_LIBRARY_MODEL (object);

  switch (id) {
  case PROP_NAME:
    g_value_set_string (value, self->name);
    break;
  case PROP_TITLE:
    g_value_set_string (value, self->title);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
linnet_library_model_class_init (LinnetLibraryModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = linnet_library_model_finalize;
  object_class->get_property = linnet_library_model_get_property;
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
linnet_library_model_init (LinnetLibraryModel *self)
{
  self->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) part_free);
}

LinnetLibraryModel *
linnet_library_model_new (LinnetOwner owner, const char *name)
{
  LinnetLibraryModel *self = g_object_new (LINNET_TYPE_LIBRARY_MODEL, NULL);

  self->owner = owner;
  self->name = g_strdup (name);
  return self;
}

void
linnet_library_model_add_part (LinnetLibraryModel *self,
                               const char *path,
                               guint64 bytes,
                               const char *sha256)
{
  LinnetModelPart *part = g_new0 (LinnetModelPart, 1);

  part->path = g_strdup (path);
  part->bytes = bytes;
  part->sha256 = g_strdup (sha256);
  g_ptr_array_add (self->parts, part);
  self->bytes += bytes;
}

static gboolean
modelfiles_equal (const LinnetModelfile *a, const LinnetModelfile *b)
{
  g_autofree char *text_a = a != NULL ? linnet_modelfile_to_string (a) : NULL;
  g_autofree char *text_b = b != NULL ? linnet_modelfile_to_string (b) : NULL;

  return g_strcmp0 (text_a, text_b) == 0;
}

gboolean
linnet_library_model_equal (LinnetLibraryModel *a, LinnetLibraryModel *b)
{
  if (!g_str_equal (a->name, b->name) || g_strcmp0 (a->title, b->title) != 0 ||
      a->owner != b->owner || a->bytes != b->bytes || a->parts->len != b->parts->len ||
      g_strcmp0 (a->quantisation, b->quantisation) != 0 || a->n_parameters != b->n_parameters)
    return FALSE;
  for (guint i = 0; i < a->parts->len; i++) {
    const LinnetModelPart *part_a = a->parts->pdata[i];
    const LinnetModelPart *part_b = b->parts->pdata[i];

    if (!g_str_equal (part_a->path, part_b->path) ||
        g_strcmp0 (part_a->sha256, part_b->sha256) != 0)
      return FALSE;
  }
  return modelfiles_equal (a->modelfile, b->modelfile);
}

/* ---- What the file says -------------------------------------------------------------------- */

LinnetInspections *
linnet_inspections_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) inspection_free);
}

/* NULL: error says why, and it is nobody's business to remember it. */
static Inspection *
inspect_file (const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (LinnetModel) model =
      linnet_model_open (path, LINNET_MODEL_LEVEL_METADATA, NULL, NULL, NULL, cancellable, error);
  LinnetModelMemory memory;
  Inspection *self;

  /* It can be run only if the engine can tell what memory it takes. */
  if (model == NULL ||
      !linnet_model_estimate_memory (model, PROBE_TOKENS, LINNET_CACHE_F16, &memory, error))
    return NULL;
  self = g_new0 (Inspection, 1);
  self->is_usable = TRUE;
  self->title = g_strdup (linnet_model_get_title (model));
  self->quantisation = g_strdup (linnet_model_get_quantisation (model));
  self->architecture = g_strdup (linnet_model_get_architecture (model));
  self->n_parameters = linnet_model_get_n_parameters (model);
  return self;
}

/* Borrowed from inspections, or to be freed: *owned. NULL: not usable. */
static const Inspection *
look_up (const char *path,
         LinnetInspections *inspections,
         Inspection **owned,
         GCancellable *cancellable,
         GError **error)
{
  g_autofree char *key = NULL;
  Inspection *found;
  GStatBuf status;

  *owned = NULL;
  if (inspections == NULL) {
    *owned = inspect_file (path, cancellable, error);
    return *owned;
  }
  if (g_stat (path, &status) != 0)
    return NULL;
  key = g_strdup_printf ("%s\n%" G_GINT64_FORMAT "\n%" G_GINT64_FORMAT, path,
                         (gint64) status.st_size, (gint64) status.st_mtime);
  found = g_hash_table_lookup (inspections, key);
  if (found == NULL) {
    found = inspect_file (path, cancellable, error);
    if (found == NULL && g_cancellable_is_cancelled (cancellable))
      return NULL;
    if (found == NULL)
      found = g_new0 (Inspection, 1);
    g_hash_table_insert (inspections, g_steal_pointer (&key), found);
  }
  return found->is_usable ? found : NULL;
}

gboolean
linnet_library_model_inspect (LinnetLibraryModel *self,
                              LinnetInspections *inspections,
                              GCancellable *cancellable,
                              GError **error)
{
  const LinnetModelPart *first = self->parts->pdata[0];
  Inspection *owned;
  const Inspection *found = look_up (first->path, inspections, &owned, cancellable, error);

  if (found == NULL)
    return FALSE;
  if (self->title == NULL)
    self->title = g_strdup (found->title);
  g_set_str (&self->quantisation, found->quantisation);
  g_set_str (&self->architecture, found->architecture);
  self->n_parameters = found->n_parameters;
  g_clear_pointer (&owned, inspection_free);
  return TRUE;
}

/* ---- What others may know ------------------------------------------------------------------ */

const char *
linnet_library_model_get_name (LinnetLibraryModel *self)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (self), NULL);

  return self->name;
}

const char *
linnet_library_model_get_title (LinnetLibraryModel *self)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (self), NULL);

  return self->title != NULL ? self->title : self->name;
}

const char *
linnet_library_model_get_path (LinnetLibraryModel *self)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (self), NULL);

  return ((const LinnetModelPart *) self->parts->pdata[0])->path;
}

LinnetOwner
linnet_library_model_get_owner (LinnetLibraryModel *self)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (self), LINNET_OWNER_FOLDER);

  return self->owner;
}

guint64
linnet_library_model_get_bytes (LinnetLibraryModel *self)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (self), 0);

  return self->bytes;
}

const char *
linnet_library_model_get_quantisation (LinnetLibraryModel *self)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (self), NULL);

  return self->quantisation != NULL ? self->quantisation : "";
}

guint64
linnet_library_model_get_n_parameters (LinnetLibraryModel *self)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (self), 0);

  return self->n_parameters;
}

const char *
linnet_library_model_get_architecture (LinnetLibraryModel *self)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (self), NULL);

  return self->architecture != NULL ? self->architecture : "";
}

const char *
linnet_library_model_get_sha256 (LinnetLibraryModel *self)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (self), NULL);

  return ((const LinnetModelPart *) self->parts->pdata[0])->sha256;
}

const char *
linnet_library_model_get_licence (LinnetLibraryModel *self)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (self), NULL);

  return self->modelfile != NULL ? self->modelfile->licence : NULL;
}

const LinnetModelfile *
linnet_library_model_get_modelfile (LinnetLibraryModel *self)
{
  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (self), NULL);

  return self->modelfile;
}

const char *
linnet_owner_get_title (LinnetOwner owner)
{
  switch (owner) {
  case LINNET_OWNER_LINNET:
    return "Linnet";
  case LINNET_OWNER_OLLAMA:
    return "Ollama";
  case LINNET_OWNER_LM_STUDIO:
    return "LM Studio";
  case LINNET_OWNER_HUGGING_FACE:
    return "Hugging Face";
  case LINNET_OWNER_MODELSCOPE:
    return "ModelScope";
  case LINNET_OWNER_FOLDER:
  default:
    return _ ("Folder");
  }
}
