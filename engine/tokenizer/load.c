/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading a tokenizer from a GGUF file's metadata. Nothing in it is trusted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tokenizer/internal.h"
#include "util/error.h"

#define KEY   "tokenizer.ggml."
#define SPACE "\xe2\x96\x81"

/* The names that end a turn, the likeliest first, for files that do not say. */
static const char *const end_of_turn_names[] = {
  "<|eot_id|>", "<|im_end|>", "<end_of_turn>", "<|end|>",         "<end_of_utterance>",    "<EOT>",
  "_<EOT>",     "[EOT]",      "<|endoftext|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>",
};

/* Names that steer a conversation. Some converters forget to mark them as control tokens, and then
 * anyone could end a turn by typing them. */
static const char *const control_names[] = {
  "<|eot_id|>",
  "<|eom_id|>",
  "<|im_start|>",
  "<|im_end|>",
  "<|end|>",
  "<start_of_turn>",
  "<end_of_turn>",
  "<|endoftext|>",
  "<|end_of_text|>",
  "<|begin_of_text|>",
  "<|end_of_turn|>",
  "<|start_header_id|>",
  "<|end_header_id|>",
  "<｜User｜>",
  "<｜Assistant｜>",
  "<｜end▁of▁sentence｜>",
  "<｜begin▁of▁sentence｜>",
  "<end_of_utterance>",
};

void *
lm_tokenizer_alloc (lm_tokenizer *tokenizer, uint64_t n, size_t size)
{
  uint64_t bytes;

  if (!lm_mul (n, size, &bytes) || bytes >= PTRDIFF_MAX)
    return NULL;
  tokenizer->bytes_used += bytes;
  return calloc (1, (size_t) bytes + 1);
}

lm_status
lm_tokenizer_fail (lm_error *error, lm_slice subject, const char *sentence)
{
  char text[sizeof error->subject];
  size_t length = subject.length < sizeof text - 1 ? subject.length : sizeof text - 1;

  memcpy (text, subject.data, length);
  text[length] = '\0';
  return lm_fail (error, LM_ERROR_TOKENIZER, text, 0, "%s", sentence);
}

static lm_status
fail_key (lm_error *error, const char *key, const char *sentence)
{
  return lm_fail (error, LM_ERROR_TOKENIZER, key, 0, "%s", sentence);
}

static lm_status
fail_memory (lm_error *error)
{
  return lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "Not enough memory for the tokenizer.");
}

/* Which algorithm, and its defaults. */
static lm_status
load_model (lm_tokenizer *tokenizer, const lm_gguf *gguf, lm_error *error)
{
  lm_slice model;
  lm_slice pre = { "default", 7 };

  if (!lm_gguf_get_string (gguf, KEY "model", &model))
    return fail_key (error, KEY "model", "The file has no tokenizer.");
  if (model.length == 5 && memcmp (model.data, "llama", 5) == 0) {
    tokenizer->is_spm = true;
    tokenizer->adds_bos = true;
    tokenizer->adds_space_prefix = true;
    return LM_OK;
  }
  if (model.length != 4 || memcmp (model.data, "gpt2", 4) != 0)
    return lm_tokenizer_fail (error, model, "The engine does not know this kind of tokenizer.");
  if (lm_gguf_find (gguf, KEY "pre") != NULL && !lm_gguf_get_string (gguf, KEY "pre", &pre))
    return fail_key (error, KEY "pre", "The pre-tokenizer's name is not text.");
  tokenizer->pretokenizer = lm_pretokenizer_find (pre.data, pre.length);
  if (tokenizer->pretokenizer == NULL)
    return lm_tokenizer_fail (error, pre, "The engine does not know this pre-tokenizer.");
  tokenizer->adds_bos = tokenizer->pretokenizer->adds_bos;
  return LM_OK;
}

