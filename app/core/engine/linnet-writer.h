/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWriter: writes one answer, from the conversation to the last token. Made on the main
 * thread, run once and freed on the worker. */
#pragma once

#include "chat/linnet-conversation.h"
#include "engine/linnet-answer.h"
#include "engine/linnet-engine-private.h"

G_BEGIN_DECLS

typedef struct _LinnetWriter LinnetWriter;

/* Copies the conversation and the options; model and session are borrowed. */
LinnetWriter *linnet_writer_new (LinnetModel *model,
                                 lm_session *session,
                                 LinnetConversation *conversation,
                                 const LinnetGenerationOptions *options,
                                 LinnetAnswer *answer);
void linnet_writer_free (LinnetWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetWriter, linnet_writer_free)

/* Blocks until the answer is finished, in whatever way, and has said so to the LinnetAnswer. */
void linnet_writer_run (LinnetWriter *self);

G_END_DECLS
