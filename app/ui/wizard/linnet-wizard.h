/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizard: from an unknown computer to a chat with the model that suits it: what Linnet is,
 * what the computer can do, what is wished for, the advice, the download, the first question. It
 * goes on where it was left, in this run or the next. Main thread.
 *
 * Signals:
 *   "leave"  someone wants to chat, with the model that is open or else the demo model
 *   "load" (LinnetLibraryModel *model)  it is to be opened while the wizard is still seen;
 *       linnet_wizard_model_loaded() tells how it went
 *   "chat" (const char *question)  it is done: the question, unless it is empty, goes into the
 *       field */
#pragma once

#include <adwaita.h>

#include "advisor/linnet-advisor.h"
#include "engine/linnet-engine.h"
#include "library/linnet-pull-list.h"

G_BEGIN_DECLS

#define LINNET_TYPE_WIZARD (linnet_wizard_get_type ())
G_DECLARE_FINAL_TYPE (LinnetWizard, linnet_wizard, LINNET, WIZARD, AdwNavigationPage)

/* engine: whose work measuring must not disturb. settings: NULL where they are not installed.
 * has_demo: there is a demo model to skip to. */
LinnetWizard *linnet_wizard_new (LinnetAdvisor *advisor,
                                 LinnetPullList *pulls,
                                 LinnetEngine *engine,
                                 GSettings *settings,
                                 gboolean has_demo);

/* Whether the wizard is to open by itself. */
gboolean linnet_wizard_is_wanted (GSettings *settings);

/* Whether the wizard is seen, and looks after the pull itself. */
gboolean linnet_wizard_watches (LinnetWizard *self, LinnetPull *pull);

/* The model at path has been opened, or, with an error, could not be. */
void linnet_wizard_model_loaded (LinnetWizard *self, const char *path, const GError *error);

G_END_DECLS
