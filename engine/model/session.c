/* SPDX-License-Identifier: GPL-3.0-or-later
 * A session: one timeline of tokens, kept equal to what the caller passes. */
#include <stdlib.h>
#include <string.h>

#include "model/session.h"
#include "util/error.h"
#include "util/fast.h"
#include "util/measure.h"

#define DEFAULT_N_CTX 4096

lm_session *
lm_session_new (lm_model *model, const lm_session_options *options, lm_error *error)
{
  lm_session *session;
  uint32_t n_ctx = options != NULL ? options->n_ctx : 0;
  lm_kv_type kv_type = options != NULL ? options->kv_type : LM_KV_F16;
  lm_memory memory;

  if (model->level != LM_OPEN_FULL) {
    lm_fail (error, LM_ERROR_ARGUMENT, NULL, 0, "The model was opened without its weights.");
    return NULL;
  }
  if (n_ctx == 0) {
    n_ctx = model->hparams.n_ctx_train;
    n_ctx = n_ctx < DEFAULT_N_CTX ? n_ctx : DEFAULT_N_CTX;
  }
  if (lm_model_memory (model, n_ctx, kv_type, &memory, error) != LM_OK)
    return NULL;
  session = calloc (1, sizeof *session);
  if (session != NULL) {
    session->model = model;
    session->n_ctx = n_ctx;
    lm_lookup_init (&session->lookup);
    session->tokens = lm_aligned_alloc (n_ctx, sizeof *session->tokens);
    session->candidates = lm_aligned_alloc (model->hparams.n_vocab, sizeof *session->candidates);
    if (session->tokens != NULL && session->candidates != NULL &&
        lm_kv_cache_init (&session->cache, &model->hparams, n_ctx, kv_type) &&
        lm_scratch_init (&session->scratch, &model->hparams, model->kernels, n_ctx,
                         lm_pool_get_n_threads (model->pool)))
      return session;
    lm_session_free (session);
  }
  lm_fail (error, LM_ERROR_MEMORY, NULL, (int64_t) (memory.kv_cache + memory.scratch),
           "There is not enough memory for a context of %u tokens.", n_ctx);
  return NULL;
}

void
lm_session_free (lm_session *session)
{
  if (session == NULL)
    return;
  lm_kv_cache_clear (&session->cache);
  lm_scratch_clear (&session->scratch);
  lm_aligned_free (session->tokens);
  lm_aligned_free (session->candidates);
  free (session);
}

void
lm_session_set_progress (lm_session *session, lm_progress_fn progress, void *user_data)
{
  session->progress = progress;
  session->progress_data = user_data;
}

/* ---- Computing ---------------------------------------------------------------------------- */

static lm_status
fail_cancelled (lm_error *error)
{
  return lm_fail (error, LM_ERROR_CANCELLED, NULL, 0, "The work was cancelled.");
}

static lm_status
check_tokens (lm_session *session, const lm_token *tokens, size_t n_tokens, lm_error *error)
{
  if (n_tokens > session->n_ctx)
    return lm_fail (error, LM_ERROR_CONTEXT, NULL, (int64_t) (n_tokens - session->n_ctx),
                    "The text is %llu tokens longer than the context of %u tokens.",
                    (unsigned long long) (n_tokens - session->n_ctx), session->n_ctx);
  for (size_t i = 0; i < n_tokens; i++)
    if (tokens[i] < 0 || (uint32_t) tokens[i] >= session->model->hparams.n_vocab)
      return lm_fail (error, LM_ERROR_ARGUMENT, NULL, tokens[i],
                      "There is no token with the number %d.", (int) tokens[i]);
  return LM_OK;
}

static lm_forward
make_forward (lm_session *session)
{
  return (lm_forward) {
    .model = session->model,
    .scratch = &session->scratch,
    .cache = &session->cache,
    .cancel = &session->cancel,
  };
}

/* Computes a block of n tokens that follow the timeline, with the states of the last n_states. */
static lm_status
run_block (
    lm_session *session, const lm_token *tokens, uint32_t n, uint32_t n_states, lm_error *error)
{
  lm_forward forward = make_forward (session);
  uint32_t n_past = (uint32_t) session->n_tokens;
  lm_status status = lm_forward_embed (&forward, tokens, n, n_past, error);

  if (status != LM_OK)
    return status;
  if (atomic_load (&session->cancel) || !lm_forward_run (&forward, n, n_past, n_states))
    return fail_cancelled (error);
  return LM_OK;
}

/* Hands the logits of a block's tokens, the last of which the timeline ends with, to on_logits. */
static lm_status
emit_logits (
    lm_session *session, uint32_t n, lm_logits_fn on_logits, void *user_data, lm_error *error)
{
  lm_forward forward = make_forward (session);
  size_t n_vocab = session->model->hparams.n_vocab;
  size_t position = session->n_tokens - n;

  for (uint32_t first = 0; first < n; first += LM_LOGITS_TOKENS) {
    uint32_t count = n - first < LM_LOGITS_TOKENS ? n - first : LM_LOGITS_TOKENS;

    if (!lm_forward_logits (&forward, first, count))
      return fail_cancelled (error);
    for (uint32_t i = 0; i < count; i++)
      if (!on_logits (position + first + i, session->scratch.logits + i * n_vocab, user_data))
        return fail_cancelled (error);
  }
  return LM_OK;
}

