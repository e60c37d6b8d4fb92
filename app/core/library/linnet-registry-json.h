/* SPDX-License-Identifier: GPL-3.0-or-later
 * What registries answer, read: their JSON is hostile until it has been through here. No network,
 * any thread. All fail with LINNET_LIBRARY_ERROR_REGISTRY. */
#pragma once

#include <json-glib/json-glib.h>

#include "library/linnet-modelfile.h"
#include "library/linnet-reference.h"

G_BEGIN_DECLS

/* No answer that is read whole is longer. */
#define LINNET_REGISTRY_MAX_BYTES (4 * 1024 * 1024)

/* A file that a registry offers. */
typedef struct {
  char *path;    /* in the repository, or the kind of a layer: "model"; never with ".." */
  guint64 bytes; /* more than 0 */
  char *sha256;  /* 64 lower-case hex digits, or NULL */
} LinnetListedFile;

void linnet_listed_file_free (LinnetListedFile *self);

/* JSON of bounded size and depth whose root is an object or an array; NULL: it is not. Transfer
 * full. */
JsonNode *linnet_registry_parse_json (const char *data, gsize length, GError **error);

/* Lists of LinnetListedFile, transfer full. */
GPtrArray *linnet_registry_read_manifest (const char *data, gsize length, GError **error);
GPtrArray *linnet_registry_read_hugging_face (const char *data, gsize length, GError **error);
GPtrArray *linnet_registry_read_modelscope (const char *data, gsize length, GError **error);

/* The GGUF files of a repository that a tag means, parts of a split one in order: rows of files,
 * borrowed. tag: "" or "latest" for what is usual, a quantisation, or a file's name.
 * LINNET_LIBRARY_ERROR_NOT_FOUND says what there is. */
GPtrArray *linnet_registry_choose (GPtrArray *files, const char *tag, GError **error);

/* The quantisation in a file's name, in capitals: "Q4_K_M"; "" where it says none. */
char *linnet_registry_guess_quantisation (const char *path);
/* Whether the name is that of weights that can be talked with, not of a part for pictures or of an
 * adapter. */
gboolean linnet_registry_is_model_file (const char *path);
/* "x-00002-of-00003.gguf": the length of "x", and which of how many; FALSE: it is whole. */
gboolean
linnet_registry_parse_split (const char *path, gsize *stem_bytes, guint *index, guint *count);

/* Whether a layer of Ollama's, by its kind, is of use beside the weights. */
gboolean linnet_registry_knows_layer (const char *kind);
/* Puts the layer into a recipe; parameters that are not known are left out. */
gboolean linnet_registry_apply_layer (const char *kind,
                                      GBytes *bytes,
                                      LinnetModelfile *modelfile,
                                      GError **error);

/* Whether text is a sha256 as 64 lower-case hex digits. */
gboolean linnet_registry_is_sha256 (const char *text);

G_END_DECLS
