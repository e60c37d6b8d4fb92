/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a model is made of, for the files of this folder. */
#pragma once

#include "chat/chat.h"
#include "model/rope.h"
#include "model/weights.h"
#include "tokenizer/tokenizer.h"
#include "util/threads.h"
#include "util/topology.h"

#define LM_MAX_STOPS 16

struct lm_model {
  lm_gguf *gguf;
  lm_open_level level;
  lm_model_info info;
  char *name;
  char *architecture;

  /* From LM_OPEN_TOKENIZER on. */
  lm_tokenizer *tokenizer;
  lm_chat_template chat;
  lm_token stops[LM_MAX_STOPS]; /* tokens that end an answer */
  size_t n_stops;

  /* Read where the file holds a known architecture; needed for LM_OPEN_FULL. */
  lm_hparams hparams;
  bool has_hparams;
  lm_error hparams_error; /* why not */
  lm_threads threads;
  const lm_kernels *kernels;

  /* LM_OPEN_FULL. */
  lm_weights weights;
  lm_rope rope;
  lm_pool *pool;
  lm_prefetch prefetch; /* what was fastest with these weights */
  uint64_t identity;    /* lm_state_identify() */
};