/* An optional array with a number for each token; *entry NULL where there is none. */
static lm_status
find_numbers (const lm_tokenizer *tokenizer,
              const lm_gguf *gguf,
              const char *key,
              const lm_gguf_entry **entry,
              lm_error *error)
{
  *entry = lm_gguf_find (gguf, key);
  if (*entry == NULL)
    return LM_OK;
  if (!(*entry)->is_array ||
      ((*entry)->type != LM_VALUE_F32 && (*entry)->type != LM_VALUE_I32 &&
       (*entry)->type != LM_VALUE_U32) ||
      (*entry)->n_elements < tokenizer->n_tokens)
    return fail_key (error, key, "The tokenizer's lists do not fit together.");
  return LM_OK;
}

static lm_status
load_types (lm_tokenizer *tokenizer, const lm_gguf *gguf, lm_error *error)
{
  const lm_gguf_entry *types;

  if (find_numbers (tokenizer, gguf, KEY "token_type", &types, error) != LM_OK)
    return LM_ERROR_TOKENIZER;
  tokenizer->types = lm_tokenizer_alloc (tokenizer, tokenizer->n_tokens, 1);
  if (tokenizer->types == NULL)
    return fail_memory (error);
  for (uint32_t i = 0; i < tokenizer->n_tokens; i++) {
    double type = types == NULL ? LM_TOKEN_NORMAL : lm_gguf_entry_number (types, i);
    bool is_known = type >= LM_TOKEN_NORMAL && type <= LM_TOKEN_BYTE;

    tokenizer->types[i] = is_known ? (uint8_t) type : LM_TOKEN_UNUSED;
  }
  for (size_t i = 0; i < sizeof control_names / sizeof control_names[0]; i++) {
    lm_token token = lm_tokenizer_find (tokenizer, control_names[i], strlen (control_names[i]));

    if (token != LM_TOKEN_NONE)
      tokenizer->types[token] = LM_TOKEN_CONTROL;
  }
  for (uint32_t i = 0; i < tokenizer->n_tokens; i++) {
    uint8_t type = tokenizer->types[i];

    if ((type == LM_TOKEN_NORMAL || type == LM_TOKEN_USER_DEFINED || type == LM_TOKEN_UNUSED) &&
        tokenizer->texts[i].length > tokenizer->max_text_length)
      tokenizer->max_text_length = (uint32_t) tokenizer->texts[i].length;
  }
  return LM_OK;
}

static lm_status
load_scores (lm_tokenizer *tokenizer, const lm_gguf *gguf, lm_error *error)
{
  const lm_gguf_entry *scores;

  if (find_numbers (tokenizer, gguf, KEY "scores", &scores, error) != LM_OK)
    return LM_ERROR_TOKENIZER;
  if (!tokenizer->is_spm)
    return LM_OK;
  tokenizer->scores = lm_tokenizer_alloc (tokenizer, tokenizer->n_tokens, sizeof (float));
  if (tokenizer->scores == NULL)
    return fail_memory (error);
  for (uint32_t i = 0; scores != NULL && i < tokenizer->n_tokens; i++) {
    tokenizer->scores[i] = (float) lm_gguf_entry_number (scores, i);
    if (isnan (tokenizer->scores[i]))
      return fail_key (error, KEY "scores", "A score of the tokenizer is not a number.");
  }
  return LM_OK;
}

/* The byte in "<0xXX>", or −1. */
static int
parse_byte (lm_slice text)
{
  static const char digits[] = "0123456789ABCDEF0123456789abcdef";
  int value = 0;

  if (text.length != 6 || memcmp (text.data, "<0x", 3) != 0 || text.data[5] != '>')
    return -1;
  for (int i = 3; i < 5; i++) {
    const char *digit = text.data[i] == '\0' ? NULL : strchr (digits, text.data[i]);

    if (digit == NULL)
      return -1;
    value = value << 4 | (int) ((digit - digits) & 15);
  }
  return value;
}

/* Writes what a token stands for to piece, which has room for its text. Returns the length, −1 for
 * a byte token whose text is none. */
