/* SPDX-License-Identifier: GPL-3.0-or-later
 * A conversation in the terminal, driven by the main loop: load, then ask, stream, ask again. */
#include "talk.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "chat/linnet-chat.h"
#include "cli.h"
#include "input.h"

typedef struct {
  const CliTalkOptions *options; /* borrowed */
  GMainLoop *loop;
  LinnetEngine *engine;
  LinnetChat *chat;
  GCancellable *loading; /* NULL once loaded */
  CliLines *lines;
  int status;
  gboolean at_prompt;
  gboolean has_text;      /* of the answer being written */
  gboolean ends_in_break; /* the answer so far ends with a newline */
  gboolean has_news;      /* the model has in mind what the state file does not hold */
  gboolean saving;
} Talk;

static void
saved_cb (GObject *engine, GAsyncResult *result, gpointer user_data)
{
  Talk *talk = user_data;
  g_autoptr (GError) error = NULL;

  if (!linnet_engine_save_state_finish (LINNET_ENGINE (engine), result, &error)) {
    int status = cli_fail (error);

    talk->status = talk->status != CLI_OK ? talk->status : status;
  }
  g_main_loop_quit (talk->loop);
}

static void
end (Talk *talk, int status)
{
  talk->status = status;
  if (talk->options->state == NULL || !talk->has_news) {
    g_main_loop_quit (talk->loop);
    return;
  }
  talk->saving = TRUE;
  linnet_engine_save_state_async (talk->engine, talk->options->state, saved_cb, talk);
}

/* Prompts go where somebody sees them, and never between the answers of a script. */
static void
ask_next (Talk *talk)
{
  talk->at_prompt = TRUE;
  if (cli_input_is_terminal ()) {
    FILE *stream = cli_output_is_terminal () ? stdout : stderr;

    fputs ("> ", stream);
    fflush (stream);
  }
  cli_lines_ask (talk->lines);
}

static void
text_cb (LinnetGeneration *generation, const char *chunk, gpointer user_data)
{
  Talk *talk = user_data;
  gsize length = strlen (chunk);

  if (length == 0)
    return;
  fputs (chunk, stdout);
  fflush (stdout);
  talk->has_text = TRUE;
  talk->ends_in_break = chunk[length - 1] == '\n';
}

static gboolean
send_question (Talk *talk, const char *question)
{
  talk->has_text = FALSE;
  talk->ends_in_break = FALSE;
  if (!linnet_chat_send (talk->chat, question))
    return FALSE;
  talk->at_prompt = FALSE;
  g_signal_connect (linnet_chat_get_generation (talk->chat), "text", G_CALLBACK (text_cb), talk);
  return TRUE;
}

static void
line_cb (const char *line, gpointer user_data)
{
  Talk *talk = user_data;

  if (line == NULL) {
    if (cli_input_is_terminal ())
      fputs ("\n", cli_output_is_terminal () ? stdout : stderr);
    end (talk, talk->status);
    return;
  }
  if (!g_utf8_validate (line, -1, NULL)) {
    cli_complain (_ ("The question is not valid UTF-8. Type it again."));
    talk->status = CLI_FAILED;
    ask_next (talk);
    return;
  }
  /* An empty line is no question. */
  if (!send_question (talk, line))
    ask_next (talk);
}

static void
failed_cb (LinnetChat *chat, const GError *error, gpointer user_data)
{
  Talk *talk = user_data;

  if (talk->has_text && !talk->ends_in_break)
    putchar ('\n');
  fflush (stdout);
  talk->ends_in_break = TRUE;
  /* At the keyboard one may go on with another question; a script has to know. */
  talk->status = cli_fail (error);
}

static double
per_second (guint n_tokens, double seconds)
{
  return seconds > 0 ? n_tokens / seconds : 0;
}

static void
note_figures (LinnetGeneration *generation)
{
  LinnetGenerationStats stats;
  g_autofree char *written = NULL;
  g_autofree char *guessed = NULL;

  linnet_generation_get_stats (generation, &stats);
  written = g_strdup_printf (
      ngettext ("%u token written", "%u tokens written", stats.decode_tokens), stats.decode_tokens);
  /* Translators: tokens that were guessed from the text so far, and how many of them were right. */
  if (stats.drafted_tokens > 0)
    guessed = g_strdup_printf (
        ngettext (" · %u of %u guess right", " · %u of %u guesses right", stats.drafted_tokens),
        stats.accepted_tokens, stats.drafted_tokens);
  cli_note (_ ("%s, %.1f tokens/s%s · %u read, %.1f tokens/s"), written,
            per_second (stats.decode_tokens, stats.decode_seconds), guessed != NULL ? guessed : "",
            stats.prefill_tokens, per_second (stats.prefill_tokens, stats.prefill_seconds));
}

static void
note_ending (LinnetGeneration *generation)
{
  switch (linnet_generation_get_finish_reason (generation)) {
  case LINNET_FINISH_LENGTH:
    cli_note (_ ("The answer was cut at the length that -n allows."));
    break;
  case LINNET_FINISH_CONTEXT:
    cli_note (_ ("The context is full, so the answer ends here. Begin a new conversation, with a "
                 "larger --ctx if the model allows it."));
    break;
  case LINNET_FINISH_STOPPED:
    cli_note (_ ("Stopped."));
    break;
  case LINNET_FINISH_END:
  case LINNET_FINISH_FAILED:
    break;
  }
}

