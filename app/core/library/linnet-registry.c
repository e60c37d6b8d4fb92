/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetRegistry: each source asked in its own protocol, on a worker thread from top to bottom. */
#include "library/linnet-registry.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "library/linnet-address.h"
#include "library/linnet-http-session.h"
#include "library/linnet-registry-http.h"
#include "library/linnet-registry-json.h"

#define MANIFEST_TYPE   "application/vnd.docker.distribution.manifest.v2+json"
#define MAX_TEXT_BYTES  (1024 * 1024)
#define MAX_SLUG_CHARS  64
#define HASH_CHARS      8
#define FILE_HASH_CHARS 12

/* What a resolution works with; lives on the worker's stack. */
typedef struct {
  SoupSession *session;
  const LinnetNetworkSettings *settings;
  GCancellable *cancellable;
} Asker;

static void
remote_file_free (LinnetRemoteFile *file)
{
  g_free (file->name);
  g_strfreev (file->urls);
  g_free (file->sha256);
  g_free (file);
}

LinnetRemoteModel *
linnet_remote_model_new (const LinnetReference *reference)
{
  LinnetRemoteModel *self = g_new0 (LinnetRemoteModel, 1);

  self->reference = linnet_reference_copy (reference);
  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify) remote_file_free);
  self->modelfile = linnet_modelfile_new (reference->text);
  return self;
}

void
linnet_remote_model_free (LinnetRemoteModel *self)
{
  if (self == NULL)
    return;
  linnet_reference_free (self->reference);
  g_ptr_array_unref (self->files);
  linnet_modelfile_free (self->modelfile);
  g_free (self);
}

/* text with only safe characters, and not too long. Transfer full. */
static char *
make_safe (const char *text)
{
  g_autoptr (GString) safe = g_string_new (NULL);

  for (const char *p = text; *p != '\0' && safe->len < MAX_SLUG_CHARS; p++) {
    gboolean is_safe = g_ascii_isalnum (*p) || *p == '_' || *p == '.' || *p == '-';
    char c = is_safe ? g_ascii_tolower (*p) : '-';

    /* No name begins with a dot, and none holds two in a row. */
    if (c == '.' && (safe->len == 0 || safe->str[safe->len - 1] == '.'))
      c = '-';
    if (c != '-' || (safe->len > 0 && safe->str[safe->len - 1] != '-'))
      g_string_append_c (safe, c);
  }
  while (safe->len > 0 && strchr (".-", safe->str[safe->len - 1]) != NULL)
    g_string_truncate (safe, safe->len - 1);
  return g_string_free (g_steal_pointer (&safe), FALSE);
}

char *
linnet_registry_make_slug (const char *text)
{
  g_autofree char *safe = make_safe (text);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);

  return g_strdup_printf ("%s-%.*s", safe[0] != '\0' ? safe : "model", HASH_CHARS, hash);
}

/* The names of the files here: the model's, and which bytes they are. */
static void
name_files (LinnetRemoteModel *self)
{
  const LinnetReference *reference = self->reference;
  g_autofree char *whole = reference->tag != NULL && reference->tag[0] != '\0'
                               ? g_strdup_printf ("%s-%s", reference->name, reference->tag)
                               : g_strdup (reference->name);
  g_autofree char *plain = g_str_has_suffix (whole, ".gguf")
                               ? g_strndup (whole, strlen (whole) - strlen (".gguf"))
                               : g_strdup (whole);
  g_autofree char *safe = make_safe (plain);
  const LinnetRemoteFile *first = g_ptr_array_index (self->files, 0);
  g_autofree char *mark =
      first->sha256 != NULL ? g_strdup (first->sha256)
                            : g_compute_checksum_for_string (G_CHECKSUM_SHA256, first->urls[0], -1);

  for (guint i = 0; i < self->files->len; i++) {
    LinnetRemoteFile *file = g_ptr_array_index (self->files, i);
    g_autofree char *part = self->files->len > 1
                                ? g_strdup_printf ("-%05u-of-%05u", i + 1, self->files->len)
                                : g_strdup ("");

    g_free (file->name);
    file->name = g_strdup_printf ("%s-%.*s%s.gguf", safe[0] != '\0' ? safe : "model",
                                  FILE_HASH_CHARS, mark, part);
  }
}

