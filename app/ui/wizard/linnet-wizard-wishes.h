/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardWishes: what someone wants a model for.
 *
 * Signal: "changed". */
#pragma once

#include <adwaita.h>

#include "advisor/linnet-advice.h"
#include "wizard/linnet-wizard-frame.h"

G_BEGIN_DECLS

#define LINNET_TYPE_WIZARD_WISHES (linnet_wizard_wishes_get_type ())
G_DECLARE_FINAL_TYPE (
    LinnetWizardWishes, linnet_wizard_wishes, LINNET, WIZARD_WISHES, AdwNavigationPage)

GtkWidget *linnet_wizard_wishes_new (void);

LinnetWizardFrame *linnet_wizard_wishes_get_frame (LinnetWizardWishes *self); /* borrowed */

/* The languages to choose from, BCP 47; NULL-terminated. */
void linnet_wizard_wishes_set_offered (LinnetWizardWishes *self, const char *const *languages);

/* The wishes as they stand; the languages are borrowed until they are changed. */
void linnet_wizard_wishes_get (LinnetWizardWishes *self, LinnetWishes *wishes);
/* wishes->languages: NULL for that of the locale. */
void linnet_wizard_wishes_set (LinnetWizardWishes *self, const LinnetWishes *wishes);

G_END_DECLS
