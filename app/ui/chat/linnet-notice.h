/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetNotice: a sentence that stays above the question field until it has been read: what went
 * wrong, with a button for what to do about it.
 *
 * Property: "narrow" (puts the button below the sentence). */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define LINNET_TYPE_NOTICE (linnet_notice_get_type ())
G_DECLARE_FINAL_TYPE (LinnetNotice, linnet_notice, LINNET, NOTICE, AdwBin)

GtkWidget *linnet_notice_new (void);

/* Says sentence. button_label, with a mnemonic, and action_name: both NULL for no button. */
void linnet_notice_show (LinnetNotice *self,
                         const char *sentence,
                         const char *button_label,
                         const char *action_name);
void linnet_notice_dismiss (LinnetNotice *self);

G_END_DECLS
