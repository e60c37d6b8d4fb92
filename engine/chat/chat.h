/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chat templates. The Jinja text in a GGUF file is hostile code in a language the engine does not
 * run: it is recognised by its markup as one of a few families, and the family is rendered here. */
#pragma once

#include "tokenizer/tokenizer.h"

/* What the template of one file does; plain data. The slices lie in the file's mapping, in the
 * tokenizer or in what the caller passed. */
typedef struct {
  lm_chat_family family;
  bool is_fallback; /* no template, or of no known family */
  unsigned variant; /* differences inside a family (Qwen2.5 or Qwen3 …): private to chat/ */
  lm_slice bos;     /* text of the BOS and EOS tokens, "" when there are none */
  lm_slice eos;
  lm_slice default_system; /* what the template says when no system message does, "" if nothing;
                              as in the template, with its escapes */
} lm_chat_template;

/* Recognises tokenizer.chat_template (missing or unknown: ChatML, is_fallback set). tokenizer gives
 * BOS and EOS text; NULL allowed. */
void
lm_chat_template_init (lm_chat_template *chat, const lm_gguf *gguf, const lm_tokenizer *tokenizer);
/* The same from a template's text (NULL: none) and explicit BOS and EOS, which must outlive chat:
 * for tests. */
void lm_chat_template_init_text (
    lm_chat_template *chat, const char *jinja, size_t length, const char *bos, const char *eos);

/* Called for each run of output. is_markup: the template's own text, in which control tokens are
 * meant; otherwise text of a message, in which they never are. Return false to stop. */
typedef bool (*lm_chat_emit_fn) (const char *text, size_t length, bool is_markup, void *user_data);

/* The runs together are byte for byte what Jinja makes of the template with the settings of Hugging
 * Face's transformers, without tools, enable_thinking and strftime_now (a template that would write
 * today's date then writes its own fixed one). LM_ERROR_ARGUMENT, before anything is emitted: an
 * order of roles that the template refuses (subject: the role), or no message at all;
 * LM_ERROR_CANCELLED: emit returned false; error is then left as emit may have filled it. */
lm_status lm_chat_template_render (const lm_chat_template *chat,
                                   const lm_message *messages,
                                   size_t n_messages,
                                   bool add_prompt,
                                   lm_chat_emit_fn emit,
                                   void *user_data,
                                   lm_error *error);

/* The text of the family's stop tokens, NULL-terminated: "<|im_end|>", "<|endoftext|>" … */
const char *const *lm_chat_family_get_stops (lm_chat_family family);