/* Takes url. */
static void
add_file (LinnetRemoteModel *self, char *url, guint64 bytes, const char *sha256)
{
  LinnetRemoteFile *file = g_new0 (LinnetRemoteFile, 1);

  file->urls = g_new0 (char *, 2);
  file->urls[0] = url;
  file->bytes = bytes;
  file->sha256 = g_strdup (sha256);
  g_ptr_array_add (self->files, file);
}

/* The base address of a reference's registry. Transfer full. */
static char *
get_base (const Asker *asker, const LinnetReference *reference)
{
  if (reference->host != NULL) {
    g_autofree char *plain = g_strdup_printf ("http://%s", reference->host);

    if (linnet_address_check (plain, NULL))
      return g_steal_pointer (&plain);
    return g_strdup_printf ("https://%s", reference->host);
  }
  switch (reference->kind) {
  case LINNET_SOURCE_HUGGING_FACE:
    return g_strdup (asker->settings->hugging_face);
  case LINNET_SOURCE_MODELSCOPE:
    return g_strdup (asker->settings->modelscope);
  case LINNET_SOURCE_OLLAMA:
  case LINNET_SOURCE_LINK:
  case LINNET_SOURCE_FILE:
  default:
    return g_strdup (asker->settings->ollama);
  }
}

/* ---- Ollama ------------------------------------------------------------------------------- */

/* A small layer, with its sha256 checked. Transfer full. */
static GBytes *
fetch_layer (const Asker *asker, const char *blobs, const LinnetListedFile *layer, GError **error)
{
  g_autofree char *url = g_strdup_printf ("%s/sha256:%s", blobs, layer->sha256);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *sum = NULL;

  if (layer->bytes <= MAX_TEXT_BYTES)
    bytes = linnet_http_get (asker->session, url, NULL, MAX_TEXT_BYTES, asker->cancellable, error);
  else
    g_set_error_literal (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_REGISTRY,
                         _ ("What comes with this model is far too long to make sense."));
  if (bytes == NULL)
    return NULL;
  sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  if (!g_str_equal (sum, layer->sha256)) {
    g_set_error_literal (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_DAMAGED,
                         _ ("What comes with this model arrived damaged. Try again."));
    return NULL;
  }
  return g_steal_pointer (&bytes);
}

static gboolean
read_layer (const Asker *asker,
            const char *blobs,
            const LinnetListedFile *layer,
            LinnetModelfile *modelfile,
            GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  if (!linnet_registry_knows_layer (layer->path))
    return TRUE;
  bytes = fetch_layer (asker, blobs, layer, error);
  return bytes != NULL && linnet_registry_apply_layer (layer->path, bytes, modelfile, error);
}

/* Whether the layers are a model that can be run here: one file of weights and no changes to it. */
static gboolean
check_layers (GPtrArray *layers, const LinnetListedFile **weights, GError **error)
{
  *weights = NULL;
  for (guint i = 0; i < layers->len; i++) {
    const LinnetListedFile *layer = g_ptr_array_index (layers, i);

    if (g_str_equal (layer->path, "model") && *weights == NULL) {
      *weights = layer;
    } else if (g_str_equal (layer->path, "model") || g_str_equal (layer->path, "adapter") ||
               g_str_equal (layer->path, "tensor")) {
      g_set_error_literal (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_UNSUPPORTED,
                           _ ("This model is put together from several files in a way that Linnet "
                              "cannot read. Choose another one."));
      return FALSE;
    }
  }
  if (*weights != NULL)
    return TRUE;
  g_set_error_literal (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_UNSUPPORTED,
                       _ ("There are no weights under this name: the model runs on other people’s "
                          "computers only. Choose another one."));
  return FALSE;
}

static gboolean
ask_ollama (const Asker *asker, LinnetRemoteModel *self, GError **error)
{
  const LinnetReference *reference = self->reference;
  g_autofree char *base = get_base (asker, reference);
  g_autofree char *repository =
      g_strdup_printf ("%s/v2/%s/%s", base, reference->owner, reference->name);
  g_autofree char *manifest = g_strdup_printf ("%s/manifests/%s", repository, reference->tag);
  g_autofree char *blobs = g_strdup_printf ("%s/blobs", repository);
  g_autoptr (GBytes) answer =
      linnet_http_get (asker->session, manifest, MANIFEST_TYPE, LINNET_REGISTRY_MAX_BYTES,
                       asker->cancellable, error);
  g_autoptr (GPtrArray) layers = NULL;
  const LinnetListedFile *weights;

  if (answer == NULL)
    return FALSE;
  layers = linnet_registry_read_manifest (g_bytes_get_data (answer, NULL),
                                          g_bytes_get_size (answer), error);
  if (layers == NULL || !check_layers (layers, &weights, error))
    return FALSE;
  for (guint i = 0; i < layers->len; i++)
    if (!read_layer (asker, blobs, g_ptr_array_index (layers, i), self->modelfile, error))
      return FALSE;
  add_file (self, g_strdup_printf ("%s/sha256:%s", blobs, weights->sha256), weights->bytes,
            weights->sha256);
  return TRUE;
}

