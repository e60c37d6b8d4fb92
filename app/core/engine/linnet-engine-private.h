/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the files of core/engine share about lm.h. The only file of the app that includes it. */
#pragma once

#include "engine/linnet-model.h"
#include "lm.h"

G_BEGIN_DECLS

/* Borrowed: lives as long as self. Open at the level that linnet_model_open() was asked for. */
lm_model *linnet_model_get_handle (LinnetModel *self);

lm_kv_type linnet_cache_type_to_lm (LinnetCacheType type);

/* Sets error (NULL allowed) to failure in words for people, translated: a LINNET_ENGINE_ERROR, or
 * G_IO_ERROR_CANCELLED. failure->code is not LM_OK. path: the model file at work, for the sentence.
 * Any thread. */
void linnet_engine_error_from_lm (GError **error, const lm_error *failure, const char *path);

/* The same for saving a state to path, or restoring it from there. */
void linnet_engine_error_from_state (GError **error,
                                     const lm_error *failure,
                                     const char *path,
                                     gboolean saves);

G_END_DECLS
