/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMeasurements between runs: a small JSON file, believed only as far as it makes sense. */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <math.h>

#include "engine/linnet-model.h"
#include "linnet-json.h"
#include "machine/linnet-measurements-private.h"

#define VERSION     1
#define MAX_BYTES   (64 * 1024)
#define MAX_SPEEDS  64
#define MAX_RATE    1e18 /* of anything a second */
#define MAX_SECONDS 1e6

/* Transfer full. */
static char *
get_path (void)
{
  return g_build_filename (g_get_user_data_dir (), "linnet", "measurements.json", NULL);
}

/* ---- Reading ------------------------------------------------------------------------------ */

/* The file's text; NULL if there is none or it is far longer than any that was written. */
static char *
read_text (gsize *length)
{
  g_autofree char *path = get_path ();
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, NULL);
  g_autofree char *text = g_malloc (MAX_BYTES);

  if (stream == NULL ||
      !g_input_stream_read_all (G_INPUT_STREAM (stream), text, MAX_BYTES, length, NULL, NULL) ||
      *length == MAX_BYTES)
    return NULL;
  return g_steal_pointer (&text);
}

/* A number within 0…max; FALSE: there is none. */
static gboolean
get_number (JsonObject *object, const char *name, double max, double *number)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      (json_node_get_value_type (node) != G_TYPE_DOUBLE &&
       json_node_get_value_type (node) != G_TYPE_INT64))
    return FALSE;
  *number = json_node_get_double (node);
  return *number >= 0 && *number <= max;
}

/* Borrowed; NULL: there is none, or it is no string. */
static const char *
get_string (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
}

static gboolean
read_speeds (LinnetMeasurements *self, JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, "speeds");
  JsonArray *array =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n = array != NULL ? json_array_get_length (array) : 0;

  if (n == 0 || n > MAX_SPEEDS)
    return FALSE;
  self->speeds = g_new0 (LinnetKernelSpeed, n);
  for (guint i = 0; i < n; i++) {
    JsonNode *element = json_array_get_element (array, i);
    LinnetKernelSpeed *speed = &self->speeds[i];
    JsonObject *fields;

    if (!JSON_NODE_HOLDS_OBJECT (element))
      return FALSE;
    fields = json_node_get_object (element);
    speed->type = linnet_measurements_intern_type (get_string (fields, "type"));
    if (speed->type == NULL || !get_number (fields, "decode", MAX_RATE, &speed->decode) ||
        !get_number (fields, "prefill", MAX_RATE, &speed->prefill) || speed->decode <= 0 ||
        speed->prefill <= 0)
      return FALSE;
  }
  self->n_speeds = n;
  return TRUE;
}

static gboolean
read_all (LinnetMeasurements *self, JsonObject *object)
{
  double version, n_threads, measured_at;

  if (!get_number (object, "version", VERSION, &version) || version != VERSION ||
      !get_number (object, "read_bandwidth", MAX_RATE, &self->read_bandwidth) ||
      !get_number (object, "spread", 1, &self->spread) ||
      !get_number (object, "int8_peak", MAX_RATE, &self->int8_peak) ||
      !get_number (object, "n_threads", G_MAXUINT16, &n_threads) ||
      !get_number (object, "measured_at", 1e12, &measured_at) ||
      !get_number (object, "took_seconds", MAX_SECONDS, &self->took_seconds) ||
      self->read_bandwidth <= 0 || self->int8_peak <= 0 || n_threads < 1)
    return FALSE;
  self->n_threads = (guint) n_threads;
  self->measured_at = (gint64) measured_at;
  self->cpu_level = g_strdup (get_string (object, "cpu_level"));
  self->processor = g_strdup (get_string (object, "processor"));
  return self->cpu_level != NULL && read_speeds (self, object);
}

LinnetMeasurements *
linnet_measurements_load (const char *processor)
{
  g_autoptr (LinnetMeasurements) self = g_new0 (LinnetMeasurements, 1);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_auto (GStrv) levels = linnet_cpu_level_list ();
  gsize length = 0;
  g_autofree char *text = read_text (&length);
  JsonNode *root;

  if (text == NULL || !json_parser_load_from_data (parser, text, (gssize) length, NULL))
    return NULL;
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root) ||
      !read_all (self, json_node_get_object (root)))
    return NULL;
  if (g_strcmp0 (self->processor, processor) != 0 || g_strcmp0 (self->cpu_level, levels[0]) != 0)
    return NULL;
  return g_steal_pointer (&self);
}

/* ---- Writing ------------------------------------------------------------------------------ */

JsonNode *
linnet_measurements_to_json (const LinnetMeasurements *self)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  g_return_val_if_fail (self != NULL, NULL);

  json_builder_begin_object (builder);
  linnet_json_add_int (builder, "version", VERSION);
  linnet_json_add_string (builder, "processor", self->processor);
  linnet_json_add_string (builder, "cpu_level", self->cpu_level);
  linnet_json_add_int (builder, "n_threads", self->n_threads);
  linnet_json_add_int (builder, "measured_at", self->measured_at);
  linnet_json_add_double (builder, "took_seconds", self->took_seconds);
  linnet_json_add_double (builder, "read_bandwidth", self->read_bandwidth);
  linnet_json_add_double (builder, "spread", self->spread);
  linnet_json_add_double (builder, "int8_peak", self->int8_peak);
  json_builder_set_member_name (builder, "speeds");
  json_builder_begin_array (builder);
  for (guint i = 0; i < self->n_speeds; i++) {
    json_builder_begin_object (builder);
    linnet_json_add_string (builder, "type", self->speeds[i].type);
    linnet_json_add_double (builder, "decode", self->speeds[i].decode);
    linnet_json_add_double (builder, "prefill", self->speeds[i].prefill);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

gboolean
linnet_measurements_save (const LinnetMeasurements *self, GError **error)
{
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *path = get_path ();
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *text = NULL;
  g_autoptr (GError) failure = NULL;

  g_return_val_if_fail (self != NULL, FALSE);

  root = linnet_measurements_to_json (self);
  text = json_to_string (root, TRUE);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    failure =
        g_error_new_literal (G_FILE_ERROR, g_file_error_from_errno (errno), g_strerror (errno));
  else if (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                     &failure))
    return TRUE;
  g_set_error (error, failure->domain, failure->code,
               _ ("What was measured could not be kept, and will be measured again next time: %s"),
               failure->message);
  return FALSE;
}
