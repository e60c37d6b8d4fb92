/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardWelcome: the wizard's first page: what Linnet is, and what will happen.
 */
#pragma once

#include <adwaita.h>

#include "wizard/linnet-wizard-frame.h"

G_BEGIN_DECLS

#define LINNET_TYPE_WIZARD_WELCOME (linnet_wizard_welcome_get_type ())
G_DECLARE_FINAL_TYPE (
    LinnetWizardWelcome, linnet_wizard_welcome, LINNET, WIZARD_WELCOME, AdwNavigationPage)

GtkWidget *linnet_wizard_welcome_new (void);

/* Whether there is a demo model to skip to. */
void linnet_wizard_welcome_set_has_demo (LinnetWizardWelcome *self, gboolean has_demo);
LinnetWizardFrame *linnet_wizard_welcome_get_frame (LinnetWizardWelcome *self); /* borrowed */

G_END_DECLS
