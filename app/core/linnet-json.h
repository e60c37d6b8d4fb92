/* SPDX-License-Identifier: GPL-3.0-or-later
 * JSON, a line for each value: building it, reading what may be hostile, and its files. No state,
 * any thread. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* ---- Members of an object that is being built --------------------------------------------- */

/* value: NULL becomes null. */
void linnet_json_add_string (JsonBuilder *builder, const char *name, const char *value);
void linnet_json_add_int (JsonBuilder *builder, const char *name, gint64 value);
void linnet_json_add_double (JsonBuilder *builder, const char *name, double value);
void linnet_json_add_boolean (JsonBuilder *builder, const char *name, gboolean value);
/* values: ends with NULL; NULL is an empty array. */
void linnet_json_add_strings (JsonBuilder *builder, const char *name, const char *const *values);
/* Its elements follow, then json_builder_end_array(). */
void linnet_json_begin_array (JsonBuilder *builder, const char *name);

/* ---- Values that are of the right kind, or are not there ---------------------------------- */

/* What is lent lives as long as what it was asked of. node, object: NULL has nothing. */
JsonObject *linnet_json_as_object (JsonNode *node);
const char *linnet_json_as_string (JsonNode *node);
/* A whole number within min…max; *value is left alone otherwise. */
gboolean linnet_json_as_int (JsonNode *node, gint64 min, gint64 max, gint64 *value);

JsonObject *linnet_json_get_object (JsonObject *object, const char *name);
const char *linnet_json_get_string (JsonObject *object, const char *name);
gboolean
linnet_json_get_int (JsonObject *object, const char *name, gint64 min, gint64 max, gint64 *value);
/* A number within 0…max, whole or not. */
gboolean linnet_json_get_double (JsonObject *object, const char *name, double max, double *value);
/* An array of max_length elements at most. */
JsonArray *linnet_json_get_array (JsonObject *object, const char *name, guint max_length);
/* Such an array, of texts and nothing else. Transfer full. */
GStrv linnet_json_get_strings (JsonObject *object, const char *name, guint max_length);

/* ---- Whole texts and files ---------------------------------------------------------------- */

/* NULL: it is longer than max_bytes, nested too deeply for a parser that recurses, or no JSON of
 * RFC 8259 with an object or an array outermost. Transfer full. */
JsonNode *linnet_json_parse (const char *data, gsize length, gsize max_bytes);
/* The same of a file, of which no more is read; NULL also where there is none. */
JsonNode *linnet_json_load (const char *path, gsize max_bytes);
/* For people to read, too. Whole or not at all: a new file takes the old one's place once it is on
 * the disk. G_FILE_ERROR. */
gboolean linnet_json_save (JsonNode *root, const char *path, int mode, GError **error);

G_END_DECLS
