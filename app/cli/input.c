/* SPDX-License-Identifier: GPL-3.0-or-later
 * Standard input, whole or a line at a time beside the main loop, and Ctrl+C. */
#include "input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#ifdef G_OS_UNIX
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>
#else
#include <io.h>
#define isatty _isatty
#define read   _read
#endif

struct CliLines {
  CliLineFunc func;
  gpointer user_data;
  GString *buffer; /* bytes read and not handed out yet */
  guint source;    /* 0 unless a line was asked for */
  gboolean ended;
};

static GString *
read_stream (FILE *stream, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char block[65536];
  gsize n;

  while ((n = fread (block, 1, sizeof block, stream)) > 0)
    g_string_append_len (text, block, (gssize) n);
  if (ferror (stream)) {
    int code = errno;

    g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (code), g_strerror (code));
    return NULL;
  }
  return g_steal_pointer (&text);
}

GString *
cli_read_input (GError **error)
{
  return read_stream (stdin, error);
}

GString *
cli_read_file (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;

  if (g_str_equal (path, "-"))
    return cli_read_input (error);
  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  return g_string_new_len (text, (gssize) length);
}

/* Takes the first line out of the buffer, or at the end of input what is left; NULL: not yet. */
static char *
take_line (CliLines *self)
{
  char *newline = memchr (self->buffer->str, '\n', self->buffer->len);
  gsize length = newline != NULL ? (gsize) (newline - self->buffer->str) : self->buffer->len;
  char *line;

  if (newline == NULL && (!self->ended || self->buffer->len == 0))
    return NULL;
  line = g_strndup (self->buffer->str, length);
  g_string_erase (self->buffer, 0, (gssize) (length + (newline != NULL ? 1 : 0)));
  g_strchomp (line);
  return line;
}

/* Hands out a line, or the end, if there is one. */
static gboolean
hand_out (CliLines *self)
{
  g_autofree char *line = take_line (self);

  if (line == NULL && !self->ended)
    return FALSE;
  self->source = 0;
  self->func (line, self->user_data);
  return TRUE;
}

static gboolean
readable_cb (GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
  CliLines *self = user_data;
  char block[4096];
  gssize n = read (fileno (stdin), block, sizeof block);

  if (n > 0)
    g_string_append_len (self->buffer, block, n);
  else if (n == 0 || (errno != EINTR && errno != EAGAIN))
    self->ended = TRUE;
  return hand_out (self) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static gboolean
buffered_cb (gpointer user_data)
{
  hand_out (user_data);
  return G_SOURCE_REMOVE;
}

CliLines *
cli_lines_new (CliLineFunc func, gpointer user_data)
{
  CliLines *self = g_new0 (CliLines, 1);

  self->func = func;
  self->user_data = user_data;
  self->buffer = g_string_new (NULL);
  return self;
}

void
cli_lines_free (CliLines *self)
{
  if (self == NULL)
    return;
  g_clear_handle_id (&self->source, g_source_remove);
  g_string_free (self->buffer, TRUE);
  g_free (self);
}

void
cli_lines_ask (CliLines *self)
{
  g_autoptr (GIOChannel) channel = NULL;

  g_return_if_fail (self->source == 0);

  if (self->ended || memchr (self->buffer->str, '\n', self->buffer->len) != NULL) {
    self->source = g_idle_add (buffered_cb, self);
    return;
  }
#ifdef G_OS_UNIX
  channel = g_io_channel_unix_new (fileno (stdin));
#else
  channel = g_io_channel_win32_new_fd (fileno (stdin));
#endif
  self->source = g_io_add_watch (channel, G_IO_IN | G_IO_HUP | G_IO_ERR, readable_cb, self);
}

gboolean
cli_input_is_terminal (void)
{
  return isatty (fileno (stdin));
}

gboolean
cli_output_is_terminal (void)
{
  return isatty (fileno (stdout));
}

guint
cli_watch_interrupt (GSourceFunc func, gpointer user_data)
{
#ifdef G_OS_UNIX
  return g_unix_signal_add (SIGINT, func, user_data);
#else
  return 0;
#endif
}
