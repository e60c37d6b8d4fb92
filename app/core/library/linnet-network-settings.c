/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetNetworkSettings: environment, settings, defaults. */
#include "library/linnet-network-settings.h"

#include <string.h>

#include "library/linnet-address.h"

#define SCHEMA_ID "io.github.linnet_chat.Linnet"

#define OLLAMA_REGISTRY "https://registry.ollama.ai"
#define HUGGING_FACE    "https://huggingface.co"
#define MODELSCOPE      "https://modelscope.cn"

/* NULL where the schema is not installed. Transfer full. */
static GSettings *
open_settings (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema =
      source != NULL ? g_settings_schema_source_lookup (source, SCHEMA_ID, TRUE) : NULL;

  /* An older version's schema may still be there. */
  if (schema == NULL || !g_settings_schema_has_key (schema, "model-folders"))
    return NULL;
  return g_settings_new_full (schema, NULL, NULL);
}

/* The first of environment and settings that is not empty, else NULL. Transfer full. */
static char *
look_up (GSettings *settings, const char *variable, const char *key)
{
  const char *given = g_getenv (variable);
  g_autofree char *set = NULL;

  if (given != NULL && given[0] != '\0')
    return g_strdup (given);
  if (settings == NULL)
    return NULL;
  set = g_settings_get_string (settings, key);
  return set[0] != '\0' ? g_steal_pointer (&set) : NULL;
}

static char *
look_up_endpoint (GSettings *settings, const char *variable, const char *key, const char *usual)
{
  g_autofree char *url = look_up (settings, variable, key);
  gsize length;

  if (url == NULL)
    return g_strdup (usual);
  length = strlen (url);
  while (length > 0 && url[length - 1] == '/')
    url[--length] = '\0';
  if (linnet_address_check (url, NULL))
    return g_steal_pointer (&url);
  g_message ("%s “%s” is not used: only https addresses are safe.", key, url);
  return g_strdup (usual);
}

LinnetNetworkSettings *
linnet_network_settings_new (void)
{
  LinnetNetworkSettings *self = g_new0 (LinnetNetworkSettings, 1);
  g_autoptr (GSettings) settings = open_settings ();

  self->ollama =
      look_up_endpoint (settings, "LINNET_OLLAMA_REGISTRY", "ollama-registry", OLLAMA_REGISTRY);
  self->hugging_face =
      look_up_endpoint (settings, "LINNET_HUGGING_FACE", "hugging-face-endpoint", HUGGING_FACE);
  self->modelscope =
      look_up_endpoint (settings, "LINNET_MODELSCOPE", "modelscope-endpoint", MODELSCOPE);
  self->proxy = look_up (settings, "LINNET_PROXY", "proxy");
  self->model_folder = look_up (settings, "LINNET_MODEL_FOLDER", "model-folder");
  if (self->model_folder == NULL)
    self->model_folder = g_build_filename (g_get_user_data_dir (), "linnet", "models", NULL);
  self->model_folders =
      settings != NULL ? g_settings_get_strv (settings, "model-folders") : g_new0 (char *, 1);
  return self;
}

void
linnet_network_settings_free (LinnetNetworkSettings *self)
{
  if (self == NULL)
    return;
  g_free (self->ollama);
  g_free (self->hugging_face);
  g_free (self->modelscope);
  g_free (self->proxy);
  g_free (self->model_folder);
  g_strfreev (self->model_folders);
  g_free (self);
}
