/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetGeneration as LinnetEngine sees it. Main thread only. */
#pragma once

#include "engine/linnet-answer.h"
#include "engine/linnet-generation.h"

G_BEGIN_DECLS

/* Takes its own reference on answer. */
LinnetGeneration *linnet_generation_new (LinnetAnswer *answer);

/* Tells the listeners what has come since the last time, all but the end. Returns whether there is
 * nothing more to come, so that linnet_generation_finish() is due. */
gboolean linnet_generation_deliver (LinnetGeneration *self);

/* Goes to phase FINISHED and emits "finished". */
void linnet_generation_finish (LinnetGeneration *self);

G_END_DECLS
