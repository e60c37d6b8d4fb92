/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardAdvice: one model recommended, as a card; all sizes with their verdicts; and the
 * numbers for experts.
 *
 * Signal: "selected": another is on the card. */
#pragma once

#include <adwaita.h>

#include "advisor/linnet-advice.h"
#include "wizard/linnet-wizard-frame.h"

G_BEGIN_DECLS

#define LINNET_TYPE_WIZARD_ADVICE (linnet_wizard_advice_get_type ())
G_DECLARE_FINAL_TYPE (
    LinnetWizardAdvice, linnet_wizard_advice, LINNET, WIZARD_ADVICE, AdwNavigationPage)

GtkWidget *linnet_wizard_advice_new (void);

LinnetWizardFrame *linnet_wizard_advice_get_frame (LinnetWizardAdvice *self); /* borrowed */

/* Takes list, and selects what it recommends. machine is looked at now only. */
void linnet_wizard_advice_set_list (LinnetWizardAdvice *self,
                                    LinnetAdviceList *list,
                                    const LinnetMachine *machine);

/* The advice on the card; borrowed until the next list; NULL: there is none. */
const LinnetAdvice *linnet_wizard_advice_get_selected (LinnetWizardAdvice *self);
/* Shows a model in a quantisation, if the list has it. */
void linnet_wizard_advice_select (LinnetWizardAdvice *self,
                                  const char *model_id,
                                  const char *quantisation);

G_END_DECLS
