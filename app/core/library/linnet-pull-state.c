/* SPDX-License-Identifier: GPL-3.0-or-later
 * pull.json: the names that were asked for, and what the registry said of the files. */
#include "library/linnet-pull-state.h"

#include <glib/gstdio.h>
#include <string.h>

#include "library/linnet-address.h"
#include "library/linnet-download-private.h"
#include "library/linnet-library-private.h"
#include "library/linnet-registry-json.h"
#include "linnet-json.h"

/* Of what LinnetDownload writes down beside a part of a file. */
#define JOURNAL_ENDING ".part.json"

#define STATE_FILE "pull.json"
#define MAX_PARTS  999
#define MAX_URLS   32
#define MAX_BYTES  (4 << 20)

/* Transfer full. */
static JsonNode *
describe (const char *const *references, const LinnetRemoteModel *model)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *recipe = linnet_modelfile_to_string (model->modelfile);

  json_builder_begin_object (builder);
  linnet_json_add_strings (builder, "references", references);
  linnet_json_add_string (builder, "found", model->reference->text);
  linnet_json_add_string (builder, "modelfile", recipe);
  linnet_json_begin_array (builder, "files");
  for (guint i = 0; i < model->files->len; i++) {
    const LinnetRemoteFile *file = model->files->pdata[i];

    json_builder_begin_object (builder);
    linnet_json_add_string (builder, "name", file->name);
    linnet_json_add_int (builder, "bytes", (gint64) file->bytes);
    if (file->sha256 != NULL)
      linnet_json_add_string (builder, "sha256", file->sha256);
    linnet_json_add_strings (builder, "urls", (const char *const *) file->urls);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

gboolean
linnet_pull_state_write (const char *folder,
                         const char *const *references,
                         const LinnetRemoteModel *model,
                         GError **error)
{
  g_autofree char *path = g_build_filename (folder, STATE_FILE, NULL);
  g_autoptr (JsonNode) root = describe (references, model);

  return linnet_library_make_folder (folder, error) && linnet_json_save (root, path, 0644, error);
}

void
linnet_pull_state_remove (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, STATE_FILE, NULL);

  g_unlink (path);
}

guint64
linnet_pull_state_count_kept (const char *folder, const LinnetRemoteModel *model)
{
  guint64 bytes = 0;

  for (guint i = 0; i < model->files->len; i++) {
    const LinnetRemoteFile *file = model->files->pdata[i];
    g_autofree char *path = g_build_filename (folder, file->name, NULL);
    g_autofree char *beside = g_strconcat (path, JOURNAL_ENDING, NULL);
    g_autoptr (LinnetJournal) journal = linnet_journal_load (beside);
    GStatBuf status;

    if (g_stat (path, &status) == 0)
      bytes += (guint64) status.st_size;
    else if (journal != NULL)
      bytes += linnet_ranges_sum (journal->ranges);
  }
  return bytes;
}

/* Of one text at least; each is an address that may be asked. */
static gboolean
are_safe_urls (const char *const *urls)
{
  if (urls == NULL || urls[0] == NULL)
    return FALSE;
  for (guint i = 0; urls[i] != NULL; i++)
    if (!linnet_address_check (urls[i], NULL))
      return FALSE;
  return TRUE;
}

static gboolean
is_safe_name (const char *name)
{
  if (name == NULL || !g_str_has_suffix (name, ".gguf") || name[0] == '.')
    return FALSE;
  for (const char *p = name; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("._-", *p) == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
read_file (LinnetRemoteModel *model, JsonNode *node)
{
  JsonObject *object = linnet_json_as_object (node);
  const char *name = linnet_json_get_string (object, "name");
  const char *sha256 = linnet_json_get_string (object, "sha256");
  g_auto (GStrv) urls = linnet_json_get_strings (object, "urls", MAX_URLS);
  gint64 bytes;
  LinnetRemoteFile *file;

  if (!is_safe_name (name) || !linnet_json_get_int (object, "bytes", 0, G_MAXINT64, &bytes) ||
      (sha256 != NULL && !linnet_registry_is_sha256 (sha256)) ||
      !are_safe_urls ((const char *const *) urls))
    return FALSE;
  file = g_new0 (LinnetRemoteFile, 1);
  file->name = g_strdup (name);
  file->sha256 = g_strdup (sha256);
  file->bytes = (guint64) bytes;
  file->urls = g_steal_pointer (&urls);
  g_ptr_array_add (model->files, file);
  return TRUE;
}

LinnetRemoteModel *
linnet_pull_state_read (const char *folder, GStrv *references)
{
  g_autofree char *path = g_build_filename (folder, STATE_FILE, NULL);
  g_autoptr (JsonNode) root = linnet_json_load (path, MAX_BYTES);
  JsonObject *object = linnet_json_as_object (root);
  g_auto (GStrv) names = linnet_json_get_strings (object, "references", MAX_URLS);
  JsonArray *files = linnet_json_get_array (object, "files", MAX_PARTS);
  const char *text = linnet_json_get_string (object, "found");
  g_autoptr (LinnetReference) found = text != NULL ? linnet_reference_parse (text, NULL) : NULL;
  g_autoptr (LinnetRemoteModel) model = NULL;

  if (names == NULL || names[0] == NULL || found == NULL || files == NULL ||
      json_array_get_length (files) == 0)
    return NULL;
  model = linnet_remote_model_new (found);
  for (guint i = 0; i < json_array_get_length (files); i++)
    if (!read_file (model, json_array_get_element (files, i)))
      return NULL;
  text = linnet_json_get_string (object, "modelfile");
  if (text != NULL) {
    LinnetModelfile *recipe = linnet_modelfile_parse (text, -1, NULL);

    if (recipe != NULL) {
      linnet_modelfile_free (model->modelfile);
      model->modelfile = recipe;
    }
  }
  *references = g_steal_pointer (&names);
  return g_steal_pointer (&model);
}

/* ---- Removing ------------------------------------------------------------------------------ */

void
linnet_pull_state_remove_files (const char *folder, const LinnetRemoteModel *model)
{
  for (guint i = 0; model != NULL && i < model->files->len; i++) {
    const LinnetRemoteFile *file = model->files->pdata[i];
    g_autofree char *path = g_build_filename (folder, file->name, NULL);

    g_unlink (path);
  }
  g_rmdir (folder);
}

/* Once what was fetched is gone. */
static void
discarded_cb (LinnetDownload *download, GParamSpec *pspec, gpointer user_data)
{
  if (linnet_download_get_state (download) != LINNET_DOWNLOAD_CANCELLED)
    return;
  g_rmdir (user_data);
  g_object_unref (download);
}

static void
free_folder (gpointer folder, GClosure *closure)
{
  g_free (folder);
}

void
linnet_pull_state_discard (const char *folder,
                           const LinnetRemoteModel *model,
                           LinnetDownload *download)
{
  /* What is all there already is no matter of the download any more. */
  if (linnet_download_get_state (download) == LINNET_DOWNLOAD_DONE) {
    linnet_pull_state_remove_files (folder, model);
    return;
  }
  g_signal_connect_data (download, "notify::state", G_CALLBACK (discarded_cb), g_strdup (folder),
                         free_folder, G_CONNECT_DEFAULT);
  /* It may take longer than the pull lives. */
  linnet_download_cancel (g_object_ref (download));
}
