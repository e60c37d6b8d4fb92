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

/* Neighbouring runs of one kind are tokenised together, because a tokenizer may join what a
 * template writes in pieces. */
typedef struct {
  const lm_tokenizer *tokenizer;
  lm_token_list list;
  char *run; /* owned */
  size_t length;
  size_t capacity;
  bool is_markup;
  lm_status status;
  lm_error *error;
} token_sink;

static bool
flush_run (token_sink *sink)
{
  if (sink->status == LM_OK && sink->length > 0)
    sink->status = lm_tokenizer_encode (sink->tokenizer, sink->run, sink->length,
                                        sink->is_markup ? LM_TOKENIZE_PARSE_SPECIAL : 0,
                                        &sink->list, sink->error);
  sink->length = 0;
  return sink->status == LM_OK;
}

static bool
emit_tokens (const char *text, size_t length, bool is_markup, void *user_data)
{
  token_sink *sink = user_data;

  if (is_markup != sink->is_markup && !flush_run (sink))
    return false;
  sink->is_markup = is_markup;
  if (length > sink->capacity - sink->length) {
    size_t capacity = (sink->length + length) * 2;
    char *grown = realloc (sink->run, capacity);

    if (grown == NULL) {
      sink->status = lm_fail (sink->error, LM_ERROR_MEMORY, NULL, 0, "There is not enough memory.");
      return false;
    }
    sink->run = grown;
    sink->capacity = capacity;
  }
  if (length > 0)
    memcpy (sink->run + sink->length, text, length);
  sink->length += length;
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
  token_sink sink = { .tokenizer = model->tokenizer, .error = error };
  lm_status status;

  *n_tokens = 0;
  if (model->tokenizer == NULL)
    return fail_level (error);
  status = lm_chat_template_render (&model->chat, messages, n_messages, add_prompt, emit_tokens,
                                    &sink, error);
  if (status == LM_OK && !flush_run (&sink))
    status = sink.status;
  else if (status == LM_ERROR_CANCELLED)
    status = sink.status;
  if (status == LM_OK)
    hand_over (&sink.list, tokens, capacity, n_tokens);
  lm_token_list_clear (&sink.list);
  free (sink.run);
  return status;
}
