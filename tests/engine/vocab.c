/* SPDX-License-Identifier: GPL-3.0-or-later
 * Vocabularies for tests and fuzzing. */
#include "vocab.h"

#include <stdlib.h>
#include <string.h>

#define KEY          "tokenizer.ggml."
#define COUNT(array) (sizeof (array) / sizeof (array)[0])

const char *const vocab_spm_texts[VOCAB_SPM_N_TEXTS] = {
  "▁", "h", "e", "l", "o", "he", "ll", "hell", "hello", "▁hello", "▁h", "lo", "你", "<s", "<tool>",
};
static const float spm_scores[VOCAB_SPM_N_TEXTS] = { -1,  -2,  -3,  -4,  -5, -20, -11, -12,
                                                     -13, -14, -30, -10, -6, -40, 0 };

static const char *const bpe_merges[] = {
  "l l", "h e", "he ll", "hell o", "o o", "Ġ h", "1 2", "12 3", "a a", "aa aa", "Ġ Ġ", "Ċ Ċ",
};
static const char *const bpe_extras[] = { "<|im_start|>", "<|im_end|>", "<|im", "<tool>",
                                          "<tool>>" };
static const uint32_t bpe_extra_types[] = { 3, 3, 3, 4, 4 };

static void
write_text (writer *w, const char *text, size_t length)
{
  writer_u64 (w, length);
  writer_bytes (w, text, length);
}

static void
write_f32 (writer *w, float value)
{
  uint32_t bits;

  memcpy (&bits, &value, sizeof bits);
  writer_u32 (w, bits);
}

void
vocab_copy_entry (writer *w, const lm_gguf_entry *entry)
{
  static const unsigned sizes[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };

  if (entry->is_array) {
    writer_entry_array (w, entry->key, entry->type, entry->n_elements);
  } else {
    writer_string (w, entry->key);
    writer_u32 (w, entry->type);
  }
  if (entry->type != LM_VALUE_STRING)
    writer_bytes (w, entry->bytes, (size_t) entry->n_elements * sizes[entry->type]);
  for (uint64_t i = 0; entry->type == LM_VALUE_STRING && i < entry->n_elements; i++)
    write_text (w, entry->strings[i].data, entry->strings[i].length);
}

void
vocab_copy (writer *w, const lm_gguf *gguf, const char *pre)
{
  size_t n_entries_position = 16;
  uint64_t n = 0;

  writer_header (w, 3, 0, 0);
  for (size_t i = 0; i < gguf->n_entries; i++) {
    const char *key = gguf->entries[i].key;

    if (strncmp (key, KEY, strlen (KEY)) == 0 && strcmp (key, KEY "pre") != 0) {
      vocab_copy_entry (w, &gguf->entries[i]);
      n++;
    }
  }
  if (pre != NULL) {
    writer_entry_string (w, KEY "pre", pre);
    n++;
  }
  writer_set_u64 (w, n_entries_position, n);
  writer_pad (w, 32);
}

static void
write_byte_tokens (writer *w)
{
  unsigned other = 0x100;

  for (unsigned i = 0; i < 256; i++) {
    bool is_printable = (i >= 0x21 && i <= 0x7e) || (i >= 0xa1 && i != 0xad);
    unsigned character = is_printable ? i : other++;
    char text[2] = { (char) character, '\0' };

    if (character >= 0x80) {
      text[0] = (char) (0xc0 | character >> 6);
      text[1] = (char) (0x80 | (character & 0x3f));
    }
    write_text (w, text, character < 0x80 ? 1 : 2);
  }
}

void
vocab_make_bpe (writer *w, const char *pre)
{
  const size_t n = 256 + COUNT (bpe_merges) + COUNT (bpe_extras);

  writer_header (w, 3, 0, 6);
  writer_entry_string (w, KEY "model", "gpt2");
  writer_entry_string (w, KEY "pre", pre);
  writer_entry_array (w, KEY "tokens", LM_VALUE_STRING, n);
  write_byte_tokens (w);
  for (size_t i = 0; i < COUNT (bpe_merges); i++) {
    const char *space = strchr (bpe_merges[i], ' ');

    writer_u64 (w, strlen (bpe_merges[i]) - 1);
    writer_bytes (w, bpe_merges[i], (size_t) (space - bpe_merges[i]));
    writer_bytes (w, space + 1, strlen (space + 1));
  }
  for (size_t i = 0; i < COUNT (bpe_extras); i++)
    writer_string (w, bpe_extras[i]);
  writer_entry_array (w, KEY "token_type", LM_VALUE_I32, n);
  for (size_t i = 0; i < n; i++)
    writer_u32 (w, i < n - COUNT (bpe_extras) ? 1 : bpe_extra_types[i + COUNT (bpe_extras) - n]);
  writer_entry_array (w, KEY "merges", LM_VALUE_STRING, COUNT (bpe_merges));
  for (size_t i = 0; i < COUNT (bpe_merges); i++)
    writer_string (w, bpe_merges[i]);
  writer_entry_u32 (w, KEY "eos_token_id", (uint32_t) (256 + COUNT (bpe_merges) + 1));
  writer_pad (w, 32);
}

