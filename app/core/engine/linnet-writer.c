/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWriter: prefill, then sample and append until something ends the answer. */
#include "engine/linnet-writer.h"

#include "engine/linnet-stop-buffer.h"
#include "engine/linnet-utf8-buffer.h"

/* Tokens that the markup around one message takes, generously; a first guess. */
#define MARKUP_TOKENS 16
/* Tokens that one step may bring beside its own. */
#define MAX_MORE_TOKENS 16

struct _LinnetWriter {
  /* Owned. */
  GPtrArray *texts; /* char *, one a message */
  GArray *roles;    /* lm_role, likewise */
  GString *chunk;   /* characters of the newest token */
  LinnetAnswer *answer;

  /* Borrowed. */
  LinnetModel *model;
  lm_session *session;

  lm_sampling sampling;
  lm_lookup_mode lookup;
  guint max_tokens;
  LinnetUtf8Buffer utf8;
  LinnetStopBuffer stop;
  gboolean is_at_stop; /* one of the stops has come */
  gint64 decode_start_us;
  guint n_written;
};

static lm_role
role_to_lm (LinnetRole role)
{
  switch (role) {
  case LINNET_ROLE_SYSTEM:
    return LM_ROLE_SYSTEM;
  case LINNET_ROLE_ASSISTANT:
    return LM_ROLE_ASSISTANT;
  case LINNET_ROLE_USER:
  default:
    return LM_ROLE_USER;
  }
}

static void
copy_conversation (LinnetWriter *self, LinnetConversation *conversation)
{
  guint n_messages = g_list_model_get_n_items (G_LIST_MODEL (conversation));

  self->texts = g_ptr_array_new_full (n_messages, g_free);
  self->roles = g_array_sized_new (FALSE, FALSE, sizeof (lm_role), n_messages);
  for (guint i = 0; i < n_messages; i++) {
    g_autoptr (LinnetMessage) message = g_list_model_get_item (G_LIST_MODEL (conversation), i);
    lm_role role = role_to_lm (linnet_message_get_role (message));

    g_ptr_array_add (self->texts, g_strdup (linnet_message_get_text (message)));
    g_array_append_val (self->roles, role);
  }
}

LinnetWriter *
linnet_writer_new (LinnetModel *model,
                   lm_session *session,
                   LinnetConversation *conversation,
                   const LinnetGenerationOptions *options,
                   LinnetAnswer *answer)
{
  LinnetWriter *self = g_new0 (LinnetWriter, 1);

  copy_conversation (self, conversation);
  self->chunk = g_string_new (NULL);
  self->answer = linnet_answer_ref (answer);
  self->model = model;
  self->session = session;
  self->max_tokens = options->max_tokens;
  linnet_stop_buffer_init (&self->stop, options->stops);
  self->sampling = (lm_sampling) {
    .temperature = options->temperature,
    .top_k = options->top_k,
    .top_p = options->top_p,
    .min_p = options->min_p,
    .repetition_penalty = options->repetition_penalty,
    .presence_penalty = options->presence_penalty,
    .frequency_penalty = options->frequency_penalty,
    .seed = options->seed,
  };
  self->lookup = options->no_lookup ? LM_LOOKUP_OFF : LM_LOOKUP_ADAPTIVE;
  return self;
}

void
linnet_writer_free (LinnetWriter *self)
{
  g_ptr_array_unref (self->texts);
  g_array_unref (self->roles);
  g_string_free (self->chunk, TRUE);
  linnet_stop_buffer_clear (&self->stop);
  linnet_answer_unref (self->answer);
  g_free (self);
}

/* Tokens of the whole conversation up to where the answer begins; NULL on failure. */
static GArray *
tokenize (LinnetWriter *self, lm_error *failure)
{
  g_autofree lm_message *messages = g_new (lm_message, self->texts->len);
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (lm_token));
  size_t n_tokens = 0;

  for (guint i = 0; i < self->texts->len; i++) {
    const char *text = g_ptr_array_index (self->texts, i);

    messages[i] = (lm_message) {
      .role = g_array_index (self->roles, lm_role, i),
      .text = text,
      .length = strlen (text),
    };
    n_tokens += messages[i].length + MARKUP_TOKENS;
  }

  /* The guess suffices but for odd templates: then it is done once more. */
  do {
    if (n_tokens > G_MAXUINT) {
      *failure = (lm_error) { .code = LM_ERROR_MEMORY };
      return NULL;
    }
    g_array_set_size (tokens, (guint) n_tokens);
    if (lm_chat_tokenize (linnet_model_get_handle (self->model), messages, self->texts->len, true,
                          (lm_token *) (void *) tokens->data, tokens->len, &n_tokens,
                          failure) != LM_OK)
      return NULL;
  } while (n_tokens > tokens->len);

  g_array_set_size (tokens, (guint) n_tokens);
  return g_steal_pointer (&tokens);
}

static bool
prefill_progress_cb (uint64_t done, uint64_t total, void *user_data)
{
  LinnetAnswer *answer = user_data;

  linnet_answer_set_progress (answer, total > 0 ? (double) done / (double) total : 1.0);
  return true;
}

static lm_status
prefill (LinnetWriter *self, lm_error *failure)
{
  g_autoptr (GArray) tokens = tokenize (self, failure);
  lm_status status;

  if (tokens == NULL)
    return failure->code;
  lm_session_set_progress (self->session, prefill_progress_cb, self->answer);
  status = lm_session_sync (self->session, (const lm_token *) (void *) tokens->data, tokens->len,
                            failure);
  lm_session_set_progress (self->session, NULL, NULL);
  return status;
}

