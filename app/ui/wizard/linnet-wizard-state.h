/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardState: what the wizard remembers from one run to the next: how far it was, the wishes
 * and the model that was chosen. Without installed settings it is remembered for this run. */
#pragma once

#include "advisor/linnet-advice.h"

G_BEGIN_DECLS

typedef struct {
  GSettings *settings; /* owned; NULL: where the schema is not installed */
  gboolean done;       /* it need not open by itself again */
  char *page;          /* where it was: "welcome", …; never NULL */
  LinnetTask task;
  double wait_seconds;
  gboolean quiet;
  GStrv languages;    /* NULL: those of the locale */
  char *model_id;     /* of the catalogue; NULL: none is chosen */
  char *quantisation; /* NULL likewise */
  gboolean paused;    /* the download was paused by hand */
} LinnetWizardState;

/* settings: NULL where there are none. */
LinnetWizardState *linnet_wizard_state_new (GSettings *settings);
void linnet_wizard_state_free (LinnetWizardState *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetWizardState, linnet_wizard_state_free)

/* Writes what has changed. */
void linnet_wizard_state_save (LinnetWizardState *self);

/* Whether settings say that the wizard was gone through or skipped; FALSE without settings. */
gboolean linnet_wizard_state_is_done (GSettings *settings);

/* The wishes; the languages are borrowed from self. */
void linnet_wizard_state_get_wishes (const LinnetWizardState *self, LinnetWishes *wishes);
void linnet_wizard_state_set_wishes (LinnetWizardState *self, const LinnetWishes *wishes);
/* Both NULL for none. */
void linnet_wizard_state_set_model (LinnetWizardState *self,
                                    const char *model_id,
                                    const char *quantisation);

G_END_DECLS
