/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardCheckRow: one thing that is looked at on this computer: under way, or what was found
 * and what it means.
 *
 * Property: "check-name" (string: what is looked at). */
#pragma once

#include <adwaita.h>

#include "wizard/linnet-wizard-check.h"

G_BEGIN_DECLS

#define LINNET_TYPE_WIZARD_CHECK_ROW (linnet_wizard_check_row_get_type ())
G_DECLARE_FINAL_TYPE (
    LinnetWizardCheckRow, linnet_wizard_check_row, LINNET, WIZARD_CHECK_ROW, AdwPreferencesRow)

GtkWidget *linnet_wizard_check_row_new (const char *name);

/* It is being looked at: what, for people; fraction: negative for no bar. */
void
linnet_wizard_check_row_set_waiting (LinnetWizardCheckRow *self, const char *what, double fraction);
void linnet_wizard_check_row_set_check (LinnetWizardCheckRow *self, const LinnetWizardCheck *check);

G_END_DECLS
