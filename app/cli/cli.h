/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the commands of linnet-cli share. Results go to stdout, everything else to stderr. */
#pragma once

#include <gio/gio.h>

#include "engine/linnet-model.h"
#include "library/linnet-library.h"

G_BEGIN_DECLS

/* Exit statuses. */
enum {
  CLI_OK = 0,
  CLI_FAILED = 1,
  CLI_USAGE = 2,
  CLI_INTERRUPTED = 130, /* 128 + SIGINT, as shells have it */
};

/* Runs a command and returns its exit status. arguments: NULL-terminated, the command's name
 * first. */
typedef int (*CliRun) (char **arguments);

int cli_run_advise (char **arguments);
int cli_run_bench (char **arguments);
int cli_run_chat (char **arguments);
int cli_run_create (char **arguments);
int cli_run_demo (char **arguments);
int cli_run_inspect (char **arguments);
int cli_run_list (char **arguments);
int cli_run_machine (char **arguments);
int cli_run_perplexity (char **arguments);
int cli_run_pull (char **arguments);
int cli_run_rm (char **arguments);
int cli_run_show (char **arguments);
int cli_run_tokenize (char **arguments);

/* ---- Messages (cli.c) --------------------------------------------------------------------- */

/* "linnet-cli: sentence" on stderr. */
void cli_complain (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* The same, followed by where help is; returns CLI_USAGE. command: NULL for linnet-cli itself. */
int cli_usage (const char *command, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Complains about error and returns the exit status for it. */
int cli_fail (const GError *error);

/* A line on stderr for people who watch: dim where the terminal can. */
void cli_note (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* On a terminal, shows "what 42 %" on stderr in place; a fraction of 1 takes it away. */
void cli_show_progress (const char *what, double fraction);

/* ---- Options (options.c) ------------------------------------------------------------------ */

/* An integer option that was not given. */
#define CLI_UNSET G_MININT

/* What a command computes with, as typed. */
typedef struct {
  int n_threads;
  int n_threads_prefill;
  char *cpu; /* owned */
} CliCompute;

#define CLI_COMPUTE_INIT { CLI_UNSET, CLI_UNSET, NULL }
void cli_compute_clear (CliCompute *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CliCompute, cli_compute_clear)

/* For the engine: without --threads its own choice, but no more than this program is granted. Its
 * string is self's. */
LinnetModelOptions cli_compute_get_options (const CliCompute *self);

/* The option --kv of a command, for a char * that cli_parse_cache_type() understands. */
#define CLI_KV_ENTRY(text)                                                                         \
  { "kv",                                                                                          \
    0,                                                                                             \
    0,                                                                                             \
    G_OPTION_ARG_STRING,                                                                           \
    text,                                                                                          \
    N_ ("How the conversation is kept: f16, or q8_0 for half the memory; answers change very "     \
        "little"),                                                                                 \
    N_ ("TYPE") }

/* Parses the options of a command. compute: filled from --threads, --threads-prefill and --cpu and
 * checked, or NULL for a command that does not compute. parameters: what follows the options in the
 * usage line, or NULL; summary: what the command does. Both translated. FALSE: there is nothing
 * left to do (a complaint, or --cpu help), and status is what to exit with; --help prints and
 * exits. */
gboolean cli_parse (char **arguments,
                    const GOptionEntry *entries,
                    CliCompute *compute,
                    const char *parameters,
                    const char *summary,
                    int *status);

/* Whether value is unset or within min…max; otherwise complains. option: as it is typed. */
gboolean
cli_check_range (const char *command, const char *option, gint64 value, gint64 min, gint64 max);

/* text as a number within min…max; NULL text leaves it as it is. FALSE: complained. */
gboolean cli_parse_double (const char *command,
                           const char *option,
                           const char *text,
                           double min,
                           double max,
                           double *value);

/* "128,512" as guints within min…max. Transfer full; NULL: complained. */
GArray *
cli_parse_list (const char *command, const char *option, const char *text, guint min, guint max);

/* What --kv was given: NULL leaves the type as it is. FALSE: complained. */
gboolean cli_parse_cache_type (const char *command, const char *text, LinnetCacheType *type);

/* An argument as UTF-8, whatever the locale. Transfer full; NULL: complained. */
char *cli_parse_text (const char *command, const char *option, const char *argument);

/* ---- Models (options.c, models.c) ----------------------------------------------------------- */

/* The models on this computer, as they are now. Runs a main loop of its own. Transfer full. */
LinnetLibrary *cli_open_library (void);
/* The model of that name; NULL: complained, with what to do next. Borrowed. */
LinnetLibraryModel *cli_find_in_library (LinnetLibrary *library, const char *name);

/* Adds an object with all that is known of it (command-show.c). */
void cli_build_model (JsonBuilder *builder, LinnetLibraryModel *model);

/* A path as it is, that of a model of the library by its name, or the demo model's if name is NULL.
 * model (NULL allowed): the model of the library, transfer full, or NULL. Transfer full; NULL:
 * complained. */
char *cli_find_model (const char *name, LinnetLibraryModel **model);

/* Opens it, or the demo model. options and cancellable: NULL allowed. On failure complains and
 * returns NULL, and status (NULL allowed) is what to exit with. */
LinnetModel *cli_open_model (const char *path,
                             LinnetModelLevel level,
                             const LinnetModelOptions *options,
                             GCancellable *cancellable,
                             int *status);

/* ---- Output (table.c) --------------------------------------------------------------------- */

/* Rows of cells in columns that line up on a terminal, wide characters included. */
typedef struct CliTable CliTable;

/* alignment: a letter for each column, 'l' or 'r'. Free with cli_table_free(). */
CliTable *cli_table_new (const char *alignment);
void cli_table_free (CliTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliTable, cli_table_free)

/* A cell for each column; the strings are copied. */
void cli_table_add (CliTable *table, ...);
/* Each line after indent spaces. */
void cli_table_print (CliTable *table, guint indent);

/* One line of text, safe for a terminal: control characters are replaced, and beyond max_width
 * columns it is cut with an ellipsis. Transfer full. */
char *cli_fit (const char *text, guint max_width);

/* Prints a JSON tree and drops the reference. */
void cli_print_json (JsonNode *node);

G_END_DECLS
