/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetModelRow: one model, or one quantisation of it, in a list: what it is, how well it would
 * run here, and what can be done with it. */
#pragma once

#include <adwaita.h>

#include "advisor/linnet-advice.h"

G_BEGIN_DECLS

#define LINNET_TYPE_MODEL_ROW (linnet_model_row_get_type ())
G_DECLARE_FINAL_TYPE (LinnetModelRow, linnet_model_row, LINNET, MODEL_ROW, AdwPreferencesRow)

GtkWidget *linnet_model_row_new (const char *title, const char *subtitle);

/* speed: beside the verdict; NULL: nothing. */
void linnet_model_row_set_verdict (LinnetModelRow *self, LinnetVerdict verdict, const char *speed);
/* A sign and a word or two: "Open now". Several are shown in the order of adding. */
void linnet_model_row_add_badge (LinnetModelRow *self, const char *icon_name, const char *text);
void linnet_model_row_clear_badges (LinnetModelRow *self);
/* widget: at the end of the row. */
void linnet_model_row_add_suffix (LinnetModelRow *self, GtkWidget *widget);

/* A button for the end of a row. text: what it shows; label: what a screen reader says. */
GtkWidget *linnet_model_row_new_button (const char *text, const char *label);

G_END_DECLS
