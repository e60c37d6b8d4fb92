/* SPDX-License-Identifier: GPL-3.0-or-later
 * UTF-8 characters and the few classes of them that pre-tokenizers tell apart. */
#include "tokenizer/unicode.h"

#include "util/utf8.h"

/* The last range that begins at or before character. */
lm_char_class
lm_unicode_get_class (uint32_t character)
{
  uint32_t low = 0;
  uint32_t high = lm_unicode_n_ranges;

  if (character >= 0x4e00 && character <= 0x9fff)
    return LM_CHAR_LETTER;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;

    if (lm_unicode_ranges[middle] >> 3 <= character)
      low = middle;
    else
      high = middle;
  }
  return (lm_char_class) (lm_unicode_ranges[low] & 7);
}

static lm_char_class
ascii_class (unsigned char byte)
{
  if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z')
    return LM_CHAR_LETTER;
  if (byte == ' ' || (byte >= '\t' && byte <= '\r'))
    return LM_CHAR_SPACE;
  if (byte >= '0' && byte <= '9')
    return LM_CHAR_NUMBER;
  return lm_unicode_get_class (byte);
}

lm_char_class
lm_unicode_next (const char *text, size_t start, size_t end, size_t *character_end)
{
  const unsigned char *bytes = (const unsigned char *) text + start;
  size_t length;
  uint32_t character;

  if (bytes[0] < 0x80) {
    *character_end = start + 1;
    return ascii_class (bytes[0]);
  }
  length = lm_utf8_char_length (text + start, end - start);
  if (length < 2) {
    *character_end = start + 1;
    return LM_CHAR_OTHER;
  }
  character = bytes[0] & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; i++)
    character = character << 6 | (bytes[i] & 0x3f);
  *character_end = start + length;
  return lm_unicode_get_class (character);
}
