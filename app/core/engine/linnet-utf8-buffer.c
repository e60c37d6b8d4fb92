/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetUtf8Buffer: whole characters from bytes in pieces. */
#include "engine/linnet-utf8-buffer.h"

#define REPLACEMENT_CHARACTER "\357\277\275"

/* Bytes that follow the first one of a character; −1: no character begins so. */
static int
count_following (guint8 byte)
{
  if (byte >= 0xc2 && byte <= 0xdf)
    return 1;
  if (byte >= 0xe0 && byte <= 0xef)
    return 2;
  if (byte >= 0xf0 && byte <= 0xf4)
    return 3;
  return byte > 0 && byte < 0x80 ? 0 : -1;
}

/* Whether byte may follow what is held back. Overlong forms, surrogates and what lies beyond
 * U+10FFFF show in the second byte. */
static gboolean
continues (const LinnetUtf8Buffer *self, guint8 byte)
{
  guint8 low = 0x80, high = 0xbf;

  if (self->n_bytes == 1) {
    switch (self->bytes[0]) {
    case 0xe0:
      low = 0xa0;
      break;
    case 0xed:
      high = 0x9f;
      break;
    case 0xf0:
      low = 0x90;
      break;
    case 0xf4:
      high = 0x8f;
      break;
    default:
      break;
    }
  }
  return byte >= low && byte <= high;
}

void
linnet_utf8_buffer_append (LinnetUtf8Buffer *self, const char *bytes, gsize length, GString *text)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (bytes != NULL || length == 0);
  g_return_if_fail (text != NULL);

  for (gsize i = 0; i < length; i++) {
    guint8 byte = (guint8) bytes[i];
    int n_following;

    if (self->n_missing > 0) {
      if (continues (self, byte)) {
        self->bytes[self->n_bytes++] = byte;
        if (--self->n_missing == 0) {
          g_string_append_len (text, (const char *) self->bytes, self->n_bytes);
          self->n_bytes = 0;
        }
        continue;
      }
      linnet_utf8_buffer_flush (self, text);
    }

    n_following = count_following (byte);
    if (n_following < 0) {
      g_string_append (text, REPLACEMENT_CHARACTER);
    } else if (n_following == 0) {
      g_string_append_c (text, (char) byte);
    } else {
      self->bytes[0] = byte;
      self->n_bytes = 1;
      self->n_missing = (guint8) n_following;
    }
  }
}

void
linnet_utf8_buffer_flush (LinnetUtf8Buffer *self, GString *text)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (text != NULL);

  if (self->n_bytes > 0)
    g_string_append (text, REPLACEMENT_CHARACTER);
  self->n_bytes = 0;
  self->n_missing = 0;
}
