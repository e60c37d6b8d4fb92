/* SPDX-License-Identifier: GPL-3.0-or-later
 * What registries answer: manifests and lists of files, every value checked before it is used. */
#include "library/linnet-registry-json.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "linnet-json.h"

#define MAX_FILES      20000
#define MAX_LAYERS     64
#define MAX_PATH_BYTES 512
#define MAX_FILE_BYTES ((gint64) 1 << 46)
#define MAX_MESSAGES   256
#define SHA256_DIGITS  64
#define LAYER_TYPE     "application/vnd.ollama.image."

static const char *const MANIFEST_TYPES[] = {
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  NULL,
};

void
linnet_listed_file_free (LinnetListedFile *self)
{
  g_free (self->path);
  g_free (self->sha256);
  g_free (self);
}

static gboolean
fail (GError **error)
{
  g_set_error_literal (
      error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_REGISTRY,
      _ ("The registry’s answer makes no sense. Try again later, or another source "
         "of the model."));
  return FALSE;
}

gboolean
linnet_registry_is_sha256 (const char *text)
{
  if (text == NULL || strlen (text) != SHA256_DIGITS)
    return FALSE;
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isxdigit (*p) || g_ascii_isupper (*p))
      return FALSE;
  return TRUE;
}

JsonNode *
linnet_registry_parse_json (const char *data, gsize length, GError **error)
{
  JsonNode *root = linnet_json_parse (data, length, LINNET_REGISTRY_MAX_BYTES);

  if (root == NULL)
    fail (error);
  return root;
}

/* A size in bytes that a file can have. */
static gboolean
get_size (JsonObject *object, const char *name, guint64 *size)
{
  gint64 value;

  if (!linnet_json_get_int (object, name, 1, MAX_FILE_BYTES, &value))
    return FALSE;
  *size = (guint64) value;
  return TRUE;
}

/* A relative path that stays inside, with nothing invisible in it. */
static gboolean
is_safe_path (const char *path)
{
  g_auto (GStrv) parts = NULL;

  if (path == NULL || path[0] == '\0' || strlen (path) > MAX_PATH_BYTES)
    return FALSE;
  for (const char *p = path; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)) || *p == '\\')
      return FALSE;
  parts = g_strsplit (path, "/", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    if (parts[i][0] == '\0' || g_str_equal (parts[i], ".") || g_str_equal (parts[i], ".."))
      return FALSE;
  return TRUE;
}

static void
add_file (GPtrArray *files, const char *path, guint64 bytes, const char *sha256)
{
  LinnetListedFile *file = g_new0 (LinnetListedFile, 1);

  file->path = g_strdup (path);
  file->bytes = bytes;
  file->sha256 = g_strdup (sha256);
  g_ptr_array_add (files, file);
}

static GPtrArray *
new_list (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) linnet_listed_file_free);
}

/* ---- Ollama ------------------------------------------------------------------------------- */

static gboolean
read_layer (JsonNode *node, GPtrArray *layers)
{
  JsonObject *layer = linnet_json_as_object (node);
  const char *type = linnet_json_get_string (layer, "mediaType");
  const char *digest = linnet_json_get_string (layer, "digest");
  guint64 bytes;

  if (type == NULL || digest == NULL || !g_str_has_prefix (digest, "sha256:") ||
      !linnet_registry_is_sha256 (digest + strlen ("sha256:")) || !get_size (layer, "size", &bytes))
    return FALSE;
  /* What is not Ollama's own does not concern us. */
  if (g_str_has_prefix (type, LAYER_TYPE))
    add_file (layers, type + strlen (LAYER_TYPE), bytes, digest + strlen ("sha256:"));
  return TRUE;
}

GPtrArray *
linnet_registry_read_manifest (const char *data, gsize length, GError **error)
{
  g_autoptr (JsonNode) root = linnet_registry_parse_json (data, length, error);
  g_autoptr (GPtrArray) layers = new_list ();
  JsonObject *manifest = linnet_json_as_object (root);
  JsonArray *array = linnet_json_get_array (manifest, "layers", MAX_LAYERS);
  const char *type = linnet_json_get_string (manifest, "mediaType");

  if (root == NULL)
    return NULL;
  if (array == NULL || (type != NULL && !g_strv_contains (MANIFEST_TYPES, type))) {
    fail (error);
    return NULL;
  }
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (!read_layer (json_array_get_element (array, i), layers)) {
      fail (error);
      return NULL;
    }
  return g_steal_pointer (&layers);
}

/* A number as it is written, a text as it is; NULL: something else. Transfer full. */
static char *
node_to_text (JsonNode *node)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (!JSON_NODE_HOLDS_VALUE (node))
    return NULL;
  switch (json_node_get_value_type (node)) {
  case G_TYPE_STRING:
    return g_strdup (json_node_get_string (node));
  case G_TYPE_INT64:
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  case G_TYPE_DOUBLE:
    return g_strdup (g_ascii_formatd (buffer, sizeof buffer, "%.9g", json_node_get_double (node)));
  default:
    return NULL;
  }
}

