/* SPDX-License-Identifier: GPL-3.0-or-later
 * Addresses that may be asked: judged in the form in which libsoup goes there, so that no other
 * reading of a text can be passed off for it. */
#include "library/linnet-address.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "library/linnet-registry-json.h"

#define SHA256_DIGITS 64

/* By name or by number. Other spellings of a number (127.1, 0x7f000001) and of the name (with a
 * dot at the end) are not known here, and so are no loopback. */
static gboolean
is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = NULL;

  if (g_ascii_strcasecmp (host, "localhost") == 0)
    return TRUE;
  address = g_inet_address_new_from_string (host);
  return address != NULL && g_inet_address_get_is_loopback (address);
}

static gboolean
is_https (GUri *uri)
{
  return g_ascii_strcasecmp (g_uri_get_scheme (uri), "https") == 0;
}

gboolean
linnet_address_may_ask (GUri *uri)
{
  const char *host = g_uri_get_host (uri);

  if (host == NULL || host[0] == '\0')
    return FALSE;
  return is_https (uri) ||
         (g_ascii_strcasecmp (g_uri_get_scheme (uri), "http") == 0 && is_loopback (host));
}

gboolean
linnet_address_check (const char *url, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, NULL);

  if (uri != NULL && linnet_address_may_ask (uri))
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                       _ ("Only addresses that begin with “https://” are asked."));
  return FALSE;
}

GUri *
linnet_address_follow (GUri *from, const char *location)
{
  g_autoptr (GUri) to = NULL;

  if (location != NULL)
    to = g_uri_parse_relative (from, location, SOUP_HTTP_URI_FLAGS, NULL);
  if (to == NULL || !linnet_address_may_ask (to) || (is_https (from) && !is_https (to)))
    return NULL;
  return g_steal_pointer (&to);
}

char *
linnet_address_dup_linked_sha256 (SoupMessageHeaders *headers)
{
  const char *tag = soup_message_headers_get_one (headers, "X-Linked-ETag");
  g_autofree char *digest = NULL;

  if (tag == NULL)
    return NULL;
  /* With quotes around it, or with none. */
  if (tag[0] == '"' && strlen (tag) == SHA256_DIGITS + 2 && tag[SHA256_DIGITS + 1] == '"')
    digest = g_strndup (tag + 1, SHA256_DIGITS);
  else
    digest = g_strdup (tag);
  return linnet_registry_is_sha256 (digest) ? g_steal_pointer (&digest) : NULL;
}
