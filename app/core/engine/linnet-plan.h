/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the engine would take for a model that is not here yet. Pure functions; any thread. */
#pragma once

#include "engine/linnet-model.h"

G_BEGIN_DECLS

/* The numbers that shape a model. */
typedef struct {
  const char *architecture; /* borrowed: "llama", "qwen2", "qwen3" */
  guint n_vocab, n_embd, n_layers, n_ff, n_heads, n_kv_heads, head_dim;
} LinnetModelShape;

/* Bytes of a row of n_cols weights of a type, as GGUF names it ("Q4_K"); 0: there is no such row.
 */
guint64 linnet_plan_get_row_bytes (const char *type, guint64 n_cols);

/* The memory for a model of that shape whose weights, those that stay in memory, have weight_bytes,
 * opened with these options (NULL for the defaults). LINNET_ENGINE_ERROR_UNSUPPORTED,
 * LINNET_ENGINE_ERROR_FAILED. */
gboolean linnet_plan_memory (const LinnetModelShape *shape,
                             guint64 weight_bytes,
                             guint n_ctx,
                             LinnetCacheType cache_type,
                             const LinnetModelOptions *options,
                             LinnetModelMemory *memory,
                             GError **error);

/* One matrix or vector of an open model. The strings live as long as it. */
typedef struct {
  const char *name; /* "blk.0.attn_q.weight" */
  const char *type; /* "Q4_K" */
  guint64 n_cols, n_rows;
  guint64 bytes;
} LinnetModelTensor;

guint linnet_model_get_n_tensors (LinnetModel *self);
void linnet_model_get_tensor (LinnetModel *self, guint index, LinnetModelTensor *tensor);

/* FALSE: LINNET_ENGINE_ERROR, as of an architecture the engine does not know. */
gboolean linnet_model_get_shape (LinnetModel *self, LinnetModelShape *shape, GError **error);

G_END_DECLS
