/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the pieces of LinnetLibrary share: a model as it is put together, Linnet's own folder, the
 * stores of other programs. Models are made on any thread and do not change once the library has
 * them. */
#pragma once

#include "library/linnet-library.h"
#include "library/linnet-registry.h"

G_BEGIN_DECLS

/* A file of a model. */
typedef struct {
  char *path;
  guint64 bytes;
  char *sha256; /* NULL: not known */
} LinnetModelPart;

struct _LinnetLibraryModel {
  GObject parent_instance;

  char *name;
  char *title;
  GPtrArray *parts; /* LinnetModelPart, in order; at least one once it is complete */
  LinnetOwner owner;
  guint64 bytes;
  char *quantisation;
  guint64 n_parameters;
  char *architecture;
  LinnetModelfile *modelfile; /* NULL: none */
  GStrv references;           /* other names that mean the same; NULL: none */
  char *slug;                 /* its folder in the library's; NULL: not ours */
};

LinnetLibraryModel *linnet_library_model_new (LinnetOwner owner, const char *name);
void linnet_library_model_add_part (LinnetLibraryModel *self,
                                    const char *path,
                                    guint64 bytes,
                                    const char *sha256);
gboolean linnet_library_model_equal (LinnetLibraryModel *a, LinnetLibraryModel *b);

/* What was read out of files before, so that it need not be again: keyed by path, size and time. */
typedef GHashTable LinnetInspections;
LinnetInspections *linnet_inspections_new (void);

/* Opens the file and fills in what it says of itself. FALSE: it is damaged, or nothing that Linnet
 * could run. inspections: NULL allowed; one thread at a time. */
gboolean linnet_library_model_inspect (LinnetLibraryModel *self,
                                       LinnetInspections *inspections,
                                       GCancellable *cancellable,
                                       GError **error);

/* ---- Linnet's own folder (linnet-library-store.c) ------------------------------------------- */

/* Those in folder, in order of their names; what is damaged is left out. Adds to models. */
void linnet_library_store_scan (const char *folder,
                                LinnetInspections *inspections,
                                GCancellable *cancellable,
                                GPtrArray *models);
/* With those above it; the sentence is for people who choose where models are kept. G_IO_ERROR. */
gboolean linnet_library_make_folder (const char *folder, GError **error);
/* Writes the model's description into its folder, which is made. G_IO_ERROR. */
gboolean linnet_library_store_write (const char *folder, LinnetLibraryModel *model, GError **error);
/* Removes the description, then the files that are in folder and that no other of models has, then
 * the model's folder if it is empty. G_IO_ERROR. */
gboolean linnet_library_store_delete (const char *folder,
                                      LinnetLibraryModel *model,
                                      GPtrArray *models,
                                      GError **error);
/* Removes parts of model that are in folder and that no other of models has. */
void linnet_library_store_remove_parts (const char *folder,
                                        LinnetLibraryModel *model,
                                        GPtrArray *models);
/* The bytes of such parts. */
guint64
linnet_library_store_count_own (const char *folder, LinnetLibraryModel *model, GPtrArray *models);

/* ---- Other programs' stores (linnet-library-scan.c) ----------------------------------------- */

/* Adds what Ollama, LM Studio, the caches of Hugging Face and ModelScope, and folders hold to
 * models, each file once. Of a folder that was Linnet's own before, its models as they were. */
void linnet_library_scan_others (const char *const *folders,
                                 LinnetInspections *inspections,
                                 GCancellable *cancellable,
                                 GPtrArray *models);
/* Ollama's store at root (linnet-library-ollama.c): the same without looking into the files. */
void linnet_library_scan_ollama (const char *root, GPtrArray *candidates);

/* ---- LinnetLibrary itself -------------------------------------------------------------------- */

/* Puts in a model that has just been written to disk, in the place of the one of its name if it is
 * Linnet's own, else behind those. Takes model; returns it, borrowed. */
LinnetLibraryModel *linnet_library_take (LinnetLibrary *self, LinnetLibraryModel *model);
/* The model that has these files' sha256, in this order, Linnet's own first; NULL: none.
 * Borrowed. */
LinnetLibraryModel *linnet_library_find_files (LinnetLibrary *self, GPtrArray *remote_files);

G_END_DECLS
