/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardReady: the model is there: it is opened, and a first question suggested.
 */
#pragma once

#include <adwaita.h>

#include "advisor/linnet-catalogue.h"
#include "wizard/linnet-wizard-frame.h"

G_BEGIN_DECLS

#define LINNET_TYPE_WIZARD_READY (linnet_wizard_ready_get_type ())
G_DECLARE_FINAL_TYPE (
    LinnetWizardReady, linnet_wizard_ready, LINNET, WIZARD_READY, AdwNavigationPage)

GtkWidget *linnet_wizard_ready_new (void);

LinnetWizardFrame *linnet_wizard_ready_get_frame (LinnetWizardReady *self); /* borrowed */

/* title: the model's name. Suggests questions that suit task, and selects the first. */
void linnet_wizard_ready_set_model (LinnetWizardReady *self, const char *title, LinnetTask task);
/* The model is being opened: 0…1. */
void linnet_wizard_ready_set_loading (LinnetWizardReady *self, double fraction);
/* It is open; or, with a sentence, it cannot be. */
void linnet_wizard_ready_set_loaded (LinnetWizardReady *self, const char *error);

/* The question that is selected; "" for an empty field. Borrowed. */
const char *linnet_wizard_ready_get_question (LinnetWizardReady *self);

G_END_DECLS
