/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetPull: registry, download, check, library, one after the other. */
#include "library/linnet-pull.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "library/linnet-library-private.h"
#include "library/linnet-network-settings.h"
#include "library/linnet-pull-state.h"
#include "library/linnet-pull-status.h"

struct _LinnetPull {
  GObject parent_instance;

  /* Owned. */
  LinnetLibrary *library;
  GStrv texts;           /* references as they are kept */
  GPtrArray *references; /* LinnetReference */
  char *library_folder;  /* the library's when it began, which may have another by now */
  char *folder;          /* of the files */
  char *slug;
  LinnetRemoteModel *remote; /* NULL until the registry has answered */
  LinnetDownload *download;  /* NULL unless there is something to fetch */
  GCancellable *cancellable; /* of the registry; NULL unless it is asked */
  LinnetLibraryModel *model; /* once it is done */
  GError *error;
  char *status;

  LinnetPullState state;
  gboolean is_checking; /* the last check, which is short and goes to its end */
  guint64 kept_bytes;   /* that an earlier run has fetched */
};

enum {
  PROP_0,
  PROP_STATE,
  PROP_STATUS,
  PROP_BYTES_DONE,
  PROP_BYTES_TOTAL,
  PROP_RATE,
  PROP_SECONDS_LEFT,
  PROP_ERROR,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ENUM_TYPE (LinnetPullState,
                    linnet_pull_state,
                    G_DEFINE_ENUM_VALUE (LINNET_PULL_IDLE, "idle"),
                    G_DEFINE_ENUM_VALUE (LINNET_PULL_RESOLVING, "resolving"),
                    G_DEFINE_ENUM_VALUE (LINNET_PULL_FETCHING, "fetching"),
                    G_DEFINE_ENUM_VALUE (LINNET_PULL_PAUSED, "paused"),
                    G_DEFINE_ENUM_VALUE (LINNET_PULL_VERIFYING, "verifying"),
                    G_DEFINE_ENUM_VALUE (LINNET_PULL_DONE, "done"),
                    G_DEFINE_ENUM_VALUE (LINNET_PULL_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (LINNET_PULL_CANCELLED, "cancelled"))

G_DEFINE_FINAL_TYPE (LinnetPull, linnet_pull, G_TYPE_OBJECT)

static void
linnet_pull_dispose (GObject *object)
{
  LinnetPull *self = LINNET_PULL (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->download != NULL) {
    g_signal_handlers_disconnect_by_data (self->download, self);
    linnet_download_pause (self->download);
  }
  g_clear_object (&self->download);
  g_clear_object (&self->model);
  g_clear_object (&self->library);
  G_OBJECT_CLASS (linnet_pull_parent_class)->dispose (object);
}

static void
linnet_pull_finalize (GObject *object)
{
  LinnetPull *self = LINNET_PULL (object);

  g_strfreev (self->texts);
  g_ptr_array_unref (self->references);
  g_free (self->library_folder);
  g_free (self->folder);
  g_free (self->slug);
  linnet_remote_model_free (self->remote);
  g_clear_error (&self->error);
  g_free (self->status);
  G_OBJECT_CLASS (linnet_pull_parent_class)->finalize (object);
}

static void
linnet_pull_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  LinnetPull *self = LINNET_PULL (object);

  switch (id) {
  case PROP_STATE:
    g_value_set_enum (value, (int) self->state);
    break;
  case PROP_STATUS:
    g_value_set_string (value, self->status);
    break;
  case PROP_BYTES_DONE:
    g_value_set_uint64 (value, linnet_pull_get_bytes_done (self));
    break;
  case PROP_BYTES_TOTAL:
    g_value_set_uint64 (value, linnet_pull_get_bytes_total (self));
    break;
  case PROP_RATE:
    g_value_set_double (value, linnet_pull_get_rate (self));
    break;
  case PROP_SECONDS_LEFT:
    g_value_set_double (value, linnet_pull_get_seconds_left (self));
    break;
  case PROP_ERROR:
    g_value_set_boxed (value, self->error);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
linnet_pull_class_init (LinnetPullClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->dispose = linnet_pull_dispose;
  object_class->finalize = linnet_pull_finalize;
  object_class->get_property = linnet_pull_get_property;

  properties[PROP_STATE] =
      g_param_spec_enum ("state", NULL, NULL, LINNET_TYPE_PULL_STATE, LINNET_PULL_IDLE, flags);
  properties[PROP_STATUS] = g_param_spec_string ("status", NULL, NULL, NULL, flags);
  properties[PROP_BYTES_DONE] =
      g_param_spec_uint64 ("bytes-done", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_BYTES_TOTAL] =
      g_param_spec_uint64 ("bytes-total", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_RATE] = g_param_spec_double ("rate", NULL, NULL, 0, G_MAXDOUBLE, 0, flags);
  properties[PROP_SECONDS_LEFT] =
      g_param_spec_double ("seconds-left", NULL, NULL, -1, G_MAXDOUBLE, -1, flags);
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
linnet_pull_init (LinnetPull *self)
{
  self->references =
      g_ptr_array_new_null_terminated (2, (GDestroyNotify) linnet_reference_free, TRUE);
}

/* ---- What it says -------------------------------------------------------------------------- */

static void
update_status (LinnetPull *self)
{
  g_autofree char *status = linnet_pull_format_status (self);

  if (g_set_str (&self->status, status))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATUS]);
}

static void
set_state (LinnetPull *self, LinnetPullState state)
{
  g_autoptr (LinnetPull) alive = g_object_ref (self);

  if (self->state == state)
    return;
  self->state = state;
  g_object_freeze_notify (G_OBJECT (self));
  if (state != LINNET_PULL_FAILED && self->error != NULL) {
    g_clear_error (&self->error);
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
  }
  update_status (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_object_thaw_notify (G_OBJECT (self));
}

/* Takes error. */
static void
fail (LinnetPull *self, GError *error)
{
  g_clear_error (&self->error);
  self->error = error;
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
  set_state (self, LINNET_PULL_FAILED);
  g_object_thaw_notify (G_OBJECT (self));
}

/* ---- The end ------------------------------------------------------------------------------- */

/* Takes model. */
static void
finish (LinnetPull *self, LinnetLibraryModel *model)
{
  self->model = model;
  set_state (self, LINNET_PULL_DONE);
}

/* The model as the library will have it, with these files, not yet looked into. Transfer full. */
static LinnetLibraryModel *
make_model (LinnetPull *self)
{
  LinnetLibraryModel *model = linnet_library_model_new (LINNET_OWNER_LINNET, self->texts[0]);

  model->slug = g_strdup (self->slug);
  model->references = g_strdupv (self->texts + 1);
  model->modelfile = linnet_modelfile_copy (self->remote->modelfile);
  return model;
}

/* On a thread: a file that is no model is not kept. */
static void
check_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  LinnetLibraryModel *model = task_data;
  const char *folder = g_object_get_data (G_OBJECT (task), "folder");
  g_autoptr (GError) error = NULL;

  if (!linnet_library_model_inspect (model, NULL, cancellable, &error)) {
    g_task_return_new_error (task, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_UNSUPPORTED,
                             _ ("Linnet cannot run this model: %s"), error->message);
    return;
  }
  if (linnet_library_store_write (folder, model, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LinnetPull *self = LINNET_PULL (source);
  LinnetLibraryModel *model = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;

  self->is_checking = FALSE;
  if (g_task_propagate_boolean (G_TASK (result), &error)) {
    linnet_pull_state_remove (self->folder);
    if (!g_str_equal (self->library_folder, linnet_library_get_folder (self->library)))
      model->owner = LINNET_OWNER_FOLDER;
    linnet_library_take (self->library, g_object_ref (model));
    finish (self, g_object_ref (model));
    return;
  }
  if (g_error_matches (error, LINNET_LIBRARY_ERROR, LINNET_LIBRARY_ERROR_UNSUPPORTED)) {
    linnet_pull_state_remove (self->folder);
    linnet_pull_state_remove_files (self->folder, self->remote);
    g_clear_pointer (&self->remote, linnet_remote_model_free);
  }
  fail (self, g_steal_pointer (&error));
}

/* Takes model. */
static void
check (LinnetPull *self, LinnetLibraryModel *model)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, checked_cb, NULL);

  self->is_checking = TRUE;
  set_state (self, LINNET_PULL_VERIFYING);
  g_task_set_source_tag (task, check);
  g_task_set_task_data (task, model, g_object_unref);
  g_object_set_data_full (G_OBJECT (task), "folder", g_strdup (self->library_folder), g_free);
  g_task_run_in_thread (task, check_thread);
}

/* ---- Fetching ------------------------------------------------------------------------------ */

static void
fetched (LinnetPull *self)
{
  LinnetLibraryModel *model = make_model (self);

  for (guint i = 0; i < self->remote->files->len; i++) {
    const LinnetRemoteFile *file = self->remote->files->pdata[i];
    g_autofree char *path = g_build_filename (self->folder, file->name, NULL);
    const char *sha256 = linnet_download_get_sha256 (self->download, i);
    GStatBuf status;

    linnet_library_model_add_part (
        model, path, g_stat (path, &status) == 0 ? (guint64) status.st_size : file->bytes,
        sha256 != NULL ? sha256 : file->sha256);
  }
  check (self, model);
}

/* What the registry said may not hold any more: the next start asks it again. */
static void
fetch_failed (LinnetPull *self)
{
  const GError *error = linnet_download_get_error (self->download);

  if (g_error_matches (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_NOT_FOUND) ||
      g_error_matches (error, LINNET_DOWNLOAD_ERROR, LINNET_DOWNLOAD_ERROR_CHANGED)) {
    g_signal_handlers_disconnect_by_data (self->download, self);
    g_clear_pointer (&self->remote, linnet_remote_model_free);
  }
  fail (self, g_error_copy (error));
  if (self->remote == NULL)
    g_clear_object (&self->download);
}

static void
download_state_cb (LinnetPull *self)
{
  g_autoptr (LinnetPull) alive = g_object_ref (self);

  switch (linnet_download_get_state (self->download)) {
  case LINNET_DOWNLOAD_RUNNING:
    set_state (self, LINNET_PULL_FETCHING);
    break;
  case LINNET_DOWNLOAD_PAUSED:
    set_state (self, LINNET_PULL_PAUSED);
    break;
  case LINNET_DOWNLOAD_VERIFYING:
    set_state (self, LINNET_PULL_VERIFYING);
    break;
  case LINNET_DOWNLOAD_DONE:
    fetched (self);
    break;
  case LINNET_DOWNLOAD_FAILED:
    fetch_failed (self);
    break;
  case LINNET_DOWNLOAD_CANCELLED: /* by us */
  case LINNET_DOWNLOAD_IDLE:
  default:
    break;
  }
}

static void
download_progress_cb (LinnetPull *self, GParamSpec *pspec)
{
  GParamSpec *own = g_object_class_find_property (G_OBJECT_GET_CLASS (self), pspec->name);

  g_object_notify_by_pspec (G_OBJECT (self), own);
  update_status (self);
}

static LinnetDownload *
make_download (LinnetPull *self)
{
  g_autoptr (LinnetNetworkSettings) settings = linnet_network_settings_new ();
  LinnetDownloadOptions options = { .proxy = settings->proxy };
  guint n = self->remote->files->len;
  g_autofree LinnetDownloadFile *files = g_new0 (LinnetDownloadFile, n);

  for (guint i = 0; i < n; i++) {
    const LinnetRemoteFile *file = self->remote->files->pdata[i];

    files[i] = (LinnetDownloadFile) {
      .name = file->name,
      .urls = (const char *const *) file->urls,
      .bytes = file->bytes,
      .sha256 = file->sha256,
    };
  }
  return linnet_download_new (self->folder, files, n, &options);
}

static void
fetch (LinnetPull *self)
{
  static const char *const progress[] = { "bytes-done", "bytes-total", "rate", "seconds-left" };

  if (self->download == NULL) {
    self->download = make_download (self);
    g_signal_connect_object (self->download, "notify::state", G_CALLBACK (download_state_cb), self,
                             G_CONNECT_SWAPPED);
    for (guint i = 0; i < G_N_ELEMENTS (progress); i++) {
      g_autofree char *signal = g_strconcat ("notify::", progress[i], NULL);

      g_signal_connect_object (self->download, signal, G_CALLBACK (download_progress_cb), self,
                               G_CONNECT_SWAPPED);
    }
  }
  set_state (self, LINNET_PULL_FETCHING);
  linnet_download_start (self->download);
}

/* ---- Asking -------------------------------------------------------------------------------- */

/* The same files are here already, whoever has them: nothing is fetched. */
static gboolean
use_present (LinnetPull *self)
{
  LinnetLibraryModel *present = linnet_library_find_files (self->library, self->remote->files);
  LinnetLibraryModel *model;

  if (present == NULL)
    return FALSE;
  if (g_ascii_strcasecmp (linnet_library_model_get_name (present), self->texts[0]) == 0) {
    finish (self, g_object_ref (present));
    return TRUE;
  }
  model = make_model (self);
  for (guint i = 0; i < present->parts->len; i++) {
    const LinnetModelPart *part = present->parts->pdata[i];

    linnet_library_model_add_part (model, part->path, part->bytes, part->sha256);
  }
  check (self, model);
  return TRUE;
}

/* A file on this computer is used where it is. */
static void
use_file (LinnetPull *self)
{
  LinnetLibraryModel *model = make_model (self);
  GStatBuf status;

  linnet_library_model_add_part (
      model, self->remote->reference->location,
      g_stat (self->remote->reference->location, &status) == 0 ? (guint64) status.st_size : 0,
      NULL);
  check (self, model);
}

static void
resolved_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetPull) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LinnetRemoteModel) remote = linnet_registry_resolve_finish (result, &error);

  /* It was paused or cancelled meanwhile, and maybe started again. */
  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return;
  g_clear_object (&self->cancellable);
  if (remote == NULL) {
    fail (self, g_steal_pointer (&error));
    return;
  }
  self->remote = g_steal_pointer (&remote);
  if (self->remote->reference->kind == LINNET_SOURCE_FILE)
    use_file (self);
  else if (use_present (self))
    return;
  else if (linnet_pull_state_write (self->folder, (const char *const *) self->texts, self->remote,
                                    &error))
    fetch (self);
  else
    fail (self, g_steal_pointer (&error));
}

