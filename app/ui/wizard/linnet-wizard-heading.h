/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardHeading: a heading that can have the focus, so that a screen reader reads on from
 * there: a label takes none unless its text can be selected, and a box gives it to its children. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LINNET_TYPE_WIZARD_HEADING (linnet_wizard_heading_get_type ())
G_DECLARE_FINAL_TYPE (LinnetWizardHeading, linnet_wizard_heading, LINNET, WIZARD_HEADING, GtkWidget)

GtkWidget *linnet_wizard_heading_new (void);

const char *linnet_wizard_heading_get_text (LinnetWizardHeading *self);
void linnet_wizard_heading_set_text (LinnetWizardHeading *self, const char *text);

G_END_DECLS
