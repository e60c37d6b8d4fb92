/* SPDX-License-Identifier: GPL-3.0-or-later
 * One connection of a download: asks for a range, follows redirects with its own eyes, and believes
 * an answer only as far as it makes sense. Main thread, asynchronous. */
#include "library/linnet-download-private.h"

#include <string.h>

#include "library/linnet-address.h"

#define CHUNK_BYTES       (256 * 1024)
#define MAX_REDIRECTS     10
#define TOO_MANY_REQUESTS 429 /* RFC 6585; libsoup has no name for it */

struct _LinnetTransfer {
  SoupSession *session;
  GUri *origin; /* where the first request goes */
  GUri *uri;    /* where the present one goes */
  guint64 start, end;
  LinnetTransferEvents events;
  gpointer user_data;

  GCancellable *cancellable;
  SoupMessage *message;
  GInputStream *stream;
  char *linked_etag;
  guint n_redirects;
  guint64 n_told, n_left; /* of what head told */
  gboolean is_told;       /* head was */
  gboolean is_waiting;    /* for the server, and not for us */
  gboolean is_over;       /* no event any more */
  gint64 heard_us;        /* of the last byte */
  guint stall_seconds;
  guint stall_id;
};

static void transfer_send (LinnetTransfer *self);
static void transfer_read (LinnetTransfer *self);

static void
transfer_clear (gpointer data)
{
  LinnetTransfer *self = data;

  g_assert (self->stall_id == 0);
  g_object_unref (self->session);
  g_uri_unref (self->origin);
  g_uri_unref (self->uri);
  g_object_unref (self->cancellable);
  g_clear_object (&self->message);
  g_clear_object (&self->stream);
  g_free (self->linked_etag);
}

static void
transfer_unref (LinnetTransfer *self)
{
  g_rc_box_release_full (self, transfer_clear);
}

static void
drained_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GBytes) none =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result, NULL);

  (void) none;
  g_input_stream_close_async (G_INPUT_STREAM (object), G_PRIORITY_DEFAULT, NULL, NULL, NULL);
}

/* A body that has been read to its end leaves the connection for the next request, once libsoup
 * sees the end. */
static void
transfer_keep_connection (LinnetTransfer *self)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (self->message);
  goffset length = soup_message_headers_get_content_length (headers);

  if (soup_message_headers_get_encoding (headers) != SOUP_ENCODING_CONTENT_LENGTH ||
      (guint64) length != self->n_told)
    return;
  g_input_stream_read_bytes_async (self->stream, 1, G_PRIORITY_DEFAULT, NULL, drained_cb, NULL);
  g_clear_object (&self->stream);
}

/* The answer has come, and send_cb() not yet. A request cancelled in between is one that libsoup
 * 3.6 believes to have failed: it ends it twice, and uses what it has freed. */
static gboolean
is_about_to_tell (LinnetTransfer *self)
{
  return self->stream == NULL && soup_message_get_status (self->message) != SOUP_STATUS_NONE;
}

/* The connection is closed: what it still has to say is not worth hearing. */
static void
transfer_stop (LinnetTransfer *self)
{
  self->is_over = TRUE;
  g_clear_handle_id (&self->stall_id, g_source_remove);
  if (!is_about_to_tell (self))
    g_cancellable_cancel (self->cancellable);
  if (self->stream != NULL)
    g_input_stream_close_async (self->stream, G_PRIORITY_DEFAULT, self->cancellable, NULL, NULL);
  g_clear_object (&self->stream);
}

/* The last event. The caller of linnet_transfer_start() has self no more. */
static void
transfer_end (LinnetTransfer *self, const GError *error, gboolean is_temporary, guint wait_seconds)
{
  if (self->is_over)
    return;
  if (error == NULL)
    transfer_keep_connection (self);
  transfer_stop (self);
  self->events.done (self->user_data, error, is_temporary, wait_seconds);
  transfer_unref (self);
}

static void
transfer_end_with_nonsense (LinnetTransfer *self)
{
  g_autoptr (GError) error = NULL;

  linnet_download_set_nonsense_error (&error, g_uri_get_host (self->uri));
  transfer_end (self, error, TRUE, 0);
}

static void
transfer_end_with_cause (LinnetTransfer *self, const GError *cause)
{
  g_autoptr (GError) error = NULL;
  gboolean is_temporary = linnet_download_set_network_error (
      &error, cause, soup_message_get_tls_peer_certificate_errors (self->message),
      g_uri_get_host (self->uri));

  transfer_end (self, error, is_temporary, 0);
}

