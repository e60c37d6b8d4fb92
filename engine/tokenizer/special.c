/* SPDX-License-Identifier: GPL-3.0-or-later
 * Special tokens in a text. The longest is looked for first, in the whole text, then the next in
 * what is left: an earlier but shorter one that overlaps it gives way. */
#include <stdlib.h>
#include <string.h>

#include "tokenizer/internal.h"

typedef struct {
  lm_slice text;
  uint32_t value; /* token or index: what is sorted */
} sort_item;

static int
compare_longest_first (const void *a, const void *b)
{
  const sort_item *left = a;
  const sort_item *right = b;

  if (left->text.length != right->text.length)
    return left->text.length > right->text.length ? -1 : 1;
  return left->value < right->value ? -1 : left->value > right->value;
}

static int
compare_text (const void *a, const void *b)
{
  const sort_item *left = a;
  const sort_item *right = b;
  size_t shorter = left->text.length < right->text.length ? left->text.length : right->text.length;
  int order = memcmp (left->text.data, right->text.data, shorter);

  if (order != 0)
    return order;
  return left->text.length < right->text.length ? -1 : left->text.length > right->text.length;
}

static bool
is_special (const lm_tokenizer *tokenizer, uint32_t token)
{
  uint8_t type = tokenizer->types[token];

  return tokenizer->texts[token].length > 0 &&
         (type == LM_TOKEN_CONTROL || type == LM_TOKEN_UNKNOWN || type == LM_TOKEN_USER_DEFINED);
}

bool
lm_specials_init (lm_tokenizer *tokenizer)
{
  sort_item *items;
  uint32_t n = 0;

  for (uint32_t i = 0; i < tokenizer->n_tokens; i++)
    tokenizer->n_specials += is_special (tokenizer, i);
  items = calloc (tokenizer->n_specials + 1, sizeof *items);
  tokenizer->specials =
      lm_tokenizer_alloc (tokenizer, tokenizer->n_specials, sizeof *tokenizer->specials);
  tokenizer->specials_by_text =
      lm_tokenizer_alloc (tokenizer, tokenizer->n_specials, sizeof *tokenizer->specials_by_text);
  if (items == NULL || tokenizer->specials == NULL || tokenizer->specials_by_text == NULL) {
    free (items);
    return false;
  }
  for (uint32_t i = 0; i < tokenizer->n_tokens; i++) {
    if (is_special (tokenizer, i))
      items[n++] = (sort_item) { tokenizer->texts[i], i };
  }
  qsort (items, n, sizeof *items, compare_longest_first);
  for (uint32_t i = 0; i < n; i++) {
    tokenizer->specials[i] = (lm_token) items[i].value;
    items[i].value = i;
  }
  qsort (items, n, sizeof *items, compare_text);
  for (uint32_t i = 0; i < n; i++) {
    tokenizer->specials_by_text[i] = items[i].value;
    tokenizer->special_starts[(unsigned char) items[i].text.data[0] + 1]++;
  }
  for (int i = 0; i < 256; i++)
    tokenizer->special_starts[i + 1] += tokenizer->special_starts[i];
  free (items);
  return true;
}

/* Whether a token that lies at [start, end) may be recognised there. stretches: of markup,
 * ascending and not touching. */
static bool
is_allowed (const lm_tokenizer *tokenizer,
            lm_token token,
            const lm_fragment_list *stretches,
            size_t start,
            size_t end)
{
  size_t low = 0;
  size_t high = stretches->n;

  if (tokenizer->types[token] == LM_TOKEN_USER_DEFINED)
    return true;
  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (stretches->items[middle].start <= start)
      low = middle + 1;
    else
      high = middle;
  }
  return low > 0 && end <= stretches->items[low - 1].start + stretches->items[low - 1].length;
}

static bool
append (lm_fragment_list *list, size_t start, size_t length, lm_token token)
{
  if (length == 0)
    return true;
  if (!LM_RESERVE (&list->items, &list->capacity, list->n + 1))
    return false;
  list->items[list->n++] = (lm_fragment) { start, length, token };
  return true;
}

/* First index in [low, high) of specials_by_text whose text has at least byte at depth; all have
 * depth + 1 bytes or more. */