/* ---- From outside -------------------------------------------------------------------------- */

/* Takes its own copies; references are checked. folder: the library's. NULL: error. */
static LinnetPull *
pull_new (LinnetLibrary *library, const char *folder, const char *const *references, GError **error)
{
  g_autoptr (LinnetPull) self = g_object_new (LINNET_TYPE_PULL, NULL);
  g_autoptr (GStrvBuilder) texts = g_strv_builder_new ();

  self->library = g_object_ref (library);
  self->status = g_strdup ("");
  for (guint i = 0; references[i] != NULL; i++) {
    LinnetReference *reference = linnet_reference_parse (references[i], error);

    if (reference == NULL)
      return NULL;
    g_ptr_array_add (self->references, reference);
    g_strv_builder_add (texts, reference->text);
  }
  self->texts = g_strv_builder_end (texts);
  self->slug = linnet_registry_make_slug (self->texts[0]);
  self->library_folder = g_strdup (folder);
  self->folder = g_build_filename (folder, self->slug, NULL);
  return g_steal_pointer (&self);
}

LinnetPull *
linnet_pull_new (LinnetLibrary *library, const char *const *references, GError **error)
{
  LinnetPull *self;
  g_auto (GStrv) kept = NULL;

  g_return_val_if_fail (LINNET_IS_LIBRARY (library), NULL);
  g_return_val_if_fail (references != NULL && references[0] != NULL, NULL);

  self = pull_new (library, linnet_library_get_folder (library), references, error);
  if (self == NULL)
    return NULL;
  /* An earlier run may have begun with it. */
  self->remote = linnet_pull_state_read (self->folder, &kept);
  return self;
}

