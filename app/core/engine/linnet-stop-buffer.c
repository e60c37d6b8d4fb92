/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetStopBuffer: the earliest stop, and the longest end of the text that may become one. */
#include "engine/linnet-stop-buffer.h"

#include <string.h>

void
linnet_stop_buffer_init (LinnetStopBuffer *self, const char *const *stops)
{
  self->stops = stops != NULL && stops[0] != NULL ? g_strdupv ((char **) stops) : NULL;
  self->held = g_string_new (NULL);
}

void
linnet_stop_buffer_clear (LinnetStopBuffer *self)
{
  g_clear_pointer (&self->stops, g_strfreev);
  if (self->held != NULL)
    g_string_free (self->held, TRUE);
  self->held = NULL;
}

/* Where the first stop in text begins; NULL: there is none. */
static const char *
find_stop (LinnetStopBuffer *self, const char *text)
{
  const char *first = NULL;

  for (guint i = 0; self->stops[i] != NULL; i++) {
    const char *found = self->stops[i][0] != '\0' ? strstr (text, self->stops[i]) : NULL;

    if (found != NULL && (first == NULL || found < first))
      first = found;
  }
  return first;
}

/* Bytes at the end of text that are the beginning of a stop. */
static gsize
count_open (LinnetStopBuffer *self, const GString *text)
{
  gsize most = 0;

  for (guint i = 0; self->stops[i] != NULL; i++) {
    gsize length = strlen (self->stops[i]);

    for (gsize n = MIN (length, text->len + 1) - (length > 0); n > most; n--)
      if (n <= text->len && memcmp (text->str + text->len - n, self->stops[i], n) == 0) {
        most = n;
        break;
      }
  }
  return most;
}

gboolean
linnet_stop_buffer_filter (LinnetStopBuffer *self, GString *text)
{
  const char *stop;
  gsize n_open;

  if (self->stops == NULL)
    return FALSE;
  g_string_prepend_len (text, self->held->str, (gssize) self->held->len);
  g_string_truncate (self->held, 0);
  stop = find_stop (self, text->str);
  if (stop != NULL) {
    g_string_truncate (text, (gsize) (stop - text->str));
    return TRUE;
  }
  n_open = count_open (self, text);
  g_string_append_len (self->held, text->str + text->len - n_open, (gssize) n_open);
  g_string_truncate (text, text->len - n_open);
  return FALSE;
}

void
linnet_stop_buffer_flush (LinnetStopBuffer *self, GString *text)
{
  g_string_append_len (text, self->held->str, (gssize) self->held->len);
  g_string_truncate (self->held, 0);
}