/* Tokens per second of the decode so far; the first one came with the prefill. */
static double
measure_speed (LinnetWriter *self)
{
  gint64 elapsed_us = g_get_monotonic_time () - self->decode_start_us;

  return self->n_written > 1 && elapsed_us > 0
             ? (self->n_written - 1) / (elapsed_us / (double) G_USEC_PER_SEC)
             : 0.0;
}

static void
write_token (LinnetWriter *self, lm_token token)
{
  lm_model *model = linnet_model_get_handle (self->model);
  const char *bytes;
  size_t length;

  if (!lm_token_is_control (model, token)) {
    bytes = lm_token_bytes (model, token, &length);
    linnet_utf8_buffer_append (&self->utf8, bytes, length, self->chunk);
  }
  self->n_written++;
  self->is_at_stop = linnet_stop_buffer_filter (&self->stop, self->chunk);
  linnet_answer_append (self->answer, self->chunk->str, self->chunk->len, measure_speed (self));
  g_string_truncate (self->chunk, 0);
}

static gboolean
context_is_full (LinnetWriter *self)
{
  size_t n_tokens;

  lm_session_get_tokens (self->session, &n_tokens);
  return n_tokens >= lm_session_get_n_ctx (self->session);
}

/* Tokens that the answer may still get. */
static guint
count_left (LinnetWriter *self)
{
  if (self->max_tokens == 0)
    return G_MAXUINT;
  return self->max_tokens > self->n_written ? self->max_tokens - self->n_written : 0;
}

/* Puts the token that was written into the session, and writes those that came along with it. */
static lm_status
advance (LinnetWriter *self, lm_token token, lm_error *failure)
{
  lm_token more[MAX_MORE_TOKENS];
  size_t n_more;
  lm_status status =
      lm_session_advance (self->session, token, &self->sampling, more,
                          MIN (count_left (self), MAX_MORE_TOKENS), &n_more, failure);

  for (size_t i = 0; i < n_more && !self->is_at_stop && !linnet_answer_is_stopped (self->answer);
       i++)
    write_token (self, more[i]);
  return status;
}

/* The tokens that are written also go into the session, the last one as well: the next question
 * finds the whole answer there. */
static lm_status
decode (LinnetWriter *self, LinnetFinishReason *reason, lm_error *failure)
{
  lm_model *model = linnet_model_get_handle (self->model);

  lm_session_set_lookup (self->session, self->lookup);
  self->decode_start_us = g_get_monotonic_time ();
  for (;;) {
    lm_token token;
    lm_status status = lm_session_sample (self->session, &self->sampling, &token, failure);

    if (status != LM_OK)
      return status;
    if (linnet_answer_is_stopped (self->answer)) {
      *failure = (lm_error) { .code = LM_ERROR_CANCELLED };
      return LM_ERROR_CANCELLED;
    }
    if (lm_token_is_end (model, token)) {
      *reason = LINNET_FINISH_END;
      return LM_OK;
    }
    write_token (self, token);
    if (self->is_at_stop) {
      *reason = LINNET_FINISH_END;
      return LM_OK;
    }
    if (context_is_full (self)) {
      *reason = LINNET_FINISH_CONTEXT;
      return LM_OK;
    }
    status = advance (self, token, failure);
    if (status != LM_OK)
      return status;
    if (self->is_at_stop) {
      *reason = LINNET_FINISH_END;
      return LM_OK;
    }
    if (count_left (self) == 0) {
      *reason = LINNET_FINISH_LENGTH;
      return LM_OK;
    }
  }
}

static void
flush_text (LinnetWriter *self)
{
  if (self->is_at_stop)
    return;
  linnet_utf8_buffer_flush (&self->utf8, self->chunk);
  if (!linnet_stop_buffer_filter (&self->stop, self->chunk))
    linnet_stop_buffer_flush (&self->stop, self->chunk);
  if (self->chunk->len > 0)
    linnet_answer_append (self->answer, self->chunk->str, self->chunk->len, measure_speed (self));
  g_string_truncate (self->chunk, 0);
}

static void
get_stats (LinnetWriter *self, LinnetGenerationStats *stats)
{
  lm_session_stats figures;

  lm_session_get_stats (self->session, &figures);
  *stats = (LinnetGenerationStats) {
    .prefill_tokens = (guint) figures.prefill_tokens,
    .reused_tokens = (guint) figures.reused_tokens,
    .decode_tokens = (guint) figures.decode_tokens,
    .drafted_tokens = (guint) figures.drafted_tokens,
    .accepted_tokens = (guint) figures.accepted_tokens,
    .prefill_seconds = figures.prefill_seconds,
    .decode_seconds = figures.decode_seconds,
  };
}

void
linnet_writer_run (LinnetWriter *self)
{
  LinnetFinishReason reason = LINNET_FINISH_FAILED;
  LinnetGenerationStats stats;
  lm_error failure = { 0 };
  lm_status status;
  GError *error = NULL;

  if (!linnet_answer_begin (self->answer, self->session)) {
    linnet_answer_finish (self->answer, LINNET_FINISH_STOPPED, NULL, NULL);
    return;
  }

  lm_session_reset_stats (self->session);
  status = prefill (self, &failure);
  if (status == LM_OK)
    status = decode (self, &reason, &failure);
  flush_text (self);
  get_stats (self, &stats);

  if (status == LM_ERROR_CANCELLED)
    reason = LINNET_FINISH_STOPPED;
  else if (status != LM_OK)
    linnet_engine_error_from_lm (&error, &failure, linnet_model_get_path (self->model));
  linnet_answer_finish (self->answer, reason, error, &stats);
}
