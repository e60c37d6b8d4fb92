/* SPDX-License-Identifier: GPL-3.0-or-later
 * Opening a model, level by level. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "model/info.h"
#include "util/error.h"

#define PAGE_BYTES       4096
#define READ_AHEAD_BYTES (4u << 20) /* between two progress reports */

static void
add_stop (lm_model *model, lm_token token)
{
  if (token == LM_TOKEN_NONE || model->n_stops == LM_MAX_STOPS)
    return;
  for (size_t i = 0; i < model->n_stops; i++)
    if (model->stops[i] == token)
      return;
  model->stops[model->n_stops++] = token;
}

static void
collect_stops (lm_model *model)
{
  const char *const *names = lm_chat_family_get_stops (model->chat.family);

  add_stop (model, lm_tokenizer_get_eos (model->tokenizer));
  add_stop (model, lm_tokenizer_get_eot (model->tokenizer));
  for (size_t i = 0; names[i] != NULL; i++) {
    lm_token token = lm_tokenizer_find (model->tokenizer, names[i], strlen (names[i]));

    if (token != LM_TOKEN_NONE && lm_tokenizer_is_control (model->tokenizer, token))
      add_stop (model, token);
  }
}

static bool
open_tokenizer (lm_model *model, lm_error *error)
{
  model->tokenizer = lm_tokenizer_new (model->gguf, error);
  if (model->tokenizer == NULL)
    return false;
  lm_chat_template_init (&model->chat, model->gguf, model->tokenizer);
  collect_stops (model);
  return true;
}

/* Reads every page once, so that the first answer does not wait for the disk, and says how far it
 * is. A file larger than memory only costs the time. */
static bool
read_ahead (const lm_gguf *gguf, const lm_model_options *options)
{
  uint64_t done = 0;
  volatile unsigned char sink = 0;

  for (size_t i = 0; i < gguf->n_parts; i++) {
    const unsigned char *bytes = gguf->parts[i].address;

    for (size_t at = 0; at < gguf->parts[i].bytes; at += PAGE_BYTES) {
      if (at % READ_AHEAD_BYTES == 0 && options->progress != NULL &&
          !options->progress (done + at, gguf->file_bytes, options->user_data))
        return false;
      sink ^= bytes[at];
    }
    done += gguf->parts[i].bytes;
  }
  return options->progress == NULL || options->progress (done, done, options->user_data);
}

static bool
open_weights (lm_model *model, const lm_model_options *options, lm_error *error)
{
  if (!model->has_hparams) {
    if (error != NULL)
      *error = model->hparams_error;
    return false;
  }
  if (lm_weights_read (model->gguf, &model->hparams, &model->weights, error) != LM_OK)
    return false;
  if (lm_tokenizer_get_n_vocab (model->tokenizer) > model->hparams.n_vocab) {
    lm_fail (error, LM_ERROR_TOKENIZER, "tokenizer.ggml.tokens", 0,
             "The tokenizer has more tokens than the model has embeddings.");
    return false;
  }
  model->kernels = &lm_kernels_ref;
  model->pool = lm_pool_new (model->n_threads);
  if (model->pool == NULL ||
      !lm_rope_init (&model->rope, &model->hparams, model->weights.rope_factors)) {
    lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "There is not enough memory.");
    return false;
  }
  if (!read_ahead (model->gguf, options)) {
    lm_fail (error, LM_ERROR_CANCELLED, NULL, 0, "Loading was cancelled.");
    return false;
  }
  return true;
}

lm_model *
lm_model_open (const char *path, const lm_model_options *options, lm_error *error)
{
  static const lm_model_options defaults = { 0 };
  lm_model *model = calloc (1, sizeof *model);

  if (model == NULL) {
    lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "There is not enough memory.");
    return NULL;
  }
  options = options != NULL ? options : &defaults;
  model->level = options->level;
  model->n_threads = options->n_threads > 0 ? (unsigned) options->n_threads : lm_cpu_count ();
  model->gguf = lm_gguf_open (path, options->level == LM_OPEN_FULL, error);
  if (model->gguf == NULL)
    goto fail;
  model->has_hparams =
      lm_hparams_read (model->gguf, &model->hparams, &model->hparams_error) == LM_OK;
  if (options->level <= LM_OPEN_TOKENIZER && !open_tokenizer (model, error))
    goto fail;
  if (!lm_model_fill_info (model)) {
    lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "There is not enough memory.");
    goto fail;
  }
  if (options->level == LM_OPEN_FULL && !open_weights (model, options, error))
    goto fail;
  return model;

fail:
  lm_model_close (model);
  return NULL;
}

void
lm_model_close (lm_model *model)
{
  if (model == NULL)
    return;
  lm_pool_free (model->pool);
  lm_rope_clear (&model->rope);
  lm_weights_clear (&model->weights);
  lm_tokenizer_free (model->tokenizer);
  lm_gguf_close (model->gguf);
  free (model->name);
  free (model->architecture);
  free (model);
}
