/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the files of the catalogue share. */
#pragma once

#include <json-glib/json-glib.h>

#include "advisor/linnet-catalogue.h"

G_BEGIN_DECLS

#define LINNET_CATALOGUE_MAX_MODELS 500

/* Reads entry number index (from 0) into model, which is zero, and checks it.
 * LINNET_CATALOGUE_ERROR: model is to be cleared nevertheless. */
gboolean linnet_catalogue_read_model (JsonNode *node,
                                      guint index,
                                      LinnetCatalogueModel *model,
                                      GError **error);
void linnet_catalogue_model_clear (LinnetCatalogueModel *model);

/* Sentences about the models and licences that Linnet knows, translated; NULL: none. Static. */
const char *linnet_catalogue_find_summary (const char *id);
const char *linnet_catalogue_find_licence_note (const char *licence);

G_END_DECLS
