/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMeasurements between runs: a small JSON file, believed only as far as it makes sense. */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>

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

static gboolean
read_speeds (LinnetMeasurements *self, JsonObject *object)
{
  JsonArray *array = linnet_json_get_array (object, "speeds", MAX_SPEEDS);
  guint n = array != NULL ? json_array_get_length (array) : 0;

  if (n == 0)
    return FALSE;
  self->speeds = g_new0 (LinnetKernelSpeed, n);
  for (guint i = 0; i < n; i++) {
    JsonObject *fields = linnet_json_as_object (json_array_get_element (array, i));
    LinnetKernelSpeed *speed = &self->speeds[i];

    speed->type = linnet_measurements_intern_type (linnet_json_get_string (fields, "type"));
    if (speed->type == NULL ||
        !linnet_json_get_double (fields, "decode", MAX_RATE, &speed->decode) ||
        !linnet_json_get_double (fields, "prefill", MAX_RATE, &speed->prefill) ||
        speed->decode <= 0 || speed->prefill <= 0)
      return FALSE;
  }
  self->n_speeds = n;
  return TRUE;
}

static gboolean
read_all (LinnetMeasurements *self, JsonObject *object)
{
  double version, n_threads, measured_at;

  if (!linnet_json_get_double (object, "version", VERSION, &version) || version != VERSION ||
      !linnet_json_get_double (object, "read_bandwidth", MAX_RATE, &self->read_bandwidth) ||
      !linnet_json_get_double (object, "spread", 1, &self->spread) ||
      !linnet_json_get_double (object, "int8_peak", MAX_RATE, &self->int8_peak) ||
      !linnet_json_get_double (object, "n_threads", G_MAXUINT16, &n_threads) ||
      !linnet_json_get_double (object, "measured_at", 1e12, &measured_at) ||
      !linnet_json_get_double (object, "took_seconds", MAX_SECONDS, &self->took_seconds) ||
      self->read_bandwidth <= 0 || self->int8_peak <= 0 || n_threads < 1)
    return FALSE;
  self->n_threads = (guint) n_threads;
  self->measured_at = (gint64) measured_at;
  self->cpu_level = g_strdup (linnet_json_get_string (object, "cpu_level"));
  self->processor = g_strdup (linnet_json_get_string (object, "processor"));
  return self->cpu_level != NULL && read_speeds (self, object);
}

LinnetMeasurements *
linnet_measurements_load (const char *processor)
{
  g_autoptr (LinnetMeasurements) self = g_new0 (LinnetMeasurements, 1);
  g_auto (GStrv) levels = linnet_cpu_level_list ();
  g_autofree char *path = get_path ();
  g_autoptr (JsonNode) root = linnet_json_load (path, MAX_BYTES);

  if (!read_all (self, linnet_json_as_object (root)))
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
  g_autoptr (GError) failure = NULL;

  g_return_val_if_fail (self != NULL, FALSE);

  root = linnet_measurements_to_json (self);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    failure =
        g_error_new_literal (G_FILE_ERROR, g_file_error_from_errno (errno), g_strerror (errno));
  else if (linnet_json_save (root, path, 0600, &failure))
    return TRUE;
  g_set_error (error, failure->domain, failure->code,
               _ ("What was measured could not be kept, and will be measured again next time: %s"),
               failure->message);
  return FALSE;
}
