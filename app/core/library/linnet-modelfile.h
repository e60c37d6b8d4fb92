/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetModelfile: Ollama's recipe for a model, read and written: what it is made from, how it is
 * run, what it is told beforehand. Plain data. */
#pragma once

#include "chat/linnet-message.h"

G_BEGIN_DECLS

typedef struct {
  char *from;             /* as written; never NULL after parsing */
  GHashTable *parameters; /* name → value as text; of those that Linnet knows; "stop" is apart */
  GStrv stops;            /* NULL: none */
  char *system;           /* NULL: none */
  char *template;         /* kept, not used: Linnet renders the model's own; NULL: none */
  GPtrArray *messages;    /* LinnetMessage, may be empty */
  GStrv notes; /* translated sentences: what a line means here, or that it means nothing */
} LinnetModelfile;

/* length: −1 for NUL-terminated. LINNET_LIBRARY_ERROR_MODELFILE. */
LinnetModelfile *linnet_modelfile_parse (const char *text, gssize length, GError **error);
/* What linnet_modelfile_parse() reads back the same. Transfer full. */
char *linnet_modelfile_to_string (const LinnetModelfile *self);
void linnet_modelfile_free (LinnetModelfile *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetModelfile, linnet_modelfile_free)

G_END_DECLS
