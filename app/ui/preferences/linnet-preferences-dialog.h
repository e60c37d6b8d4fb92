/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetPreferencesDialog: what a person may set: performance, folders of models, network. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define LINNET_TYPE_PREFERENCES_DIALOG (linnet_preferences_dialog_get_type ())
G_DECLARE_FINAL_TYPE (LinnetPreferencesDialog,
                      linnet_preferences_dialog,
                      LINNET,
                      PREFERENCES_DIALOG,
                      AdwPreferencesDialog)

/* Without the installed schema everything is shown and nothing can be changed. */
AdwDialog *linnet_preferences_dialog_new (void);

G_END_DECLS
