/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetCatalogue: finding the catalogue's file and keeping its entries. */
#include "advisor/linnet-catalogue.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "advisor/linnet-catalogue-private.h"
#include "linnet-data.h"
#include "linnet-json.h"

#define FILE_NAME "catalogue.json"
#define VERSION   1
#define MAX_BYTES (4 << 20)

struct _LinnetCatalogue {
  GObject parent_instance;

  GArray *models; /* owned; LinnetCatalogueModel */
};

G_DEFINE_FINAL_TYPE (LinnetCatalogue, linnet_catalogue, G_TYPE_OBJECT)
G_DEFINE_QUARK (linnet - catalogue - error - quark, linnet_catalogue_error)

static const char *const TASK_NAMES[LINNET_N_TASKS] = {
  [LINNET_TASK_CHAT] = "chat",
  [LINNET_TASK_WRITING] = "writing",
  [LINNET_TASK_CODE] = "code",
  [LINNET_TASK_REASONING] = "reasoning",
};

const char *
linnet_task_get_name (LinnetTask task)
{
  g_return_val_if_fail ((guint) task < LINNET_N_TASKS, NULL);

  return TASK_NAMES[task];
}

gboolean
linnet_task_parse (const char *name, LinnetTask *task)
{
  g_return_val_if_fail (name != NULL, FALSE);

  for (guint i = 0; i < LINNET_N_TASKS; i++)
    if (g_ascii_strcasecmp (TASK_NAMES[i], name) == 0) {
      *task = (LinnetTask) i;
      return TRUE;
    }
  return FALSE;
}

static void
linnet_catalogue_finalize (GObject *object)
{
  LinnetCatalogue *self = LINNET_CATALOGUE (object);

  g_array_unref (self->models);
  G_OBJECT_CLASS (linnet_catalogue_parent_class)->finalize (object);
}

static void
linnet_catalogue_class_init (LinnetCatalogueClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = linnet_catalogue_finalize;
}

static void
linnet_catalogue_init (LinnetCatalogue *self)
{
  self->models = g_array_new (FALSE, TRUE, sizeof (LinnetCatalogueModel));
  g_array_set_clear_func (self->models, (GDestroyNotify) linnet_catalogue_model_clear);
}

static int
compare_models (gconstpointer a, gconstpointer b)
{
  const LinnetCatalogueModel *x = a;
  const LinnetCatalogueModel *y = b;

  if (x->billions < y->billions || x->billions > y->billions)
    return x->billions < y->billions ? -1 : 1;
  return g_strcmp0 (x->id, y->id);
}

static gboolean
fail (GError **error, const char *sentence)
{
  g_set_error_literal (error, LINNET_CATALOGUE_ERROR, LINNET_CATALOGUE_ERROR_INVALID, sentence);
  return FALSE;
}

static gboolean
read_models (LinnetCatalogue *self, JsonArray *array, GError **error)
{
  guint n = json_array_get_length (array);

  if (n == 0 || n > LINNET_CATALOGUE_MAX_MODELS)
    return fail (error, _ ("The catalogue has no models, or far too many."));
  for (guint i = 0; i < n; i++) {
    LinnetCatalogueModel *model;

    g_array_set_size (self->models, i + 1);
    model = &g_array_index (self->models, LinnetCatalogueModel, i);
    if (!linnet_catalogue_read_model (json_array_get_element (array, i), i, model, error))
      return FALSE;
    for (guint j = 0; j < i; j++)
      if (g_str_equal (g_array_index (self->models, LinnetCatalogueModel, j).id, model->id)) {
        g_set_error (error, LINNET_CATALOGUE_ERROR, LINNET_CATALOGUE_ERROR_INVALID,
                     _ ("The catalogue has two entries “%s”. Give one another id."), model->id);
        return FALSE;
      }
  }
  g_array_sort (self->models, compare_models);
  return TRUE;
}

static gboolean
read_root (LinnetCatalogue *self, JsonNode *root, GError **error)
{
  JsonObject *object = linnet_json_as_object (root);
  JsonArray *models = linnet_json_get_array (object, "models", G_MAXUINT);
  gint64 version;

  if (!linnet_json_get_int (object, "version", VERSION, VERSION, &version))
    return fail (error, _ ("The catalogue has to be an object with “version”: 1 and “models”."));
  if (models == NULL)
    return fail (error, _ ("The catalogue’s “models” has to be a list."));
  return read_models (self, models, error);
}

/* The user's own, or the one that came with Linnet. Transfer full; NULL: there is none. */
static char *
find_path (void)
{
  g_autofree char *own = g_build_filename (g_get_user_config_dir (), "linnet", FILE_NAME, NULL);

  if (g_file_test (own, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&own);
  return linnet_data_find (FILE_NAME);
}

/* Of a regular file that is not absurdly large. */
static gboolean
read_contents (const char *path, char **contents, gsize *length, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);
  GStatBuf info;

  if (g_stat (path, &info) != 0) {
    int code = errno;

    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
                 _ ("The catalogue “%s” cannot be read: %s."), name, g_strerror (code));
    return FALSE;
  }
  if (!S_ISREG (info.st_mode) || info.st_size > MAX_BYTES)
    return fail (error, _ ("The catalogue is not a file, or too large for one."));
  return g_file_get_contents (path, contents, length, error);
}

LinnetCatalogue *
linnet_catalogue_load (const char *path, GError **error)
{
  g_autofree char *found = path != NULL ? g_strdup (path) : find_path ();
  g_autoptr (LinnetCatalogue) self = g_object_new (LINNET_TYPE_CATALOGUE, NULL);
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) failure = NULL;
  g_autofree char *contents = NULL;
  gsize length;

  if (found == NULL) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                 _ ("The catalogue of models is not installed here. Install Linnet again."));
    return NULL;
  }
  if (!read_contents (found, &contents, &length, error))
    return NULL;
  if (!json_parser_load_from_data (parser, contents, (gssize) length, &failure)) {
    g_set_error (error, LINNET_CATALOGUE_ERROR, LINNET_CATALOGUE_ERROR_INVALID,
                 _ ("The catalogue is not valid JSON: %s."), failure->message);
    return NULL;
  }
  if (!read_root (self, json_parser_get_root (parser), error))
    return NULL;
  return g_steal_pointer (&self);
}

guint
linnet_catalogue_get_n_models (LinnetCatalogue *self)
{
  g_return_val_if_fail (LINNET_IS_CATALOGUE (self), 0);

  return self->models->len;
}

const LinnetCatalogueModel *
linnet_catalogue_get_model (LinnetCatalogue *self, guint index)
{
  g_return_val_if_fail (LINNET_IS_CATALOGUE (self), NULL);
  g_return_val_if_fail (index < self->models->len, NULL);

  return &g_array_index (self->models, LinnetCatalogueModel, index);
}

const LinnetCatalogueModel *
linnet_catalogue_find (LinnetCatalogue *self, const char *id)
{
  g_return_val_if_fail (LINNET_IS_CATALOGUE (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);

  for (guint i = 0; i < self->models->len; i++) {
    const LinnetCatalogueModel *model = &g_array_index (self->models, LinnetCatalogueModel, i);

    if (g_str_equal (model->id, id))
      return model;
  }
  return NULL;
}
