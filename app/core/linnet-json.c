/* SPDX-License-Identifier: GPL-3.0-or-later
 * Short words for what json-glib takes several calls for, and what it does not ask of a text. */
#include "linnet-json.h"

#define MAX_DEPTH 64

void
linnet_json_add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  if (value != NULL)
    json_builder_add_string_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
linnet_json_add_int (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

void
linnet_json_add_double (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_double_value (builder, value);
}

void
linnet_json_add_boolean (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

void
linnet_json_begin_array (JsonBuilder *builder, const char *name)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
}

void
linnet_json_add_strings (JsonBuilder *builder, const char *name, const char *const *values)
{
  linnet_json_begin_array (builder, name);
  for (guint i = 0; values != NULL && values[i] != NULL; i++)
    json_builder_add_string_value (builder, values[i]);
  json_builder_end_array (builder);
}

/* ---- Reading ------------------------------------------------------------------------------ */

static JsonNode *
get (JsonObject *object, const char *name)
{
  return object != NULL ? json_object_get_member (object, name) : NULL;
}

JsonObject *
linnet_json_as_object (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static gboolean
holds (JsonNode *node, GType type)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

const char *
linnet_json_as_string (JsonNode *node)
{
  return holds (node, G_TYPE_STRING) ? json_node_get_string (node) : NULL;
}

gboolean
linnet_json_as_int (JsonNode *node, gint64 min, gint64 max, gint64 *value)
{
  gint64 number;

  if (!holds (node, G_TYPE_INT64))
    return FALSE;
  number = json_node_get_int (node);
  if (number < min || number > max)
    return FALSE;
  *value = number;
  return TRUE;
}

JsonObject *
linnet_json_get_object (JsonObject *object, const char *name)
{
  return linnet_json_as_object (get (object, name));
}

const char *
linnet_json_get_string (JsonObject *object, const char *name)
{
  return linnet_json_as_string (get (object, name));
}

gboolean
linnet_json_get_int (JsonObject *object, const char *name, gint64 min, gint64 max, gint64 *value)
{
  return linnet_json_as_int (get (object, name), min, max, value);
}

gboolean
linnet_json_get_double (JsonObject *object, const char *name, double max, double *value)
{
  JsonNode *node = get (object, name);

  if (!holds (node, G_TYPE_DOUBLE) && !holds (node, G_TYPE_INT64))
    return FALSE;
  *value = json_node_get_double (node);
  return *value >= 0 && *value <= max;
}

JsonArray *
linnet_json_get_array (JsonObject *object, const char *name, guint max_length)
{
  JsonNode *node = get (object, name);
  JsonArray *array =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  return array != NULL && json_array_get_length (array) <= max_length ? array : NULL;
}

GStrv
linnet_json_get_strings (JsonObject *object, const char *name, guint max_length)
{
  JsonArray *array = linnet_json_get_array (object, name, max_length);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (array == NULL)
    return NULL;
  for (guint i = 0; i < json_array_get_length (array); i++) {
    const char *text = linnet_json_as_string (json_array_get_element (array, i));

    if (text == NULL)
      return NULL;
    g_strv_builder_add (builder, text);
  }
  return g_strv_builder_end (builder);
}

/* ---- Texts and files ---------------------------------------------------------------------- */

/* Before the parser, which recurses, sees it. */
static gboolean
is_shallow (const char *data, gsize length)
{
  guint depth = 0;
  gboolean in_string = FALSE;

  for (gsize i = 0; i < length; i++) {
    char c = data[i];

    if (in_string) {
      if (c == '\\')
        i++;
      else if (c == '"')
        in_string = FALSE;
    } else if (c == '"') {
      in_string = TRUE;
    } else if (c == '{' || c == '[') {
      if (++depth > MAX_DEPTH)
        return FALSE;
    } else if ((c == '}' || c == ']') && depth > 0) {
      depth--;
    }
  }
  return TRUE;
}

JsonNode *
linnet_json_parse (const char *data, gsize length, gsize max_bytes)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  JsonNode *root;

  if (length == 0 || length > max_bytes || !g_utf8_validate_len (data, length, NULL) ||
      !is_shallow (data, length))
    return NULL;
  json_parser_set_strict (parser, TRUE);
  if (!json_parser_load_from_data (parser, data, (gssize) length, NULL))
    return NULL;
  root = json_parser_get_root (parser);
  if (root == NULL || (!JSON_NODE_HOLDS_OBJECT (root) && !JSON_NODE_HOLDS_ARRAY (root)))
    return NULL;
  return json_node_ref (root);
}

JsonNode *
linnet_json_load (const char *path, gsize max_bytes)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, NULL);
  g_autofree char *data = NULL;
  gsize length = 0;

  if (stream == NULL)
    return NULL;
  /* One more than may be, which tells what is longer. */
  data = g_malloc (max_bytes + 1);
  if (!g_input_stream_read_all (G_INPUT_STREAM (stream), data, max_bytes + 1, &length, NULL, NULL))
    return NULL;
  return linnet_json_parse (data, length, max_bytes);
}

gboolean
linnet_json_save (JsonNode *root, const char *path, int mode, GError **error)
{
  g_autofree char *text = json_to_string (root, TRUE);

  return g_file_set_contents_full (
      path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, mode, error);
}
