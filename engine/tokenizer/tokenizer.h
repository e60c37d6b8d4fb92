/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text to tokens and back: byte-level BPE and SPM, from the tables in a GGUF file. Immutable after
 * lm_tokenizer_new(), so any thread may use it. */
#pragma once

#include "gguf/gguf.h"

typedef struct lm_tokenizer lm_tokenizer;

#define LM_TOKEN_NONE (-1)

/* A growing list of tokens; zero-initialise, free with lm_token_list_clear(). */
typedef struct {
  lm_token *tokens;
  size_t n;
  size_t capacity;
} lm_token_list;

bool lm_token_list_push (lm_token_list *list, lm_token token); /* false: out of memory */
void lm_token_list_clear (lm_token_list *list);

/* Reads tokenizer.ggml.*; copies what it keeps of strings only by reference into gguf's mapping, so
 * gguf must outlive it. NULL on failure: LM_ERROR_TOKENIZER names what is unknown or inconsistent.
 */
lm_tokenizer *lm_tokenizer_new (const lm_gguf *gguf, lm_error *error);
void lm_tokenizer_free (lm_tokenizer *tokenizer); /* NULL allowed */

/* Appends the tokens of text (any bytes) to list. flags as for lm_tokenize(). On failure list keeps
 * what it held. LM_ERROR_ARGUMENT: more than 512 MiB of text. */
lm_status lm_tokenizer_encode (const lm_tokenizer *tokenizer,
                               const char *text,
                               size_t length,
                               unsigned flags,
                               lm_token_list *list,
                               lm_error *error);

/* A run of bytes in which control tokens are meant (is_markup) or are just text. */
typedef struct {
  size_t length;
  bool is_markup;
} lm_text_run;

/* The same for one text of several runs, whose lengths add up to length: tokens may span runs, but
 * a control token is recognised only where it lies wholly in markup. LM_TOKENIZE_PARSE_SPECIAL in
 * flags is not looked at. This is how a rendered chat template is tokenised. */
lm_status lm_tokenizer_encode_runs (const lm_tokenizer *tokenizer,
                                    const char *text,
                                    size_t length,
                                    const lm_text_run *runs,
                                    size_t n_runs,
                                    unsigned flags,
                                    lm_token_list *list,
                                    lm_error *error);

/* See lm_token_bytes(). */
const char *lm_tokenizer_get_bytes (const lm_tokenizer *tokenizer, lm_token token, size_t *length);
/* The token whose stored text is exactly this ("<|im_end|>"), or LM_TOKEN_NONE. */
lm_token lm_tokenizer_find (const lm_tokenizer *tokenizer, const char *text, size_t length);

uint32_t lm_tokenizer_get_n_vocab (const lm_tokenizer *tokenizer);
bool lm_tokenizer_is_control (const lm_tokenizer *tokenizer, lm_token token);
lm_token lm_tokenizer_get_bos (const lm_tokenizer *tokenizer); /* or LM_TOKEN_NONE */
lm_token lm_tokenizer_get_eos (const lm_tokenizer *tokenizer);
lm_token
lm_tokenizer_get_eot (const lm_tokenizer *tokenizer); /* end of turn, if the file has one */
/* Bytes of memory it holds. */
uint64_t lm_tokenizer_get_bytes_used (const lm_tokenizer *tokenizer);
