/* SPDX-License-Identifier: GPL-3.0-or-later
 * The line that says how a pull is going. */
#include "library/linnet-pull-status.h"

#include <glib/gi18n-lib.h>

/* "about 3 minutes left"; transfer full. */
static char *
format_time_left (double seconds)
{
  guint n;

  if (seconds < 60) {
    n = MAX ((guint) seconds, 1);
    return g_strdup_printf (ngettext ("about %u second left", "about %u seconds left", n), n);
  }
  if (seconds < 90 * 60) {
    n = (guint) (seconds / 60 + 0.5);
    return g_strdup_printf (ngettext ("about %u minute left", "about %u minutes left", n), n);
  }
  n = (guint) MIN (seconds / 3600 + 0.5, 9999);
  return g_strdup_printf (ngettext ("about %u hour left", "about %u hours left", n), n);
}

static char *
format_amount (LinnetPull *self)
{
  g_autofree char *done = g_format_size (linnet_pull_get_bytes_done (self));
  g_autofree char *total = g_format_size (linnet_pull_get_bytes_total (self));

  if (linnet_pull_get_bytes_total (self) == 0)
    return g_steal_pointer (&done);
  /* Translators: sizes, "1.2 GB of 1.9 GB" */
  return g_strdup_printf (_ ("%s of %s"), done, total);
}

static char *
format_progress (LinnetPull *self)
{
  g_autofree char *amount = format_amount (self);
  g_autoptr (GString) line = g_string_new (amount);
  double rate = linnet_pull_get_rate (self);
  double left = linnet_pull_get_seconds_left (self);

  if (rate > 0) {
    g_autofree char *size = g_format_size ((guint64) rate);

    /* Translators: a size in each second, "12 MB/s" */
    g_string_append (line, " · ");
    g_string_append_printf (line, _ ("%s/s"), size);
  }
  if (left >= 0) {
    g_autofree char *time = format_time_left (left);

    g_string_append_printf (line, " · %s", time);
  }
  return g_string_free (g_steal_pointer (&line), FALSE);
}

char *
linnet_pull_format_status (LinnetPull *self)
{
  g_autofree char *amount = NULL;

  switch (linnet_pull_get_state (self)) {
  case LINNET_PULL_RESOLVING:
    return g_strdup (_ ("Asking the registry…"));
  case LINNET_PULL_FETCHING:
    return format_progress (self);
  case LINNET_PULL_PAUSED:
    if (linnet_pull_get_bytes_total (self) == 0)
      return g_strdup (_ ("Paused"));
    amount = format_amount (self);
    return g_strdup_printf (_ ("Paused · %s"), amount);
  case LINNET_PULL_VERIFYING:
    return g_strdup (_ ("Checking that every byte is right…"));
  case LINNET_PULL_DONE:
    return g_strdup (_ ("Ready"));
  case LINNET_PULL_FAILED:
    return g_strdup (linnet_pull_get_error (self)->message);
  case LINNET_PULL_CANCELLED:
    return g_strdup (_ ("Cancelled"));
  case LINNET_PULL_IDLE:
  default:
    return g_strdup ("");
  }
}
