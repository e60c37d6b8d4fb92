/* SPDX-License-Identifier: GPL-3.0-or-later
 * The hash tables of a tokenizer: token by text, merge by pair. */
#include <stdlib.h>
#include <string.h>

#include "tokenizer/internal.h"
#include "util/error.h"

/* FNV-1a. */
static uint32_t
hash_text (const char *text, size_t length)
{
  uint32_t hash = 2166136261u;

  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char) text[i]) * 16777619u;
  return hash ^ hash >> 15;
}

/* A power of two that n elements fill by two thirds at most. */
static uint64_t
table_size (uint64_t n)
{
  uint64_t size = 16;

  while (size < n + n / 2)
    size *= 2;
  return size;
}

/* The slot of a text, or the empty one where it would be. */
static lm_text_slot *
find_slot (const lm_tokenizer *tokenizer, const char *text, size_t length, uint32_t hash)
{
  uint32_t index = hash & tokenizer->text_mask;

  while (tokenizer->text_slots[index].id_plus_1 != 0) {
    lm_text_slot *slot = &tokenizer->text_slots[index];
    const lm_slice *other = &tokenizer->texts[slot->id_plus_1 - 1];

    if (slot->hash == hash && other->length == length && memcmp (other->data, text, length) == 0)
      return slot;
    index = (index + 1) & tokenizer->text_mask;
  }
  return &tokenizer->text_slots[index];
}

lm_token
lm_tokenizer_find (const lm_tokenizer *tokenizer, const char *text, size_t length)
{
  if (length == 0)
    return LM_TOKEN_NONE;
  return (lm_token) find_slot (tokenizer, text, length, hash_text (text, length))->id_plus_1 - 1;
}

/* Whether plain text may become the token. */
static bool
is_plain (const lm_tokenizer *tokenizer, lm_token token)
{
  return token != LM_TOKEN_NONE && tokenizer->types[token] != LM_TOKEN_CONTROL &&
         tokenizer->types[token] != LM_TOKEN_UNKNOWN && tokenizer->types[token] != LM_TOKEN_BYTE;
}

lm_token
lm_tokenizer_find_plain (const lm_tokenizer *tokenizer, const char *text, size_t length)
{
  lm_token token = lm_tokenizer_find (tokenizer, text, length);

  return is_plain (tokenizer, token) ? token : LM_TOKEN_NONE;
}

/* Tokens without text exist, as padding of the vocabulary; nothing becomes them. */
lm_status
lm_tokenizer_index_texts (lm_tokenizer *tokenizer, lm_error *error)
{
  uint64_t size = table_size (tokenizer->n_tokens);

  tokenizer->text_slots = lm_tokenizer_alloc (tokenizer, size, sizeof *tokenizer->text_slots);
  if (tokenizer->text_slots == NULL)
    return lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "Not enough memory for the tokenizer.");
  tokenizer->text_mask = (uint32_t) (size - 1);
  for (uint32_t i = 0; i < tokenizer->n_tokens; i++) {
    lm_slice text = tokenizer->texts[i];
    uint32_t hash = hash_text (text.data, text.length);
    lm_text_slot *slot;

    if (text.length == 0)
      continue;
    slot = find_slot (tokenizer, text.data, text.length, hash);
    if (slot->id_plus_1 != 0)
      return lm_tokenizer_fail (error, text, "The tokenizer has the same token twice.");
    *slot = (lm_text_slot) { hash, i + 1 };
  }
  return LM_OK;
}

/* Adds "left right" with its rank. buffer: room for the text of the merged token. */
static lm_status
add_merge (lm_tokenizer *tokenizer, lm_slice merge, uint32_t rank, char *buffer, lm_error *error)
{
  const char *space = merge.length < 3 ? NULL : memchr (merge.data + 1, ' ', merge.length - 2);
  size_t left_length = space == NULL ? 0 : (size_t) (space - merge.data);
  size_t right_length = space == NULL ? 0 : merge.length - left_length - 1;
  uint32_t index;
  lm_token left, right, merged;

  if (space == NULL)
    return lm_tokenizer_fail (error, merge, "A merge of the tokenizer is not two tokens.");
  memcpy (buffer, merge.data, left_length);
  memcpy (buffer + left_length, space + 1, right_length);
  left = lm_tokenizer_find (tokenizer, merge.data, left_length);
  right = lm_tokenizer_find (tokenizer, space + 1, right_length);
  merged = lm_tokenizer_find (tokenizer, buffer, merge.length - 1);
  /* Without its tokens it can never apply, and files with such leftovers are in use. Plain text
   * must not become a control token; of equal merges the first counts. */
  if (left == LM_TOKEN_NONE || right == LM_TOKEN_NONE || !is_plain (tokenizer, merged) ||
      lm_bpe_find_merge (tokenizer, (uint32_t) left, (uint32_t) right) != UINT32_MAX)
    return LM_OK;
  index = lm_bpe_merge_hash ((uint32_t) left, (uint32_t) right) & tokenizer->merge_mask;
  while (tokenizer->merge_slots[index].merged_plus_1 != 0)
    index = (index + 1) & tokenizer->merge_mask;
  tokenizer->merge_slots[index] =
      (lm_merge_slot) { (uint32_t) left, (uint32_t) right, rank, (uint32_t) merged + 1 };
  return LM_OK;
}

lm_status
lm_tokenizer_load_merges (lm_tokenizer *tokenizer, const lm_gguf *gguf, lm_error *error)
{
  const lm_gguf_entry *entry = lm_gguf_find (gguf, "tokenizer.ggml.merges");
  lm_status status = LM_OK;
  size_t longest = 0;
  uint64_t size;
  char *buffer;

  if (entry == NULL || !entry->is_array || entry->type != LM_VALUE_STRING ||
      entry->n_elements >= INT32_MAX)
    return lm_fail (error, LM_ERROR_TOKENIZER, "tokenizer.ggml.merges", 0,
                    "The tokenizer has no usable list of merges.");
  for (uint64_t i = 0; i < entry->n_elements; i++)
    longest = entry->strings[i].length > longest ? entry->strings[i].length : longest;
  size = table_size (entry->n_elements);
  tokenizer->merge_slots = lm_tokenizer_alloc (tokenizer, size, sizeof *tokenizer->merge_slots);
  buffer = malloc (longest + 1);
  if (tokenizer->merge_slots == NULL || buffer == NULL)
    status = lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "Not enough memory for the tokenizer.");
  else
    tokenizer->merge_mask = (uint32_t) (size - 1);
  for (uint64_t i = 0; status == LM_OK && i < entry->n_elements; i++)
    status = add_merge (tokenizer, entry->strings[i], (uint32_t) i, buffer, error);
  free (buffer);
  return status;
}