/* Computes tokens from the timeline's end to n_tokens, block by block, into the cache; the timeline
 * grows with each block that is whole. on_logits: for every token, or NULL for the last only. */
static lm_status
compute (lm_session *session,
         const lm_token *tokens,
         size_t n_tokens,
         lm_logits_fn on_logits,
         void *user_data,
         lm_error *error)
{
  lm_forward forward = make_forward (session);
  size_t start = session->n_tokens;
  lm_status status;
  uint32_t n = 0, n_states;

  session->logits = NULL;
  lm_thread_keep_fast (); /* the caller computes along, and the others wait for it */
  while (session->n_tokens < n_tokens) {
    size_t left = n_tokens - session->n_tokens;
    const lm_token *next = tokens + session->n_tokens;

    n = (uint32_t) (left < LM_BLOCK_TOKENS ? left : LM_BLOCK_TOKENS);
    if (session->progress != NULL &&
        !session->progress (session->n_tokens - start, n_tokens - start, session->progress_data))
      return fail_cancelled (error);
    n_states = on_logits != NULL ? n : left == n;
    status = run_block (session, next, n, n_states, error);
    if (status != LM_OK)
      return status;
    memmove (session->tokens + session->n_tokens, next, n * sizeof *next);
    session->n_tokens += n;
    if (on_logits != NULL) {
      status = emit_logits (session, n, on_logits, user_data, error);
      if (status != LM_OK)
        return status;
    }
  }
  if (on_logits == NULL) {
    if (!lm_forward_logits (&forward, n - 1, 1))
      return fail_cancelled (error);
    session->logits = session->scratch.logits;
  }
  if (session->progress != NULL)
    session->progress (n_tokens - start, n_tokens - start, session->progress_data);
  return LM_OK;
}

lm_status
lm_session_sync (lm_session *session, const lm_token *tokens, size_t n_tokens, lm_error *error)
{
  lm_status status = check_tokens (session, tokens, n_tokens, error);
  double start = lm_now_seconds ();
  size_t common = 0;

  if (status != LM_OK)
    return status;
  if (n_tokens == 0)
    return lm_fail (error, LM_ERROR_ARGUMENT, NULL, 0, "There are no tokens.");
  while (common < n_tokens && common < session->n_tokens &&
         tokens[common] == session->tokens[common])
    common++;
  if (common == n_tokens && common == session->n_tokens && session->logits != NULL) {
    session->stats.reused_tokens += common;
    return LM_OK;
  }
  if (common == n_tokens) /* the last token is computed again, for its logits */
    common--;
  session->n_tokens = common;
  lm_lookup_forget (&session->lookup);
  session->stats.reused_tokens += common;
  status = compute (session, tokens, n_tokens, NULL, NULL, error);
  session->stats.prefill_tokens += session->n_tokens - common;
  session->stats.prefill_seconds += lm_now_seconds () - start;
  return status;
}

lm_status
lm_session_score (lm_session *session,
                  const lm_token *tokens,
                  size_t n_tokens,
                  lm_logits_fn on_logits,
                  void *user_data,
                  lm_error *error)
{
  lm_status status = check_tokens (session, tokens, n_tokens, error);
  double start = lm_now_seconds ();

  if (status != LM_OK)
    return status;
  session->n_tokens = 0;
  lm_lookup_forget (&session->lookup);
  status = compute (session, tokens, n_tokens, on_logits, user_data, error);
  session->stats.prefill_tokens += session->n_tokens;
  session->stats.prefill_seconds += lm_now_seconds () - start;
  return status;
}

/* ---- Writing on --------------------------------------------------------------------------- */

void
lm_session_set_lookup (lm_session *session, lm_lookup_mode mode)
{
  session->lookup_mode = mode;
}

/* Puts what is predicted to follow the timeline and one token more, at most capacity tokens, into
 * the slots behind them; returns how many are worth computing. What ends an answer is not drafted:
 * the caller wants to see it before it is in the timeline. */
static uint32_t
draft (lm_session *session, size_t capacity)
{
  lm_lookup *lookup = &session->lookup;
  size_t n = session->n_tokens + 1;
  size_t room = session->n_ctx - n;
  uint32_t n_drafted = 0;

  if (session->lookup_mode == LM_LOOKUP_OFF || capacity == 0)
    return 0;
  lm_lookup_follow (lookup, session->tokens, n);
  if (lookup->match == 0)
    return 0;
  room = room < capacity ? room : capacity;
  /* Where the match reaches the end of the text, what it predicts goes on with what it drafted. */
  while (n_drafted < LM_LOOKUP_MAX_DRAFT && n_drafted < room) {
    lm_token token = session->tokens[lookup->match + n_drafted];

    if (lm_token_is_end (session->model, token))
      break;
    session->tokens[n + n_drafted++] = token;
  }
  return session->lookup_mode == LM_LOOKUP_ALWAYS ? n_drafted
                                                  : lm_lookup_choose (lookup, n_drafted);
}

