/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetLibrary: the models that are on this computer: Linnet's own, and those of other programs,
 * used where they are. A GListModel of LinnetLibraryModel, Linnet's own first. Main thread. */
#pragma once

#include "library/linnet-modelfile.h"
#include "library/linnet-reference.h"

G_BEGIN_DECLS

typedef enum {
  LINNET_OWNER_LINNET,
  LINNET_OWNER_OLLAMA,
  LINNET_OWNER_LM_STUDIO,
  LINNET_OWNER_HUGGING_FACE,
  LINNET_OWNER_MODELSCOPE,
  LINNET_OWNER_FOLDER, /* one that the user chose */
} LinnetOwner;
const char *linnet_owner_get_title (LinnetOwner owner); /* translated: "Ollama" */

/* Properties (read-only): "name", "title". */
#define LINNET_TYPE_LIBRARY_MODEL (linnet_library_model_get_type ())
G_DECLARE_FINAL_TYPE (LinnetLibraryModel, linnet_library_model, LINNET, LIBRARY_MODEL, GObject)

const char *linnet_library_model_get_name (LinnetLibraryModel *self); /* unique: "qwen2.5:3b" */
const char *linnet_library_model_get_title (LinnetLibraryModel *self);
const char *linnet_library_model_get_path (LinnetLibraryModel *self); /* of the (first) GGUF file */
LinnetOwner linnet_library_model_get_owner (LinnetLibraryModel *self);
guint64 linnet_library_model_get_bytes (LinnetLibraryModel *self); /* all parts together */
const char *linnet_library_model_get_quantisation (LinnetLibraryModel *self); /* "": unknown */
guint64 linnet_library_model_get_n_parameters (LinnetLibraryModel *self);     /* 0: unknown */
const char *linnet_library_model_get_architecture (LinnetLibraryModel *self); /* "": unknown */
const char *linnet_library_model_get_sha256 (LinnetLibraryModel *self);       /* NULL: not known */
const char *linnet_library_model_get_licence (LinnetLibraryModel *self); /* text; NULL: unknown */
const LinnetModelfile *linnet_library_model_get_modelfile (LinnetLibraryModel *self); /* or NULL */

#define LINNET_TYPE_LIBRARY (linnet_library_get_type ())
G_DECLARE_FINAL_TYPE (LinnetLibrary, linnet_library, LINNET, LIBRARY, GObject)

/* folder: of Linnet's own models; NULL: as set, else the user's data folder. Empty until the first
 * refresh. */
LinnetLibrary *linnet_library_new (const char *folder);
const char *linnet_library_get_folder (LinnetLibrary *self);
/* folder: as above. Where models go from now on; the list is the same until it is refreshed. Pulls
 * that have begun end where they began. */
void linnet_library_set_folder (LinnetLibrary *self, const char *folder);

/* Looks at the disk again, on a thread; "items-changed" tells what differs. What cannot be read is
 * left out. */
void linnet_library_refresh_async (LinnetLibrary *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean linnet_library_refresh_finish (LinnetLibrary *self, GAsyncResult *result, GError **error);

/* By name, or by a reference that means the same; NULL: none. Borrowed. */
LinnetLibraryModel *linnet_library_find (LinnetLibrary *self, const char *name);

/* Bytes that deleting would free: 0 for another program's, and of files that others here share. */
guint64 linnet_library_get_freed_bytes (LinnetLibrary *self, LinnetLibraryModel *model);
/* Deletes the model and its files. LINNET_LIBRARY_ERROR_FOREIGN: not ours. G_IO_ERROR. */
gboolean linnet_library_delete (LinnetLibrary *self, LinnetLibraryModel *model, GError **error);

/* Makes a model of Linnet's own from a recipe whose FROM is in the library, or a file. The weights
 * are shared, not copied. Borrowed. LINNET_LIBRARY_ERROR. */
LinnetLibraryModel *linnet_library_create (LinnetLibrary *self,
                                           const char *name,
                                           const LinnetModelfile *modelfile,
                                           GError **error);

G_END_DECLS
