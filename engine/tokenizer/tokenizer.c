/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text to tokens: special tokens are cut out, the rest goes to BPE or SPM. */
#include "tokenizer/tokenizer.h"

#include <stdlib.h>

#include "tokenizer/internal.h"
#include "util/error.h"

#define MAX_TEXT ((size_t) 512 << 20) /* three bytes for each of them still count in 32 bits */

bool
lm_token_list_push (lm_token_list *list, lm_token token)
{
  if (list->n == list->capacity && !LM_RESERVE (&list->tokens, &list->capacity, list->n + 1))
    return false;
  list->tokens[list->n++] = token;
  return true;
}

void
lm_token_list_clear (lm_token_list *list)
{
  free (list->tokens);
  *list = (lm_token_list) { 0 };
}

/* A space prefix goes where a text begins and after every special token, as the peers do it. */
static bool
encode_fragments (const lm_tokenizer *tokenizer,
                  const char *text,
                  const lm_fragment_list *fragments,
                  lm_scratch *scratch,
                  lm_token_list *list)
{
  bool is_after_special = true;

  for (size_t i = 0; i < fragments->n; i++) {
    const lm_fragment *fragment = &fragments->items[i];
    const char *start = text + fragment->start;
    bool is_fine;

    if (fragment->token != LM_TOKEN_NONE)
      is_fine = lm_token_list_push (list, fragment->token);
    else if (tokenizer->is_spm)
      is_fine = lm_spm_encode (tokenizer, scratch, start, fragment->length,
                               tokenizer->adds_space_prefix && is_after_special, list);
    else
      is_fine = lm_bpe_encode (tokenizer, scratch, start, fragment->length, list);
    if (!is_fine)
      return false;
    is_after_special = fragment->token != LM_TOKEN_NONE;
  }
  return true;
}

lm_status
lm_tokenizer_encode_runs (const lm_tokenizer *tokenizer,
                          const char *text,
                          size_t length,
                          const lm_text_run *runs,
                          size_t n_runs,
                          unsigned flags,
                          lm_token_list *list,
                          lm_error *error)
{
  lm_fragment_list fragments = { 0 };
  lm_scratch scratch = { 0 };
  size_t n_before = list->n;
  bool adds_special = (flags & LM_TOKENIZE_ADD_SPECIAL) != 0;
  bool is_fine;

  if (length > MAX_TEXT)
    return lm_fail (error, LM_ERROR_ARGUMENT, NULL, 0, "The text is too long to tokenise.");
  is_fine = lm_specials_split (tokenizer, text, length, runs, n_runs, &fragments);
  if (is_fine && adds_special && tokenizer->adds_bos)
    is_fine = lm_token_list_push (list, tokenizer->bos);
  is_fine = is_fine && encode_fragments (tokenizer, text, &fragments, &scratch, list);
  if (is_fine && adds_special && tokenizer->adds_eos)
    is_fine = lm_token_list_push (list, tokenizer->eos);
  lm_merge_scratch_clear (&scratch);
  free (fragments.items);
  if (is_fine)
    return LM_OK;
  list->n = n_before;
  return lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "Not enough memory to tokenise the text.");
}

lm_status
lm_tokenizer_encode (const lm_tokenizer *tokenizer,
                     const char *text,
                     size_t length,
                     unsigned flags,
                     lm_token_list *list,
                     lm_error *error)
{
  lm_text_run run = { length, (flags & LM_TOKENIZE_PARSE_SPECIAL) != 0 };

  return lm_tokenizer_encode_runs (tokenizer, text, length, &run, 1, flags, list, error);
}

const char *
lm_tokenizer_get_bytes (const lm_tokenizer *tokenizer, lm_token token, size_t *length)
{
  uint32_t start;

  *length = 0;
  if (token < 0 || (uint32_t) token >= tokenizer->n_tokens)
    return "";
  start = tokenizer->piece_offsets[token];
  *length = tokenizer->piece_offsets[token + 1] - start;
  return tokenizer->pieces + start;
}

uint32_t
lm_tokenizer_get_n_vocab (const lm_tokenizer *tokenizer)
{
  return tokenizer->n_tokens;
}

bool
lm_tokenizer_is_control (const lm_tokenizer *tokenizer, lm_token token)
{
  return token >= 0 && (uint32_t) token < tokenizer->n_tokens &&
         tokenizer->types[token] == LM_TOKEN_CONTROL;
}

lm_token
lm_tokenizer_get_bos (const lm_tokenizer *tokenizer)
{
  return tokenizer->bos;
}

lm_token
lm_tokenizer_get_eos (const lm_tokenizer *tokenizer)
{
  return tokenizer->eos;
}

lm_token
lm_tokenizer_get_eot (const lm_tokenizer *tokenizer)
{
  return tokenizer->eot;
}

uint64_t
lm_tokenizer_get_bytes_used (const lm_tokenizer *tokenizer)
{
  return tokenizer->bytes_used;
}
