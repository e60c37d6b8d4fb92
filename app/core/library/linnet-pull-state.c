/* SPDX-License-Identifier: GPL-3.0-or-later
 * pull.json: the names that were asked for, and what the registry said of the files. */
#include "library/linnet-pull-state.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "library/linnet-download-private.h"
#include "library/linnet-registry-json.h"

/* Of what LinnetDownload writes down beside a part of a file. */
#define JOURNAL_ENDING ".part.json"

#define STATE_FILE "pull.json"
#define MAX_PARTS  999
#define MAX_URLS   32

/* Transfer full. */
static JsonNode *
describe (const char *const *references, const LinnetRemoteModel *model)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *recipe = linnet_modelfile_to_string (model->modelfile);

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "references");
  json_builder_begin_array (builder);
  for (guint i = 0; references[i] != NULL; i++)
    json_builder_add_string_value (builder, references[i]);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "found");
  json_builder_add_string_value (builder, model->reference->text);
  json_builder_set_member_name (builder, "modelfile");
  json_builder_add_string_value (builder, recipe);
  json_builder_set_member_name (builder, "files");
  json_builder_begin_array (builder);
  for (guint i = 0; i < model->files->len; i++) {
    const LinnetRemoteFile *file = model->files->pdata[i];

    json_builder_begin_object (builder);
    json_builder_set_member_name (builder, "name");
    json_builder_add_string_value (builder, file->name);
    json_builder_set_member_name (builder, "bytes");
    json_builder_add_int_value (builder, (gint64) file->bytes);
    if (file->sha256 != NULL) {
      json_builder_set_member_name (builder, "sha256");
      json_builder_add_string_value (builder, file->sha256);
    }
    json_builder_set_member_name (builder, "urls");
    json_builder_begin_array (builder);
    for (guint j = 0; file->urls[j] != NULL; j++)
      json_builder_add_string_value (builder, file->urls[j]);
    json_builder_end_array (builder);
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
  g_autofree char *text = json_to_string (root, TRUE);

  if (g_mkdir_with_parents (folder, 0755) != 0) {
    int saved = errno;

    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved),
                 _ ("The folder “%s” cannot be made: %s. Choose another folder for models."),
                 folder, g_strerror (saved));
    return FALSE;
  }
  return g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, error);
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

/* A member that is an array of texts, each of which func (NULL: any) takes. Transfer full; NULL: it
 * is something else. */
static GStrv
read_texts (JsonObject *object, const char *name, guint max, gboolean (*func) (const char *text))
{
  JsonNode *node = json_object_get_member (object, name);
  JsonArray *array =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  guint n = array != NULL ? json_array_get_length (array) : 0;

  if (n == 0 || n > max)
    return NULL;
  for (guint i = 0; i < n; i++) {
    JsonNode *element = json_array_get_element (array, i);

    if (json_node_get_value_type (element) != G_TYPE_STRING ||
        (func != NULL && !func (json_node_get_string (element))))
      return NULL;
    g_strv_builder_add (builder, json_node_get_string (element));
  }
  return g_strv_builder_end (builder);
}

static gboolean
is_safe_url (const char *url)
{
  return linnet_network_check_url (url, NULL);
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
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *name;
  const char *sha256;
  gint64 bytes;
  GStrv urls;
  LinnetRemoteFile *file;

  if (object == NULL)
    return FALSE;
  name = json_object_get_string_member_with_default (object, "name", NULL);
  sha256 = json_object_get_string_member_with_default (object, "sha256", NULL);
  bytes = json_object_get_int_member_with_default (object, "bytes", 0);
  if (!is_safe_name (name) || bytes < 0 || (sha256 != NULL && !linnet_registry_is_sha256 (sha256)))
    return FALSE;
  urls = read_texts (object, "urls", MAX_URLS, is_safe_url);
  if (urls == NULL)
    return FALSE;
  file = g_new0 (LinnetRemoteFile, 1);
  file->name = g_strdup (name);
  file->sha256 = g_strdup (sha256);
  file->bytes = (guint64) bytes;
  file->urls = urls;
  g_ptr_array_add (model->files, file);
  return TRUE;
}

LinnetRemoteModel *
linnet_pull_state_read (const char *folder, GStrv *references)
{
  g_autofree char *path = g_build_filename (folder, STATE_FILE, NULL);
  g_autofree char *data = NULL;
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (LinnetReference) found = NULL;
  g_autoptr (LinnetRemoteModel) model = NULL;
  g_auto (GStrv) names = NULL;
  JsonObject *object;
  JsonNode *files;
  const char *text;
  gsize length;

  if (!g_file_get_contents (path, &data, &length, NULL))
    return NULL;
  root = linnet_registry_parse_json (data, length, NULL);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return NULL;
  object = json_node_get_object (root);
  names = read_texts (object, "references", MAX_URLS, NULL);
  text = json_object_get_string_member_with_default (object, "found", NULL);
  found = text != NULL ? linnet_reference_parse (text, NULL) : NULL;
  files = json_object_get_member (object, "files");
  if (names == NULL || found == NULL || files == NULL || !JSON_NODE_HOLDS_ARRAY (files) ||
      json_array_get_length (json_node_get_array (files)) == 0 ||
      json_array_get_length (json_node_get_array (files)) > MAX_PARTS)
    return NULL;
  model = linnet_remote_model_new (found);
  for (guint i = 0; i < json_array_get_length (json_node_get_array (files)); i++)
    if (!read_file (model, json_array_get_element (json_node_get_array (files), i)))
      return NULL;
  text = json_object_get_string_member_with_default (object, "modelfile", NULL);
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
