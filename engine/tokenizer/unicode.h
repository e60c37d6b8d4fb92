/* SPDX-License-Identifier: GPL-3.0-or-later
 * UTF-8 characters and the few classes of them that pre-tokenizers tell apart. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum {
  LM_CHAR_OTHER = 0, /* everything else: symbols, marks, controls, bytes that are no UTF-8 */
  LM_CHAR_LETTER,
  LM_CHAR_NUMBER,
  LM_CHAR_PUNCTUATION,
  LM_CHAR_SPACE, /* White_Space, line ends included */
} lm_char_class;

/* The table in unicode-data.c. */
extern const uint32_t lm_unicode_n_ranges;
extern const uint32_t lm_unicode_ranges[];

lm_char_class lm_unicode_get_class (uint32_t character);

/* The class of the character at text[start], and where it ends. A byte that belongs to no
 * well-formed character inside [start, end) counts as one character of class OTHER. start < end. */
lm_char_class lm_unicode_next (const char *text, size_t start, size_t end, size_t *character_end);