/* Adds those that began in folder and are not in pulls yet. */
static void
add_unfinished (LinnetLibrary *library, const char *library_folder, GPtrArray *pulls)
{
  g_autoptr (GDir) dir = g_dir_open (library_folder, 0, NULL);
  const char *slug;

  while (dir != NULL && (slug = g_dir_read_name (dir)) != NULL) {
    g_autofree char *folder = g_build_filename (library_folder, slug, NULL);
    g_auto (GStrv) references = NULL;
    g_autoptr (LinnetRemoteModel) remote = linnet_pull_state_read (folder, &references);
    g_autoptr (LinnetPull) pull =
        remote != NULL ? pull_new (library, library_folder, (const char *const *) references, NULL)
                       : NULL;
    gboolean is_known = FALSE;

    for (guint i = 0; pull != NULL && !is_known && i < pulls->len; i++)
      is_known = g_str_equal (((LinnetPull *) pulls->pdata[i])->slug, slug);
    if (pull == NULL || is_known || !g_str_equal (pull->slug, slug))
      continue;
    pull->remote = g_steal_pointer (&remote);
    pull->kept_bytes = linnet_pull_state_count_kept (folder, pull->remote);
    set_state (pull, LINNET_PULL_PAUSED);
    g_ptr_array_add (pulls, g_steal_pointer (&pull));
  }
}