static int64_t
make_piece (const lm_tokenizer *tokenizer, uint32_t token, char *piece)
{
  lm_slice text = tokenizer->texts[token];
  uint8_t type = tokenizer->types[token];
  int64_t n = 0;

  if (type == LM_TOKEN_BYTE) {
    int byte = parse_byte (text);

    if (byte >= 0)
      piece[0] = (char) byte;
    return byte >= 0 ? 1 : -1;
  }
  if (type != LM_TOKEN_NORMAL && type != LM_TOKEN_UNUSED) {
    memcpy (piece, text.data, text.length);
    return (int64_t) text.length;
  }
  if (!tokenizer->is_spm)
    return (int64_t) lm_bpe_decode_bytes (text.data, text.length, piece);
  for (size_t i = 0; i < text.length; i++) {
    bool is_space = text.length - i >= 3 && memcmp (text.data + i, SPACE, 3) == 0;

    piece[n++] = is_space ? ' ' : text.data[i];
    i += is_space ? 2 : 0;
  }
  return n;
}

static lm_status
make_pieces (lm_tokenizer *tokenizer, lm_error *error)
{
  uint64_t total = 0;
  uint32_t offset = 0;

  for (uint32_t i = 0; i < tokenizer->n_tokens; i++) {
    if (!lm_add (total, tokenizer->texts[i].length, &total) || total > INT32_MAX)
      return fail_key (error, KEY "tokens", "The tokenizer's tokens are too long.");
  }
  tokenizer->pieces = lm_tokenizer_alloc (tokenizer, total, 1);
  tokenizer->piece_offsets =
      lm_tokenizer_alloc (tokenizer, (uint64_t) tokenizer->n_tokens + 1, sizeof (uint32_t));
  if (tokenizer->pieces == NULL || tokenizer->piece_offsets == NULL)
    return fail_memory (error);
  for (uint32_t i = 0; i < tokenizer->n_tokens; i++) {
    int64_t length = make_piece (tokenizer, i, tokenizer->pieces + offset);

    if (length < 0)
      return lm_tokenizer_fail (error, tokenizer->texts[i], "A byte token stands for no byte.");
    offset += (uint32_t) length;
    tokenizer->piece_offsets[i + 1] = offset;
  }
  return LM_OK;
}

static lm_status
load_tokens (lm_tokenizer *tokenizer, const lm_gguf *gguf, lm_error *error)
{
  const lm_gguf_entry *tokens = lm_gguf_find (gguf, KEY "tokens");

  if (tokens == NULL || !tokens->is_array || tokens->type != LM_VALUE_STRING ||
      tokens->n_elements == 0 || tokens->n_elements >= INT32_MAX)
    return fail_key (error, KEY "tokens", "The tokenizer has no usable list of tokens.");
  tokenizer->n_tokens = (uint32_t) tokens->n_elements;
  tokenizer->texts = tokens->strings;
  return lm_tokenizer_index_texts (tokenizer, error);
}

/* Which token each byte is: for byte-level BPE the character that stands for it; for SPM <0xXX>,
 * else the byte itself. */
static void
find_bytes (lm_tokenizer *tokenizer)
{
  static const char digits[] = "0123456789ABCDEF";

  for (int i = 0; i < 256; i++) {
    const char byte = (char) i;
    const char name[] = { '<', '0', 'x', digits[i >> 4], digits[i & 15], '>' };
    char text[2];
    size_t length = lm_bpe_encode_bytes (&byte, 1, text);
    lm_token token;

    if (!tokenizer->is_spm) {
      tokenizer->bytes[i] = lm_tokenizer_find_plain (tokenizer, text, length);
      continue;
    }
    token = lm_tokenizer_find (tokenizer, name, sizeof name);
    if (token == LM_TOKEN_NONE || tokenizer->types[token] != LM_TOKEN_BYTE)
      token = lm_tokenizer_find_plain (tokenizer, &byte, 1);
    tokenizer->bytes[i] = token;
  }
}

