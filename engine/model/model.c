/* SPDX-License-Identifier: GPL-3.0-or-later
 * Opening a model, level by level. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "model/info.h"
#include "model/products.h"
#include "model/state.h"
#include "util/cpu.h"
#include "util/error.h"
#include "util/topology.h"

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
  model->pool = lm_pool_new (model->threads.most);
  if (model->pool == NULL ||
      !lm_rope_init (&model->rope, &model->hparams, model->weights.rope_factors)) {
    lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "There is not enough memory.");
    return false;
  }
  if (lm_weights_prepare (&model->weights, model->gguf, model->kernels, model->pool,
                          options->progress, options->user_data, error) != LM_OK)
    return false;
  model->prefetch = lm_weights_find_prefetch (&model->weights, model->kernels, model->pool,
                                              model->threads.decode);
  return lm_state_identify (model, &model->identity, error) == LM_OK;
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
  model->threads = lm_threads_choose (options->n_threads, options->n_threads_prefill);
  model->kernels = lm_kernels_select (options->cpu_level, lm_cpu_get_features ());
  if (model->kernels == NULL) {
    lm_fail (error, LM_ERROR_ARGUMENT, options->cpu_level, 0,
             "This computer cannot compute with \"%s\".", options->cpu_level);
    goto fail;
  }
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
