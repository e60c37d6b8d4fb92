/* SPDX-License-Identifier: GPL-3.0-or-later
 * Running another program: its pipes, its end and a clock, on a main context of its own. */
#include "process.h"

#include <glib/gi18n.h>
#include <string.h>
#ifdef G_OS_UNIX
#include <signal.h>
#include <unistd.h>
#endif

#include "cli.h"

#define BLOCK_BYTES      65536
#define STDERR_BYTES     4096 /* of the end of stderr that are kept */
#define N_LAST_LINES     3
#define LAST_WORDS_WIDTH 400 /* columns */

typedef struct {
  GSubprocess *process;
  gint64 pid; /* of the process and its group; it may have ended before its children */
  GCancellable *reading;
  GString *output;
  GString *complaints;
  gsize max_output;
  guint n_pending; /* reads and waits that have not come back */
  /* Why it was killed, if it was. */
  gboolean was_cancelled;
  gboolean was_late;
  gboolean was_talkative;
} Run;

void
cli_process_result_clear (CliProcessResult *self)
{
  g_clear_pointer (&self->output, g_free);
  g_clear_pointer (&self->last_words, g_free);
}

#ifdef G_OS_UNIX
/* In a group of its own, which can be killed as a whole: a wrapper leaves its program behind. */
static void
child_setup (gpointer user_data)
{
  setpgid (0, 0);
}
#endif

static void
stop (Run *run)
{
#ifdef G_OS_UNIX
  if (run->pid > 0)
    kill ((pid_t) -run->pid, SIGKILL);
#endif
  g_subprocess_force_exit (run->process);
  g_cancellable_cancel (run->reading);
}

static gboolean
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  Run *run = user_data;

  run->was_cancelled = TRUE;
  stop (run);
  return G_SOURCE_REMOVE;
}

static gboolean
late_cb (gpointer user_data)
{
  Run *run = user_data;

  run->was_late = TRUE;
  stop (run);
  return G_SOURCE_REMOVE;
}

static void read_output (Run *run, GInputStream *stream);
static void read_complaints (Run *run, GInputStream *stream);

/* Puts what has come behind text; FALSE: nothing more will. */
static gboolean
take (Run *run, GString *text, GObject *stream, GAsyncResult *result)
{
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (stream), result, NULL);

  run->n_pending--;
  if (bytes == NULL || g_bytes_get_size (bytes) == 0)
    return FALSE;
  g_string_append_len (text, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes));
  return TRUE;
}

static void
output_cb (GObject *stream, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;

  if (!take (run, run->output, stream, result))
    return;
  if (run->output->len > run->max_output) {
    run->was_talkative = TRUE;
    stop (run);
    return;
  }
  read_output (run, G_INPUT_STREAM (stream));
}

static void
complaints_cb (GObject *stream, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;

  if (!take (run, run->complaints, stream, result))
    return;
  if (run->complaints->len > STDERR_BYTES)
    g_string_erase (run->complaints, 0, (gssize) (run->complaints->len - STDERR_BYTES));
  read_complaints (run, G_INPUT_STREAM (stream));
}

static void
read_output (Run *run, GInputStream *stream)
{
  run->n_pending++;
  g_input_stream_read_bytes_async (stream, BLOCK_BYTES, G_PRIORITY_DEFAULT, run->reading, output_cb,
                                   run);
}

static void
read_complaints (Run *run, GInputStream *stream)
{
  run->n_pending++;
  g_input_stream_read_bytes_async (stream, BLOCK_BYTES, G_PRIORITY_DEFAULT, run->reading,
                                   complaints_cb, run);
}

static void
ended_cb (GObject *process, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;

  g_subprocess_wait_finish (G_SUBPROCESS (process), result, NULL);
  run->n_pending--;
}

/* The last lines that say something: the cause often stands before the last one. Transfer full;
 * NULL: there is none. */