static gboolean
read_parameters (const char *data, gsize length, LinnetModelfile *modelfile, GError **error)
{
  g_autoptr (JsonNode) root = linnet_registry_parse_json (data, length, error);
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  if (root == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_OBJECT (root))
    return fail (error);
  json_object_iter_init (&iter, json_node_get_object (root));
  while (json_object_iter_next (&iter, &name, &value)) {
    JsonArray *array = JSON_NODE_HOLDS_ARRAY (value) ? json_node_get_array (value) : NULL;
    guint n = array != NULL ? json_array_get_length (array) : 1;

    for (guint i = 0; i < n; i++) {
      g_autofree char *text =
          node_to_text (array != NULL ? json_array_get_element (array, i) : value);

      if (text != NULL)
        linnet_modelfile_set_parameter (modelfile, name, text);
    }
  }
  return TRUE;
}

static gboolean
read_messages (const char *data, gsize length, LinnetModelfile *modelfile, GError **error)
{
  g_autoptr (JsonNode) root = linnet_registry_parse_json (data, length, error);
  JsonArray *array;

  if (root == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_ARRAY (root))
    return fail (error);
  array = json_node_get_array (root);
  if (json_array_get_length (array) > MAX_MESSAGES)
    return fail (error);
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *node = json_array_get_element (array, i);
    JsonObject *message = linnet_json_as_object (node);
    const char *role = linnet_json_get_string (message, "role");
    const char *content = linnet_json_get_string (message, "content");

    if (role == NULL || content == NULL || !linnet_modelfile_add_message (modelfile, role, content))
      return fail (error);
  }
  return TRUE;
}

/* Appends text to *field with an empty line between; text that is not UTF-8 is made so. */
static void
add_text (char **field, const char *data, gsize length)
{
  g_autofree char *text = g_utf8_make_valid (data, (gssize) length);
  g_autofree char *both = *field != NULL ? g_strconcat (*field, "\n\n", text, NULL) : NULL;

  g_set_str (field, both != NULL ? both : text);
}

gboolean
linnet_registry_knows_layer (const char *kind)
{
  static const char *const kinds[] = {
    "template", "system", "license", "params", "messages", NULL
  };

  return g_strv_contains (kinds, kind);
}

gboolean
linnet_registry_apply_layer (const char *kind,
                             GBytes *bytes,
                             LinnetModelfile *modelfile,
                             GError **error)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  if (data == NULL)
    data = "";
  if (g_str_equal (kind, "template"))
    add_text (&modelfile->template, data, length);
  else if (g_str_equal (kind, "system"))
    add_text (&modelfile->system, data, length);
  else if (g_str_equal (kind, "license"))
    add_text (&modelfile->licence, data, length);
  else if (g_str_equal (kind, "params"))
    return read_parameters (data, length, modelfile, error);
  else if (g_str_equal (kind, "messages"))
    return read_messages (data, length, modelfile, error);
  return TRUE;
}

/* ---- Hugging Face and ModelScope ---------------------------------------------------------- */

/* sha: as given, maybe in capitals, maybe NULL. FALSE: the row makes no sense. */
static gboolean
add_row (GPtrArray *files, const char *path, JsonObject *object, const char *size, const char *sha)
{
  g_autofree char *lower = sha != NULL ? g_ascii_strdown (sha, -1) : NULL;
  guint64 bytes;

  if (!is_safe_path (path))
    return FALSE;
  /* Empty files are of no use here. */
  if (!get_size (object, size, &bytes))
    return !g_str_has_suffix (path, ".gguf");
  add_file (files, path, bytes, linnet_registry_is_sha256 (lower) ? lower : NULL);
  return TRUE;
}

GPtrArray *
linnet_registry_read_hugging_face (const char *data, gsize length, GError **error)
{
  g_autoptr (JsonNode) root = linnet_registry_parse_json (data, length, error);
  g_autoptr (GPtrArray) files = new_list ();
  JsonArray *array;

  if (root == NULL)
    return NULL;
  array = JSON_NODE_HOLDS_ARRAY (root) ? json_node_get_array (root) : NULL;
  if (array == NULL || json_array_get_length (array) > MAX_FILES) {
    fail (error);
    return NULL;
  }
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *node = json_array_get_element (array, i);
    JsonObject *row = linnet_json_as_object (node);
    JsonObject *lfs = linnet_json_get_object (row, "lfs");

    if (row != NULL && g_strcmp0 (linnet_json_get_string (row, "type"), "file") != 0)
      continue;
    if (row == NULL ||
        !add_row (files, linnet_json_get_string (row, "path"), lfs != NULL ? lfs : row, "size",
                  linnet_json_get_string (lfs, "oid"))) {
      fail (error);
      return NULL;
    }
  }
  return g_steal_pointer (&files);
}

GPtrArray *
linnet_registry_read_modelscope (const char *data, gsize length, GError **error)
{
  g_autoptr (JsonNode) root = linnet_registry_parse_json (data, length, error);
  g_autoptr (GPtrArray) files = new_list ();
  JsonObject *inner = linnet_json_get_object (linnet_json_as_object (root), "Data");
  JsonArray *array = linnet_json_get_array (inner, "Files", MAX_FILES);

  if (root == NULL)
    return NULL;
  if (array == NULL) {
    fail (error);
    return NULL;
  }
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *node = json_array_get_element (array, i);
    JsonObject *row = linnet_json_as_object (node);

    if (row != NULL && g_strcmp0 (linnet_json_get_string (row, "Type"), "tree") == 0)
      continue;
    if (row == NULL || !add_row (files, linnet_json_get_string (row, "Path"), row, "Size",
                                 linnet_json_get_string (row, "Sha256"))) {
      fail (error);
      return NULL;
    }
  }
  return g_steal_pointer (&files);
}