/* ---- Hugging Face and ModelScope ---------------------------------------------------------- */

/* Reads the licence's text, where the repository has one; without it all goes on. */
static void
fetch_licence (const Asker *asker,
               const char *files_url,
               GPtrArray *files,
               LinnetModelfile *modelfile)
{
  static const char *const names[] = { "LICENSE", "LICENSE.txt", "LICENSE.md", NULL };

  for (guint i = 0; i < files->len; i++) {
    const LinnetListedFile *file = g_ptr_array_index (files, i);
    g_autofree char *url = NULL;
    g_autoptr (GBytes) bytes = NULL;

    if (!g_strv_contains (names, file->path) || file->bytes > MAX_TEXT_BYTES)
      continue;
    url = g_strdup_printf ("%s/%s", files_url, file->path);
    bytes = linnet_http_get (asker->session, url, NULL, MAX_TEXT_BYTES, asker->cancellable, NULL);
    if (bytes != NULL)
      linnet_registry_apply_layer ("license", bytes, modelfile, NULL);
    return;
  }
}

static gboolean
ask_repository (const Asker *asker, LinnetRemoteModel *self, GError **error)
{
  const LinnetReference *reference = self->reference;
  gboolean is_hugging_face = reference->kind == LINNET_SOURCE_HUGGING_FACE;
  g_autofree char *base = get_base (asker, reference);
  g_autofree char *list =
      is_hugging_face ? g_strdup_printf ("%s/api/models/%s/%s/tree/main?recursive=true", base,
                                         reference->owner, reference->name)
                      : g_strdup_printf ("%s/api/v1/models/%s/%s/repo/files?Revision=master&"
                                         "Recursive=true",
                                         base, reference->owner, reference->name);
  g_autofree char *files_url =
      g_strdup_printf (is_hugging_face ? "%s/%s/%s/resolve/main" : "%s/models/%s/%s/resolve/master",
                       base, reference->owner, reference->name);
  g_autoptr (GBytes) answer =
      linnet_http_get (asker->session, list, "application/json", LINNET_REGISTRY_MAX_BYTES,
                       asker->cancellable, error);
  g_autoptr (GPtrArray) files = NULL;
  g_autoptr (GPtrArray) chosen = NULL;
  const char *data;
  gsize length;

  if (answer == NULL)
    return FALSE;
  data = g_bytes_get_data (answer, &length);
  files = is_hugging_face ? linnet_registry_read_hugging_face (data, length, error)
                          : linnet_registry_read_modelscope (data, length, error);
  chosen = files != NULL ? linnet_registry_choose (files, reference->tag, error) : NULL;
  if (chosen == NULL)
    return FALSE;
  for (guint i = 0; i < chosen->len; i++) {
    const LinnetListedFile *file = g_ptr_array_index (chosen, i);
    g_autofree char *escaped = g_uri_escape_string (file->path, "/", FALSE);

    add_file (self, g_strdup_printf ("%s/%s", files_url, escaped), file->bytes, file->sha256);
  }
  fetch_licence (asker, files_url, files, self->modelfile);
  return TRUE;
}

/* ---- Links and files ---------------------------------------------------------------------- */

static gboolean
ask_link (const Asker *asker, LinnetRemoteModel *self, GError **error)
{
  const char *url = self->reference->location;
  LinnetHttpFile file = { 0 };
  g_autofree char *sha256 = NULL;

  if (!linnet_http_probe (asker->session, url, &file, asker->cancellable, error))
    return FALSE;
  sha256 = file.sha256;
  if (memcmp (file.magic, "GGUF", sizeof file.magic) != 0) {
    g_set_error_literal (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_UNSUPPORTED,
                         _ ("This link does not lead to a GGUF file. Copy the link of the download "
                            "itself."));
    return FALSE;
  }
  add_file (self, g_strdup (url), file.bytes, sha256);
  return TRUE;
}

