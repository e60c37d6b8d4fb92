/* SPDX-License-Identifier: GPL-3.0-or-later
 * Characters in pieces come out whole, and what is none comes out as U+FFFD. */
#include <glib.h>
#include <string.h>

#include "engine/linnet-utf8-buffer.h"

#define R "\357\277\275"

static const char text[] = "aé中𝄞~ñ🙂文\n߿ࠀ￿𐀀􏿿!";

/* bytes in pieces that end at cuts[0], cuts[1], …, length. */
static char *
decode (const char *bytes, gsize length, const gsize *cuts, guint n_cuts)
{
  LinnetUtf8Buffer buffer = { 0 };
  g_autoptr (GString) out = g_string_new (NULL);
  gsize start = 0;

  for (guint i = 0; i <= n_cuts; i++) {
    gsize end = i < n_cuts ? cuts[i] : length;

    linnet_utf8_buffer_append (&buffer, bytes + start, end - start, out);
    g_assert_true (g_utf8_validate_len (out->str, out->len, NULL));
    start = end;
  }
  linnet_utf8_buffer_flush (&buffer, out);
  g_assert_true (g_utf8_validate_len (out->str, out->len, NULL));
  return g_strndup (out->str, out->len);
}

static void
assert_all_splits (const char *bytes, gsize length, const char *expected)
{
  for (gsize first = 0; first <= length; first++) {
    for (gsize second = first; second <= length; second++) {
      const gsize cuts[] = { first, second };
      g_autofree char *out = decode (bytes, length, cuts, G_N_ELEMENTS (cuts));

      g_assert_cmpstr (out, ==, expected);
    }
  }
}

static void
test_every_split (void)
{
  assert_all_splits (text, strlen (text), text);
}

static void
test_byte_by_byte (void)
{
  LinnetUtf8Buffer buffer = { 0 };
  g_autoptr (GString) out = g_string_new (NULL);
  gsize length = strlen (text);

  for (gsize i = 0; i < length; i++) {
    const char *end;

    linnet_utf8_buffer_append (&buffer, text + i, 1, out);
    /* All that is whole is there at once, and no more. */
    g_utf8_validate_len (text, i + 1, &end);
    g_assert_cmpmem (out->str, out->len, text, (gsize) (end - text));
  }
}

static void
test_every_character (void)
{
  LinnetUtf8Buffer buffer = { 0 };
  g_autoptr (GString) out = g_string_new (NULL);

  for (gunichar c = 1; c <= 0x10ffff; c++) {
    char bytes[6];
    int length;

    if (c >= 0xd800 && c <= 0xdfff)
      continue;
    length = g_unichar_to_utf8 (c, bytes);
    for (int i = 0; i < length; i++) {
      g_assert_cmpuint (out->len, ==, 0);
      linnet_utf8_buffer_append (&buffer, bytes + i, 1, out);
    }
    g_assert_cmpmem (out->str, out->len, bytes, length);
    g_string_truncate (out, 0);
  }
}

/* The first four are tables 3-8 to 3-11 of The Unicode Standard, version 15. */
static const struct {
  const char *bytes;
  gsize length;
  const char *expected;
} invalid[] = {
  { "\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", 9, R R R R R R R R "A" },
  { "\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", 9, R R R R R R R R "A" },
  { "\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", 9, R R R R R "A" R R "B" },
  { "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", 9, R R R R "A" },
  { "\xe4\xb8", 2, R },
  { "x\xf0\x9f\x99", 4, "x" R },
  { "\xe4\xb8\xe4\xb8\xad", 5, R "中" },
  { "\xc3\xc3\xa9", 3, R "é" },
  { "a\0b", 3, "a" R "b" },
  { "\xe4\0\xad", 3, R R R },
  { "\xf5\x80\x80\x80", 4, R R R R },
  { "\xc1\x81", 2, R R },
};

static void
test_invalid (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (invalid); i++)
    assert_all_splits (invalid[i].bytes, invalid[i].length, invalid[i].expected);
}

static void
test_random_bytes (void)
{
  for (int i = 0; i < 20000; i++) {
    char bytes[24];
    gsize cut = (gsize) g_test_rand_int_range (0, sizeof bytes + 1);
    g_autofree char *whole = NULL;
    g_autofree char *pieces = NULL;

    for (gsize j = 0; j < sizeof bytes; j++)
      bytes[j] = (char) g_test_rand_int_range (0, 256);
    whole = decode (bytes, sizeof bytes, NULL, 0);
    pieces = decode (bytes, sizeof bytes, &cut, 1);
    g_assert_cmpstr (whole, ==, pieces);
  }
}

static void
test_flush_empties (void)
{
  LinnetUtf8Buffer buffer = { 0 };
  g_autoptr (GString) out = g_string_new (NULL);

  linnet_utf8_buffer_flush (&buffer, out);
  g_assert_cmpstr (out->str, ==, "");
  linnet_utf8_buffer_append (&buffer, "\xe4\xb8", 2, out);
  g_assert_cmpstr (out->str, ==, "");
  linnet_utf8_buffer_flush (&buffer, out);
  g_assert_cmpstr (out->str, ==, R);
  linnet_utf8_buffer_append (&buffer, "\xad", 1, out);
  linnet_utf8_buffer_append (&buffer, "b", 1, out);
  linnet_utf8_buffer_flush (&buffer, out);
  g_assert_cmpstr (out->str, ==, R R "b");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/utf8-buffer/every-split", test_every_split);
  g_test_add_func ("/utf8-buffer/byte-by-byte", test_byte_by_byte);
  g_test_add_func ("/utf8-buffer/every-character", test_every_character);
  g_test_add_func ("/utf8-buffer/invalid", test_invalid);
  g_test_add_func ("/utf8-buffer/random-bytes", test_random_bytes);
  g_test_add_func ("/utf8-buffer/flush-empties", test_flush_empties);
  return g_test_run ();
}
