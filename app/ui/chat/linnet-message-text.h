/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMessageText: shows an answer that may still grow. Text that is added leaves the selection
 * and the layout of what was there alone. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LINNET_TYPE_MESSAGE_TEXT (linnet_message_text_get_type ())
G_DECLARE_FINAL_TYPE (LinnetMessageText, linnet_message_text, LINNET, MESSAGE_TEXT, GtkTextView)

GtkWidget *linnet_message_text_new (void);

/* text: UTF-8. When it begins with what is shown, only the rest is added. */
void linnet_message_text_set_text (LinnetMessageText *self, const char *text);

G_END_DECLS