static LinnetRemoteModel *
ask (const Asker *asker, const LinnetReference *reference, GError **error)
{
  g_autoptr (LinnetRemoteModel) self = linnet_remote_model_new (reference);
  gboolean is_there = FALSE;

  switch (reference->kind) {
  case LINNET_SOURCE_OLLAMA:
    is_there = ask_ollama (asker, self, error);
    break;
  case LINNET_SOURCE_HUGGING_FACE:
  case LINNET_SOURCE_MODELSCOPE:
    is_there = ask_repository (asker, self, error);
    break;
  case LINNET_SOURCE_LINK:
    is_there = ask_link (asker, self, error);
    break;
  case LINNET_SOURCE_FILE:
    is_there = g_file_test (reference->location, G_FILE_TEST_IS_REGULAR);
    if (!is_there) {
      g_autofree char *shown = g_filename_display_name (reference->location);

      g_set_error (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_NOT_FOUND,
                   _ ("There is no file “%s”. Check the path."), shown);
    }
    break;
  default:
    g_assert_not_reached ();
  }
  if (!is_there)
    return NULL;
  if (self->files->len > 0)
    name_files (self);
  return g_steal_pointer (&self);
}

/* The same bytes from elsewhere are one more source of them. */
static void
add_sources (LinnetRemoteModel *self, LinnetRemoteModel *other)
{
  for (guint i = 0; i < self->files->len; i++) {
    LinnetRemoteFile *file = g_ptr_array_index (self->files, i);

    for (guint j = 0; j < other->files->len; j++) {
      LinnetRemoteFile *twin = g_ptr_array_index (other->files, j);
      guint n = g_strv_length (file->urls);

      if (file->sha256 == NULL || g_strcmp0 (file->sha256, twin->sha256) != 0 ||
          file->bytes != twin->bytes)
        continue;
      file->urls = g_renew (char *, file->urls, n + 2);
      file->urls[n] = g_strdup (twin->urls[0]);
      file->urls[n + 1] = NULL;
    }
  }
}

/* What a resolution begins with. */
typedef struct {
  GPtrArray *references; /* LinnetReference */
  LinnetNetworkSettings *settings;
} Request;

static void
request_free (Request *request)
{
  g_ptr_array_unref (request->references);
  linnet_network_settings_free (request->settings);
  g_free (request);
}

static void
resolve_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Request *request = task_data;
  GPtrArray *references = request->references;
  const LinnetHttpSessionOptions options = { .proxy = request->settings->proxy,
                                             .timeout_seconds = LINNET_HTTP_STALL_SECONDS };
  g_autoptr (SoupSession) session = linnet_http_session_new (&options);
  Asker asker = { session, request->settings, cancellable };
  g_autoptr (LinnetRemoteModel) found = NULL;
  g_autoptr (GError) first_error = NULL;

  for (guint i = 0; i < references->len; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (LinnetRemoteModel) model = ask (&asker, g_ptr_array_index (references, i), &error);

    if (g_task_return_error_if_cancelled (task))
      return;
    if (model != NULL && found == NULL)
      found = g_steal_pointer (&model);
    else if (model != NULL)
      add_sources (found, model);
    else if (first_error == NULL)
      first_error = g_steal_pointer (&error);
  }
  if (found != NULL)
    g_task_return_pointer (task, g_steal_pointer (&found),
                           (GDestroyNotify) linnet_remote_model_free);
  else
    g_task_return_error (task, g_steal_pointer (&first_error));
}

void
linnet_registry_resolve_async (const LinnetReference *const *references,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Request *request;

  g_return_if_fail (references != NULL && references[0] != NULL);

  request = g_new0 (Request, 1);
  request->references = g_ptr_array_new_with_free_func ((GDestroyNotify) linnet_reference_free);
  request->settings = linnet_network_settings_new ();
  for (guint i = 0; references[i] != NULL; i++)
    g_ptr_array_add (request->references, linnet_reference_copy (references[i]));
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, linnet_registry_resolve_async);
  g_task_set_task_data (task, request, (GDestroyNotify) request_free);
  g_task_run_in_thread (task, resolve_thread);
}

LinnetRemoteModel *
linnet_registry_resolve_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
