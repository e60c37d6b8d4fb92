/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetNetworkSettings: where models are asked for and where they are kept: from the environment,
 * else from the settings, else as is usual. Plain data. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct {
  char *ollama; /* base URLs, without a slash at the end */
  char *hugging_face;
  char *modelscope;
  char *proxy;         /* URI; NULL: the system's */
  char *model_folder;  /* of Linnet's own models */
  GStrv model_folders; /* more to look in; never NULL */
} LinnetNetworkSettings;

/* The environment: LINNET_OLLAMA_REGISTRY, LINNET_HUGGING_FACE, LINNET_MODELSCOPE, LINNET_PROXY,
 * LINNET_MODEL_FOLDER. What is set to something that is not safe is not used, with a warning. */
LinnetNetworkSettings *linnet_network_settings_new (void);
void linnet_network_settings_free (LinnetNetworkSettings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetNetworkSettings, linnet_network_settings_free)

G_END_DECLS