static lm_status
load_id (const lm_tokenizer *tokenizer,
         const lm_gguf *gguf,
         const char *key,
         lm_token fallback,
         lm_token *token,
         lm_error *error)
{
  uint32_t id;

  *token = (uint32_t) fallback < tokenizer->n_tokens ? fallback : LM_TOKEN_NONE;
  if (lm_gguf_find (gguf, key) == NULL)
    return LM_OK;
  if (!lm_gguf_get_u32 (gguf, key, &id) || id >= tokenizer->n_tokens)
    return fail_key (error, key, "The tokenizer names a token that it does not have.");
  *token = (lm_token) id;
  return LM_OK;
}

static lm_status
load_ids (lm_tokenizer *t, const lm_gguf *gguf, lm_error *error)
{
  bool is_spm = t->is_spm;

  if (load_id (t, gguf, KEY "bos_token_id", is_spm ? 1 : LM_TOKEN_NONE, &t->bos, error) != LM_OK ||
      load_id (t, gguf, KEY "eos_token_id", is_spm ? 2 : LM_TOKEN_NONE, &t->eos, error) != LM_OK ||
      load_id (t, gguf, KEY "unknown_token_id", is_spm ? 0 : LM_TOKEN_NONE, &t->unknown, error) !=
          LM_OK ||
      load_id (t, gguf, KEY "eot_token_id", LM_TOKEN_NONE, &t->eot, error) != LM_OK)
    return LM_ERROR_TOKENIZER;
  for (size_t i = 0; i < sizeof end_of_turn_names / sizeof end_of_turn_names[0]; i++) {
    if (t->eot == LM_TOKEN_NONE)
      t->eot = lm_tokenizer_find (t, end_of_turn_names[i], strlen (end_of_turn_names[i]));
  }
  if (t->bos == LM_TOKEN_NONE)
    t->adds_bos = false;
  lm_gguf_get_bool (gguf, KEY "add_bos_token", &t->adds_bos);
  lm_gguf_get_bool (gguf, KEY "add_eos_token", &t->adds_eos);
  if (t->is_spm)
    lm_gguf_get_bool (gguf, KEY "add_space_prefix", &t->adds_space_prefix);
  if (t->adds_bos && t->bos == LM_TOKEN_NONE)
    return fail_key (error, KEY "bos_token_id",
                     "The tokenizer adds a token that it does not name.");
  if (t->adds_eos && t->eos == LM_TOKEN_NONE)
    return fail_key (error, KEY "eos_token_id",
                     "The tokenizer adds a token that it does not name.");
  return LM_OK;
}

lm_tokenizer *
lm_tokenizer_new (const lm_gguf *gguf, lm_error *error)
{
  lm_tokenizer *tokenizer = calloc (1, sizeof *tokenizer);

  if (tokenizer == NULL) {
    fail_memory (error);
    return NULL;
  }
  tokenizer->bytes_used = sizeof *tokenizer;
  if (load_model (tokenizer, gguf, error) != LM_OK ||
      load_tokens (tokenizer, gguf, error) != LM_OK ||
      load_types (tokenizer, gguf, error) != LM_OK ||
      load_scores (tokenizer, gguf, error) != LM_OK ||
      (!tokenizer->is_spm && lm_tokenizer_load_merges (tokenizer, gguf, error) != LM_OK) ||
      make_pieces (tokenizer, error) != LM_OK || load_ids (tokenizer, gguf, error) != LM_OK)
    goto fail;
  find_bytes (tokenizer);
  if (!lm_specials_init (tokenizer)) {
    fail_memory (error);
    goto fail;
  }
  return tokenizer;

fail:
  lm_tokenizer_free (tokenizer);
  return NULL;
}

void
lm_tokenizer_free (lm_tokenizer *tokenizer)
{
  if (tokenizer == NULL)
    return;
  free (tokenizer->types);
  free (tokenizer->scores);
  free (tokenizer->piece_offsets);
  free (tokenizer->pieces);
  free (tokenizer->text_slots);
  free (tokenizer->merge_slots);
  free (tokenizer->specials);
  free (tokenizer->specials_by_text);
  free (tokenizer);
}
