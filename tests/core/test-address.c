/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which addresses may be asked and followed, of those that somebody chose with care. */
#include "library/linnet-address.h"

#define SHA256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *const GOOD[] = {
  "https://example.org",
  "https://example.org:8443/a?b#c",
  "HTTPS://EXAMPLE.ORG/a",
  "https://example.org./a",
  "https://10.0.0.1/a",
  "https://user:word@example.org/a",
  "http://localhost/a",
  "HTTP://LocalHost:8080/a",
  "http://127.0.0.1:80/a",
  "http://127.255.255.254/a",
  "http://[::1]/a",
  "http://[::1]:8080/a",
  "http://[0:0:0:0:0:0:0:1]/a",
  "http://[0000:0000::0001]/a",
  /* The name before the @ is no place. */
  "http://example.org@localhost/a",
  "http://localhost/a@example.org",
  "http://localhost?@example.org/",
  "http://localhost#@example.org/",
};

static const char *const BAD[] = {
  /* In the open. */
  "http://example.org/a",
  "HTTP://EXAMPLE.ORG/a",
  "http://10.0.0.1/a",
  "http://192.168.0.1/a",
  "http://[fe80::1]/a",
  "http://[2001:db8::1]/a",
  /* Hosts that only look like this computer. */
  "http://localhost.evil.example/a",
  "http://localhost.org/a",
  "http://evil.localhost/a",
  "http://notlocalhost/a",
  "http://localhost@evil.example/a",
  "http://localhost:80@evil.example/a",
  "http://127.0.0.1@evil.example/a",
  "http://127.0.0.1:80@evil.example/a",
  "http://user:localhost@evil.example/a",
  "http://localhost\\@evil.example/a",
  "http://localhost%40evil.example/a",
  "http://localhost%2f.evil.example/a",
  "http://localhost%00.evil.example/a",
  "http://127.0.0.1.evil.example/a",
  "http://127.0.0.1%2eevil.example/a",
  "http://evil.example/?http://localhost/",
  "http://evil.example#@localhost/",
  "http://evil.example/@localhost/",
  /* What may mean this computer, in a spelling that others may read otherwise. */
  "http://localhost./a",
  "http://127.0.0.1./a",
  "http://127.1/a",
  "http://2130706433/a",
  "http://0x7f000001/a",
  "http://0177.0.0.1/a",
  "http://0.0.0.0/a",
  "http://0/a",
  "http://[::]/a",
  "http://[::ffff:127.0.0.1]/a",
  "http://[::ffff:7f00:1]/a",
  "http://[::127.0.0.1]/a",
  "http://[::1].evil.example/a",
  "http://[::1]@evil.example/a",
  "http://[127.0.0.1]/a",
  "http://[localhost]/a",
  "http://[::1/a",
  "http://::1/a",
  /* No host. */
  "http://",
  "http:///a",
  "http://:80/a",
  "http://@/a",
  "https://",
  "https:///a",
  "https://:443/a",
  "https://user@/a",
  "http:localhost",
  "https:example.org",
  /* No scheme, or another. */
  "",
  "/a",
  "//localhost/a",
  "localhost",
  "localhost:8080/a",
  "example.org/a",
  " http://localhost/a",
  "ftp://localhost/a",
  "file:///a",
  "file://localhost/a",
  "data:text/plain,a",
  "javascript:a",
  "ws://localhost/a",
  "httpss://example.org/a",
  "https+http://example.org/a",
};

static void
test_ask (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (GOOD); i++) {
    g_autoptr (GError) error = NULL;

    g_test_message ("%s", GOOD[i]);
    g_assert_true (linnet_address_check (GOOD[i], &error));
    g_assert_no_error (error);
  }
  for (guint i = 0; i < G_N_ELEMENTS (BAD); i++) {
    g_autoptr (GError) error = NULL;

    g_test_message ("%s", BAD[i]);
    g_assert_false (linnet_address_check (BAD[i], &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  }
}

static void
test_follow (void)
{
  static const struct {
    const char *from, *location, *to; /* to: NULL if it is not followed */
  } cases[] = {
    { "https://example.org/a/b", "https://example.net/c", "https://example.net/c" },
    { "https://example.org/a/b", "c?d", "https://example.org/a/c?d" },
    { "https://example.org/a/b", "/c", "https://example.org/c" },
    { "https://example.org/a/b", "//example.net/c", "https://example.net/c" },
    { "https://example.org/a/b", "/c%20d%2Fe", "https://example.org/c%20d%2Fe" },
    { "http://localhost/a", "http://127.0.0.1:8080/b", "http://127.0.0.1:8080/b" },
    { "http://localhost/a", "https://example.org/b", "https://example.org/b" },
    { "http://localhost/a", "b", "http://localhost/b" },
    /* From https to less, even on this computer. */
    { "https://example.org/a", "http://example.org/b", NULL },
    { "https://example.org/a", "http://localhost/b", NULL },
    { "https://localhost/a", "http://localhost/b", NULL },
    { "https://example.org/a", "HTTP://LOCALHOST/b", NULL },
    /* To what is never asked. */
    { "http://localhost/a", "http://example.org/b", NULL },
    { "http://localhost/a", "//example.org/b", NULL },
    { "http://localhost/a", "http://localhost@example.org/b", NULL },
    { "https://example.org/a", "file:///b", NULL },
    { "https://example.org/a", "ftp://example.org/b", NULL },
    { "https://example.org/a", "https:///b", NULL },
    { "https://example.org/a", "https://[::1/b", NULL },
    { "https://example.org/a", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GUri) from = g_uri_parse (cases[i].from, SOUP_HTTP_URI_FLAGS, NULL);
    g_autoptr (GUri) to = linnet_address_follow (from, cases[i].location);
    g_autofree char *text = to != NULL ? g_uri_to_string (to) : NULL;

    g_test_message ("%s", cases[i].location);
    g_assert_cmpstr (text, ==, cases[i].to);
  }
}

static void
test_linked_sha256 (void)
{
  static const char *const bad[] = {
    "",
    "\"",
    "\"\"",
    "W/\"" SHA256 "\"",
    SHA256 "0",
    SHA256 "\"",
    "\"" SHA256,
    "\"" SHA256 "x",
    "\"" SHA256 "\" ; more",
    "sha256:" SHA256,
    "ABCDEF6789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg",
  };
  g_autoptr (SoupMessageHeaders) headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
  g_autofree char *plain = NULL;
  g_autofree char *quoted = NULL;

  g_assert_null (linnet_address_dup_linked_sha256 (headers));
  soup_message_headers_replace (headers, "X-Linked-ETag", SHA256);
  plain = linnet_address_dup_linked_sha256 (headers);
  g_assert_cmpstr (plain, ==, SHA256);
  soup_message_headers_replace (headers, "X-Linked-ETag", "\"" SHA256 "\"");
  quoted = linnet_address_dup_linked_sha256 (headers);
  g_assert_cmpstr (quoted, ==, SHA256);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    soup_message_headers_replace (headers, "X-Linked-ETag", bad[i]);
    g_test_message ("%s", bad[i]);
    g_assert_null (linnet_address_dup_linked_sha256 (headers));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/address/ask", test_ask);
  g_test_add_func ("/address/follow", test_follow);
  g_test_add_func ("/address/linked-sha256", test_linked_sha256);
  return g_test_run ();
}
