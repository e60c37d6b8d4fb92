/* SPDX-License-Identifier: GPL-3.0-or-later
 * Messages on stderr. */
#include "cli.h"

#include <glib/gi18n.h>
#include <stdio.h>

static void
complain_valist (const char *format, va_list arguments)
{
  g_autofree char *text = NULL;

  text = g_strdup_vprintf (format, arguments);
  fprintf (stderr, "linnet-cli: %s\n", text);
}

void
cli_complain (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  complain_valist (format, arguments);
  va_end (arguments);
}

int
cli_usage (const char *command, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  complain_valist (format, arguments);
  va_end (arguments);
  if (command != NULL)
    fprintf (stderr, _ ("Try “linnet-cli %s --help”.\n"), command);
  else
    fprintf (stderr, "%s\n", _ ("Try “linnet-cli --help”."));
  return CLI_USAGE;
}

int
cli_fail (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return CLI_INTERRUPTED;
  cli_complain ("%s", error->message);
  return CLI_FAILED;
}

static gboolean
has_colours (void)
{
  const char *refusal = g_getenv ("NO_COLOR");

  return (refusal == NULL || refusal[0] == '\0') && g_log_writer_supports_color (fileno (stderr));
}

void
cli_note (const char *format, ...)
{
  g_autofree char *text = NULL;
  gboolean colours = has_colours ();
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  fprintf (stderr, "%s%s%s\n", colours ? "\033[2m" : "", text, colours ? "\033[0m" : "");
}

void
cli_show_progress (const char *what, double fraction)
{
  if (!g_log_writer_supports_color (fileno (stderr)))
    return;
  if (fraction < 1)
    fprintf (stderr, "\r%s %d %%\033[K", what, (int) (fraction * 100));
  else
    fputs ("\r\033[K", stderr);
  fflush (stderr);
}
