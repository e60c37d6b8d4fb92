/* SPDX-License-Identifier: GPL-3.0-or-later
 * What an answer's head says of the bytes behind it, believed only as far as it makes sense. */
#include "library/linnet-download-private.h"

#include <string.h>

#define MAX_WAIT_SECONDS 60

/* An ETag that promises the same bytes; NULL: none. */
static const char *
get_strong_etag (SoupMessageHeaders *headers)
{
  const char *etag = soup_message_headers_get_one (headers, "ETag");

  if (etag == NULL || etag[0] != '"' || strlen (etag) < 3 || strlen (etag) > 256)
    return NULL;
  return etag;
}

guint
linnet_transfer_read_wait_seconds (SoupMessage *message)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  const char *text = soup_message_headers_get_one (headers, "Retry-After");
  guint64 seconds;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT, &seconds, NULL))
    return 0;
  return (guint) MIN (seconds, MAX_WAIT_SECONDS);
}

gboolean
linnet_transfer_read_head (SoupMessage *message,
                           guint64 asked_start,
                           guint64 asked_end,
                           LinnetTransferHead *head)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  const char *encoding = soup_message_headers_get_one (headers, "Content-Encoding");
  goffset start, end, total;

  *head = (LinnetTransferHead) { .status = soup_message_get_status (message),
                                 .etag = get_strong_etag (headers) };
  if (encoding != NULL && g_ascii_strcasecmp (encoding, "identity") != 0)
    return FALSE;
  if (head->status == SOUP_STATUS_OK) {
    /* What does not say how long it is might have no end. */
    if (soup_message_headers_get_encoding (headers) != SOUP_ENCODING_CONTENT_LENGTH)
      return FALSE;
    total = soup_message_headers_get_content_length (headers);
    head->end = head->total = (guint64) total;
    return total > 0;
  }
  if (!soup_message_headers_get_content_range (headers, &start, &end, &total))
    return FALSE;
  if (start < 0 || end < start || total <= end || (guint64) start != asked_start ||
      (asked_end > 0 && (guint64) end >= asked_end))
    return FALSE;
  head->start = (guint64) start;
  head->end = (guint64) end + 1;
  head->total = (guint64) total;
  return TRUE;
}
