/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cutting text into the words inside which byte-level BPE merges.
 *
 * The regular expressions are written out by hand: no engine, no backtracking, one look at each
 * character or two. A byte that is no UTF-8 counts as a symbol, so it stays in the text. */
#include "tokenizer/pretokenize.h"

#include <stdint.h>
#include <string.h>

#include "tokenizer/unicode.h"

/* Where the run of characters of a class that begins at start stops. */
static size_t
skip_class (const char *text, size_t start, size_t end, lm_char_class class)
{
  while (start < end) {
    size_t next;

    if (lm_unicode_next (text, start, end, &next) != class)
      break;
    start = next;
  }
  return start;
}

/* [^\s\p{L}\p{N}]* */
static size_t
skip_symbols (const char *text, size_t start, size_t end)
{
  while (start < end) {
    size_t next;
    lm_char_class class = lm_unicode_next (text, start, end, &next);

    if (class != LM_CHAR_OTHER && class != LM_CHAR_PUNCTUATION)
      break;
    start = next;
  }
  return start;
}

/* 's|'t|'re|'ve|'m|'ll|'d: its length, or 0. */
static size_t
contraction_length (const char *text, size_t start, size_t end, bool any_case)
{
  char first, second;

  if (text[start] != '\'' || end - start < 2)
    return 0;
  first = text[start + 1];
  second = end - start > 2 ? text[start + 2] : '\0';
  if (any_case) {
    first |= first >= 'A' && first <= 'Z' ? 0x20 : 0;
    second |= second >= 'A' && second <= 'Z' ? 0x20 : 0;
  }
  if (first == 's' || first == 't' || first == 'm' || first == 'd')
    return 2;
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
      (first == 'l' && second == 'l'))
    return 3;
  return 0;
}

/* \s+(?!\S)|\s+, with \s*[\r\n]+ before them when ends_at_newline. text[start] is a space. */
static size_t
split_spaces (const char *text, size_t start, size_t end, bool ends_at_newline)
{
  size_t after_newline = 0;
  size_t last = start; /* where the last space of the run begins */
  size_t position = start;

  while (position < end) {
    size_t next;

    if (lm_unicode_next (text, position, end, &next) != LM_CHAR_SPACE)
      break;
    last = position;
    if (text[position] == '\r' || text[position] == '\n')
      after_newline = next;
    position = next;
  }
  if (ends_at_newline && after_newline > 0)
    return after_newline;
  return position < end && last > start ? last : position;
}

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
static size_t
split_gpt2 (const char *text, size_t start, size_t end)
{
  size_t length = contraction_length (text, start, end, false);
  size_t first = start + (text[start] == ' ' && end - start > 1);
  size_t next;
  lm_char_class class;

  if (length > 0)
    return start + length;
  class = lm_unicode_next (text, first, end, &next);
  if (class == LM_CHAR_SPACE)
    return split_spaces (text, start, end, false);
  if (class == LM_CHAR_LETTER || class == LM_CHAR_NUMBER)
    return skip_class (text, next, end, class);
  return skip_symbols (text, next, end);
}

/* (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,max_digits}|
 * ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
static size_t
split_modern (const char *text, size_t start, size_t end, int max_digits)
{
  size_t length = contraction_length (text, start, end, true);
  bool is_newline = text[start] == '\r' || text[start] == '\n';
  size_t next, after;
  lm_char_class class, following;

  if (length > 0)
    return start + length;
  class = lm_unicode_next (text, start, end, &next);
  if (class == LM_CHAR_LETTER)
    return skip_class (text, next, end, LM_CHAR_LETTER);
  if (class == LM_CHAR_NUMBER) {
    for (int i = 1; i < max_digits && next < end; i++) {
      if (lm_unicode_next (text, next, end, &after) != LM_CHAR_NUMBER)
        break;
      next = after;
    }
    return next;
  }
  following = next < end ? lm_unicode_next (text, next, end, &after) : LM_CHAR_SPACE;
  if (following == LM_CHAR_LETTER && !is_newline)
    return skip_class (text, after, end, LM_CHAR_LETTER);
  if (class == LM_CHAR_SPACE &&
      (text[start] != ' ' || following == LM_CHAR_SPACE || following == LM_CHAR_NUMBER))
    return split_spaces (text, start, end, true);
  next = skip_symbols (text, next, end);
  while (next < end && (text[next] == '\r' || text[next] == '\n'))
    next++;
  return next;
}

static size_t
split_llama3 (const char *text, size_t start, size_t end)
{
  return split_modern (text, start, end, 3);
}

static size_t
split_qwen2 (const char *text, size_t start, size_t end)
{
  return split_modern (text, start, end, 1);
}

/* What does not match splits off as well: here the text up to the next number. */
static size_t
skip_to_number (const char *text, size_t start, size_t end)
{
  while (start < end) {
    size_t next;

    if (lm_unicode_next (text, start, end, &next) == LM_CHAR_NUMBER)
      break;
    start = next;
  }
  return start;
}

