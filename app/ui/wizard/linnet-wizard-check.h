/* SPDX-License-Identifier: GPL-3.0-or-later
 * What was found on this computer, in words: each time what it is, and a plain sentence on what it
 * means for a model, as a teacher would say it. Pure functions of plain structs. */
#pragma once

#include "machine/linnet-machine.h"
#include "machine/linnet-measurements.h"

G_BEGIN_DECLS

typedef enum {
  LINNET_WIZARD_CHECK_GOOD,
  LINNET_WIZARD_CHECK_FAIR, /* something to know */
  LINNET_WIZARD_CHECK_POOR, /* something to mend, or to live with */
} LinnetWizardCheckState;

typedef struct {
  LinnetWizardCheckState state;
  char *title;   /* translated, never NULL */
  char *meaning; /* translated sentences, never NULL */
} LinnetWizardCheck;

void linnet_wizard_check_clear (LinnetWizardCheck *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LinnetWizardCheck, linnet_wizard_check_clear)

/* Each fills self, which must be empty. */
void linnet_wizard_check_processor (LinnetWizardCheck *self, const LinnetMachine *machine);
/* limit: bytes that a model may take, as linnet_advice_memory_limit(). */
void
linnet_wizard_check_memory (LinnetWizardCheck *self, const LinnetMachine *machine, guint64 limit);
void linnet_wizard_check_speed (LinnetWizardCheck *self, const LinnetMeasurements *measurements);
/* free_bytes: of the disk that models go to. */
void linnet_wizard_check_disk (LinnetWizardCheck *self, guint64 free_bytes);
void linnet_wizard_check_power (LinnetWizardCheck *self, const LinnetMachine *machine);

G_END_DECLS
