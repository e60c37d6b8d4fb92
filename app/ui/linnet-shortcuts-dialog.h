/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetShortcutsDialog: the table of keys, to read. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define LINNET_TYPE_SHORTCUTS_DIALOG (linnet_shortcuts_dialog_get_type ())
G_DECLARE_FINAL_TYPE (
    LinnetShortcutsDialog, linnet_shortcuts_dialog, LINNET, SHORTCUTS_DIALOG, AdwDialog)

AdwDialog *linnet_shortcuts_dialog_new (void);

G_END_DECLS
