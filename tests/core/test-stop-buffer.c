/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetStopBuffer: stops are found however the text is cut, and nothing else is kept back. */
#include "engine/linnet-stop-buffer.h"

#include <string.h>

/* Feeds text in pieces of random sizes. Transfer full. */
static char *
feed (const char *const *stops, const char *text, gboolean *is_stopped)
{
  LinnetStopBuffer buffer = { 0 };
  GString *answer = g_string_new (NULL);
  gsize length = strlen (text);

  *is_stopped = FALSE;
  linnet_stop_buffer_init (&buffer, stops);
  for (gsize at = 0; at < length && !*is_stopped;) {
    gsize wanted = (gsize) g_test_rand_int_range (1, 5);
    gsize n = MIN (wanted, length - at);
    g_autoptr (GString) piece = g_string_new_len (text + at, (gssize) n);

    *is_stopped = linnet_stop_buffer_filter (&buffer, piece);
    g_string_append (answer, piece->str);
    at += n;
  }
  if (!*is_stopped)
    linnet_stop_buffer_flush (&buffer, answer);
  linnet_stop_buffer_clear (&buffer);
  return g_string_free (answer, FALSE);
}

static void
test_pieces (void)
{
  static const char *const stops[] = { "<|end|>", "##", "aab", NULL };
  static const struct {
    const char *text;
    const char *answer;
    gboolean is_stopped;
  } cases[] = {
    { "hello", "hello", FALSE },
    { "hello<|end|>more", "hello", TRUE },
    { "a < b <| c", "a < b <| c", FALSE },
    { "x#y##z", "x#y", TRUE },
    { "<|end", "<|end", FALSE },
    { "aaaab", "aa", TRUE },
    { "##", "", TRUE },
    { "鸟##", "鸟", TRUE },
    { "aab##", "", TRUE },
    { "", "", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint n = 0; n < 100; n++) {
      gboolean is_stopped;
      g_autofree char *answer = feed (stops, cases[i].text, &is_stopped);

      g_assert_cmpstr (answer, ==, cases[i].answer);
      g_assert_true (is_stopped == cases[i].is_stopped);
    }
}

static void
test_none (void)
{
  static const char *const empty[] = { NULL };
  gboolean is_stopped;
  g_autofree char *first = feed (NULL, "anything", &is_stopped);
  g_autofree char *second = feed (empty, "anything", &is_stopped);

  g_assert_cmpstr (first, ==, "anything");
  g_assert_cmpstr (second, ==, "anything");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stop-buffer/pieces", test_pieces);
  g_test_add_func ("/stop-buffer/none", test_none);
  return g_test_run ();
}
