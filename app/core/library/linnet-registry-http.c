/* SPDX-License-Identifier: GPL-3.0-or-later
 * Small answers over HTTP: one request at a time, each redirect checked. */
#include "library/linnet-registry-http.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "library/linnet-address.h"
#include "library/linnet-http-session.h"
#include "library/linnet-library.h"

#define TOTAL_SECONDS  60
#define MAX_REDIRECTS  6
#define MAX_TRIES      3
#define RETRY_SLICE_US (50 * 1000)
#define RETRY_SLICES   10 /* before the second try, doubled before the third */
#define BLOCK_BYTES    (16 * 1024)
#define MAX_FILE_BYTES ((gint64) 1 << 46)

/* One request with its redirects. */
typedef struct {
  SoupMessage *message; /* owned */
  GInputStream *body;   /* owned */
  char *linked_sha256;  /* owned; told by any host on the way */
  guint64 linked_bytes;
  gboolean is_unsafe; /* who answers is not to be believed */
} Exchange;

static void
exchange_clear (Exchange *self)
{
  g_clear_object (&self->body);
  g_clear_object (&self->message);
  g_clear_pointer (&self->linked_sha256, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Exchange, exchange_clear)

static gboolean fail (GError **error, int code, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
fail (GError **error, int code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  if (error != NULL)
    *error = g_error_new_valist (LINNET_LIBRARY_ERROR, code, format, arguments);
  va_end (arguments);
  return FALSE;
}

static gboolean
fail_status (SoupMessage *message, GError **error)
{
  const char *host = g_uri_get_host (soup_message_get_uri (message));
  guint status = soup_message_get_status (message);

  if (status == 404)
    return fail (error, LINNET_LIBRARY_ERROR_NOT_FOUND,
                 _ ("“%s” has no such model. Check how its name is written."), host);
  if (status == 401 || status == 403)
    return fail (
        error, LINNET_LIBRARY_ERROR_REGISTRY,
        _ ("“%s” does not give this model to everyone: it wants a login, or there is no such "
           "model. Check its name, or choose another source."),
        host);
  if (status == 429)
    return fail (error, LINNET_LIBRARY_ERROR_REGISTRY,
                 _ ("“%s” was asked too often. Try again in a few minutes."), host);
  return fail (error, LINNET_LIBRARY_ERROR_REGISTRY,
               _ ("“%s” could not answer (HTTP status %u). Try again later."), host, status);
}

/* A failure of the connection, as a sentence. */
static void
translate (Exchange *self, const GError *failure, GError **error)
{
  const char *host = g_uri_get_host (soup_message_get_uri (self->message));
  GTlsCertificateFlags problems = soup_message_get_tls_peer_certificate_errors (self->message);
  g_autofree char *unsafe = linnet_http_explain_tls (failure, problems, host);

  self->is_unsafe = unsafe != NULL;
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_error_copy (failure));
  else if (self->is_unsafe)
    fail (error, LINNET_LIBRARY_ERROR_REGISTRY, "%s", unsafe);
  else if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    fail (error, LINNET_LIBRARY_ERROR_REGISTRY,
          _ ("“%s” does not answer. Check the connection to the Internet and try again."), host);
  else
    fail (error, LINNET_LIBRARY_ERROR_REGISTRY,
          _ ("“%s” cannot be reached: %s. Check the connection to the Internet and try again."),
          host, failure->message);
}

/* Where a redirect leads, if one may go there. Transfer full. */
static char *
resolve_redirect (SoupMessage *message, GError **error)
{
  GUri *from = soup_message_get_uri (message);
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  g_autoptr (GUri) to =
      linnet_address_follow (from, soup_message_headers_get_one (headers, "Location"));

  if (to == NULL) {
    fail (error, LINNET_LIBRARY_ERROR_REGISTRY,
          _ ("“%s” leads on to an address that is not safe, so it is not followed."),
          g_uri_get_host (from));
    return NULL;
  }
  return g_uri_to_string (to);
}

/* Hosts that keep large files elsewhere say what they are before they lead there. */
static void
note_link (Exchange *self)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (self->message);
  const char *size = soup_message_headers_get_one (headers, "X-Linked-Size");

  if (self->linked_sha256 != NULL)
    return;
  self->linked_sha256 = linnet_address_dup_linked_sha256 (headers);
  if (self->linked_sha256 == NULL)
    return;
  if (size == NULL ||
      !g_ascii_string_to_unsigned (size, 10, 1, MAX_FILE_BYTES, &self->linked_bytes, NULL))
    self->linked_bytes = 0;
}

