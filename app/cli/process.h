/* SPDX-License-Identifier: GPL-3.0-or-later
 * Running another program to its end, whatever it does: its output and its time are limited. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct {
  char *output;     /* all of stdout, terminated */
  gsize length;     /* bytes of it */
  char *last_words; /* the last lines on stderr that say something, as one line of UTF-8, or NULL */
} CliProcessResult;

void cli_process_result_clear (CliProcessResult *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliProcessResult, cli_process_result_clear)

/* Blocks; not for a thread whose main context is running. When it is cancelled, takes longer than
 * timeout_seconds or writes more than max_output bytes, it is killed with what it has started. The
 * error is G_IO_ERROR_CANCELLED or a sentence for people; a failing exit status is one too. */
gboolean cli_process_run (const char *const *command,
                          guint timeout_seconds,
                          gsize max_output,
                          GCancellable *cancellable,
                          CliProcessResult *result,
                          GError **error);

G_END_DECLS
