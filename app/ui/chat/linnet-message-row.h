/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMessageRow: one turn of the conversation: a question's bubble, or an answer with what is
 * being done for it while it is written and its figures afterwards. */
#pragma once

#include <gtk/gtk.h>

#include "chat/linnet-message.h"
#include "engine/linnet-generation.h"

G_BEGIN_DECLS

#define LINNET_TYPE_MESSAGE_ROW (linnet_message_row_get_type ())
G_DECLARE_FINAL_TYPE (LinnetMessageRow, linnet_message_row, LINNET, MESSAGE_ROW, GtkListBoxRow)

GtkWidget *linnet_message_row_new (LinnetMessage *message);
LinnetMessage *linnet_message_row_get_message (LinnetMessageRow *self); /* borrowed */

/* The generation that writes this answer; its state is shown until it has finished, then its
 * figures. NULL allowed. */
void linnet_message_row_set_generation (LinnetMessageRow *self, LinnetGeneration *generation);

/* Whether the text is wholly shown; "finished" of the generation has been seen. */
const char *linnet_message_row_get_caption (LinnetMessageRow *self); /* "" while there is none */

G_END_DECLS
