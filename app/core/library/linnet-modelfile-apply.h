/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a recipe's parameters mean for the engine and for a conversation. */
#pragma once

#include "chat/linnet-chat.h"
#include "library/linnet-modelfile.h"

G_BEGIN_DECLS

/* Changes what the recipe says something about; the rest stays. generation's stops are self's.
 * Returns whether it chooses a seed. load: NULL allowed. */
gboolean linnet_modelfile_apply (const LinnetModelfile *self,
                                 LinnetGenerationOptions *generation,
                                 LinnetLoadOptions *load);

/* Begins a conversation, which must be empty, with the recipe's messages. */
void linnet_modelfile_begin (const LinnetModelfile *self, LinnetConversation *conversation);

G_END_DECLS
