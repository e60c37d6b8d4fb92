/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetEngine: a worker thread that loads models and writes answers, and never lets the main
 * thread wait. All functions: main thread; all callbacks and signals: the main context.
 *
 * Properties (read-only, notify):
 *   "model" (LinnetModel, NULL until one is loaded)
 *   "loading" (boolean), "load-progress" (0…1)
 *   "generation" (LinnetGeneration being worked on, or NULL) */
#pragma once

#include "chat/linnet-conversation.h"
#include "engine/linnet-generation.h"
#include "engine/linnet-model.h"

G_BEGIN_DECLS

#define LINNET_TYPE_ENGINE (linnet_engine_get_type ())
G_DECLARE_FINAL_TYPE (LinnetEngine, linnet_engine, LINNET, ENGINE, GObject)

LinnetEngine *linnet_engine_new (void);

typedef struct {
  LinnetModelOptions model;
  guint n_ctx; /* 0: the trained length, 4096 at most */
  LinnetCacheType cache_type;
} LinnetLoadOptions;

/* Loads path and makes it the model; a running generation is stopped first, and a load that is
 * still going on is cancelled. On failure or cancellation the previous model stays. options: NULL
 * for the defaults. The engine lives at least until the callback. */
void linnet_engine_load_async (LinnetEngine *self,
                               const char *path,
                               const LinnetLoadOptions *options,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean linnet_engine_load_finish (LinnetEngine *self, GAsyncResult *result, GError **error);

LinnetModel *linnet_engine_get_model (LinnetEngine *self); /* borrowed, may be NULL */
gboolean linnet_engine_get_loading (LinnetEngine *self);
double linnet_engine_get_load_progress (LinnetEngine *self);
LinnetGeneration *linnet_engine_get_generation (LinnetEngine *self); /* borrowed, may be NULL */

/* Starts an answer to the conversation as it is now (its last message is the question; the text is
 * copied) by the model as it is now, even if another one is being loaded. A model must be loaded
 * and no generation running. options: NULL for the defaults. Transfer full; the engine keeps its
 * own reference until it is finished. Disposing of the engine stops and finishes it. */
LinnetGeneration *linnet_engine_generate (LinnetEngine *self,
                                          LinnetConversation *conversation,
                                          const LinnetGenerationOptions *options);

/* Saves what the model has read and written, as it stands when an answer being written is done, to
 * a file, which is replaced only by a whole one. A model must be loaded. The engine lives at least
 * until the callback. LINNET_ENGINE_ERROR. */
void linnet_engine_save_state_async (LinnetEngine *self,
                                     const char *path,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean linnet_engine_save_state_finish (LinnetEngine *self, GAsyncResult *result, GError **error);

/* Restores it: the next answer need not read again what its conversation has in common with it.
 * n_tokens (NULL allowed): how much it was. LINNET_ENGINE_ERROR_STATE: it does not fit this model,
 * and LINNET_ENGINE_ERROR_FORMAT: the file is something else; either way the model has nothing in
 * mind then, and is otherwise as before. */
void linnet_engine_restore_state_async (LinnetEngine *self,
                                        const char *path,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
gboolean linnet_engine_restore_state_finish (LinnetEngine *self,
                                             GAsyncResult *result,
                                             guint *n_tokens,
                                             GError **error);

G_END_DECLS
