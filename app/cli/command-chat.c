/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli chat: the options of a conversation. */
#include "config.h"

#include <glib/gi18n.h>

#include "advisor/linnet-memory-check.h"
#include "cli.h"
#include "talk.h"

/* As typed; freed by the autoptrs of cli_run_chat(). */
typedef struct {
  char *model;
  char *system;
  char *question;
  char *temperature;
  char *state;
  char *kv;
  char *machine_root;
  gboolean no_lookup;
  gboolean anyway;
  int n_tokens;
  int n_ctx;
  gint64 seed;
  CliCompute compute;
  GStrv names;
} ChatArguments;

static void
clear_arguments (ChatArguments *given)
{
  g_free (given->model);
  g_free (given->system);
  g_free (given->question);
  g_free (given->temperature);
  cli_compute_clear (&given->compute);
  g_free (given->state);
  g_free (given->kv);
  g_free (given->machine_root);
  g_strfreev (given->names);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChatArguments, clear_arguments)

static gboolean
parse (char **arguments, ChatArguments *given, int *status)
{
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &given->model,
      N_ ("The model: a file, or a name as in “linnet-cli list”"), N_ ("FILE") },
    { "system", 's', 0, G_OPTION_ARG_FILENAME, &given->system,
      N_ ("What the model shall know or be (system prompt)"), N_ ("TEXT") },
    { "prompt", 'p', 0, G_OPTION_ARG_FILENAME, &given->question,
      N_ ("Ask this and end; without it, questions are read line by line"), N_ ("TEXT") },
    { "tokens", 'n', 0, G_OPTION_ARG_INT, &given->n_tokens, N_ ("Cut each answer after N tokens"),
      "N" },
    { "temp", 't', 0, G_OPTION_ARG_STRING, &given->temperature,
      N_ ("Temperature: 0 always takes the likeliest token, 0.7 is usual"), "T" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &given->seed,
      N_ ("Seed of the choices: the same seed gives the same answer"), "N" },
    { "ctx", 'c', 0, G_OPTION_ARG_INT, &given->n_ctx,
      N_ ("Context: tokens of the conversation that are kept in mind"), "N" },
    CLI_KV_ENTRY (&given->kv),
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &given->state,
      N_ ("Keep what was read in FILE, so that the next time need not read it again"),
      N_ ("FILE") },
    { "no-lookup", 0, 0, G_OPTION_ARG_NONE, &given->no_lookup,
      N_ ("Do not guess tokens from the text so far (the answers are the same)"), NULL },
    { "anyway", 0, 0, G_OPTION_ARG_NONE, &given->anyway,
      N_ ("Load the model even if too little memory is free for it"), NULL },
    { "machine-root", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &given->machine_root, NULL,
      NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &given->names, NULL, NULL },
    G_OPTION_ENTRY_NULL
  };

  return cli_parse (arguments, entries, &given->compute, _ ("[NAME]"),
                    _ ("Talks with a model. Ctrl+C stops an answer, Ctrl+D ends the conversation."),
                    status);
}

/* The model that is meant, by option or by name. FALSE: complained. */
static gboolean
choose_model (ChatArguments *given)
{
  guint n = given->names != NULL ? g_strv_length (given->names) : 0;

  if (n > 1 || (n == 1 && given->model != NULL)) {
    cli_usage ("chat", _ ("“%s” is one argument too many."), given->names[n - 1]);
    return FALSE;
  }
  if (n == 1)
    given->model = g_strdup (given->names[0]);
  return TRUE;
}

/* Everything but texts and files; what is unset keeps its default, or what modelfile (NULL allowed)
 * says. */