/* Computes a token and n_drafted more, which are in their slots, with the logits of each. The
 * timeline grows by the first. */
static lm_status
compute_step (lm_session *session, uint32_t n_drafted, lm_error *error)
{
  lm_forward forward = make_forward (session);
  uint32_t n = n_drafted + 1;
  lm_status status;

  session->logits = NULL;
  status = run_block (session, session->tokens + session->n_tokens, n, n, error);
  if (status != LM_OK)
    return status;
  session->n_tokens++;
  if (!lm_forward_logits (&forward, 0, n))
    return fail_cancelled (error);
  session->logits = session->scratch.logits;
  return LM_OK;
}

/* Keeps the drafted tokens that sampling chooses as well, up to the first that it does not; what is
 * in the cache behind them is written over later. */
static uint32_t
verify (lm_session *session, uint32_t n_drafted, const lm_sampling *sampling)
{
  uint32_t n_kept = 0;
  lm_token token = 0;

  while (n_kept < n_drafted && !atomic_load (&session->cancel)) {
    bool is_right;

    lm_session_sample (session, sampling, &token, NULL);
    is_right = token == session->tokens[session->n_tokens];
    if (!is_right) {
      lm_lookup_judge (&session->lookup, false);
      break;
    }
    n_kept++;
    session->n_tokens++;
    session->logits += session->model->hparams.n_vocab;
    lm_lookup_follow (&session->lookup, session->tokens, session->n_tokens);
  }
  return n_kept;
}

lm_status
lm_session_advance (lm_session *session,
                    lm_token token,
                    const lm_sampling *sampling,
                    lm_token *more,
                    size_t capacity,
                    size_t *n_more,
                    lm_error *error)
{
  lm_status status = check_tokens (session, &token, 1, error);
  double start = lm_now_seconds ();
  uint32_t n_drafted, n_kept;
  double seconds;

  *n_more = 0;
  if (status != LM_OK)
    return status;
  if (session->n_tokens == session->n_ctx)
    return lm_fail (error, LM_ERROR_CONTEXT, NULL, 1, "The context of %u tokens is full.",
                    session->n_ctx);
  session->tokens[session->n_tokens] = token;
  n_drafted = draft (session, capacity);
  status = compute_step (session, n_drafted, error);
  if (status != LM_OK)
    return status;
  seconds = lm_now_seconds () - start;
  n_kept = verify (session, n_drafted, sampling);
  lm_lookup_measure (&session->lookup, n_drafted + 1, n_kept + 1, seconds);
  if (n_kept > 0)
    memcpy (more, session->tokens + session->n_tokens - n_kept, n_kept * sizeof *more);
  *n_more = n_kept;
  session->stats.drafted_tokens += n_drafted;
  session->stats.accepted_tokens += n_kept;
  session->stats.decode_tokens += n_kept + 1;
  session->stats.decode_seconds += lm_now_seconds () - start;
  return LM_OK;
}

lm_status
lm_session_append (lm_session *session, lm_token token, lm_error *error)
{
  size_t n_more;

  return lm_session_advance (session, token, NULL, NULL, 0, &n_more, error);
}

/* ---- Looking and stopping ----------------------------------------------------------------- */

const float *
lm_session_get_logits (const lm_session *session)
{
  return session->logits;
}

const lm_token *
lm_session_get_tokens (const lm_session *session, size_t *n_tokens)
{
  *n_tokens = session->n_tokens;
  return session->tokens;
}

uint32_t
lm_session_get_n_ctx (const lm_session *session)
{
  return session->n_ctx;
}

void
lm_session_cancel (lm_session *session)
{
  atomic_store (&session->cancel, true);
}

void
lm_session_resume (lm_session *session)
{
  atomic_store (&session->cancel, false);
}

void
lm_session_get_stats (const lm_session *session, lm_session_stats *stats)
{
  *stats = session->stats;
}

void
lm_session_reset_stats (lm_session *session)
{
  lm_session_stats zero = { 0 };

  session->stats = zero;
}

lm_status
lm_session_sample (lm_session *session,
                   const lm_sampling *sampling,
                   lm_token *token,
                   lm_error *error)
{
  if (session->logits == NULL)
    return lm_fail (error, LM_ERROR_ARGUMENT, NULL, 0,
                    "There are no logits to choose a token from.");
  *token = lm_sampler_choose (sampling, session->logits, session->model->hparams.n_vocab,
                              session->tokens, session->n_tokens, session->candidates);
  return LM_OK;
}
