/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardFrame: what all pages of the wizard have in common: a header that says which step it
 * is, a heading, room for the page's own content, and the button that leads on.
 *
 * Properties: "title", "heading", "description" (strings), "step" (1…, 0: none is told),
 * "content" (GtkWidget), "next-label", "next-action", "other-label", "other-action" (strings; a
 * button without a label is not shown). */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define LINNET_WIZARD_N_STEPS 6

#define LINNET_TYPE_WIZARD_FRAME (linnet_wizard_frame_get_type ())
G_DECLARE_FINAL_TYPE (LinnetWizardFrame, linnet_wizard_frame, LINNET, WIZARD_FRAME, AdwBin)

GtkWidget *linnet_wizard_frame_new (void);

void linnet_wizard_frame_set_heading (LinnetWizardFrame *self, const char *heading);
/* NULL: none. */
void linnet_wizard_frame_set_description (LinnetWizardFrame *self, const char *description);
/* label: with a mnemonic; NULL hides the button. */
void linnet_wizard_frame_set_next (LinnetWizardFrame *self, const char *label, const char *action);
void linnet_wizard_frame_set_other (LinnetWizardFrame *self, const char *label, const char *action);
/* Whether the header has a button that leaves the wizard. */
void linnet_wizard_frame_set_can_skip (LinnetWizardFrame *self, gboolean can_skip);

/* Puts the focus on the heading, from where a screen reader reads on, and makes Enter lead on. */
void linnet_wizard_frame_take_focus (LinnetWizardFrame *self);
/* Enter leads on no longer. */
void linnet_wizard_frame_release_focus (LinnetWizardFrame *self);

G_END_DECLS
