/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the files of core/engine share about lm.h. The only file of the app that includes it. */
#pragma once

#include "engine/linnet-model.h"
#include "lm.h"

G_BEGIN_DECLS

/* Borrowed: lives as long as self. Open at the level that linnet_model_open() was asked for. */
lm_model *linnet_model_get_handle (LinnetModel *self);

/* error in words for people, translated: LINNET_ENGINE_ERROR, or G_IO_ERROR_CANCELLED.
 * error->code is not LM_OK. Any thread. Transfer full. */
GError *linnet_engine_error_from_lm (const lm_error *error);

G_END_DECLS