static char *
find_last_words (const GString *complaints)
{
  g_auto (GStrv) lines = g_strsplit (complaints->str, "\n", -1);
  g_autoptr (GString) words = g_string_new (NULL);
  guint n_found = 0;

  for (guint i = g_strv_length (lines); i > 0 && n_found < N_LAST_LINES; i--) {
    if (g_strstrip (lines[i - 1])[0] == '\0')
      continue;
    if (n_found++ > 0)
      g_string_prepend (words, " · ");
    g_string_prepend (words, lines[i - 1]);
  }
  return n_found > 0 ? cli_fit (words->str, LAST_WORDS_WIDTH) : NULL;
}

static GSource *
attach (GSource *source, GMainContext *context, GSourceFunc func, Run *run)
{
  g_source_set_callback (source, func, run, NULL);
  g_source_attach (source, context);
  return source;
}

static void
run_to_its_end (Run *run, guint timeout_seconds, GCancellable *cancellable, GMainContext *context)
{
  g_autoptr (GSource) clock =
      attach (g_timeout_source_new_seconds (timeout_seconds), context, late_cb, run);
  g_autoptr (GSource) cancellation = attach (g_cancellable_source_new (cancellable), context,
                                             (GSourceFunc) (void *) cancelled_cb, run);

  read_output (run, g_subprocess_get_stdout_pipe (run->process));
  read_complaints (run, g_subprocess_get_stderr_pipe (run->process));
  run->n_pending++;
  g_subprocess_wait_async (run->process, NULL, ended_cb, run);
  while (run->n_pending > 0)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (clock);
  g_source_destroy (cancellation);
}

/* What became of it, once it has ended. */
static gboolean
judge (
    const Run *run, const char *name, guint timeout_seconds, const char *last_words, GError **error)
{
  const char *words = last_words != NULL ? last_words : _ ("none");

  if (run->was_cancelled)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("It was stopped."));
  else if (run->was_late)
    g_set_error (
        error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
        ngettext ("“%s” had not ended after %u second, and was stopped. Give it more with "
                  "--peer-timeout, or choose smaller sizes.",
                  "“%s” had not ended after %u seconds, and was stopped. Give it more with "
                  "--peer-timeout, or choose smaller sizes.",
                  timeout_seconds),
        name, timeout_seconds);
  else if (run->was_talkative)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 _ ("“%s” wrote far more than was expected, and was stopped."), name);
  else if (!g_subprocess_get_if_exited (run->process))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("“%s” was killed. Its last words: %s"),
                 name, words);
  else if (g_subprocess_get_exit_status (run->process) != 0)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                 _ ("“%s” failed with status %d. Its last words: %s"), name,
                 g_subprocess_get_exit_status (run->process), words);
  else
    return TRUE;
  return FALSE;
}

gboolean
cli_process_run (const char *const *command,
                 guint timeout_seconds,
                 gsize max_output,
                 GCancellable *cancellable,
                 CliProcessResult *result,
                 GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GCancellable) reading = g_cancellable_new ();
  g_autoptr (GString) output = g_string_new (NULL);
  g_autoptr (GString) complaints = g_string_new (NULL);
  g_autofree char *name = g_filename_display_basename (command[0]);
  Run run = { .reading = reading, .output = output, .complaints = complaints };
  const char *pid;

  *result = (CliProcessResult) { 0 };
#ifdef G_OS_UNIX
  g_subprocess_launcher_set_child_setup (launcher, child_setup, NULL, NULL);
#endif
  process = g_subprocess_launcher_spawnv (launcher, command, error);
  if (process == NULL)
    return FALSE;
  run.process = process;
  run.max_output = max_output;
  pid = g_subprocess_get_identifier (process);
  run.pid = pid != NULL ? g_ascii_strtoll (pid, NULL, 10) : 0;

  g_main_context_push_thread_default (context);
  run_to_its_end (&run, timeout_seconds, cancellable, context);
  g_main_context_pop_thread_default (context);

  result->last_words = find_last_words (complaints);
  if (!judge (&run, name, timeout_seconds, result->last_words, error))
    return FALSE;
  result->length = output->len;
  result->output = g_string_free (g_steal_pointer (&output), FALSE);
  return TRUE;
}
