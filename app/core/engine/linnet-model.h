/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetModel: one GGUF file, opened as deeply as was asked. Immutable, so any thread may use it.
 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What went wrong, in the engine's terms. The message is for people: translated, says what happened
 * and what to do next. */
#define LINNET_ENGINE_ERROR (linnet_engine_error_quark ())
GQuark linnet_engine_error_quark (void);

typedef enum {
  LINNET_ENGINE_ERROR_FAILED,
  LINNET_ENGINE_ERROR_IO,
  LINNET_ENGINE_ERROR_FORMAT,
  LINNET_ENGINE_ERROR_UNSUPPORTED, /* architecture, tensor type or tokenizer */
  LINNET_ENGINE_ERROR_MEMORY,
  LINNET_ENGINE_ERROR_CONTEXT,
  LINNET_ENGINE_ERROR_STATE, /* a saved state that does not fit */
} LinnetEngineError;

typedef enum {
  LINNET_MODEL_LEVEL_FULL,      /* can chat */
  LINNET_MODEL_LEVEL_TOKENIZER, /* can tokenise and render chats */
  LINNET_MODEL_LEVEL_METADATA,  /* can be inspected; any architecture */
} LinnetModelLevel;

/* Zero-initialised means the engine's choice. */
typedef struct {
  int n_threads;         /* to write with; 0: the engine's choice */
  int n_threads_prefill; /* to read with; 0: the engine's choice */
  const char *cpu_level; /* instructions to compute with; borrowed; NULL: the best */
} LinnetModelOptions;

/* The levels of instructions that this computer can compute with, best first. Transfer full. */
GStrv linnet_cpu_level_list (void);
/* Whether level (NULL: any) is one of them; otherwise LINNET_ENGINE_ERROR_UNSUPPORTED names them.
 */
gboolean linnet_cpu_level_check (const char *level, GError **error);

/* Bytes. */
typedef struct {
  guint64 weights;
  guint64 kv_cache;
  guint64 scratch;
  guint64 total;
} LinnetModelMemory;

/* How a conversation's keys and values are kept. */
typedef enum {
  LINNET_CACHE_F16,  /* in 16 bits */
  LINNET_CACHE_Q8_0, /* in 8 bits and a half: little more than half the memory. A few models cannot:
                      * LINNET_ENGINE_ERROR_UNSUPPORTED says so wherever one is to. */
} LinnetCacheType;

/* "f16", "q8_0". */
const char *linnet_cache_type_get_name (LinnetCacheType type);
/* The type of that name; otherwise LINNET_ENGINE_ERROR_UNSUPPORTED names them all. */
gboolean linnet_cache_type_parse (const char *name, LinnetCacheType *type, GError **error);

#define LINNET_TYPE_MODEL (linnet_model_get_type ())
G_DECLARE_FINAL_TYPE (LinnetModel, linnet_model, LINNET, MODEL, GObject)

/* Called on the loading thread with 0…1. */
typedef void (*LinnetModelProgressFunc) (double fraction, gpointer user_data);

/* Blocks: call it from a worker thread or a command-line tool. options: NULL for the defaults.
 * progress and cancellable may be NULL. LINNET_ENGINE_ERROR or G_IO_ERROR_CANCELLED. */
LinnetModel *linnet_model_open (const char *path,
                                LinnetModelLevel level,
                                const LinnetModelOptions *options,
                                LinnetModelProgressFunc progress,
                                gpointer user_data,
                                GCancellable *cancellable,
                                GError **error);

const char *linnet_model_get_path (LinnetModel *self);
/* What to call it in the window: the file's own name for itself, else the file name. Never empty.
 */
const char *linnet_model_get_title (LinnetModel *self);
const char *linnet_model_get_architecture (LinnetModel *self);
const char *linnet_model_get_quantisation (LinnetModel *self);
const char *linnet_model_get_cpu_level (LinnetModel *self); /* what it computes with */
guint64 linnet_model_get_n_parameters (LinnetModel *self);
guint64 linnet_model_get_file_bytes (LinnetModel *self);
guint linnet_model_get_n_ctx_train (LinnetModel *self);
/* Whether the file's own chat template was not recognised, so that ChatML is used. */
gboolean linnet_model_get_chat_is_fallback (LinnetModel *self);

/* What one token costs. */
typedef struct {
  guint64 weight_bytes; /* read for each token that is written */
  guint64 kv_bytes;     /* read as well, for each token in the context, of a cache of the type */
  guint64 prefill_macs; /* multiply-adds with weights for each token of a prompt */
} LinnetModelWork;
gboolean linnet_model_get_work (LinnetModel *self,
                                LinnetCacheType cache_type,
                                LinnetModelWork *work,
                                GError **error);

gboolean linnet_model_estimate_memory (LinnetModel *self,
                                       guint n_ctx,
                                       LinnetCacheType cache_type,
                                       LinnetModelMemory *memory,
                                       GError **error);

/* gint32 ids of length bytes of text (−1: NUL-terminated), special tokens parsed only when asked,
 * BOS added where the model wants it. Transfer full; NULL on failure. */
GArray *linnet_model_tokenize (
    LinnetModel *self, const char *text, gssize length, gboolean parse_special, GError **error);

/* Everything `linnet-cli inspect` shows: metadata, tensors by type, memory with a cache of the
 * type. Transfer full. */
JsonNode *linnet_model_describe (LinnetModel *self, LinnetCacheType cache_type);

G_END_DECLS
