/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetSettings: the program's GSettings, if there are any. */
#include "config.h"

#include "preferences/linnet-settings.h"

/* The youngest key: a schema without it belongs to an older version. */
#define YOUNGEST_KEY "wizard-paused"

GSettings *
linnet_settings_new (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema =
      source != NULL ? g_settings_schema_source_lookup (source, APP_ID, TRUE) : NULL;

  if (schema == NULL || !g_settings_schema_has_key (schema, YOUNGEST_KEY))
    return NULL;
  return g_settings_new_full (schema, NULL, NULL);
}

static void
read_load_options (GSettings *settings, LinnetLoadOptions *options)
{
  g_autofree char *cache_type = g_settings_get_string (settings, "cache-type");

  options->model.n_threads = g_settings_get_int (settings, "threads");
  options->model.n_threads_prefill = g_settings_get_int (settings, "threads-prefill");
  options->n_ctx = (guint) g_settings_get_int (settings, "context-length");
  linnet_cache_type_parse (cache_type, &options->cache_type, NULL);
}

void
linnet_settings_get_load_options (GSettings *settings,
                                  const LinnetMachine *machine,
                                  LinnetLoadOptions *options)
{
  g_return_if_fail (settings == NULL || G_IS_SETTINGS (settings));
  g_return_if_fail (machine != NULL);
  g_return_if_fail (options != NULL);

  *options = (LinnetLoadOptions) { 0 };
  if (settings != NULL)
    read_load_options (settings, options);
  if (options->model.n_threads == 0)
    options->model.n_threads = linnet_machine_choose_threads (machine);
}
