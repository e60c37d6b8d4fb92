/* SPDX-License-Identifier: GPL-3.0-or-later
 * Ollama's store, read where it is: manifests/HOST/OWNER/MODEL/TAG name blobs/sha256-…, of which
 * one is a GGUF file. */
#include <glib/gstdio.h>

#include "library/linnet-library-private.h"
#include "library/linnet-registry-json.h"

#define MAX_NAMES      1000 /* in a folder */
#define MAX_MODELS     2000
#define MAX_TEXT_BYTES (1024 * 1024)

/* The names in a folder, sorted, hidden ones left out. Transfer full. */
static GPtrArray *
list_names (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir != NULL && names->len < MAX_NAMES && (name = g_dir_read_name (dir)) != NULL)
    if (name[0] != '.')
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort_values (names, (GCompareFunc) g_strcmp0);
  return g_steal_pointer (&names);
}

/* A small file, or NULL. Transfer full. */
static GBytes *
read_small (const char *path, gsize max_bytes)
{
  g_autofree char *data = NULL;
  GStatBuf status;
  gsize length;

  if (g_stat (path, &status) != 0 || !S_ISREG (status.st_mode) ||
      (guint64) status.st_size > max_bytes || !g_file_get_contents (path, &data, &length, NULL))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&data), length);
}

static char *
make_blob_path (const char *root, const char *sha256)
{
  g_autofree char *name = g_strdup_printf ("sha256-%s", sha256);

  return g_build_filename (root, "blobs", name, NULL);
}

/* What comes with the weights; what is damaged is left out. Transfer full. */
static LinnetModelfile *
read_recipe (const char *root, const char *name, GPtrArray *layers)
{
  LinnetModelfile *modelfile = linnet_modelfile_new (name);

  for (guint i = 0; i < layers->len; i++) {
    const LinnetListedFile *layer = layers->pdata[i];
    g_autofree char *path = NULL;
    g_autoptr (GBytes) bytes = NULL;

    if (!linnet_registry_knows_layer (layer->path))
      continue;
    path = make_blob_path (root, layer->sha256);
    bytes = read_small (path, MAX_TEXT_BYTES);
    if (bytes != NULL)
      linnet_registry_apply_layer (layer->path, bytes, modelfile, NULL);
  }
  return modelfile;
}

/* The one file of weights; NULL: there is none, or more than one, or an adapter. */
static const LinnetListedFile *
find_weights (GPtrArray *layers)
{
  const LinnetListedFile *weights = NULL;

  for (guint i = 0; i < layers->len; i++) {
    const LinnetListedFile *layer = layers->pdata[i];

    if (g_str_equal (layer->path, "adapter") || g_str_equal (layer->path, "tensor") ||
        (g_str_equal (layer->path, "model") && weights != NULL))
      return NULL;
    if (g_str_equal (layer->path, "model"))
      weights = layer;
  }
  return weights;
}

static void
read_manifest (const char *root, const char *manifest, const char *name, GPtrArray *candidates)
{
  g_autoptr (LinnetReference) reference = linnet_reference_parse (name, NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GPtrArray) layers = NULL;
  g_autofree char *blob = NULL;
  const LinnetListedFile *weights;
  LinnetLibraryModel *model;
  GStatBuf status;

  if (reference == NULL || reference->kind == LINNET_SOURCE_FILE ||
      reference->kind == LINNET_SOURCE_LINK)
    return;
  bytes = read_small (manifest, LINNET_REGISTRY_MAX_BYTES);
  if (bytes == NULL)
    return;
  layers = linnet_registry_read_manifest (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                          NULL);
  weights = layers != NULL ? find_weights (layers) : NULL;
  if (weights == NULL)
    return;
  blob = make_blob_path (root, weights->sha256);
  /* A download that is not done has another name, but a disk may have been full. */
  if (g_stat (blob, &status) != 0 || !S_ISREG (status.st_mode) ||
      (guint64) status.st_size != weights->bytes)
    return;
  model = linnet_library_model_new (LINNET_OWNER_OLLAMA, reference->text);
  linnet_library_model_add_part (model, blob, weights->bytes, weights->sha256);
  model->title = g_strdup (reference->text);
  model->modelfile = read_recipe (root, reference->text, layers);
  g_ptr_array_add (candidates, model);
}

/* path: of a folder of manifests, depth levels above the manifests; name: what its models' names
 * begin with. */
static void
walk (const char *root, const char *path, const char *name, guint depth, GPtrArray *candidates)
{
  g_autoptr (GPtrArray) names = list_names (path);

  for (guint i = 0; i < names->len && candidates->len < MAX_MODELS; i++) {
    const char *entry = names->pdata[i];
    g_autofree char *inner = g_build_filename (path, entry, NULL);
    g_autofree char *longer = name[0] == '\0' ? g_strdup (entry)
                              : depth == 0    ? g_strdup_printf ("%s:%s", name, entry)
                                              : g_strdup_printf ("%s/%s", name, entry);

    if (depth > 0)
      walk (root, inner, longer, depth - 1, candidates);
    else
      read_manifest (root, inner, longer, candidates);
  }
}

void
linnet_library_scan_ollama (const char *root, GPtrArray *candidates)
{
  g_autofree char *manifests = g_build_filename (root, "manifests", NULL);

  walk (root, manifests, "", 3, candidates);
}
