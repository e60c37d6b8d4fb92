/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetConversation: a GListModel of LinnetMessage, oldest first. Main thread only. */
#pragma once

#include <gio/gio.h>

#include "chat/linnet-message.h"

G_BEGIN_DECLS

#define LINNET_TYPE_CONVERSATION (linnet_conversation_get_type ())
G_DECLARE_FINAL_TYPE (LinnetConversation, linnet_conversation, LINNET, CONVERSATION, GObject)

LinnetConversation *linnet_conversation_new (void);
void linnet_conversation_append (LinnetConversation *self, LinnetMessage *message);
/* Removes the messages from position on (to take back a question that could not be answered). */
void linnet_conversation_truncate (LinnetConversation *self, guint position);

G_END_DECLS
