/* SPDX-License-Identifier: GPL-3.0-or-later
 * Asking the engine what a model would take. */
#include "engine/linnet-plan.h"

#include "engine/linnet-engine-private.h"

guint64
linnet_plan_get_row_bytes (const char *type, guint64 n_cols)
{
  g_return_val_if_fail (type != NULL, 0);

  return lm_type_row_bytes (type, n_cols);
}

gboolean
linnet_plan_memory (const LinnetModelShape *shape,
                    guint64 weight_bytes,
                    guint n_ctx,
                    LinnetCacheType cache_type,
                    const LinnetModelOptions *options,
                    LinnetModelMemory *memory,
                    GError **error)
{
  lm_shape lm = {
    .architecture = shape->architecture,
    .n_vocab = shape->n_vocab,
    .n_embd = shape->n_embd,
    .n_layers = shape->n_layers,
    .n_ff = shape->n_ff,
    .n_heads = shape->n_heads,
    .n_kv_heads = shape->n_kv_heads,
    .head_dim = shape->head_dim,
  };
  lm_model_options lm_options = { 0 };
  lm_memory need = { 0 };
  lm_error failure = { 0 };

  g_return_val_if_fail (memory != NULL, FALSE);

  *memory = (LinnetModelMemory) { 0 };
  if (options != NULL) {
    lm_options.n_threads = options->n_threads;
    lm_options.n_threads_prefill = options->n_threads_prefill;
    lm_options.cpu_level = options->cpu_level;
  }
  if (lm_plan_memory (&lm, weight_bytes, n_ctx, linnet_cache_type_to_lm (cache_type), &lm_options,
                      &need, &failure) != LM_OK) {
    linnet_engine_error_from_lm (error, &failure, "");
    return FALSE;
  }
  *memory = (LinnetModelMemory) {
    .weights = need.weights,
    .kv_cache = need.kv_cache,
    .scratch = need.scratch,
    .total = need.total,
  };
  return TRUE;
}

guint
linnet_model_get_n_tensors (LinnetModel *self)
{
  g_return_val_if_fail (LINNET_IS_MODEL (self), 0);

  return (guint) MIN (lm_model_get_n_tensors (linnet_model_get_handle (self)), G_MAXUINT);
}

void
linnet_model_get_tensor (LinnetModel *self, guint index, LinnetModelTensor *tensor)
{
  lm_tensor_info info;

  g_return_if_fail (LINNET_IS_MODEL (self));
  g_return_if_fail (index < linnet_model_get_n_tensors (self));

  lm_model_get_tensor (linnet_model_get_handle (self), index, &info);
  /* The names and types live as long as the model. */
  *tensor = (LinnetModelTensor) {
    .name = info.name,
    .type = info.type,
    .n_cols = info.shape[0],
    .n_rows = info.n_dims > 1 ? info.shape[1] : 1,
    .bytes = info.bytes,
  };
}

gboolean
linnet_model_get_shape (LinnetModel *self, LinnetModelShape *shape, GError **error)
{
  lm_shape found;
  lm_error failure = { 0 };

  g_return_val_if_fail (LINNET_IS_MODEL (self), FALSE);

  *shape = (LinnetModelShape) { 0 };
  if (lm_model_get_shape (linnet_model_get_handle (self), &found, &failure) != LM_OK) {
    linnet_engine_error_from_lm (error, &failure, linnet_model_get_path (self));
    return FALSE;
  }
  *shape = (LinnetModelShape) {
    .architecture = found.architecture,
    .n_vocab = found.n_vocab,
    .n_embd = found.n_embd,
    .n_layers = found.n_layers,
    .n_ff = found.n_ff,
    .n_heads = found.n_heads,
    .n_kv_heads = found.n_kv_heads,
    .head_dim = found.head_dim,
  };
  return TRUE;
}
