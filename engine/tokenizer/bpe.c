/* SPDX-License-Identifier: GPL-3.0-or-later
 * Byte-level BPE: a word starts as one token a byte, and the pair of neighbours with the lowest
 * rank (the leftmost of equals) is merged until no pair can be. Short words are merged in place,
 * looking at all pairs; long ones with a queue, so that the time grows as n log n. */
#include <string.h>

#include "tokenizer/internal.h"

#define SHORT_WORD 32
#define NO_RANK    UINT32_MAX

uint32_t
lm_bpe_find_merge (const lm_tokenizer *tokenizer, uint32_t left, uint32_t right)
{
  uint32_t index = lm_bpe_merge_hash (left, right) & tokenizer->merge_mask;

  while (tokenizer->merge_slots[index].merged_plus_1 != 0) {
    const lm_merge_slot *slot = &tokenizer->merge_slots[index];

    if (slot->left == left && slot->right == right)
      return index;
    index = (index + 1) & tokenizer->merge_mask;
  }
  return UINT32_MAX;
}

/* The printable bytes stand for themselves; the others are numbered from U+0100 on. */
static bool
is_printable (unsigned byte)
{
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte != 0xad);
}

size_t
lm_bpe_encode_bytes (const char *bytes, size_t length, char *text)
{
  size_t n = 0;

  for (size_t i = 0; i < length; i++) {
    unsigned byte = (unsigned char) bytes[i];
    unsigned character = byte;

    if (!is_printable (byte))
      character = byte <= 0x20 ? 0x100 + byte : byte == 0xad ? 0x143 : 0x121 + byte - 0x7f;
    if (character < 0x80) {
      text[n++] = (char) character;
    } else {
      text[n++] = (char) (0xc0 | character >> 6);
      text[n++] = (char) (0x80 | (character & 0x3f));
    }
  }
  return n;
}

size_t
lm_bpe_decode_bytes (const char *text, size_t length, char *bytes)
{
  size_t n = 0;

  for (size_t i = 0; i < length; i++) {
    unsigned lead = (unsigned char) text[i];
    unsigned character = lead;
    bool is_pair = lead >= 0xc2 && lead <= 0xc5 && i + 1 < length && (text[i + 1] & 0xc0) == 0x80;

    if (is_pair)
      character = (lead & 0x1f) << 6 | (text[i + 1] & 0x3f);
    if (character >= 0x100 && character <= 0x143) {
      character -= 0x100;
      if (character > 0x20)
        character = character == 0x43 ? 0xad : character - 0x21 + 0x7f;
      bytes[n++] = (char) character;
      i++;
    } else if (is_pair && character < 0x100 && is_printable (character)) {
      bytes[n++] = (char) character;
      i++;
    } else {
      bytes[n++] = (char) lead;
    }
  }
  return n;
}

/* Bytes without a token become the unknown token, if there is one, and are lost otherwise, as
 * vocabularies with holes mean it. Returns the number of tokens. */
static size_t
map_bytes (const lm_tokenizer *tokenizer, const char *word, size_t length, uint32_t *ids)
{
  size_t n = 0;

  for (size_t i = 0; i < length; i++) {
    lm_token token = tokenizer->bytes[(unsigned char) word[i]];

    if (token == LM_TOKEN_NONE)
      token = tokenizer->unknown;
    if (token != LM_TOKEN_NONE)
      ids[n++] = (uint32_t) token;
  }
  return n;
}

static uint32_t
get_rank (const lm_tokenizer *tokenizer, uint32_t left, uint32_t right)
{
  uint32_t index = lm_bpe_find_merge (tokenizer, left, right);

  return index == UINT32_MAX ? NO_RANK : tokenizer->merge_slots[index].rank;
}

static bool
encode_short (const lm_tokenizer *tokenizer, const char *word, size_t length, lm_token_list *list)
{
  uint32_t ids[SHORT_WORD];
  uint32_t ranks[SHORT_WORD]; /* of the pair (i, i + 1) */
  size_t n = map_bytes (tokenizer, word, length, ids);

  for (size_t i = 0; i + 1 < n; i++)
    ranks[i] = get_rank (tokenizer, ids[i], ids[i + 1]);
  while (n > 1) {
    size_t best = 0;
    uint32_t index;

    for (size_t i = 1; i + 1 < n; i++)
      best = ranks[i] < ranks[best] ? i : best;
    if (ranks[best] == NO_RANK)
      break;
    index = lm_bpe_find_merge (tokenizer, ids[best], ids[best + 1]);
    ids[best] = tokenizer->merge_slots[index].merged_plus_1 - 1;
    n--;
    memmove (&ids[best + 1], &ids[best + 2], (n - best - 1) * sizeof ids[0]);
    if (best + 1 < n)
      memmove (&ranks[best], &ranks[best + 1], (n - best - 1) * sizeof ranks[0]);
    if (best > 0)
      ranks[best - 1] = get_rank (tokenizer, ids[best - 1], ids[best]);
    if (best + 1 < n)
      ranks[best] = get_rank (tokenizer, ids[best], ids[best + 1]);
  }
  for (size_t i = 0; i < n; i++) {
    if (!lm_token_list_push (list, (lm_token) ids[i]))
      return false;
  }
  return true;
}

