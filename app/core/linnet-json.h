/* SPDX-License-Identifier: GPL-3.0-or-later
 * Members of a JSON object that is being built, a line each. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* value: NULL becomes null. */
void linnet_json_add_string (JsonBuilder *builder, const char *name, const char *value);
void linnet_json_add_int (JsonBuilder *builder, const char *name, gint64 value);
void linnet_json_add_double (JsonBuilder *builder, const char *name, double value);
void linnet_json_add_boolean (JsonBuilder *builder, const char *name, gboolean value);

G_END_DECLS