static void
transfer_end_with_redirect (LinnetTransfer *self)
{
  g_autoptr (GError) error = NULL;

  linnet_download_set_redirect_error (&error, g_uri_get_host (self->uri));
  transfer_end (self, error, FALSE, 0);
}

static gboolean
is_same_place (GUri *a, GUri *b)
{
  return g_strcmp0 (g_uri_get_scheme (a), g_uri_get_scheme (b)) == 0 &&
         g_ascii_strcasecmp (g_uri_get_host (a), g_uri_get_host (b)) == 0 &&
         g_uri_get_port (a) == g_uri_get_port (b);
}

static gboolean
stall_cb (gpointer data)
{
  LinnetTransfer *self = data;
  g_autoptr (GError) error = NULL;
  gint64 silent_us = g_get_monotonic_time () - self->heard_us;

  if (!self->is_waiting || silent_us < self->stall_seconds * G_USEC_PER_SEC)
    return G_SOURCE_CONTINUE;
  self->stall_id = 0;
  linnet_download_set_stall_error (&error, g_uri_get_host (self->uri));
  transfer_end (self, error, TRUE, 0);
  return G_SOURCE_REMOVE;
}

static void
wait_for_server (LinnetTransfer *self)
{
  self->is_waiting = TRUE;
  self->heard_us = g_get_monotonic_time ();
}

static void
keep_linked_etag (LinnetTransfer *self, SoupMessageHeaders *headers)
{
  char *digest = linnet_address_dup_linked_sha256 (headers);

  if (digest == NULL)
    return;
  g_free (self->linked_etag);
  self->linked_etag = digest;
}

/* The body. */

static void
read_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  LinnetTransfer *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result, &error);

  self->is_waiting = FALSE;
  if (self->is_over) {
    /* Cancelled. */
  } else if (bytes == NULL) {
    transfer_end_with_cause (self, error);
  } else if (g_bytes_get_size (bytes) == 0) {
    g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, "");
    transfer_end_with_cause (self, error);
  } else {
    gboolean goes_on;

    self->n_left -= g_bytes_get_size (bytes);
    goes_on = self->events.data (self->user_data, bytes);
    if (!self->is_over && self->n_left == 0)
      transfer_end (self, NULL, FALSE, 0);
    else if (!self->is_over && goes_on)
      transfer_read (self);
  }
  transfer_unref (self);
}

/* Never more than head told, however much comes. */
static void
transfer_read (LinnetTransfer *self)
{
  wait_for_server (self);
  g_input_stream_read_bytes_async (self->stream, (gsize) MIN (self->n_left, CHUNK_BYTES),
                                   G_PRIORITY_DEFAULT_IDLE, self->cancellable, read_cb,
                                   g_rc_box_acquire (self));
}

void
linnet_transfer_resume (LinnetTransfer *self)
{
  if (!self->is_over && self->is_told && !self->is_waiting && self->n_left > 0)
    transfer_read (self);
}

/* The answer. */

static void
transfer_redirect (LinnetTransfer *self)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (self->message);
  g_autoptr (GUri) uri =
      linnet_address_follow (self->uri, soup_message_headers_get_one (headers, "Location"));

  keep_linked_etag (self, headers);
  if (uri == NULL || ++self->n_redirects > MAX_REDIRECTS) {
    transfer_end_with_redirect (self);
    return;
  }
  g_uri_unref (self->uri);
  self->uri = g_steal_pointer (&uri);
  transfer_send (self);
}

static void
transfer_refuse (LinnetTransfer *self, guint status)
{
  g_autoptr (GError) error = NULL;
  /* A link of another host may have run out: the next try gets a new one. */
  gboolean is_stale = status == SOUP_STATUS_FORBIDDEN && self->n_redirects > 0;
  gboolean is_temporary = is_stale || status >= 500 || status == TOO_MANY_REQUESTS ||
                          status == SOUP_STATUS_REQUEST_TIMEOUT ||
                          status == SOUP_STATUS_REQUESTED_RANGE_NOT_SATISFIABLE;

  linnet_download_set_status_error (&error, status, g_uri_get_host (self->uri));
  transfer_end (self, error, is_temporary, linnet_transfer_read_wait_seconds (self->message));
}

