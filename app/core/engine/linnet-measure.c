/* SPDX-License-Identifier: GPL-3.0-or-later
 * The speed of a model: one run of prefill or decode, at any depth. */
#include <glib/gi18n-lib.h>

#include "engine/linnet-engine-private.h"
#include "engine/linnet-measure-private.h"

void
linnet_measure_cancel_cb (GCancellable *cancellable, gpointer session)
{
  lm_session_cancel (session);
}

lm_session *
linnet_measure_session_new (LinnetModel *model,
                            guint n_ctx,
                            LinnetCacheType cache_type,
                            GError **error)
{
  lm_session_options options = { .n_ctx = n_ctx, .kv_type = linnet_cache_type_to_lm (cache_type) };
  lm_error failure = { 0 };
  lm_session *session = lm_session_new (linnet_model_get_handle (model), &options, &failure);

  if (session == NULL)
    linnet_engine_error_from_lm (error, &failure, linnet_model_get_path (model));
  return session;
}

gboolean
linnet_measure_check (LinnetModel *model,
                      lm_status status,
                      const lm_error *failure,
                      GCancellable *cancellable,
                      GError **error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (status == LM_OK)
    return TRUE;
  linnet_engine_error_from_lm (error, failure, linnet_model_get_path (model));
  return FALSE;
}

struct _LinnetSpeedMeter {
  LinnetModel *model;        /* owned */
  lm_session *session;       /* owned */
  lm_token *tokens;          /* owned; n_ctx of them: what the timeline is filled with */
  gsize n_ctx;               /* depth and run together, at most */
  GCancellable *cancellable; /* owned, or NULL */
  gulong cancel_handler;
};

/* Ordinary tokens in a fixed pseudo-random order, the same on every computer. */
static lm_token *
make_tokens (LinnetModel *model, gsize n)
{
  const lm_model *handle = linnet_model_get_handle (model);
  guint n_vocab = MAX (lm_model_get_info (handle)->n_vocab, 1);
  lm_token *tokens = g_new (lm_token, n);
  guint64 state = 0x9e3779b97f4a7c15;

  for (gsize i = 0; i < n; i++) {
    lm_token token = 0;

    for (guint attempt = 0; attempt < 16; attempt++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      token = (lm_token) ((state >> 33) % n_vocab);
      if (!lm_token_is_control (handle, token))
        break;
    }
    tokens[i] = token;
  }
  return tokens;
}

LinnetSpeedMeter *
linnet_speed_meter_new (LinnetModel *model,
                        guint64 n_ctx,
                        LinnetCacheType cache_type,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (LinnetSpeedMeter) self = NULL;

  g_return_val_if_fail (LINNET_IS_MODEL (model), NULL);
  g_return_val_if_fail (n_ctx > 0, NULL);

  if (n_ctx >= G_MAXINT32) {
    g_set_error_literal (
        error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_CONTEXT,
        _ ("That is more text than can be measured at once. Choose smaller sizes."));
    return NULL;
  }
  self = g_new0 (LinnetSpeedMeter, 1);
  self->model = g_object_ref (model);
  self->n_ctx = (gsize) n_ctx;
  /* One more, for the token that stays at depth 0. */
  self->session = linnet_measure_session_new (model, (guint) n_ctx + 1, cache_type, error);
  if (self->session == NULL)
    return NULL;
  self->tokens = make_tokens (model, self->n_ctx);
  if (cancellable != NULL) {
    self->cancellable = g_object_ref (cancellable);
    self->cancel_handler = g_cancellable_connect (
        cancellable, G_CALLBACK (linnet_measure_cancel_cb), self->session, NULL);
  }
  return g_steal_pointer (&self);
}

void
linnet_speed_meter_free (LinnetSpeedMeter *self)
{
  if (self == NULL)
    return;
  g_cancellable_disconnect (self->cancellable, self->cancel_handler);
  g_clear_object (&self->cancellable);
  lm_session_free (self->session);
  g_free (self->tokens);
  g_clear_object (&self->model);
  g_free (self);
}

/* Brings the timeline to the first depth tokens, so that what is measured next starts there. With
 * depth 0 the one token that stays has to differ from the first, or it would be reused; a timeline
 * that is still empty is left alone. */
static gboolean
rewind_to (LinnetSpeedMeter *self, guint depth, GError **error)
{
  lm_error failure = { 0 };
  lm_token other = self->tokens[0] == 0 ? 1 : 0;
  lm_status status = LM_OK;
  gsize n_there;

  lm_session_get_tokens (self->session, &n_there);
  if (depth > 0)
    status = lm_session_sync (self->session, self->tokens, depth, &failure);
  else if (n_there > 0)
    status = lm_session_sync (self->session, &other, 1, &failure);
  return linnet_measure_check (self->model, status, &failure, self->cancellable, error);
}

/* Writes tokens one by one; took: microseconds, without what is done between them. */
static lm_status
write_tokens (LinnetSpeedMeter *self,
              guint n_tokens,
              guint depth,
              LinnetSpeedBetweenFunc between,
              gpointer user_data,
              gint64 *took,
              lm_error *failure)
{
  *took = 0;
  for (guint i = 0; i < n_tokens; i++) {
    gint64 start = g_get_monotonic_time ();
    lm_status status = lm_session_append (self->session, self->tokens[depth + i], failure);

    *took += g_get_monotonic_time () - start;
    if (status != LM_OK)
      return status;
    if (between != NULL)
      between (user_data);
  }
  return LM_OK;
}

gboolean
linnet_speed_meter_run (LinnetSpeedMeter *self,
                        LinnetSpeedKind kind,
                        guint n_tokens,
                        guint depth,
                        LinnetSpeedBetweenFunc between,
                        gpointer user_data,
                        double *rate,
                        GError **error)
{
  lm_error failure = { 0 };
  lm_status status;
  gint64 took;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (n_tokens > 0 && (gsize) depth + n_tokens <= self->n_ctx, FALSE);

  if (!rewind_to (self, depth, error))
    return FALSE;
  if (kind == LINNET_SPEED_PREFILL) {
    gint64 start = g_get_monotonic_time ();

    status = lm_session_sync (self->session, self->tokens, (gsize) depth + n_tokens, &failure);
    took = g_get_monotonic_time () - start;
  } else {
    status = write_tokens (self, n_tokens, depth, between, user_data, &took, &failure);
  }
  *rate = n_tokens * (double) G_USEC_PER_SEC / (double) MAX (took, 1);
  return linnet_measure_check (self->model, status, &failure, self->cancellable, error);
}
