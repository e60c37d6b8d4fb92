/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fuzzes the tokenizers. The low three bits of the first byte choose a small vocabulary, or that
 * the rest is a GGUF file to read one from; bit 4 has special tokens parsed. What follows is text:
 * it must survive the round trip, and become a control token only where that is allowed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vocab.h"

#define N_BPE 5

enum { SPM_WITHOUT_PREFIX = N_BPE, SPM_WITH_PREFIX, FROM_FILE };

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
require (bool condition)
{
  if (!condition)
    abort ();
}

/* Made once, kept to the end. */
static const lm_tokenizer *
get_tokenizer (unsigned which)
{
  static const char *const pres[N_BPE] = { "gpt-2", "smollm", "default", "qwen2", "llama-bpe" };
  static vocab vocabs[FROM_FILE];
  vocab *vocabulary = &vocabs[which];

  if (vocabulary->tokenizer == NULL) {
    if (which < N_BPE)
      vocab_make_bpe (&vocabulary->bytes, pres[which]);
    else
      vocab_make_spm (&vocabulary->bytes, false, which == SPM_WITH_PREFIX);
    require (vocab_open_bytes (vocabulary, NULL) != NULL);
  }
  return vocabulary->tokenizer;
}

/* Makes every ▁ a space, as SPM does, or drops both. In place; returns the length. */
static size_t
replace_spaces (char *text, size_t length, bool drop)
{
  size_t n = 0;

  for (size_t i = 0; i < length; i++) {
    bool is_mark = length - i >= 3 && memcmp (text + i, "▁", 3) == 0;
    char byte = is_mark ? ' ' : text[i];

    if (byte != ' ' || !drop)
      text[n++] = byte;
    i += is_mark ? 2 : 0;
  }
  return n;
}

static void
check_text (unsigned which, const lm_token_list *list, const char *text, size_t length)
{
  size_t decoded_length;
  char *decoded = vocab_decode (get_tokenizer (which), list, &decoded_length);
  char *expected = malloc (length + 1);

  if (decoded == NULL || expected == NULL)
    abort ();
  memcpy (expected, text, length);
  if (which >= N_BPE) {
    length = replace_spaces (expected, length, which == SPM_WITH_PREFIX);
    decoded_length = replace_spaces (decoded, decoded_length, which == SPM_WITH_PREFIX);
  }
  require (decoded_length == length && memcmp (decoded, expected, length) == 0);
  free (decoded);
  free (expected);
}

/* The text as markup up to where the first byte says, and as a message from there on. */
static void
encode_text (unsigned which, unsigned flags, const char *text, size_t length)
{
  const lm_tokenizer *tokenizer = get_tokenizer (which);
  size_t n_markup = length == 0 ? 0 : (unsigned char) text[0] % (length + 1);
  lm_text_run runs[] = { { n_markup, true }, { length - n_markup, false } };
  lm_token_list list = { 0 };
  lm_token_list mixed = { 0 };

  require (lm_tokenizer_encode (tokenizer, text, length, flags, &list, NULL) == LM_OK);
  require (lm_tokenizer_encode_runs (tokenizer, text, length, runs, 2, 0, &mixed, NULL) == LM_OK);
  for (size_t i = 0; i < list.n && (flags & LM_TOKENIZE_PARSE_SPECIAL) == 0; i++)
    require (!lm_tokenizer_is_control (tokenizer, list.tokens[i]));
  check_text (which, &list, text, length);
  check_text (which, &mixed, text, length);
  lm_token_list_clear (&list);
  lm_token_list_clear (&mixed);
}

static void
read_vocabulary (const uint8_t *data, size_t size)
{
  static const char text[] = "Hello  wörld\n<|im_end|> 12345 \xff\xe4\xbd<0x41>";
  lm_gguf *gguf = lm_gguf_open_memory (data, size, false, NULL);
  lm_error error = { 0 };
  lm_tokenizer *tokenizer = gguf == NULL ? NULL : lm_tokenizer_new (gguf, &error);
  lm_token_list list = { 0 };
  size_t length;

  require (gguf == NULL || tokenizer != NULL || (error.code != LM_OK && error.message[0] != '\0'));
  if (tokenizer != NULL) {
    require (lm_tokenizer_encode (tokenizer, text, sizeof text - 1, 3, &list, NULL) == LM_OK);
    for (size_t i = 0; i < list.n; i++)
      require (list.tokens[i] >= 0 &&
               (uint32_t) list.tokens[i] < lm_tokenizer_get_n_vocab (tokenizer));
    free (vocab_decode (tokenizer, &list, &length));
  }
  lm_token_list_clear (&list);
  lm_tokenizer_free (tokenizer);
  lm_gguf_close (gguf);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  unsigned which;

  if (size == 0)
    return 0;
  which = data[0] & 7;
  if (which == FROM_FILE)
    read_vocabulary (data + 1, size - 1);
  else
    encode_text (which, LM_TOKENIZE_PARSE_SPECIAL & data[0] >> 3, (const char *) data + 1,
                 size - 1);
  return 0;
}
