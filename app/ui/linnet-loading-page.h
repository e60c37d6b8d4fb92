/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetLoadingPage: a model is being opened: its name, how far it is, and a way out. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define LINNET_TYPE_LOADING_PAGE (linnet_loading_page_get_type ())
G_DECLARE_FINAL_TYPE (LinnetLoadingPage, linnet_loading_page, LINNET, LOADING_PAGE, AdwBin)

GtkWidget *linnet_loading_page_new (void);

/* name: the file's, for people. Starts anew at nothing, out of sight for a moment: what is opened
 * at once needs no page that flashes by. */
void linnet_loading_page_start (LinnetLoadingPage *self, const char *name);
void linnet_loading_page_set_fraction (LinnetLoadingPage *self, double fraction);

G_END_DECLS