static gboolean
fill_options (const ChatArguments *given, const LinnetModelfile *modelfile, CliTalkOptions *options)
{
  double temperature;
  int n_threads = 0;

  linnet_generation_options_init (&options->generation);
  if (modelfile != NULL) {
    options->has_seed = linnet_modelfile_apply (modelfile, &options->generation, &options->load);
    n_threads = options->load.model.n_threads;
  }
  temperature = options->generation.temperature;
  if (!cli_check_range ("chat", "-n", given->n_tokens, 1, 1000000) ||
      !cli_check_range ("chat", "--ctx", given->n_ctx, 16, 16777216) ||
      !cli_check_range ("chat", "--seed", given->seed, 0, G_MAXINT64) ||
      !cli_parse_cache_type ("chat", given->kv, &options->load.cache_type) ||
      !cli_parse_double ("chat", "--temp", given->temperature, 0, 10, &temperature))
    return FALSE;
  options->generation.temperature = (float) temperature;
  if (given->n_tokens != CLI_UNSET)
    options->generation.max_tokens = (guint) given->n_tokens;
  if (given->n_ctx != CLI_UNSET)
    options->load.n_ctx = (guint) given->n_ctx;
  options->load.model = cli_compute_get_options (&given->compute);
  if (n_threads > 0 && given->compute.n_threads == CLI_UNSET)
    options->load.model.n_threads = options->load.model.n_threads_prefill = n_threads;
  options->generation.no_lookup = given->no_lookup;
  if (given->seed != CLI_UNSET) {
    options->has_seed = TRUE;
    options->generation.seed = (guint64) given->seed;
  }
  return TRUE;
}

/* Whether the model can be loaded without the computer beginning to swap. FALSE: complained. */
static gboolean
check_memory (const ChatArguments *given, const CliTalkOptions *options)
{
  g_autofree char *name = g_filename_display_basename (options->model);
  g_autofree char *needed = NULL;
  g_autofree char *limit = NULL;
  LinnetMemoryCheck check;

  if (given->anyway)
    return TRUE;
  linnet_memory_check_run (options->model, &options->load, given->machine_root, NULL, &check);
  if (check.fits)
    return TRUE;
  needed = g_format_size (check.needed);
  limit = g_format_size (check.limit);
  if (check.smaller_n_ctx > 0)
    cli_complain (_ ("“%s” takes about %s of memory with --ctx %u, and %s can be had now: the "
                     "computer would become very slow for everything. Close other programs, or "
                     "take --ctx %u; --anyway tries it all the same."),
                  name, needed, check.n_ctx, limit, check.smaller_n_ctx);
  else
    cli_complain (_ ("“%s” takes about %s of memory, and %s can be had now: the computer would "
                     "become very slow for everything. Close other programs, or take a smaller "
                     "model; --anyway tries it all the same."),
                  name, needed, limit);
  return FALSE;
}

int
cli_run_chat (char **arguments)
{
  g_auto (ChatArguments) given = {
    .n_tokens = CLI_UNSET, .n_ctx = CLI_UNSET, .seed = CLI_UNSET, .compute = CLI_COMPUTE_INIT
  };
  CliTalkOptions options = { 0 };
  g_autofree char *model = NULL;
  g_autofree char *system = NULL;
  g_autofree char *question = NULL;
  g_autoptr (LinnetLibraryModel) entry = NULL;
  const LinnetModelfile *modelfile = NULL;
  int status;

  if (!parse (arguments, &given, &status))
    return status;
  /* Once to complain of the command line before anything is looked for. */
  if (!choose_model (&given) || !fill_options (&given, NULL, &options))
    return CLI_USAGE;
  if (given.system != NULL && (system = cli_parse_text ("chat", "--system", given.system)) == NULL)
    return CLI_USAGE;
  if (given.question != NULL && (question = cli_parse_text ("chat", "-p", given.question)) == NULL)
    return CLI_USAGE;
  model = cli_find_model (given.model, &entry);
  if (model == NULL)
    return CLI_FAILED;
  if (entry != NULL)
    modelfile = linnet_library_model_get_modelfile (entry);
  if (modelfile != NULL)
    fill_options (&given, modelfile, &options);
  options.model = model;
  options.modelfile = modelfile;
  options.system = system != NULL || modelfile == NULL ? system : modelfile->system;
  options.question = question;
  options.state = given.state;
  return check_memory (&given, &options) ? cli_talk (&options) : CLI_FAILED;
}
