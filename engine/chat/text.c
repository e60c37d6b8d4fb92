/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text operations that templates use, as Python defines them. */
#include <string.h>

#include "chat/internal.h"
#include "util/utf8.h"

lm_slice
lm_chat_slice (const char *text)
{
  return (lm_slice) { .data = text, .length = text != NULL ? strlen (text) : 0 };
}

/* Whether the well-formed character c of n bytes is white space to str.isspace(). */
static bool
is_space (const unsigned char *c, size_t n)
{
  unsigned code;

  switch (n) {
  case 1:
    return (c[0] >= 0x09 && c[0] <= 0x0d) || (c[0] >= 0x1c && c[0] <= 0x20);
  case 2:
    code = (c[0] & 0x1fu) << 6 | (c[1] & 0x3fu);
    return code == 0x85 || code == 0xa0;
  case 3:
    code = (c[0] & 0x0fu) << 12 | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu);
    return code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
  default:
    return false;
  }
}

static lm_slice
strip_left (lm_slice text)
{
  while (text.length > 0) {
    size_t n = lm_utf8_char_length (text.data, text.length);

    if (n == 0 || !is_space ((const unsigned char *) text.data, n))
      break;
    text.data += n;
    text.length -= n;
  }
  return text;
}

lm_slice
lm_chat_strip_right (lm_slice text)
{
  while (text.length > 0) {
    size_t n = 1;

    while (n < 4 && n < text.length && ((unsigned char) text.data[text.length - n] & 0xc0) == 0x80)
      n++;
    if (lm_utf8_char_length (text.data + text.length - n, n) != n ||
        !is_space ((const unsigned char *) text.data + text.length - n, n))
      break;
    text.length -= n;
  }
  return text;
}

lm_slice
lm_chat_strip (lm_slice text)
{
  return strip_left (lm_chat_strip_right (text));
}

lm_slice
lm_chat_strip_lines_left (lm_slice text)
{
  while (text.length > 0 && text.data[0] == '\n') {
    text.data++;
    text.length--;
  }
  return text;
}

lm_slice
lm_chat_strip_lines_right (lm_slice text)
{
  while (text.length > 0 && text.data[text.length - 1] == '\n')
    text.length--;
  return text;
}

bool
lm_chat_find (lm_slice text, const char *part, size_t *position)
{
  size_t length = strlen (part);

  for (size_t i = 0; length <= text.length && i <= text.length - length; i++) {
    if (memcmp (text.data + i, part, length) == 0) {
      *position = i;
      return true;
    }
  }
  return false;
}

bool
lm_chat_find_last (lm_slice text, const char *part, size_t *position)
{
  size_t length = strlen (part);

  for (size_t i = text.length; i >= length; i--) {
    if (memcmp (text.data + i - length, part, length) == 0) {
      *position = i - length;
      return true;
    }
  }
  return false;
}

lm_slice
lm_chat_after_last (lm_slice text, const char *part)
{
  size_t position;

  if (lm_chat_find_last (text, part, &position)) {
    text.data += position + strlen (part);
    text.length -= position + strlen (part);
  }
  return text;
}
