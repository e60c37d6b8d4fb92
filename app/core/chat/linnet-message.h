/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMessage: one turn of a conversation. Main thread only. */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum {
  LINNET_ROLE_SYSTEM,
  LINNET_ROLE_USER,
  LINNET_ROLE_ASSISTANT,
} LinnetRole;

GType linnet_role_get_type (void);
#define LINNET_TYPE_ROLE (linnet_role_get_type ())

#define LINNET_TYPE_MESSAGE (linnet_message_get_type ())
G_DECLARE_FINAL_TYPE (LinnetMessage, linnet_message, LINNET, MESSAGE, GObject)

/* Properties: "role" (construct only), "text" (notifies on append), "complete" (FALSE while an
 * answer is being written). text: UTF-8. */
LinnetMessage *linnet_message_new (LinnetRole role, const char *text);
LinnetRole linnet_message_get_role (LinnetMessage *self);
const char *linnet_message_get_text (LinnetMessage *self);
void linnet_message_append (LinnetMessage *self, const char *text);
gboolean linnet_message_get_complete (LinnetMessage *self);
void linnet_message_set_complete (LinnetMessage *self, gboolean complete);

G_END_DECLS
