/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetRegistry: what a reference means: which files, where they are, and what comes with them.
 * Ollama's registry, Hugging Face, ModelScope, links and local files. */
#pragma once

#include "library/linnet-modelfile.h"
#include "library/linnet-network-settings.h"
#include "library/linnet-reference.h"

G_BEGIN_DECLS

typedef struct {
  char *name; /* to be called here: a plain file name of our own making */
  GStrv urls;
  guint64 bytes; /* 0: not told */
  char *sha256;  /* NULL: not told */
} LinnetRemoteFile;

/* Plain data. */
typedef struct {
  LinnetReference *reference;
  GPtrArray *files; /* LinnetRemoteFile, parts of a split one in order; none for a local
                       file */
  LinnetModelfile
      *modelfile; /* template, system, parameters, messages and licence that come along */
} LinnetRemoteModel;

/* Without files. */
LinnetRemoteModel *linnet_remote_model_new (const LinnetReference *reference);
void linnet_remote_model_free (LinnetRemoteModel *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetRemoteModel, linnet_remote_model_free)

/* Asks for a model under each of its names (NULL-terminated array), on a thread. The first that is
 * there counts; what others offer with the same sha256 becomes further urls of its files.
 * LINNET_LIBRARY_ERROR, or G_IO_ERROR_CANCELLED. */
void linnet_registry_resolve_async (const LinnetReference *const *references,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
/* Transfer full. */
LinnetRemoteModel *linnet_registry_resolve_finish (GAsyncResult *result, GError **error);

/* A folder or file name for a reference, the same always, that is nobody else's: letters, digits,
 * "-", "_" and "." only. Transfer full. */
char *linnet_registry_make_slug (const char *text);

G_END_DECLS
