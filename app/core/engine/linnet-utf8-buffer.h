/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetUtf8Buffer: makes whole UTF-8 characters of bytes that come in pieces, because a token may
 * end in the middle of a character. One thread at a time. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Zero-initialised is empty; owns nothing. */
typedef struct {
  guint8 bytes[4];  /* the beginning of a character, valid so far */
  guint8 n_bytes;   /* of it, that are there */
  guint8 n_missing; /* of it, that are still to come */
} LinnetUtf8Buffer;

/* Appends to text the characters that length bytes complete, and holds back what they begin. Each
 * maximal part of a character that turns out to be none, and each NUL, becomes one U+FFFD, so that
 * text is always valid UTF-8 without NUL. */
void
linnet_utf8_buffer_append (LinnetUtf8Buffer *self, const char *bytes, gsize length, GString *text);

/* No more bytes come: what is held back becomes U+FFFD. self is empty afterwards. */
void linnet_utf8_buffer_flush (LinnetUtf8Buffer *self, GString *text);

G_END_DECLS