static bool
push_pair (const lm_tokenizer *tokenizer, lm_scratch *scratch, uint32_t left, uint32_t right)
{
  const lm_symbol *symbols = scratch->symbols;
  uint32_t index;

  if (left == LM_NO_SYMBOL || right == LM_NO_SYMBOL)
    return true;
  index = lm_bpe_find_merge (tokenizer, symbols[left].id, symbols[right].id);
  if (index == UINT32_MAX)
    return true;
  return lm_heap_push (scratch,
                       (lm_candidate) {
                           .key = (uint64_t) tokenizer->merge_slots[index].rank << 32 | left,
                           .right = right,
                           .check = index,
                       });
}

/* Lists the word's bytes as symbols; false: out of memory. */
static bool
list_symbols (const lm_tokenizer *tokenizer,
              lm_scratch *scratch,
              const char *word,
              size_t length,
              size_t *n_symbols)
{
  lm_symbol *symbols;
  size_t n = 0;

  if (!LM_RESERVE (&scratch->symbols, &scratch->symbols_capacity, length))
    return false;
  symbols = scratch->symbols;
  for (size_t i = 0; i < length; i++) {
    uint32_t id;

    if (map_bytes (tokenizer, word + i, 1, &id) == 0)
      continue;
    symbols[n] = (lm_symbol) {
      .id = id,
      .length = 1,
      .previous = n == 0 ? LM_NO_SYMBOL : (uint32_t) n - 1,
      .next = (uint32_t) n + 1,
    };
    n++;
  }
  if (n > 0)
    symbols[n - 1].next = LM_NO_SYMBOL;
  *n_symbols = n;
  return true;
}

static bool
encode_long (const lm_tokenizer *tokenizer,
             lm_scratch *scratch,
             const char *word,
             size_t length,
             lm_token_list *list)
{
  lm_symbol *symbols;
  size_t n;

  if (!list_symbols (tokenizer, scratch, word, length, &n))
    return false;
  symbols = scratch->symbols;
  scratch->n_heap = 0;
  for (size_t i = 1; i < n; i++) {
    if (!push_pair (tokenizer, scratch, (uint32_t) i - 1, (uint32_t) i))
      return false;
  }
  while (scratch->n_heap > 0) {
    lm_candidate candidate = lm_heap_pop (scratch);
    const lm_merge_slot *merge = &tokenizer->merge_slots[candidate.check];
    uint32_t left = (uint32_t) candidate.key;
    uint32_t right = candidate.right;

    if (symbols[left].length == 0 || symbols[right].length == 0 ||
        symbols[left].id != merge->left || symbols[right].id != merge->right)
      continue; /* one of the two has been merged since */
    symbols[left].id = merge->merged_plus_1 - 1;
    symbols[right].length = 0;
    symbols[left].next = symbols[right].next;
    if (symbols[left].next != LM_NO_SYMBOL)
      symbols[symbols[left].next].previous = left;
    if (!push_pair (tokenizer, scratch, symbols[left].previous, left) ||
        !push_pair (tokenizer, scratch, left, symbols[left].next))
      return false;
  }
  for (uint32_t i = n == 0 ? LM_NO_SYMBOL : 0; i != LM_NO_SYMBOL; i = symbols[i].next) {
    if (!lm_token_list_push (list, (lm_token) symbols[i].id))
      return false;
  }
  return true;
}

/* The token that is the whole word, for vocabularies that look there first. */
static lm_token
find_word (const lm_tokenizer *tokenizer, lm_scratch *scratch, const char *word, size_t length)
{
  if (length > tokenizer->max_text_length)
    return LM_TOKEN_NONE;
  length = lm_bpe_encode_bytes (word, length, scratch->text);
  return lm_tokenizer_find_plain (tokenizer, scratch->text, length);
}

bool
lm_bpe_encode (const lm_tokenizer *tokenizer,
               lm_scratch *scratch,
               const char *text,
               size_t length,
               lm_token_list *list)
{
  lm_word_walk walk;
  size_t start, end;

  if (tokenizer->pretokenizer->ignores_merges &&
      !LM_RESERVE (&scratch->text, &scratch->text_capacity,
                   2 * (size_t) tokenizer->max_text_length + 2))
    return false;
  lm_word_walk_init (&walk, tokenizer->pretokenizer, text, length);
  while (lm_word_walk_next (&walk, &start, &end)) {
    lm_token token = LM_TOKEN_NONE;
    bool is_fine;

    if (tokenizer->pretokenizer->ignores_merges)
      token = find_word (tokenizer, scratch, text + start, end - start);
    if (token != LM_TOKEN_NONE)
      is_fine = lm_token_list_push (list, token);
    else if (end - start <= SHORT_WORD)
      is_fine = encode_short (tokenizer, text + start, end - start, list);
    else
      is_fine = encode_long (tokenizer, scratch, text + start, end - start, list);
    if (!is_fine)
      return false;
  }
  return true;
}
