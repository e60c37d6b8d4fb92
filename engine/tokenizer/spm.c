/* SPDX-License-Identifier: GPL-3.0-or-later
 * SPM (SentencePiece BPE): the text, with ▁ for spaces, starts as one symbol a character, and the
 * pair of neighbours whose joined text is the token with the highest score (the leftmost of equals)
 * is merged until no pair can be. A character that is no token becomes its bytes. */
#include <string.h>

#include "tokenizer/internal.h"
#include "util/half.h"
#include "util/utf8.h"

#define SPACE "\xe2\x96\x81"

/* Numbers that ascend as scores descend. Adding zero makes −0 equal to 0. */
static uint64_t
order_of_score (float score)
{
  uint32_t bits = lm_float_to_bits (score + 0.0f);

  bits ^= bits & 0x80000000 ? UINT32_MAX : 0x80000000;
  return ~bits;
}

static bool
push_pair (const lm_tokenizer *tokenizer, lm_scratch *scratch, uint32_t left, uint32_t right)
{
  const lm_symbol *symbols = scratch->symbols;
  uint32_t length;
  lm_token token;

  if (left == LM_NO_SYMBOL || right == LM_NO_SYMBOL)
    return true;
  length = symbols[left].length + symbols[right].length;
  if (length > tokenizer->max_text_length)
    return true;
  token = lm_tokenizer_find_plain (tokenizer, scratch->text + symbols[left].id, length);
  if (token == LM_TOKEN_NONE)
    return true;
  return lm_heap_push (scratch, (lm_candidate) {
                                    .key = order_of_score (tokenizer->scores[token]) << 32 | left,
                                    .right = right,
                                    .check = length,
                                });
}

/* Writes the text with its spaces replaced to scratch; false: out of memory. */
static bool
escape_spaces (lm_scratch *scratch,
               const char *text,
               size_t length,
               bool with_space_prefix,
               size_t *escaped_length)
{
  size_t n = 0;

  if (!LM_RESERVE (&scratch->text, &scratch->text_capacity, 3 * length + 3))
    return false;
  if (with_space_prefix) {
    memcpy (scratch->text, SPACE, 3);
    n = 3;
  }
  for (size_t i = 0; i < length; i++) {
    if (text[i] == ' ') {
      memcpy (scratch->text + n, SPACE, 3);
      n += 3;
    } else {
      scratch->text[n++] = text[i];
    }
  }
  *escaped_length = n;
  return true;
}

static bool
list_symbols (lm_scratch *scratch, size_t length, size_t *n_symbols)
{
  size_t n = 0;

  if (!LM_RESERVE (&scratch->symbols, &scratch->symbols_capacity, length))
    return false;
  for (size_t start = 0; start < length; n++) {
    size_t bytes = lm_utf8_char_length (scratch->text + start, length - start);

    if (bytes == 0)
      bytes = 1; /* no character: it must not swallow the ▁ of a space that follows */
    scratch->symbols[n] = (lm_symbol) {
      .id = (uint32_t) start,
      .length = (uint32_t) bytes,
      .previous = n == 0 ? LM_NO_SYMBOL : (uint32_t) n - 1,
      .next = start + bytes == length ? LM_NO_SYMBOL : (uint32_t) n + 1,
    };
    start += bytes;
  }
  *n_symbols = n;
  return true;
}

static bool
merge_symbols (const lm_tokenizer *tokenizer, lm_scratch *scratch, size_t n)
{
  lm_symbol *symbols = scratch->symbols;

  scratch->n_heap = 0;
  for (size_t i = 1; i < n; i++) {
    if (!push_pair (tokenizer, scratch, (uint32_t) i - 1, (uint32_t) i))
      return false;
  }
  while (scratch->n_heap > 0) {
    lm_candidate candidate = lm_heap_pop (scratch);
    uint32_t left = (uint32_t) candidate.key;
    uint32_t right = candidate.right;

    if (symbols[left].length == 0 || symbols[right].length == 0 ||
        symbols[left].length + symbols[right].length != candidate.check)
      continue; /* one of the two has been merged since */
    symbols[left].length += symbols[right].length;
    symbols[right].length = 0;
    symbols[left].next = symbols[right].next;
    if (symbols[left].next != LM_NO_SYMBOL)
      symbols[symbols[left].next].previous = left;
    if (!push_pair (tokenizer, scratch, symbols[left].previous, left) ||
        !push_pair (tokenizer, scratch, left, symbols[left].next))
      return false;
  }
  return true;
}

/* Bytes without a token make the whole symbol unknown; without an unknown token they are lost. */
static bool
append_symbol (const lm_tokenizer *tokenizer, const char *text, size_t length, lm_token_list *list)
{
  lm_token token = lm_tokenizer_find_plain (tokenizer, text, length);
  bool has_bytes = true;

  if (token != LM_TOKEN_NONE)
    return lm_token_list_push (list, token);
  for (size_t i = 0; i < length; i++)
    has_bytes = has_bytes && tokenizer->bytes[(unsigned char) text[i]] != LM_TOKEN_NONE;
  if (!has_bytes)
    return tokenizer->unknown == LM_TOKEN_NONE || lm_token_list_push (list, tokenizer->unknown);
  for (size_t i = 0; i < length; i++) {
    if (!lm_token_list_push (list, tokenizer->bytes[(unsigned char) text[i]]))
      return false;
  }
  return true;
}

bool
lm_spm_encode (const lm_tokenizer *tokenizer,
               lm_scratch *scratch,
               const char *text,
               size_t length,
               bool with_space_prefix,
               lm_token_list *list)
{
  const lm_symbol *symbols;
  size_t escaped_length;
  size_t n;

  if (!escape_spaces (scratch, text, length, with_space_prefix, &escaped_length) ||
      !list_symbols (scratch, escaped_length, &n) || !merge_symbols (tokenizer, scratch, n))
    return false;
  symbols = scratch->symbols;
  for (uint32_t i = n == 0 ? LM_NO_SYMBOL : 0; i != LM_NO_SYMBOL; i = symbols[i].next) {
    if (!append_symbol (tokenizer, scratch->text + symbols[i].id, symbols[i].length, list))
      return false;
  }
  return true;
}
