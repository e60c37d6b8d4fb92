/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardComputer: what this computer is and does: each check as it finishes, and
 * the speed of its memory as a picture. A view of plain structs. */
#pragma once

#include <adwaita.h>

#include "machine/linnet-machine.h"
#include "machine/linnet-measurements.h"
#include "wizard/linnet-wizard-frame.h"

G_BEGIN_DECLS

#define LINNET_TYPE_WIZARD_COMPUTER (linnet_wizard_computer_get_type ())
G_DECLARE_FINAL_TYPE (
    LinnetWizardComputer, linnet_wizard_computer, LINNET, WIZARD_COMPUTER, AdwNavigationPage)

GtkWidget *linnet_wizard_computer_new (void);

LinnetWizardFrame *linnet_wizard_computer_get_frame (LinnetWizardComputer *self); /* borrowed */

/* Begins anew: nothing is known. */
void linnet_wizard_computer_reset (LinnetWizardComputer *self);
/* Processor, memory and power. limit: bytes a model may take, as linnet_advice_memory_limit(). */
void linnet_wizard_computer_set_machine (LinnetWizardComputer *self,
                                         const LinnetMachine *machine,
                                         guint64 limit);
/* error: why it is not known, else NULL. */
void linnet_wizard_computer_set_disk (LinnetWizardComputer *self,
                                      guint64 free_bytes,
                                      const GError *error);
/* Something else is computing, and measuring waits for it. is_answer: it is an answer, which can
 * be stopped. */
void linnet_wizard_computer_set_waiting (LinnetWizardComputer *self, gboolean is_answer);
void linnet_wizard_computer_set_progress (LinnetWizardComputer *self, double fraction);
void linnet_wizard_computer_set_measurements (LinnetWizardComputer *self,
                                              const LinnetMeasurements *measurements);
/* The speed could not be measured: sentence says why. */
void linnet_wizard_computer_set_failure (LinnetWizardComputer *self, const char *sentence);

G_END_DECLS
