/* SPDX-License-Identifier: GPL-3.0-or-later
 * Words for models that several widgets use. */
#include "config.h"

#include <glib/gi18n.h>

#include "models/linnet-model-text.h"

#define MAX_LICENCE_NAME 80 /* characters */

char *
linnet_model_text_parameters (guint64 n_parameters)
{
  double n = (double) n_parameters;

  if (n_parameters >= 10000000000)
    return g_strdup_printf ("%.0fB", n / 1e9);
  if (n_parameters >= 1000000000)
    return g_strdup_printf ("%.1fB", n / 1e9);
  if (n_parameters >= 1000000)
    return g_strdup_printf ("%.0fM", n / 1e6);
  return g_strdup_printf ("%.0fK", n / 1e3);
}

static void
add_part (GString *text, const char *part)
{
  if (part == NULL || *part == '\0')
    return;
  if (text->len > 0)
    g_string_append (text, " · ");
  g_string_append (text, part);
}

char *
linnet_model_text_installed (LinnetLibraryModel *model)
{
  GString *text;
  guint64 n_parameters;
  g_autofree char *size = NULL;

  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (model), NULL);

  text = g_string_new (NULL);
  n_parameters = linnet_library_model_get_n_parameters (model);
  size = g_format_size (linnet_library_model_get_bytes (model));
  if (g_strcmp0 (linnet_library_model_get_name (model), linnet_library_model_get_title (model)) !=
      0)
    add_part (text, linnet_library_model_get_name (model));
  if (n_parameters > 0) {
    g_autofree char *parameters = linnet_model_text_parameters (n_parameters);

    add_part (text, parameters);
  }
  add_part (text, linnet_library_model_get_quantisation (model));
  add_part (text, size);
  if (linnet_library_model_get_owner (model) != LINNET_OWNER_LINNET) {
    /* Translators: %s is a program that a model belongs to: "Ollama, used in place". */
    g_autofree char *owner = g_strdup_printf (
        _ ("%s, used in place"), linnet_owner_get_title (linnet_library_model_get_owner (model)));

    add_part (text, owner);
  }
  return g_string_free (text, FALSE);
}

char *
linnet_model_text_licence_name (const char *licence)
{
  g_auto (GStrv) lines = g_strsplit (licence != NULL ? licence : "", "\n", 8);

  for (guint i = 0; lines[i] != NULL && i < 7; i++) {
    g_strstrip (lines[i]);
    if (*lines[i] == '\0')
      continue;
    if (g_utf8_strlen (lines[i], -1) > MAX_LICENCE_NAME)
      *g_utf8_offset_to_pointer (lines[i], MAX_LICENCE_NAME) = '\0';
    return g_strdup (lines[i]);
  }
  return NULL;
}

const LinnetAdvice *
linnet_model_find_advice (const LinnetAdviceList *list,
                          const LinnetCatalogueModel *model,
                          const LinnetCatalogueFile *file)
{
  for (guint i = 0; list != NULL && i < list->n_ranked; i++)
    if (list->ranked[i].model == model && list->ranked[i].file == file)
      return &list->ranked[i];
  return NULL;
}
