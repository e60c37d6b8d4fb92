/* SPDX-License-Identifier: GPL-3.0-or-later
 * The speed of a model: prefill and decode, at several depths. */
#include <glib/gi18n-lib.h>

#include "engine/linnet-engine-private.h"
#include "engine/linnet-measure-private.h"

void
linnet_measure_cancel_cb (GCancellable *cancellable, gpointer session)
{
  lm_session_cancel (session);
}

lm_session *
linnet_measure_session_new (LinnetModel *model, guint n_ctx, GError **error)
{
  lm_session_options options = { .n_ctx = n_ctx };
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

/* One call's worth of state. */
typedef struct {
  LinnetModel *model; /* borrowed */
  lm_session *session;
  lm_token *tokens; /* depth + the longest run: what the timeline is filled with */
  LinnetMeasureProgressFunc progress;
  gpointer user_data;
  GCancellable *cancellable; /* borrowed */
  guint n_steps;
  guint step;
} Speed;

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

static void
advance (Speed *speed)
{
  speed->step++;
  if (speed->progress != NULL)
    speed->progress ((double) speed->step / speed->n_steps, speed->user_data);
}

/* Brings the timeline to the first depth tokens, so that what is measured next starts there. With
 * depth 0 the one token that stays has to differ from the first, or it would be reused. */
static gboolean
rewind_to (Speed *speed, guint depth, GError **error)
{
  lm_error failure = { 0 };
  lm_token other = speed->tokens[0] == 0 ? 1 : 0;
  lm_status status = depth > 0 ? lm_session_sync (speed->session, speed->tokens, depth, &failure)
                               : lm_session_sync (speed->session, &other, 1, &failure);

  return linnet_measure_check (speed->model, status, &failure, speed->cancellable, error);
}

static gboolean
run_once (
    Speed *speed, LinnetSpeedKind kind, guint n_tokens, guint depth, double *rate, GError **error)
{
  lm_error failure = { 0 };
  lm_status status = LM_OK;
  gint64 start;

  if (!rewind_to (speed, depth, error))
    return FALSE;
  start = g_get_monotonic_time ();
  if (kind == LINNET_SPEED_PREFILL) {
    status = lm_session_sync (speed->session, speed->tokens, (gsize) depth + n_tokens, &failure);
  } else {
    for (guint i = 0; i < n_tokens && status == LM_OK; i++)
      status = lm_session_append (speed->session, speed->tokens[depth + i], &failure);
  }
  *rate = n_tokens * (double) G_USEC_PER_SEC / (double) MAX (g_get_monotonic_time () - start, 1);
  if (!linnet_measure_check (speed->model, status, &failure, speed->cancellable, error))
    return FALSE;
  advance (speed);
  return TRUE;
}

static int
compare_doubles (const void *a, const void *b)
{
  const double *x = a;
  const double *y = b;

  return (*x > *y) - (*x < *y);
}

static gboolean
run_all (Speed *speed,
         LinnetSpeedKind kind,
         guint n_tokens,
         guint depth,
         guint n_reps,
         GArray *results,
         GError **error)
{
  g_autofree double *rates = g_new (double, n_reps);
  LinnetSpeed result = { .kind = kind, .n_tokens = n_tokens, .depth = depth, .n_reps = n_reps };
  double warm_up;

  if (!run_once (speed, kind, n_tokens, depth, &warm_up, error))
    return FALSE;
  for (guint i = 0; i < n_reps; i++) {
    if (!run_once (speed, kind, n_tokens, depth, &rates[i], error))
      return FALSE;
  }
  qsort (rates, n_reps, sizeof (double), compare_doubles);
  result.min = rates[0];
  result.max = rates[n_reps - 1];
  result.median = (rates[(n_reps - 1) / 2] + rates[n_reps / 2]) / 2;
  g_array_append_val (results, result);
  return TRUE;
}

static gboolean
run_depth (
    Speed *speed, const LinnetSpeedOptions *options, guint depth, GArray *results, GError **error)
{
  for (guint i = 0; i < options->n_prefills; i++) {
    if (!run_all (speed, LINNET_SPEED_PREFILL, options->prefills[i], depth, options->n_reps,
                  results, error))
      return FALSE;
  }
  return options->n_decode == 0 || run_all (speed, LINNET_SPEED_DECODE, options->n_decode, depth,
                                            options->n_reps, results, error);
}

/* The longest timeline that the options lead to; + 1 for the token that stays at depth 0. */
static gboolean
longest_timeline (const LinnetSpeedOptions *options, guint *n_ctx, GError **error)
{
  guint64 run = options->n_decode;
  guint64 depth = 0;

  for (guint i = 0; i < options->n_prefills; i++)
    run = MAX (run, options->prefills[i]);
  for (guint i = 0; i < options->n_depths; i++)
    depth = MAX (depth, options->depths[i]);
  if (run + depth + 1 > G_MAXINT32) {
    g_set_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_CONTEXT,
                 _ ("That is more text than can be measured at once. Choose smaller sizes."));
    return FALSE;
  }
  *n_ctx = (guint) (run + depth + 1);
  return TRUE;
}

GArray *
linnet_measure_speed (LinnetModel *model,
                      const LinnetSpeedOptions *options,
                      LinnetMeasureProgressFunc progress,
                      gpointer user_data,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (GArray) results = g_array_new (FALSE, TRUE, sizeof (LinnetSpeed));
  const guint zero = 0;
  const guint *depths = options->n_depths > 0 ? options->depths : &zero;
  guint n_depths = MAX (options->n_depths, 1);
  guint n_measurements = options->n_prefills + (options->n_decode > 0 ? 1 : 0);
  g_autofree lm_token *tokens = NULL;
  gboolean ok = TRUE;
  gulong handler = 0;
  guint n_ctx;
  Speed speed = { model, NULL, NULL, progress, user_data, cancellable, 0, 0 };

  g_return_val_if_fail (LINNET_IS_MODEL (model), NULL);
  g_return_val_if_fail (options->n_reps > 0, NULL);

  if (!longest_timeline (options, &n_ctx, error))
    return NULL;
  speed.session = linnet_measure_session_new (model, n_ctx, error);
  if (speed.session == NULL)
    return NULL;
  speed.tokens = tokens = make_tokens (model, n_ctx);
  speed.n_steps = MAX (n_depths * n_measurements * (options->n_reps + 1), 1);
  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (linnet_measure_cancel_cb),
                                     speed.session, NULL);
  for (guint i = 0; i < n_depths && ok; i++)
    ok = run_depth (&speed, options, depths[i], results, error);
  g_cancellable_disconnect (cancellable, handler);
  lm_session_free (speed.session);
  return ok ? g_steal_pointer (&results) : NULL;
}
