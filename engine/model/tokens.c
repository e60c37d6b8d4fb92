/* SPDX-License-Identifier: GPL-3.0-or-later
 * The token and chat calls of lm.h: thin, over tokenizer/ and chat/. */
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "util/error.h"

static lm_status
fail_level (lm_error *error)
{
  return lm_fail (error, LM_ERROR_TOKENIZER, NULL, 0,
                  "The model was opened without its tokenizer.");
}

/* Gives a list to the caller as lm_tokenize() promises, and empties it. */
static void
hand_over (lm_token_list *list, lm_token *tokens, size_t capacity, size_t *n_tokens)
{
  size_t n = list->n < capacity ? list->n : capacity;

  if (n > 0)
    memcpy (tokens, list->tokens, n * sizeof *tokens);
  *n_tokens = list->n;
  lm_token_list_clear (list);
}

lm_status
lm_tokenize (const lm_model *model,
             const char *text,
             size_t length,
             unsigned flags,
             lm_token *tokens,
             size_t capacity,
             size_t *n_tokens,
             lm_error *error)
{
  lm_token_list list = { 0 };
  lm_status status;

  *n_tokens = 0;
  if (model->tokenizer == NULL)
    return fail_level (error);
  status = lm_tokenizer_encode (model->tokenizer, text, length, flags, &list, error);
  if (status == LM_OK)
    hand_over (&list, tokens, capacity, n_tokens);
  lm_token_list_clear (&list);
  return status;
}

const char *
lm_token_bytes (const lm_model *model, lm_token token, size_t *length)
{
  if (model->tokenizer != NULL)
    return lm_tokenizer_get_bytes (model->tokenizer, token, length);
  *length = 0;
  return "";
}

bool
lm_token_is_control (const lm_model *model, lm_token token)
{
  return model->tokenizer != NULL && lm_tokenizer_is_control (model->tokenizer, token);
}

bool
lm_token_is_end (const lm_model *model, lm_token token)
{
  for (size_t i = 0; i < model->n_stops; i++)
    if (model->stops[i] == token)
      return true;
  return false;
}

/* ---- Chat --------------------------------------------------------------------------------- */

typedef struct {
  char *text;
  size_t capacity;
  size_t length;
} text_sink;

static bool
emit_text (const char *text, size_t length, bool is_markup, void *user_data)
{
  text_sink *sink = user_data;

  (void) is_markup;
  if (sink->length < sink->capacity) {
    size_t room = sink->capacity - sink->length;

    memcpy (sink->text + sink->length, text, length < room ? length : room);
  }
  sink->length += length;
  return true;
}

lm_status
lm_chat_render (const lm_model *model,
                const lm_message *messages,
                size_t n_messages,
                bool add_prompt,
                char *text,
                size_t capacity,
                size_t *length,
                lm_error *error)
{
  text_sink sink = { .text = text, .capacity = capacity };
  lm_status status;

  *length = 0;
  if (model->tokenizer == NULL)
    return fail_level (error);
  status = lm_chat_template_render (&model->chat, messages, n_messages, add_prompt, emit_text,
                                    &sink, error);
  if (status == LM_OK)
    *length = sink.length;
  return status;
}

/* The whole text and its runs are gathered before anything is tokenised, because tokens may span
 * what the template writes and what a message says. */
typedef struct {
  char *text; /* owned */
  size_t length;
  size_t capacity;
  lm_text_run *runs; /* owned */
  size_t n_runs;
  size_t runs_capacity;
} run_sink;

static bool
emit_run (const char *text, size_t length, bool is_markup, void *user_data)
{
  run_sink *sink = user_data;

  if (length > sink->capacity - sink->length) {
    size_t capacity = (sink->length + length) * 2;
    char *grown = realloc (sink->text, capacity);

    if (grown == NULL)
      return false;
    sink->text = grown;
    sink->capacity = capacity;
  }
  if (sink->n_runs == sink->runs_capacity) {
    size_t capacity = 2 * sink->runs_capacity + 16;
    lm_text_run *grown = realloc (sink->runs, capacity * sizeof *grown);

    if (grown == NULL)
      return false;
    sink->runs = grown;
    sink->runs_capacity = capacity;
  }
  if (length > 0)
    memcpy (sink->text + sink->length, text, length);
  sink->length += length;
  sink->runs[sink->n_runs++] = (lm_text_run) { length, is_markup };
  return true;
}

lm_status
lm_chat_tokenize (const lm_model *model,
                  const lm_message *messages,
                  size_t n_messages,
                  bool add_prompt,
                  lm_token *tokens,
                  size_t capacity,
                  size_t *n_tokens,
                  lm_error *error)
{
  run_sink sink = { 0 };
  lm_token_list list = { 0 };
  lm_status status;

  *n_tokens = 0;
  if (model->tokenizer == NULL)
    return fail_level (error);
  status = lm_chat_template_render (&model->chat, messages, n_messages, add_prompt, emit_run, &sink,
                                    error);
  if (status == LM_ERROR_CANCELLED)
    status = lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "There is not enough memory.");
  if (status == LM_OK)
    status = lm_tokenizer_encode_runs (model->tokenizer, sink.text, sink.length, sink.runs,
                                       sink.n_runs, 0, &list, error);
  if (status == LM_OK)
    hand_over (&list, tokens, capacity, n_tokens);
  lm_token_list_clear (&list);
  free (sink.text);
  free (sink.runs);
  return status;
}
