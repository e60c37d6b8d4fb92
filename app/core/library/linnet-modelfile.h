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
  char *licence;          /* NULL: none */
  GPtrArray *messages;    /* LinnetMessage, may be empty */
  GStrv notes; /* translated sentences: what a line means here, or that it means nothing */
} LinnetModelfile;

/* An empty recipe. from: as written after FROM. */
LinnetModelfile *linnet_modelfile_new (const char *from);
LinnetModelfile *linnet_modelfile_copy (const LinnetModelfile *self); /* NULL allowed */

/* "stop" adds one more. FALSE, with nothing set: not known, or no such value is possible. */
gboolean
linnet_modelfile_set_parameter (LinnetModelfile *self, const char *name, const char *value);
gboolean linnet_modelfile_knows_parameter (const char *name);
/* role: "system", "user", "assistant"; FALSE: another. */
gboolean linnet_modelfile_add_message (LinnetModelfile *self, const char *role, const char *text);

/* What other puts in takes the place of what self has; FROM and notes stay self's. */
void linnet_modelfile_merge (LinnetModelfile *self, const LinnetModelfile *other);

/* length: −1 for NUL-terminated. LINNET_LIBRARY_ERROR_MODELFILE. */
LinnetModelfile *linnet_modelfile_parse (const char *text, gssize length, GError **error);
/* What linnet_modelfile_parse() reads back the same. Transfer full. */
char *linnet_modelfile_to_string (const LinnetModelfile *self);
void linnet_modelfile_free (LinnetModelfile *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetModelfile, linnet_modelfile_free)

G_END_DECLS