static void
transfer_accept (LinnetTransfer *self)
{
  g_autoptr (GError) error = NULL;
  LinnetTransferHead head;

  keep_linked_etag (self, soup_message_get_response_headers (self->message));
  if (!linnet_transfer_read_head (self->message, self->start, self->end, &head)) {
    transfer_end_with_nonsense (self);
    return;
  }
  head.linked_etag = self->linked_etag;
  if (!self->events.head (self->user_data, &head, &error)) {
    if (!self->is_over)
      transfer_end (self, error, FALSE, 0);
    return;
  }
  self->is_told = TRUE;
  self->n_told = self->n_left = head.end - head.start;
  transfer_read (self);
}

static void
send_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  LinnetTransfer *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream =
      soup_session_send_finish (SOUP_SESSION (object), result, &error);
  guint status = soup_message_get_status (self->message);

  self->is_waiting = FALSE;
  if (self->is_over) {
    if (stream != NULL)
      g_input_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  } else if (stream == NULL) {
    transfer_end_with_cause (self, error);
  } else if (SOUP_STATUS_IS_REDIRECTION (status)) {
    /* Its body is not looked at: some claim one that never comes. */
    g_input_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
    transfer_redirect (self);
  } else if (status == SOUP_STATUS_OK || status == SOUP_STATUS_PARTIAL_CONTENT) {
    self->stream = g_steal_pointer (&stream);
    transfer_accept (self);
  } else {
    g_input_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
    transfer_refuse (self, status);
  }
  transfer_unref (self);
}

/* A user and password in the address are for its host alone. */
static void
add_credentials (LinnetTransfer *self, SoupMessageHeaders *headers)
{
  const char *user = g_uri_get_user (self->origin);
  const char *password = g_uri_get_password (self->origin);
  g_autofree char *both = NULL, *coded = NULL, *value = NULL;

  if (user == NULL || !is_same_place (self->origin, self->uri))
    return;
  both = g_strdup_printf ("%s:%s", user, password != NULL ? password : "");
  coded = g_base64_encode ((const guchar *) both, strlen (both));
  value = g_strconcat ("Basic ", coded, NULL);
  soup_message_headers_replace (headers, "Authorization", value);
}

/* Each hop is a message of its own: it carries nothing that the one before did not need. */
static void
transfer_send (LinnetTransfer *self)
{
  SoupMessageHeaders *headers;
  g_autofree char *range = self->end > 0
                               ? g_strdup_printf ("bytes=%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT,
                                                  self->start, self->end - 1)
                               : g_strdup_printf ("bytes=%" G_GUINT64_FORMAT "-", self->start);

  g_clear_object (&self->message);
  self->message = soup_message_new_from_uri (SOUP_METHOD_GET, self->uri);
  soup_message_add_flags (self->message, SOUP_MESSAGE_NO_REDIRECT);
  headers = soup_message_get_request_headers (self->message);
  soup_message_headers_replace (headers, "Range", range);
  /* Ranges are of the file, and not of what a server would make of it. */
  soup_message_headers_replace (headers, "Accept-Encoding", "identity");
  add_credentials (self, headers);
  wait_for_server (self);
  soup_session_send_async (self->session, self->message, G_PRIORITY_DEFAULT, self->cancellable,
                           send_cb, g_rc_box_acquire (self));
}

LinnetTransfer *
linnet_transfer_start (SoupSession *session,
                       const char *url,
                       guint64 start,
                       guint64 end,
                       guint stall_seconds,
                       const LinnetTransferEvents *events,
                       gpointer user_data)
{
  LinnetTransfer *self = g_rc_box_new0 (LinnetTransfer);

  self->session = g_object_ref (session);
  self->origin = g_uri_parse (url, SOUP_HTTP_URI_FLAGS | G_URI_FLAGS_HAS_PASSWORD, NULL);
  g_assert (self->origin != NULL);
  self->uri = g_uri_ref (self->origin);
  self->start = start;
  self->end = end;
  self->events = *events;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  self->stall_seconds = stall_seconds;
  self->stall_id = g_timeout_add (MIN (stall_seconds * 250, 1000), stall_cb, self);
  transfer_send (self);
  return self;
}

void
linnet_transfer_cancel (LinnetTransfer *self)
{
  transfer_stop (self);
  transfer_unref (self);
}
