/* SPDX-License-Identifier: GPL-3.0-or-later
 * Perplexity: how well a model foretells a text, by the protocol of llama-perplexity. */
#include <glib/gi18n-lib.h>
#include <math.h>

#include "engine/linnet-engine-private.h"
#include "engine/linnet-measure-private.h"

typedef struct {
  const lm_token *window; /* n_ctx tokens */
  gsize n_ctx;
  gsize n_vocab;
  guint64 n_scored;
  double sum;     /* of the negative log-likelihoods */
  double squares; /* of the same */
  /* Progress over all windows. */
  guint64 n_done; /* windows finished */
  guint64 n_windows;
  LinnetMeasureProgressFunc progress;
  gpointer user_data;
} Scoring;

/* −log softmax (logits)[token]; the maximum is taken out so that nothing overflows. */
static double
negative_log_likelihood (const float *logits, gsize n_vocab, lm_token token)
{
  float top = logits[0];
  double sum = 0;

  for (gsize i = 1; i < n_vocab; i++)
    top = MAX (top, logits[i]);
  for (gsize i = 0; i < n_vocab; i++)
    sum += exp ((double) (logits[i] - top));
  return log (sum) - (double) (logits[token] - top);
}

/* The logits at position foretell the token at position + 1: of a window the second half counts. */
static bool
score_cb (size_t position, const float *logits, void *user_data)
{
  Scoring *scoring = user_data;
  double nll;

  if (position < scoring->n_ctx / 2 || position + 1 >= scoring->n_ctx)
    return true;
  nll = negative_log_likelihood (logits, scoring->n_vocab, scoring->window[position + 1]);
  scoring->sum += nll;
  scoring->squares += nll * nll;
  scoring->n_scored++;
  return true;
}

/* Whether the model wants BOS: then the empty text is that token, and the text begins with it. */
static gboolean
has_bos (LinnetModel *model, GArray *tokens)
{
  g_autoptr (GArray) empty = linnet_model_tokenize (model, "", 0, FALSE, NULL);

  return empty != NULL && empty->len > 0 &&
         g_array_index (empty, gint32, 0) == g_array_index (tokens, gint32, 0);
}

static gboolean
score_windows (LinnetModel *model,
               lm_session *session,
               GArray *tokens,
               guint n_ctx,
               Scoring *scoring,
               GCancellable *cancellable,
               GError **error)
{
  g_autofree lm_token *window = g_new (lm_token, n_ctx);
  gboolean with_bos = has_bos (model, tokens);

  scoring->window = window;
  for (guint64 i = 0; i < scoring->n_windows; i++) {
    lm_error failure = { 0 };
    lm_status status;

    for (guint j = 0; j < n_ctx; j++)
      window[j] = g_array_index (tokens, gint32, i * n_ctx + j);
    if (with_bos)
      window[0] = g_array_index (tokens, gint32, 0);
    status = lm_session_score (session, window, n_ctx, score_cb, scoring, &failure);
    if (!linnet_measure_check (model, status, &failure, cancellable, error))
      return FALSE;
    scoring->n_done++;
    if (scoring->progress != NULL)
      scoring->progress ((double) scoring->n_done / (double) scoring->n_windows,
                         scoring->user_data);
  }
  return TRUE;
}

static gboolean
conclude (const Scoring *scoring, LinnetPerplexity *result, GError **error)
{
  double mean = scoring->sum / (double) scoring->n_scored;
  double variance = scoring->squares / (double) scoring->n_scored - mean * mean;

  result->n_windows = scoring->n_windows;
  result->n_scored = scoring->n_scored;
  result->mean_nll = mean;
  result->perplexity = exp (mean);
  if (variance > 0 && scoring->n_scored > 1)
    result->uncertainty = sqrt (variance / (double) (scoring->n_scored - 1)) * exp (mean);
  if (isfinite (result->perplexity))
    return TRUE;
  g_set_error (
      error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_FAILED,
      _ ("The model computes values that are not numbers, so its file is probably damaged. "
         "Download it again."));
  return FALSE;
}

gboolean
linnet_measure_perplexity (LinnetModel *model,
                           const char *text,
                           gsize length,
                           const LinnetPerplexityOptions *options,
                           LinnetPerplexity *result,
                           LinnetMeasureProgressFunc progress,
                           gpointer user_data,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (GArray) tokens = NULL;
  guint n_ctx = options->n_ctx;
  Scoring scoring = { .n_ctx = n_ctx, .progress = progress, .user_data = user_data };
  gint64 start = g_get_monotonic_time ();
  lm_session *session;
  gulong handler = 0;
  gboolean ok;

  g_return_val_if_fail (LINNET_IS_MODEL (model), FALSE);
  g_return_val_if_fail (n_ctx >= 4, FALSE);
  g_return_val_if_fail (result != NULL, FALSE);

  *result = (LinnetPerplexity) { 0 };
  tokens = linnet_model_tokenize (model, text, (gssize) length, FALSE, error);
  if (tokens == NULL)
    return FALSE;
  result->n_text_tokens = tokens->len;
  scoring.n_windows = tokens->len / n_ctx;
  scoring.n_vocab = lm_model_get_info (linnet_model_get_handle (model))->n_vocab;
  if (scoring.n_windows == 0) {
    g_set_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_FAILED,
                 _ ("The text has only %u tokens, and %u are needed. Choose a longer text or a "
                    "smaller context."),
                 tokens->len, n_ctx);
    return FALSE;
  }
  session = linnet_measure_session_new (model, n_ctx, options->cache_type, error);
  if (session == NULL)
    return FALSE;
  if (cancellable != NULL)
    handler =
        g_cancellable_connect (cancellable, G_CALLBACK (linnet_measure_cancel_cb), session, NULL);
  ok = score_windows (model, session, tokens, n_ctx, &scoring, cancellable, error);
  g_cancellable_disconnect (cancellable, handler);
  lm_session_free (session);
  if (ok)
    ok = conclude (&scoring, result, error);
  result->seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  return ok;
}
