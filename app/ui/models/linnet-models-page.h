/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetModelsPage: the models that are on this computer, those that are on their way and those
 * that can be had, each with a verdict. */
#pragma once

#include <adwaita.h>

#include "advisor/linnet-advisor.h"
#include "library/linnet-pull-list.h"

G_BEGIN_DECLS

#define LINNET_TYPE_MODELS_PAGE (linnet_models_page_get_type ())
G_DECLARE_FINAL_TYPE (LinnetModelsPage, linnet_models_page, LINNET, MODELS_PAGE, AdwNavigationPage)

GtkWidget *linnet_models_page_new (LinnetAdvisor *advisor, LinnetPullList *pulls);

/* Which model is open: the path of its file, and its name in the library if it was opened from
 * there; both NULL: none. */
void linnet_models_page_set_open (LinnetModelsPage *self, const char *path, const char *name);

G_END_DECLS
