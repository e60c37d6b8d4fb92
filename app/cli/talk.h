/* SPDX-License-Identifier: GPL-3.0-or-later
 * A conversation in the terminal: loads a model, then answers one question or all that are typed.
 */
#pragma once

#include "library/linnet-modelfile-apply.h"

G_BEGIN_DECLS

typedef struct {
  const char *model;                /* path */
  const char *system;               /* system prompt, or NULL */
  const LinnetModelfile *modelfile; /* whose messages the conversation begins with, or NULL */
  const char *question;             /* NULL: questions come from standard input, a line each */
  const char *state; /* file that keeps what was read from one run to the next, or NULL */
  LinnetLoadOptions load;
  LinnetGenerationOptions generation;
  gboolean has_seed; /* otherwise each answer gets its own */
} CliTalkOptions;

/* Runs its own main loop; returns the exit status. The answers go to stdout; prompts only where
 * both ends are a terminal. */
int cli_talk (const CliTalkOptions *options);

G_END_DECLS