static uint32_t
lower_bound (
    const lm_tokenizer *tokenizer, uint32_t low, uint32_t high, size_t depth, unsigned byte)
{
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    lm_token token = tokenizer->specials[tokenizer->specials_by_text[middle]];

    if ((unsigned char) tokenizer->texts[token].data[depth] < byte)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Marks in present (by index in specials) those that occur in text at start. */
static bool
mark_at (const lm_tokenizer *tokenizer,
         const char *text,
         size_t start,
         size_t length,
         const lm_fragment_list *stretches,
         uint8_t *present)
{
  unsigned byte = (unsigned char) text[start];
  uint32_t low = tokenizer->special_starts[byte];
  uint32_t high = tokenizer->special_starts[byte + 1];
  bool found = false;

  for (size_t depth = 1; low < high; depth++) {
    uint32_t index = tokenizer->specials_by_text[low];
    lm_token token = tokenizer->specials[index];

    if (tokenizer->texts[token].length == depth) {
      if (is_allowed (tokenizer, token, stretches, start, start + depth)) {
        present[index] = true;
        found = true;
      }
      low++;
    }
    if (depth >= length - start)
      break;
    byte = (unsigned char) text[start + depth];
    low = lower_bound (tokenizer, low, high, depth, byte);
    high = lower_bound (tokenizer, low, high, depth, byte + 1);
  }
  return found;
}

/* Cuts every fragment of text at one special token, from list into result (which is emptied). */
static bool
cut (const lm_tokenizer *tokenizer,
     lm_token token,
     const char *text,
     const lm_fragment_list *stretches,
     const lm_fragment_list *list,
     lm_fragment_list *result)
{
  lm_slice name = tokenizer->texts[token];

  result->n = 0;
  for (size_t i = 0; i < list->n; i++) {
    lm_fragment fragment = list->items[i];
    size_t done = fragment.start; /* what is before has been appended */
    size_t position = fragment.start;
    size_t end = fragment.start + fragment.length;

    while (fragment.token == LM_TOKEN_NONE && end - position >= name.length) {
      const char *hit = memchr (text + position, name.data[0], end - position - name.length + 1);

      if (hit == NULL)
        break;
      position = (size_t) (hit - text);
      if (memcmp (hit, name.data, name.length) != 0 ||
          !is_allowed (tokenizer, token, stretches, position, position + name.length)) {
        position++;
        continue;
      }
      if (!append (result, done, position - done, LM_TOKEN_NONE) ||
          !append (result, position, name.length, token))
        return false;
      position += name.length;
      done = position;
    }
    if (!append (result, done, end - done, fragment.token))
      return false;
  }
  return true;
}

/* The runs of markup, neighbours joined. */
static bool
join_markup (const lm_text_run *runs, size_t n_runs, lm_fragment_list *stretches)
{
  size_t start = 0;
  size_t position = 0;

  for (size_t i = 0; i < n_runs; i++) {
    if (!runs[i].is_markup && runs[i].length > 0) {
      if (!append (stretches, start, position - start, LM_TOKEN_NONE))
        return false;
      start = position + runs[i].length;
    }
    position += runs[i].length;
  }
  return append (stretches, start, position - start, LM_TOKEN_NONE);
}

bool
lm_specials_split (const lm_tokenizer *tokenizer,
                   const char *text,
                   size_t length,
                   const lm_text_run *runs,
                   size_t n_runs,
                   lm_fragment_list *list)
{
  lm_fragment_list stretches = { 0 };
  lm_fragment_list other = { 0 };
  uint8_t *present = calloc (tokenizer->n_specials + 1, 1);
  bool found = false;
  bool is_fine = present != NULL && join_markup (runs, n_runs, &stretches) &&
                 append (list, 0, length, LM_TOKEN_NONE);

  for (size_t i = 0; is_fine && i < length; i++)
    found |= mark_at (tokenizer, text, i, length, &stretches, present);
  for (uint32_t i = 0; is_fine && found && i < tokenizer->n_specials; i++) {
    lm_fragment_list swapped;

    if (!present[i])
      continue;
    is_fine = cut (tokenizer, tokenizer->specials[i], text, &stretches, list, &other);
    swapped = *list;
    *list = other;
    other = swapped;
  }
  free (present);
  free (stretches.items);
  free (other.items);
  return is_fine;
}
