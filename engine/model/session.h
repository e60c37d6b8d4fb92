/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a session is made of, for the files of this folder. */
#pragma once

#include "model/forward.h"
#include "model/lookup.h"
#include "sampler/sampler.h"

struct lm_session {
  lm_model *model;
  uint32_t n_ctx;
  lm_kv_cache cache;
  lm_scratch scratch;
  lm_token *tokens; /* owned, room for n_ctx */
  size_t n_tokens;
  const float *logits;      /* n_vocab, of the last token, in scratch; NULL: none */
  lm_candidate *candidates; /* owned, n_vocab */
  atomic_bool cancel;
  lm_progress_fn progress;
  void *progress_data;
  lm_lookup_mode lookup_mode;
  lm_lookup lookup;
  lm_session_stats stats;
};
