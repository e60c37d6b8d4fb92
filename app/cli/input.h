/* SPDX-License-Identifier: GPL-3.0-or-later
 * Standard input, whole or a line at a time beside the main loop, and Ctrl+C. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* All bytes of standard input. Transfer full; NULL on failure. */
GString *cli_read_input (GError **error);

/* The same of a file; "-" is standard input. */
GString *cli_read_file (const char *path, GError **error);

/* A line without its end, or NULL when there are no more. The line is the callee's to read only. */
typedef void (*CliLineFunc) (const char *line, gpointer user_data);

/* Lines of standard input on the main loop, one for each cli_lines_ask(). */
typedef struct CliLines CliLines;

CliLines *cli_lines_new (CliLineFunc func, gpointer user_data);
void cli_lines_free (CliLines *self); /* NULL allowed */

/* Calls the function once, from the main loop, when a line is there. Input is not touched before:
 * what is typed meanwhile waits. */
void cli_lines_ask (CliLines *self);

/* Whether somebody types. */
gboolean cli_input_is_terminal (void);
gboolean cli_output_is_terminal (void);

/* Calls func from the main loop at each Ctrl+C instead of ending the program; remove the returned
 * source to end it. 0 where the system has no such signals. */
guint cli_watch_interrupt (GSourceFunc func, gpointer user_data);

G_END_DECLS
