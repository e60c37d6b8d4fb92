/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetChatPage: one chat: its messages, which follow the answer only while their end is in view,
 * and the field for the next question.
 *
 * Properties: "chat" (LinnetChat, NULL until set), "compact" and "narrow" (for small windows),
 * "at-end" (read-only: nothing is below what is seen). */
#pragma once

#include <adwaita.h>

#include "chat/linnet-chat.h"

G_BEGIN_DECLS

#define LINNET_TYPE_CHAT_PAGE (linnet_chat_page_get_type ())
G_DECLARE_FINAL_TYPE (LinnetChatPage, linnet_chat_page, LINNET, CHAT_PAGE, AdwBin)

GtkWidget *linnet_chat_page_new (void);

LinnetChat *linnet_chat_page_get_chat (LinnetChatPage *self); /* borrowed, may be NULL */
void linnet_chat_page_set_chat (LinnetChatPage *self, LinnetChat *chat);

gboolean linnet_chat_page_get_at_end (LinnetChatPage *self);
/* Goes to the end and follows the answer from there. */
void linnet_chat_page_scroll_to_end (LinnetChatPage *self);

/* Says sentence above the question field; see linnet_notice_show(). */
void linnet_chat_page_show_notice (LinnetChatPage *self,
                                   const char *sentence,
                                   const char *button_label,
                                   const char *action_name);
void linnet_chat_page_dismiss_notice (LinnetChatPage *self);

/* Puts question into the field, unless something is written there. */
void linnet_chat_page_suggest (LinnetChatPage *self, const char *question);

void linnet_chat_page_focus_composer (LinnetChatPage *self);

G_END_DECLS