static uint32_t
get_spm_type (size_t token, bool without_bytes)
{
  if (token < VOCAB_SPM_FIRST_BYTE)
    return token == 0 ? 2 : 3;
  if (token < VOCAB_SPM_FIRST_TEXT)
    return without_bytes ? 5 : 6;
  return token == VOCAB_SPM_FIRST_TEXT + VOCAB_SPM_N_TEXTS - 1 ? 4 : 1;
}

void
vocab_make_spm (writer *w, bool without_bytes, bool has_space_prefix)
{
  static const char digits[] = "0123456789ABCDEF";
  const size_t n = VOCAB_SPM_FIRST_TEXT + VOCAB_SPM_N_TEXTS;

  writer_header (w, 3, 0, 5);
  writer_entry_string (w, KEY "model", "llama");
  writer_entry_array (w, KEY "tokens", LM_VALUE_STRING, n);
  writer_string (w, "<unk>");
  writer_string (w, "<s>");
  writer_string (w, "</s>");
  for (unsigned i = 0; i < 256; i++) {
    char name[] = { without_bytes ? '[' : '<', '0', 'x', digits[i >> 4], digits[i & 15], '>' };

    write_text (w, name, sizeof name);
  }
  for (size_t i = 0; i < VOCAB_SPM_N_TEXTS; i++)
    writer_string (w, vocab_spm_texts[i]);
  writer_entry_array (w, KEY "scores", LM_VALUE_F32, n);
  for (size_t i = 0; i < n; i++)
    write_f32 (w, i < VOCAB_SPM_FIRST_TEXT ? 0 : spm_scores[i - VOCAB_SPM_FIRST_TEXT]);
  writer_entry_array (w, KEY "token_type", LM_VALUE_I32, n);
  for (size_t i = 0; i < n; i++)
    writer_u32 (w, get_spm_type (i, without_bytes));
  writer_entry_bool (w, KEY "add_space_prefix", has_space_prefix);
  writer_pad (w, 32);
}

lm_tokenizer *
vocab_open_bytes (vocab *vocabulary, lm_error *error)
{
  vocabulary->memory =
      lm_gguf_open_memory (vocabulary->bytes.data, vocabulary->bytes.size, true, error);
  if (vocabulary->memory != NULL)
    vocabulary->tokenizer = lm_tokenizer_new (vocabulary->memory, error);
  return vocabulary->tokenizer;
}

lm_tokenizer *
vocab_open (vocab *vocabulary, const char *path, const char *pre, lm_error *error)
{
  vocabulary->file = lm_gguf_open (path, false, error);
  if (vocabulary->file == NULL)
    return NULL;
  if (pre == NULL)
    return vocabulary->tokenizer = lm_tokenizer_new (vocabulary->file, error);
  vocab_copy (&vocabulary->bytes, vocabulary->file, pre);
  return vocab_open_bytes (vocabulary, error);
}

void
vocab_close (vocab *vocabulary)
{
  lm_tokenizer_free (vocabulary->tokenizer);
  lm_gguf_close (vocabulary->memory);
  lm_gguf_close (vocabulary->file);
  writer_clear (&vocabulary->bytes);
  *vocabulary = (vocab) { 0 };
}

char *
vocab_decode (const lm_tokenizer *tokenizer, const lm_token_list *list, size_t *length)
{
  size_t capacity = 64;
  char *text = malloc (capacity);

  *length = 0;
  for (size_t i = 0; i < list->n; i++) {
    size_t n;
    const char *bytes = lm_tokenizer_get_bytes (tokenizer, list->tokens[i], &n);

    if (*length + n > capacity) {
      capacity = 2 * (*length + n);
      text = realloc (text, capacity);
    }
    if (text == NULL)
      abort ();
    memcpy (text + *length, bytes, n);
    *length += n;
  }
  return text;
}
