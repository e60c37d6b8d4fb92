/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetCatalogue: the models that Linnet can recommend: their shapes, licences, languages, what
 * each is good for and where it is had. Read from data/catalogue.json, or from the user's own
 * catalogue.json in the configuration folder; immutable. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define LINNET_CATALOGUE_ERROR (linnet_catalogue_error_quark ())
GQuark linnet_catalogue_error_quark (void);
typedef enum { LINNET_CATALOGUE_ERROR_INVALID } LinnetCatalogueError;

/* What a model is asked for; what its strengths are rated in. */
typedef enum {
  LINNET_TASK_CHAT, /* chat and learning */
  LINNET_TASK_WRITING,
  LINNET_TASK_CODE,
  LINNET_TASK_REASONING,
  LINNET_N_TASKS,
} LinnetTask;

const char *linnet_task_get_name (LinnetTask task); /* "chat": as on the command line */
gboolean linnet_task_parse (const char *name, LinnetTask *task);

/* One file, or set of parts, that a model can be had as. */
typedef struct {
  char *quantisation; /* "Q4_K_M" */
  guint64 bytes;      /* as a source states it; 0: not stated, ask the registry */
  char **references;  /* that linnet_reference_parse() understands, the best source first */
} LinnetCatalogueFile;

typedef struct {
  char *id;             /* "qwen2.5-3b-instruct" */
  char *title;          /* "Qwen2.5 3B Instruct" */
  char *family;         /* "Qwen2.5" */
  double billions;      /* of parameters, as the name says: 3, 1.5 */
  guint64 n_parameters; /* exactly */
  char *architecture;   /* "qwen2" */
  guint n_vocab, n_embd, n_layers, n_ff, n_heads, n_kv_heads, head_dim, n_ctx_train;
  gboolean tied;   /* the output matrix is the embedding */
  gboolean thinks; /* writes down its thoughts before it answers, which takes its time */
  char *licence;   /* SPDX identifier, or a short name where there is none */
  char *licence_url;
  gboolean is_restricted;          /* not for every use: licence_note says how */
  char *licence_note;              /* translated sentence; NULL if there is nothing to say */
  char **languages;                /* BCP 47 */
  guint strengths[LINNET_N_TASKS]; /* 0 (poor) … 5 */
  char *summary;                   /* translated sentence: what it is good for */
  LinnetCatalogueFile *files;      /* n_files, from the smallest to the largest */
  guint n_files;
} LinnetCatalogueModel;

#define LINNET_TYPE_CATALOGUE (linnet_catalogue_get_type ())
G_DECLARE_FINAL_TYPE (LinnetCatalogue, linnet_catalogue, LINNET, CATALOGUE, GObject)

/* path: NULL for the user's own if there is one, else the one that came with Linnet.
 * LINNET_CATALOGUE_ERROR (the message names the entry and what is wrong with it), G_FILE_ERROR. */
LinnetCatalogue *linnet_catalogue_load (const char *path, GError **error);

guint linnet_catalogue_get_n_models (LinnetCatalogue *self);
/* Borrowed; from the smallest to the largest. */
const LinnetCatalogueModel *linnet_catalogue_get_model (LinnetCatalogue *self, guint index);
const LinnetCatalogueModel *linnet_catalogue_find (LinnetCatalogue *self, const char *id);

G_END_DECLS