/* Sends a request, and others where it leads. No credentials are ever sent. */
static gboolean
follow (SoupSession *session,
        const char *url,
        const char *accept,
        const char *range,
        Exchange *self,
        GCancellable *cancellable,
        GError **error)
{
  g_autofree char *here = g_strdup (url);

  for (guint i = 0; i <= MAX_REDIRECTS; i++) {
    g_autoptr (GError) failure = NULL;
    SoupMessageHeaders *headers;

    g_clear_object (&self->body);
    g_clear_object (&self->message);
    self->message = soup_message_new ("GET", here);
    if (self->message == NULL || !linnet_address_may_ask (soup_message_get_uri (self->message)))
      return fail (error, LINNET_LIBRARY_ERROR_REGISTRY,
                   _ ("“%s” is no address that can be asked."), here);
    soup_message_add_flags (self->message,
                            SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_DO_NOT_USE_AUTH_CACHE);
    headers = soup_message_get_request_headers (self->message);
    soup_message_headers_replace (headers, "Accept-Encoding", "identity");
    if (accept != NULL)
      soup_message_headers_replace (headers, "Accept", accept);
    if (range != NULL)
      soup_message_headers_replace (headers, "Range", range);
    self->body = soup_session_send (session, self->message, cancellable, &failure);
    if (self->body == NULL) {
      translate (self, failure, error);
      return FALSE;
    }
    note_link (self);
    if (!SOUP_STATUS_IS_REDIRECTION (soup_message_get_status (self->message)))
      return TRUE;
    /* Its body is not read: some claim one that never comes. */
    {
      g_autofree char *next = resolve_redirect (self->message, error);

      if (next == NULL)
        return FALSE;
      g_set_str (&here, next);
    }
  }
  return fail (error, LINNET_LIBRARY_ERROR_REGISTRY,
               _ ("“%s” leads from one address to the next without an end."),
               g_uri_get_host (soup_message_get_uri (self->message)));
}

static GBytes *
read_body (Exchange *self, gsize max_bytes, GCancellable *cancellable, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  gint64 deadline_us = g_get_monotonic_time () + (gint64) TOTAL_SECONDS * G_USEC_PER_SEC;
  const char *host = g_uri_get_host (soup_message_get_uri (self->message));
  guint8 block[BLOCK_BYTES];

  for (;;) {
    g_autoptr (GError) failure = NULL;
    gssize n = g_input_stream_read (self->body, block, sizeof block, cancellable, &failure);

    if (n < 0) {
      translate (self, failure, error);
      return NULL;
    }
    if (n == 0)
      return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
    if ((gsize) n > max_bytes - bytes->len) {
      fail (error, LINNET_LIBRARY_ERROR_REGISTRY,
            _ ("The answer of “%s” is far too long to make sense."), host);
      return NULL;
    }
    g_byte_array_append (bytes, block, (guint) n);
    if (g_get_monotonic_time () > deadline_us) {
      fail (error, LINNET_LIBRARY_ERROR_REGISTRY,
            _ ("“%s” answers too slowly. Try again later, or choose another source."), host);
      return NULL;
    }
  }
}

static GBytes *
get_once (SoupSession *session,
          const char *url,
          const char *accept,
          gsize max_bytes,
          gboolean *may_help,
          GCancellable *cancellable,
          GError **error)
{
  g_auto (Exchange) exchange = { 0 };
  guint status;

  *may_help = TRUE;
  if (!follow (session, url, accept, NULL, &exchange, cancellable, error)) {
    *may_help = !exchange.is_unsafe;
    return NULL;
  }
  status = soup_message_get_status (exchange.message);
  if (status != 200) {
    *may_help = status >= 500;
    fail_status (exchange.message, error);
    return NULL;
  }
  return read_body (&exchange, max_bytes, cancellable, error);
}

/* Waits before try number i, 1 the first again. */
static void
wait_before (guint i, GCancellable *cancellable)
{
  for (guint n = 0; n < RETRY_SLICES * i && !g_cancellable_is_cancelled (cancellable); n++)
    g_usleep (RETRY_SLICE_US);
}

GBytes *
linnet_http_get (SoupSession *session,
                 const char *url,
                 const char *accept,
                 gsize max_bytes,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (GError) failure = NULL;

  for (guint i = 0; i < MAX_TRIES; i++) {
    gboolean may_help;
    GBytes *bytes;

    g_clear_error (&failure);
    bytes = get_once (session, url, accept, max_bytes, &may_help, cancellable, &failure);
    if (bytes != NULL)
      return bytes;
    if (!may_help || g_cancellable_is_cancelled (cancellable))
      break;
    if (i + 1 < MAX_TRIES)
      wait_before (i + 1, cancellable);
  }
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}

/* The whole size, from whichever header tells it; 0: none does. */
static guint64
get_total (SoupMessage *message)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  goffset first;
  goffset last;
  goffset total = 0;

  if (soup_message_get_status (message) == 206) {
    if (!soup_message_headers_get_content_range (headers, &first, &last, &total) || first != 0)
      return 0;
  } else if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH) {
    total = soup_message_headers_get_content_length (headers);
  }
  return total > 0 && total <= MAX_FILE_BYTES ? (guint64) total : 0;
}

gboolean
linnet_http_probe (SoupSession *session,
                   const char *url,
                   LinnetHttpFile *file,
                   GCancellable *cancellable,
                   GError **error)
{
  g_auto (Exchange) exchange = { 0 };
  g_autoptr (GError) failure = NULL;
  gsize n_read = 0;
  guint status;

  if (!follow (session, url, NULL, "bytes=0-3", &exchange, cancellable, error))
    return FALSE;
  status = soup_message_get_status (exchange.message);
  if (status != 200 && status != 206)
    return fail_status (exchange.message, error);
  if (!g_input_stream_read_all (exchange.body, file->magic, sizeof file->magic, &n_read,
                                cancellable, &failure)) {
    translate (&exchange, failure, error);
    return FALSE;
  }
  if (n_read < sizeof file->magic)
    memset (file->magic, 0, sizeof file->magic);
  file->bytes = exchange.linked_bytes > 0 ? exchange.linked_bytes : get_total (exchange.message);
  file->sha256 = g_steal_pointer (&exchange.linked_sha256);
  /* What is left of a whole file must not be read to the end when the stream is closed. */
  soup_session_abort (session);
  return TRUE;
}
