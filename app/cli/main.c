/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli: the table of its commands. */
#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "library/linnet-http-session.h"

static const struct {
  const char *name;
  const char *summary;
  CliRun run;
} COMMANDS[] = {
  { "chat", N_ ("Talk with a model"), cli_run_chat },
  { "pull", N_ ("Get a model by its name"), cli_run_pull },
  { "list", N_ ("List the models on this computer"), cli_run_list },
  { "show", N_ ("Show what a model is, and what it is told beforehand"), cli_run_show },
  { "create", N_ ("Make a model of your own from a Modelfile"), cli_run_create },
  { "rm", N_ ("Delete a model"), cli_run_rm },
  { "demo", N_ ("Describe this computer and ask the demo model a question"), cli_run_demo },
  { "machine", N_ ("Say what this computer is, how fast, and what that means for models"),
    cli_run_machine },
  { "tokenize", N_ ("Show the tokens of a text"), cli_run_tokenize },
  { "inspect", N_ ("Show what is in a GGUF file and what memory it needs"), cli_run_inspect },
  { "perplexity", N_ ("Measure how well a model foretells a text"), cli_run_perplexity },
  { "advise", N_ ("Say which model to take on this computer, and why"), cli_run_advise },
  { "bench", N_ ("Measure how fast a model is on this computer"), cli_run_bench },
};

static void
print_raw (const char *text)
{
  fputs (text, stdout);
}

/* Everything is UTF-8, also where the locale is plain "C". */
static void
set_up (void)
{
  const char *locale_dir = g_getenv ("LINNET_LOCALE_DIR"); /* an uninstalled build sets it */

  linnet_http_prepare ();
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, locale_dir != NULL ? locale_dir : LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_print_handler (print_raw);
#ifdef SIGPIPE
  /* A reader that leaves early ends the program quietly, even if the parent ignores the signal. */
  signal (SIGPIPE, SIG_DFL);
#endif
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b (both short). */
static guint
distance (const char *a, const char *b)
{
  gsize rows = strlen (a) + 1;
  gsize columns = strlen (b) + 1;
  g_autofree guint *d = g_new0 (guint, rows * columns);

  for (gsize i = 0; i < rows; i++) {
    for (gsize j = 0; j < columns; j++) {
      guint *here = &d[i * columns + j];
      guint substitution;

      if (i == 0 || j == 0) {
        *here = (guint) (i + j);
        continue;
      }
      substitution = here[-(gssize) columns - 1] + (a[i - 1] != b[j - 1]);
      *here = MIN (MIN (here[-1], here[-(gssize) columns]) + 1, substitution);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        *here = MIN (*here, here[-2 * (gssize) columns - 2] + 1);
    }
  }
  return d[rows * columns - 1];
}

/* The command that was probably meant, or NULL. */
static const char *
suggest (const char *name)
{
  const char *best = NULL;
  guint best_distance = 4;

  if (strlen (name) > 32)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (COMMANDS); i++) {
    guint d = g_str_has_prefix (COMMANDS[i].name, name) ? 1 : distance (name, COMMANDS[i].name);

    if (d < best_distance && d < strlen (COMMANDS[i].name)) {
      best = COMMANDS[i].name;
      best_distance = d;
    }
  }
  return best;
}

static void
print_help (void)
{
  g_autoptr (CliTable) table = cli_table_new ("ll");

  puts (_ ("Usage: linnet-cli COMMAND [OPTION…]"));
  puts (_ ("Run language models on this computer’s processor."));
  puts ("");
  puts (_ ("Commands:"));
  for (guint i = 0; i < G_N_ELEMENTS (COMMANDS); i++)
    cli_table_add (table, COMMANDS[i].name, _ (COMMANDS[i].summary));
  cli_table_print (table, 2);
  puts ("");
  puts (
      _ ("Without --model the demo model is used. “linnet-cli COMMAND --help” explains a command; "
         "--version tells the version."));
}

static int
run (char **arguments)
{
  const char *name = arguments[0];
  const char *suggestion;

  if (name == NULL)
    return cli_usage (NULL, "%s", _ ("A command is missing."));
  if (g_str_equal (name, "--help") || g_str_equal (name, "-h") || g_str_equal (name, "help")) {
    print_help ();
    return CLI_OK;
  }
  if (g_str_equal (name, "--version")) {
    puts ("linnet-cli " VERSION);
    return CLI_OK;
  }
  for (guint i = 0; i < G_N_ELEMENTS (COMMANDS); i++) {
    if (g_str_equal (name, COMMANDS[i].name))
      return COMMANDS[i].run (arguments);
  }
  if (name[0] == '-')
    return cli_usage (NULL, _ ("There is no option “%s” before a command."), name);
  suggestion = suggest (name);
  if (suggestion != NULL)
    return cli_usage (NULL, _ ("There is no command “%s”. Did you mean “%s”?"), name, suggestion);
  return cli_usage (NULL, _ ("There is no command “%s”."), name);
}

int
main (int argc, char **argv)
{
  g_auto (GStrv) arguments = NULL;
  int status;

  set_up ();
#ifdef G_OS_WIN32
  arguments = g_win32_get_command_line ();
#else
  arguments = g_strdupv (argv);
#endif
  status = run (arguments + (arguments[0] != NULL ? 1 : 0));
  if (fflush (stdout) != 0 || ferror (stdout)) {
    cli_complain (_ ("The output could not be written: %s."), g_strerror (errno));
    return CLI_FAILED;
  }
  return status;
}
