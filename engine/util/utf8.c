/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text from outside made fit to show. */
#include "util/utf8.h"

#include <stdint.h>
#include <string.h>

size_t
lm_utf8_char_length (const char *text, size_t length)
{
  const unsigned char *c = (const unsigned char *) text;
  size_t n;

  if (length == 0)
    return 0;
  if (c[0] < 0x80)
    return 1;
  if (c[0] < 0xc2 || c[0] > 0xf4)
    return 0;
  n = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
  if (n > length)
    return 0;
  for (size_t i = 1; i < n; i++) {
    if ((c[i] & 0xc0) != 0x80)
      return 0;
  }
  if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
      (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
    return 0;
  return n;
}

/* C0, DEL and C1, the last as two bytes. */
static bool
is_control (const char *character, size_t length)
{
  unsigned char first = (unsigned char) character[0];

  if (length == 1)
    return first < 0x20 || first == 0x7f;
  return length == 2 && first == 0xc2 && (unsigned char) character[1] < 0xa0;
}

size_t
lm_utf8_repair (const char *text, size_t length, bool replace_controls, char *buffer, size_t size)
{
  size_t total = 0;
  size_t written = 0;
  bool full = size == 0;

  for (size_t i = 0; i < length;) {
    const char *piece = text + i;
    size_t n = lm_utf8_char_length (piece, length - i);

    i += n > 0 ? n : 1;
    if (n == 0 || *piece == '\0') {
      piece = "\xef\xbf\xbd";
      n = 3;
    } else if (replace_controls && is_control (piece, n)) {
      piece = " ";
      n = 1;
    }
    full = full || n >= size - written;
    if (!full) {
      memcpy (buffer + written, piece, n);
      written += n;
    }
    total += n;
  }
  if (size > 0)
    buffer[written] = '\0';
  return total;
}