static void
finished_cb (LinnetChat *chat, LinnetGeneration *generation, gpointer user_data)
{
  Talk *talk = user_data;
  LinnetFinishReason reason = linnet_generation_get_finish_reason (generation);

  g_signal_handlers_disconnect_by_func (generation, text_cb, talk);
  if (reason != LINNET_FINISH_FAILED) {
    talk->has_news = TRUE;
    if (!talk->ends_in_break)
      putchar ('\n');
    fflush (stdout);
    note_figures (generation);
    note_ending (generation);
  }
  if (talk->options->question != NULL)
    end (talk, reason == LINNET_FINISH_STOPPED ? CLI_INTERRUPTED : talk->status);
  else if (talk->status != CLI_OK && !cli_input_is_terminal ())
    end (talk, talk->status);
  else
    ask_next (talk);
}

static void
load_progress_cb (GObject *engine, GParamSpec *pspec, gpointer user_data)
{
  cli_show_progress (_ ("Loading the model…"),
                     linnet_engine_get_load_progress (LINNET_ENGINE (engine)));
}

static void
note_fallback (LinnetModel *model)
{
  if (linnet_model_get_chat_is_fallback (model))
    cli_note (_ ("This model’s chat template is not known, so a common one (ChatML) is used; the "
                 "answers may be odd."));
}

static void
begin (Talk *talk)
{
  if (talk->options->question == NULL)
    ask_next (talk);
  else if (!send_question (talk, talk->options->question))
    end (talk, cli_usage ("chat", "%s", _ ("The question is empty.")));
}

/* A state that does not fit is replaced in the end; what is no state at all is not touched. */
static void
restored_cb (GObject *engine, GAsyncResult *result, gpointer user_data)
{
  Talk *talk = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_filename_display_basename (talk->options->state);
  guint n_tokens;

  if (linnet_engine_restore_state_finish (LINNET_ENGINE (engine), result, &n_tokens, &error)) {
    cli_note (ngettext ("“%s” brings back %u token.", "“%s” brings back %u tokens.", n_tokens),
              name, n_tokens);
  } else if (g_error_matches (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_STATE)) {
    cli_note ("%s", error->message);
  } else {
    end (talk, cli_fail (error));
    return;
  }
  begin (talk);
}

static void
loaded_cb (GObject *engine, GAsyncResult *result, gpointer user_data)
{
  Talk *talk = user_data;
  g_autoptr (GError) error = NULL;

  g_clear_object (&talk->loading);
  g_signal_handlers_disconnect_by_func (engine, load_progress_cb, talk);
  cli_show_progress ("", 1);
  if (!linnet_engine_load_finish (LINNET_ENGINE (engine), result, &error)) {
    end (talk, cli_fail (error));
    return;
  }
  note_fallback (linnet_engine_get_model (talk->engine));
  if (talk->options->state != NULL && g_file_test (talk->options->state, G_FILE_TEST_EXISTS))
    linnet_engine_restore_state_async (talk->engine, talk->options->state, restored_cb, talk);
  else
    begin (talk);
}

/* Ctrl+C: whatever is going on stops; at the prompt that is the program. Saving is not stopped: it
 * is the program that ends already. */
static gboolean
interrupt_cb (gpointer user_data)
{
  Talk *talk = user_data;

  if (talk->loading != NULL) {
    g_cancellable_cancel (talk->loading);
  } else if (linnet_chat_get_busy (talk->chat)) {
    linnet_chat_stop (talk->chat);
  } else if (!talk->saving) {
    fputs ("\n", stderr);
    end (talk, CLI_INTERRUPTED);
  }
  return G_SOURCE_CONTINUE;
}

static void
set_options (Talk *talk)
{
  const CliTalkOptions *options = talk->options;
  LinnetGenerationOptions generation = options->generation;

  linnet_chat_set_system_prompt (talk->chat, options->system);
  if (!options->has_seed)
    generation.seed = ((guint64) g_random_int () << 32) | g_random_int ();
  linnet_chat_set_options (talk->chat, &generation);
  if (options->modelfile != NULL)
    linnet_modelfile_begin (options->modelfile, linnet_chat_get_conversation (talk->chat));
}

int
cli_talk (const CliTalkOptions *options)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (LinnetEngine) engine = linnet_engine_new ();
  g_autoptr (LinnetChat) chat = linnet_chat_new (engine);
  Talk talk = { .options = options, .loop = loop, .engine = engine, .chat = chat };
  guint interrupt = cli_watch_interrupt (interrupt_cb, &talk);

  talk.loading = g_cancellable_new ();
  talk.lines = cli_lines_new (line_cb, &talk);
  set_options (&talk);
  g_signal_connect (chat, "failed", G_CALLBACK (failed_cb), &talk);
  g_signal_connect (chat, "finished", G_CALLBACK (finished_cb), &talk);
  g_signal_connect (engine, "notify::load-progress", G_CALLBACK (load_progress_cb), &talk);
  linnet_engine_load_async (engine, options->model, &options->load, talk.loading, loaded_cb, &talk);
  g_main_loop_run (loop);

  g_signal_handlers_disconnect_by_data (chat, &talk);
  g_clear_handle_id (&interrupt, g_source_remove);
  g_clear_object (&talk.loading);
  cli_lines_free (talk.lines);
  return talk.status;
}
