/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetChat: a conversation held with an engine: what sending a question means, for the window and
 * the terminal alike. Main thread only.
 *
 * Properties (notify):
 *   "engine" (construct only)
 *   "conversation" (read-only, always the same object: questions and answers, no system prompt)
 *   "generation" (read-only: the answer being written, or NULL)
 *   "busy" (read-only: whether there is one; nothing can be sent meanwhile)
 *   "system-prompt" (read-write, NULL for none; holds from the next question on)
 * Signals:
 *   "taken-back" (const char *question)  the question got no word of an answer (it failed, or was
 *       stopped before the first) and has left the conversation; the composer may have it again
 *   "failed" (const GError *error)  why, in a sentence for people; after "taken-back", if any; what
 *       was answered so far stands
 *   "finished" (LinnetGeneration *generation)  always last, once for each successful send; "busy"
 *       is FALSE again, so that the next question may be sent from a handler */
#pragma once

#include "chat/linnet-conversation.h"
#include "engine/linnet-engine.h"

G_BEGIN_DECLS

#define LINNET_TYPE_CHAT (linnet_chat_get_type ())
G_DECLARE_FINAL_TYPE (LinnetChat, linnet_chat, LINNET, CHAT, GObject)

/* Takes its own reference on engine. */
LinnetChat *linnet_chat_new (LinnetEngine *engine);

LinnetEngine *linnet_chat_get_engine (LinnetChat *self);             /* borrowed */
LinnetConversation *linnet_chat_get_conversation (LinnetChat *self); /* borrowed */
LinnetGeneration *linnet_chat_get_generation (LinnetChat *self);     /* borrowed, may be NULL */
gboolean linnet_chat_get_busy (LinnetChat *self);

const char *linnet_chat_get_system_prompt (LinnetChat *self); /* may be NULL */
void linnet_chat_set_system_prompt (LinnetChat *self, const char *system_prompt);

/* How the next answers are written; copied. NULL: the defaults, with a new random seed for each. */
void linnet_chat_set_options (LinnetChat *self, const LinnetGenerationOptions *options);

/* Appends text as a question and an empty, incomplete answer to the conversation, and has the
 * answer written. FALSE, with nothing changed, when that is impossible now: text is blank, the
 * engine has no model, or it is writing an answer. */
gboolean linnet_chat_send (LinnetChat *self, const char *text);

/* Stops the answer being written, if any; what is there of it stays. */
void linnet_chat_stop (LinnetChat *self);

/* Empties the conversation at once. An answer being written is stopped and goes nowhere; "busy"
 * stays TRUE until the engine is done with it, and neither "taken-back" nor "failed" comes. */
void linnet_chat_clear (LinnetChat *self);

G_END_DECLS