GPtrArray *
linnet_pull_list_unfinished (LinnetLibrary *library)
{
  GPtrArray *pulls = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (LinnetNetworkSettings) settings = linnet_network_settings_new ();

  g_return_val_if_fail (LINNET_IS_LIBRARY (library), pulls);

  add_unfinished (library, linnet_library_get_folder (library), pulls);
  /* One of them may have been the library's own before. */
  for (guint i = 0; settings->model_folders[i] != NULL; i++)
    if (g_path_is_absolute (settings->model_folders[i]))
      add_unfinished (library, settings->model_folders[i], pulls);
  return pulls;
}

void
linnet_pull_start (LinnetPull *self)
{
  g_return_if_fail (LINNET_IS_PULL (self));

  if (self->state != LINNET_PULL_IDLE && self->state != LINNET_PULL_PAUSED &&
      self->state != LINNET_PULL_FAILED)
    return;
  if (self->remote != NULL && self->remote->files->len > 0) {
    fetch (self);
    return;
  }
  self->cancellable = g_cancellable_new ();
  set_state (self, LINNET_PULL_RESOLVING);
  linnet_registry_resolve_async ((const LinnetReference *const *) self->references->pdata,
                                 self->cancellable, resolved_cb, g_object_ref (self));
}

static void
stop_asking (LinnetPull *self)
{
  if (self->cancellable == NULL)
    return;
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

void
linnet_pull_pause (LinnetPull *self)
{
  g_return_if_fail (LINNET_IS_PULL (self));

  if (self->state == LINNET_PULL_RESOLVING) {
    stop_asking (self);
    set_state (self, LINNET_PULL_PAUSED);
  } else if (self->download != NULL &&
             (self->state == LINNET_PULL_FETCHING || self->state == LINNET_PULL_VERIFYING)) {
    linnet_download_pause (self->download);
  }
}

void
linnet_pull_cancel (LinnetPull *self)
{
  g_return_if_fail (LINNET_IS_PULL (self));

  if (self->state == LINNET_PULL_DONE || self->state == LINNET_PULL_CANCELLED || self->is_checking)
    return;
  stop_asking (self);
  /* One that an earlier run left has something to remove as well. */
  if (self->download == NULL && self->remote != NULL && self->remote->files->len > 0)
    self->download = make_download (self);
  linnet_pull_state_remove (self->folder);
  if (self->download != NULL) {
    g_signal_handlers_disconnect_by_data (self->download, self);
    linnet_pull_state_discard (self->folder, self->remote, self->download);
  }
  set_state (self, LINNET_PULL_CANCELLED);
}

const char *
linnet_pull_get_name (LinnetPull *self)
{
  g_return_val_if_fail (LINNET_IS_PULL (self), NULL);

  return self->texts[0];
}

LinnetPullState
linnet_pull_get_state (LinnetPull *self)
{
  g_return_val_if_fail (LINNET_IS_PULL (self), LINNET_PULL_IDLE);

  return self->state;
}

const char *
linnet_pull_get_status (LinnetPull *self)
{
  g_return_val_if_fail (LINNET_IS_PULL (self), NULL);

  return self->status;
}

guint64
linnet_pull_get_bytes_done (LinnetPull *self)
{
  g_return_val_if_fail (LINNET_IS_PULL (self), 0);

  return self->download != NULL ? linnet_download_get_bytes_done (self->download)
                                : self->kept_bytes;
}

guint64
linnet_pull_get_bytes_total (LinnetPull *self)
{
  guint64 total = 0;

  g_return_val_if_fail (LINNET_IS_PULL (self), 0);

  if (self->download != NULL)
    return linnet_download_get_bytes_total (self->download);
  for (guint i = 0; self->remote != NULL && i < self->remote->files->len; i++)
    total += ((const LinnetRemoteFile *) self->remote->files->pdata[i])->bytes;
  return total;
}

double
linnet_pull_get_rate (LinnetPull *self)
{
  g_return_val_if_fail (LINNET_IS_PULL (self), 0);

  return self->download != NULL ? linnet_download_get_rate (self->download) : 0;
}

double
linnet_pull_get_seconds_left (LinnetPull *self)
{
  g_return_val_if_fail (LINNET_IS_PULL (self), -1);

  return self->download != NULL ? linnet_download_get_seconds_left (self->download) : -1;
}

const GError *
linnet_pull_get_error (LinnetPull *self)
{
  g_return_val_if_fail (LINNET_IS_PULL (self), NULL);

  return self->error;
}

LinnetLibraryModel *
linnet_pull_get_model (LinnetPull *self)
{
  g_return_val_if_fail (LINNET_IS_PULL (self), NULL);

  return self->model;
}
