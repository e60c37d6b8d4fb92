/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetReference: a name for a model that people know, taken apart and checked: "qwen2.5:3b",
 * "hf.co/Qwen/Qwen2.5-7B-Instruct-GGUF:Q4_K_M", "modelscope.cn/…", an https link, a local file.
 * Immutable plain data. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define LINNET_LIBRARY_ERROR (linnet_library_error_quark ())
GQuark linnet_library_error_quark (void);
typedef enum {
  LINNET_LIBRARY_ERROR_REFERENCE,   /* no name of a model; the message says what is wrong with it */
  LINNET_LIBRARY_ERROR_NOT_FOUND,   /* the registry, or the library, has no such model */
  LINNET_LIBRARY_ERROR_REGISTRY,    /* the registry cannot be reached, refuses, or talks nonsense */
  LINNET_LIBRARY_ERROR_UNSUPPORTED, /* it is no GGUF file */
  LINNET_LIBRARY_ERROR_DAMAGED,
  LINNET_LIBRARY_ERROR_FOREIGN,   /* another program's file, which is not ours to delete */
  LINNET_LIBRARY_ERROR_MODELFILE, /* the message names the line */
  LINNET_LIBRARY_ERROR_EXISTS,
} LinnetLibraryError;

typedef enum {
  LINNET_SOURCE_OLLAMA,
  LINNET_SOURCE_HUGGING_FACE,
  LINNET_SOURCE_MODELSCOPE,
  LINNET_SOURCE_LINK, /* https to a GGUF file */
  LINNET_SOURCE_FILE, /* on this computer */
} LinnetSourceKind;

typedef struct {
  LinnetSourceKind kind;
  char *text;     /* in its usual short form: "qwen2.5:3b" */
  char *host;     /* as typed, for a registry of another host; NULL: the usual one */
  char *owner;    /* "library", "Qwen"; NULL for links and files */
  char *name;     /* "qwen2.5", "Qwen2.5-7B-Instruct-GGUF"; the file's name for links and files */
  char *tag;      /* "3b", "Q4_K_M", never NULL for registries: "latest" for Ollama, "" for the
                     others' own choice */
  char *location; /* URL or absolute path, for links and files; NULL otherwise */
} LinnetReference;

/* LINNET_LIBRARY_ERROR_REFERENCE. */
LinnetReference *linnet_reference_parse (const char *text, GError **error);
LinnetReference *linnet_reference_copy (const LinnetReference *self);
void linnet_reference_free (LinnetReference *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetReference, linnet_reference_free)

G_END_DECLS
