/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli pull: gets a model, with a bar on a terminal. */
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "cli.h"
#include "input.h"
#include "library/linnet-pull-list.h"

#define BAR_WIDTH 24

typedef struct {
  GMainLoop *loop;
  LinnetPull *pull; /* borrowed */
  gboolean shows_bar;
  gboolean was_interrupted;
  LinnetPullState told; /* the last state that a line was printed for */
} Pulling;

static void
clear_line (Pulling *pulling)
{
  if (pulling->shows_bar)
    fputs ("\r\033[K", stderr);
}

/* On a terminal: "[#####-----] 1.2 GB of 1.9 GB · …" in place. */
static void
show_bar (Pulling *pulling)
{
  guint64 total = linnet_pull_get_bytes_total (pulling->pull);
  double fraction =
      total > 0 ? (double) linnet_pull_get_bytes_done (pulling->pull) / (double) total : 0;
  guint filled = (guint) (CLAMP (fraction, 0.0, 1.0) * BAR_WIDTH);
  g_autoptr (GString) bar = g_string_new ("\r\033[K");

  if (linnet_pull_get_state (pulling->pull) == LINNET_PULL_FETCHING && total > 0) {
    g_string_append_c (bar, '[');
    for (guint i = 0; i < BAR_WIDTH; i++)
      g_string_append_c (bar, i < filled ? '#' : '-');
    g_string_append_printf (bar, "] %3.0f %%  ", fraction * 100);
  }
  fprintf (stderr, "%s%s", bar->str, linnet_pull_get_status (pulling->pull));
  fflush (stderr);
}

static void
status_cb (LinnetPull *pull, GParamSpec *pspec, gpointer user_data)
{
  Pulling *pulling = user_data;
  LinnetPullState state = linnet_pull_get_state (pull);

  if (state == LINNET_PULL_FAILED || state == LINNET_PULL_DONE || state == LINNET_PULL_CANCELLED)
    return;
  if (pulling->shows_bar) {
    show_bar (pulling);
  } else if (state != pulling->told) {
    pulling->told = state;
    cli_note ("%s", linnet_pull_get_status (pull));
  }
}

static gboolean
is_over (Pulling *pulling)
{
  LinnetPullState state = linnet_pull_get_state (pulling->pull);

  return state == LINNET_PULL_DONE || state == LINNET_PULL_FAILED ||
         (state == LINNET_PULL_PAUSED && pulling->was_interrupted);
}

static void
state_cb (LinnetPull *pull, GParamSpec *pspec, gpointer user_data)
{
  Pulling *pulling = user_data;

  if (is_over (pulling))
    g_main_loop_quit (pulling->loop);
}

/* Ctrl+C pauses, and what is paused ends the program. */
static gboolean
interrupt_cb (gpointer user_data)
{
  Pulling *pulling = user_data;

  pulling->was_interrupted = TRUE;
  linnet_pull_pause (pulling->pull);
  /* What cannot be paused, such as the last check, need not be waited for. */
  if (linnet_pull_get_state (pulling->pull) != LINNET_PULL_PAUSED)
    g_main_loop_quit (pulling->loop);
  return G_SOURCE_CONTINUE;
}

static int
tell_end (Pulling *pulling)
{
  LinnetPull *pull = pulling->pull;

  clear_line (pulling);
  if (linnet_pull_get_state (pull) == LINNET_PULL_DONE) {
    LinnetLibraryModel *model = linnet_pull_get_model (pull);

    printf (_ ("“%s” is ready: linnet-cli chat %s\n"), linnet_library_model_get_title (model),
            linnet_library_model_get_name (model));
    return CLI_OK;
  }
  if (linnet_pull_get_state (pull) == LINNET_PULL_FAILED)
    return cli_fail (linnet_pull_get_error (pull));
  if (linnet_pull_get_bytes_done (pull) > 0) {
    g_autofree char *done = g_format_size (linnet_pull_get_bytes_done (pull));

    cli_note (_ ("Stopped. %s are kept: “linnet-cli pull %s” goes on from there."), done,
              linnet_pull_get_name (pull));
  } else {
    cli_note (_ ("Stopped."));
  }
  return CLI_INTERRUPTED;
}

static int
pull_model (const char *const *references)
{
  g_autoptr (LinnetLibrary) library = cli_open_library ();
  g_autoptr (LinnetPullList) list = linnet_pull_list_new (library);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  LinnetPull *pull;
  Pulling pulling = { .loop = loop, .shows_bar = g_log_writer_supports_color (fileno (stderr)) };
  guint interrupt;
  int status;

  pull = linnet_pull_list_add (list, references, &error);
  if (pull == NULL)
    return cli_fail (error);
  /* Done, it leaves the list. */
  pulling.pull = g_object_ref (pull);
  interrupt = cli_watch_interrupt (interrupt_cb, &pulling);
  g_signal_connect (pull, "notify::status", G_CALLBACK (status_cb), &pulling);
  g_signal_connect (pull, "notify::state", G_CALLBACK (state_cb), &pulling);
  if (!is_over (&pulling))
    g_main_loop_run (loop);
  status = tell_end (&pulling);
  g_signal_handlers_disconnect_by_data (pull, &pulling);
  g_clear_handle_id (&interrupt, g_source_remove);
  g_object_unref (pull);
  return status;
}

int
cli_run_pull (char **arguments)
{
  g_auto (GStrv) references = NULL;
  const GOptionEntry entries[] = { { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY,
                                     &references, NULL, NULL },
                                   G_OPTION_ENTRY_NULL };
  int status;

  if (!cli_parse (
          arguments, entries, NULL, _ ("NAME…"),
          _ ("Gets a model by its name, such as “qwen2.5:3b”, "
             "“hf.co/OWNER/NAME:Q4_K_M”, “modelscope.cn/OWNER/NAME:Q4_K_M” or a link to a "
             "GGUF file. Further names are other sources of the same model. What an earlier "
             "pull has fetched is not fetched again."),
          &status))
    return status;
  if (references == NULL)
    return cli_usage ("pull", "%s", _ ("Name the model to get, such as “qwen2.5:3b”."));
  return pull_model ((const char *const *) references);
}