/* \p{N} */
static size_t
split_digits (const char *text, size_t start, size_t end)
{
  size_t next;

  if (lm_unicode_next (text, start, end, &next) == LM_CHAR_NUMBER)
    return next;
  return skip_to_number (text, next, end);
}

/* \p{N}+ */
static size_t
split_numbers (const char *text, size_t start, size_t end)
{
  size_t next;

  if (lm_unicode_next (text, start, end, &next) == LM_CHAR_NUMBER)
    return skip_class (text, next, end, LM_CHAR_NUMBER);
  return skip_to_number (text, next, end);
}

/* [\p{P}\$\+<=>\^~\|]+ */
static size_t
split_punctuation (const char *text, size_t start, size_t end)
{
  bool is_first = true;
  bool is_run = false;

  while (start < end) {
    size_t next;
    bool matches = lm_unicode_next (text, start, end, &next) == LM_CHAR_PUNCTUATION ||
                   (text[start] != '\0' && strchr ("$+<=>^~|", text[start]) != NULL);

    if (!is_first && matches != is_run)
      break;
    is_run = matches;
    is_first = false;
    start = next;
  }
  return start;
}

static bool
is_triple (const char *text, size_t start, size_t end)
{
  if (end - start < 3)
    return false;
  for (size_t i = start; i < start + 3; i++) {
    if (text[i] < '0' || text[i] > '9')
      return false;
  }
  return true;
}

/* [0-9][0-9][0-9] */
static size_t
split_triples (const char *text, size_t start, size_t end)
{
  if (is_triple (text, start, end))
    return start + 3;
  while (start < end && !is_triple (text, start, end))
    start++;
  return start;
}

static const lm_pretokenizer pretokenizers[] = {
  { "default", { split_punctuation, split_gpt2, split_numbers, split_triples }, false, false },
  { "gpt-2", { split_gpt2 }, false, false },
  { "smollm", { split_digits, split_gpt2 }, false, false },
  { "qwen2", { split_qwen2 }, false, false },
  { "deepseek-r1-qwen", { split_qwen2 }, false, false },
  { "llama-bpe", { split_llama3 }, true, true },
  { "llama3", { split_llama3 }, true, true },
  { "llama-v3", { split_llama3 }, true, true },
  { "falcon3", { split_llama3 }, true, true },
};

const lm_pretokenizer *
lm_pretokenizer_find (const char *name, size_t length)
{
  for (size_t i = 0; i < sizeof pretokenizers / sizeof pretokenizers[0]; i++) {
    const lm_pretokenizer *pretokenizer = &pretokenizers[i];

    if (strlen (pretokenizer->name) == length && memcmp (pretokenizer->name, name, length) == 0)
      return pretokenizer;
  }
  return NULL;
}

void
lm_word_walk_init (lm_word_walk *walk,
                   const lm_pretokenizer *pretokenizer,
                   const char *text,
                   size_t length)
{
  *walk = (lm_word_walk) { .pretokenizer = pretokenizer, .text = text };
  walk->ends[0] = length;
  while (walk->n_stages < LM_PRETOKENIZER_MAX_STAGES &&
         pretokenizer->stages[walk->n_stages] != NULL)
    walk->n_stages++;
}

/* A stage cuts a new piece when the position has reached the end of its last one, so every stage
 * looks at each character only as often as it would alone. */
bool
lm_word_walk_next (lm_word_walk *walk, size_t *start, size_t *end)
{
  if (walk->position >= walk->ends[0])
    return false;
  for (size_t i = 0; i < walk->n_stages; i++) {
    if (walk->position >= walk->ends[i + 1])
      walk->ends[i + 1] = walk->pretokenizer->stages[i](walk->text, walk->position, walk->ends[i]);
  }
  *start = walk->position;
  *end = walk->ends[walk->n_stages];
  walk->position = *end;
  return true;
}
