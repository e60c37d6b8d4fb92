/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetDownload: the files of a download one after the other, and what is told of them. */
#include "library/linnet-download-private.h"
#include "library/linnet-http-session.h"

#include <string.h>

#define TICK_MILLISECONDS 100
/* Over which the rate is told. */
#define N_SAMPLES 50

typedef struct {
  gint64 time_us;
  guint64 n_received;
} Sample;

struct _LinnetDownload {
  GObject parent_instance;
  char *folder;
  LinnetDownloadOptions options;
  char *proxy; /* owned, for options */
  SoupSession *session;
  GPtrArray *jobs;  /* LinnetJob, in the order of the files */
  guint64 *n_bytes; /* of each file, as asked for; 0: not known */
  guint current;    /* job */

  LinnetDownloadState state;
  GError *error;
  guint n_discarding; /* jobs that have not said yet that their file is gone */
  guint tick_id;

  /* As last told. */
  guint64 bytes_done, bytes_total;
  double rate, seconds_left;
  Sample samples[N_SAMPLES];
  guint n_samples; /* in all; the last N_SAMPLES are kept */
};

G_DEFINE_FINAL_TYPE (LinnetDownload, linnet_download, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (LinnetDownloadState,
                    linnet_download_state,
                    G_DEFINE_ENUM_VALUE (LINNET_DOWNLOAD_IDLE, "idle"),
                    G_DEFINE_ENUM_VALUE (LINNET_DOWNLOAD_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (LINNET_DOWNLOAD_PAUSED, "paused"),
                    G_DEFINE_ENUM_VALUE (LINNET_DOWNLOAD_VERIFYING, "verifying"),
                    G_DEFINE_ENUM_VALUE (LINNET_DOWNLOAD_DONE, "done"),
                    G_DEFINE_ENUM_VALUE (LINNET_DOWNLOAD_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (LINNET_DOWNLOAD_CANCELLED, "cancelled"))

typedef enum {
  PROP_STATE = 1,
  PROP_BYTES_DONE,
  PROP_BYTES_TOTAL,
  PROP_RATE,
  PROP_SECONDS_LEFT,
  PROP_ERROR,
} Property;

static GParamSpec *properties[PROP_ERROR + 1];

static gboolean
is_active (LinnetDownload *self)
{
  return self->state == LINNET_DOWNLOAD_RUNNING || self->state == LINNET_DOWNLOAD_VERIFYING;
}

/* A handler may let go of self in the middle of a job's event, which the job is to survive. */
static void
keep_until_idle (LinnetDownload *self)
{
  g_idle_add_once (g_object_unref, g_object_ref (self));
}

static void
take_sample (LinnetDownload *self)
{
  Sample *sample = &self->samples[self->n_samples++ % N_SAMPLES];

  sample->time_us = g_get_monotonic_time ();
  sample->n_received = 0;
  for (guint i = 0; i < self->jobs->len; i++)
    sample->n_received += linnet_job_get_bytes_received (self->jobs->pdata[i]);
}

static double
measure_rate (LinnetDownload *self)
{
  const Sample *last = &self->samples[(self->n_samples - 1) % N_SAMPLES];
  const Sample *first =
      &self->samples[self->n_samples > N_SAMPLES ? self->n_samples % N_SAMPLES : 0];
  gint64 time_us = last->time_us - first->time_us;

  if (self->state != LINNET_DOWNLOAD_RUNNING || time_us <= 0)
    return 0;
  return (double) (last->n_received - first->n_received) * G_USEC_PER_SEC / (double) time_us;
}

static void
set_number (LinnetDownload *self, guint64 *field, guint64 value, Property property)
{
  if (*field == value)
    return;
  *field = value;
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
set_double (LinnetDownload *self, double *field, double value, Property property)
{
  if (*field == value)
    return;
  *field = value;
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

/* Tells what has become of the numbers. */
static void
update_numbers (LinnetDownload *self)
{
  guint64 done = 0, total = 0;
  gboolean is_known = TRUE;
  double rate = self->n_samples > 0 ? measure_rate (self) : 0;

  for (guint i = 0; i < self->jobs->len; i++) {
    guint64 bytes = linnet_job_get_bytes_total (self->jobs->pdata[i]);

    done += linnet_job_get_bytes_done (self->jobs->pdata[i]);
    total += bytes;
    is_known = is_known && bytes > 0;
  }
  if (!is_known)
    total = 0;
  g_object_freeze_notify (G_OBJECT (self));
  set_number (self, &self->bytes_total, total, PROP_BYTES_TOTAL);
  set_number (self, &self->bytes_done, done, PROP_BYTES_DONE);
  set_double (self, &self->rate, rate, PROP_RATE);
  set_double (self, &self->seconds_left,
              rate > 0 && total >= done && total > 0 ? (double) (total - done) / rate : -1,
              PROP_SECONDS_LEFT);
  g_object_thaw_notify (G_OBJECT (self));
}

static gboolean
tick_cb (gpointer data)
{
  LinnetDownload *self = data;

  take_sample (self);
  update_numbers (self);
  return G_SOURCE_CONTINUE;
}

static void
set_state (LinnetDownload *self, LinnetDownloadState state, const GError *error)
{
  gboolean has_error = self->error != NULL || error != NULL;

  g_clear_error (&self->error);
  if (error != NULL)
    self->error = g_error_copy (error);
  if (self->state == state && !has_error)
    return;
  self->state = state;
  if (is_active (self) && self->tick_id == 0) {
    self->n_samples = 0;
    self->tick_id = g_timeout_add (TICK_MILLISECONDS, tick_cb, self);
  } else if (!is_active (self)) {
    g_clear_handle_id (&self->tick_id, g_source_remove);
  }
  g_object_freeze_notify (G_OBJECT (self));
  update_numbers (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  if (has_error)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
  g_object_thaw_notify (G_OBJECT (self));
}

/* The jobs. */

static void
start_current (LinnetDownload *self)
{
  guint64 n_further_bytes = 0;

  /* A handler of the state may have had other plans. */
  if (!is_active (self) || self->n_discarding > 0)
    return;
  for (guint i = self->current + 1; i < self->jobs->len; i++)
    n_further_bytes += self->n_bytes[i];
  linnet_job_start (self->jobs->pdata[self->current], n_further_bytes);
}

static void
job_changed_cb (gpointer data)
{
  LinnetDownload *self = data;
  gboolean is_verifying = linnet_job_is_verifying (self->jobs->pdata[self->current]);

  if (!is_active (self))
    return;
  keep_until_idle (self);
  set_state (self, is_verifying ? LINNET_DOWNLOAD_VERIFYING : LINNET_DOWNLOAD_RUNNING, NULL);
}

static void
job_finished_cb (gpointer data)
{
  LinnetDownload *self = data;

  keep_until_idle (self);
  self->current++;
  if (self->current < self->jobs->len) {
    set_state (self, LINNET_DOWNLOAD_RUNNING, NULL);
    start_current (self);
  } else {
    set_state (self, LINNET_DOWNLOAD_DONE, NULL);
  }
}

static void
job_discarded_cb (gpointer data)
{
  LinnetDownload *self = data;

  keep_until_idle (self);
  if (--self->n_discarding == 0)
    set_state (self, LINNET_DOWNLOAD_CANCELLED, NULL);
}

static void
job_failed_cb (gpointer data, const GError *error)
{
  LinnetDownload *self = data;

  keep_until_idle (self);
  set_state (self, LINNET_DOWNLOAD_FAILED, error);
}

/* The object. */

static void
linnet_download_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  LinnetDownload *self = LINNET_DOWNLOAD (object);

  switch ((Property) id) {
  case PROP_STATE:
    g_value_set_enum (value, self->state);
    break;
  case PROP_BYTES_DONE:
    g_value_set_uint64 (value, self->bytes_done);
    break;
  case PROP_BYTES_TOTAL:
    g_value_set_uint64 (value, self->bytes_total);
    break;
  case PROP_RATE:
    g_value_set_double (value, self->rate);
    break;
  case PROP_SECONDS_LEFT:
    g_value_set_double (value, self->seconds_left);
    break;
  case PROP_ERROR:
    g_value_set_boxed (value, self->error);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
linnet_download_finalize (GObject *object)
{
  LinnetDownload *self = LINNET_DOWNLOAD (object);

  g_clear_handle_id (&self->tick_id, g_source_remove);
  g_ptr_array_unref (self->jobs);
  g_clear_object (&self->session);
  g_free (self->n_bytes);
  g_free (self->folder);
  g_free (self->proxy);
  g_clear_error (&self->error);
  G_OBJECT_CLASS (linnet_download_parent_class)->finalize (object);
}

static void
linnet_download_class_init (LinnetDownloadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = linnet_download_get_property;
  object_class->finalize = linnet_download_finalize;
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, LINNET_TYPE_DOWNLOAD_STATE,
                                              LINNET_DOWNLOAD_IDLE, flags);
  properties[PROP_BYTES_DONE] =
      g_param_spec_uint64 ("bytes-done", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_BYTES_TOTAL] =
      g_param_spec_uint64 ("bytes-total", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_RATE] = g_param_spec_double ("rate", NULL, NULL, 0, G_MAXDOUBLE, 0, flags);
  properties[PROP_SECONDS_LEFT] =
      g_param_spec_double ("seconds-left", NULL, NULL, -1, G_MAXDOUBLE, -1, flags);
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
linnet_download_init (LinnetDownload *self)
{
  self->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify) linnet_job_free);
  self->seconds_left = -1;
}

static SoupSession *
new_session (const LinnetDownloadOptions *options)
{
  const LinnetHttpSessionOptions wanted = { .proxy = options->proxy,
                                            .n_connections = options->n_connections };
  SoupSession *session = linnet_http_session_new (&wanted);

  /* What is asked for is a range of bytes as they are, from anyone, for no one in particular. */
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_COOKIE_JAR);
  return session;
}

static void
set_options (LinnetDownload *self, const LinnetDownloadOptions *options)
{
  if (options != NULL)
    self->options = *options;
  self->proxy = g_strdup (self->options.proxy);
  self->options.proxy = self->proxy;
  if (self->options.n_connections == 0)
    self->options.n_connections = 4;
  if (self->options.stall_seconds == 0)
    self->options.stall_seconds = 30;
  if (self->options.n_retries == 0)
    self->options.n_retries = 6;
  if (self->options.retry_milliseconds == 0)
    self->options.retry_milliseconds = 1000;
}

LinnetDownload *
linnet_download_new (const char *folder,
                     const LinnetDownloadFile *files,
                     guint n_files,
                     const LinnetDownloadOptions *options)
{
  static const LinnetJobEvents events = { job_changed_cb, job_finished_cb, job_discarded_cb,
                                          job_failed_cb };
  LinnetDownload *self;

  g_return_val_if_fail (folder != NULL && files != NULL && n_files > 0, NULL);
  self = g_object_new (LINNET_TYPE_DOWNLOAD, NULL);
  self->folder = g_strdup (folder);
  self->n_bytes = g_new0 (guint64, n_files);
  set_options (self, options);
  self->session = new_session (&self->options);
  for (guint i = 0; i < n_files; i++) {
    g_return_val_if_fail (files[i].name != NULL && files[i].urls != NULL, self);
    g_return_val_if_fail (files[i].urls[0] != NULL, self);
    self->n_bytes[i] = files[i].bytes;
    g_ptr_array_add (self->jobs, linnet_job_new (self->session, folder, &files[i], &self->options,
                                                 &events, self));
  }
  update_numbers (self);
  return self;
}

void
linnet_download_start (LinnetDownload *self)
{
  g_return_if_fail (LINNET_IS_DOWNLOAD (self));
  if (is_active (self) || self->n_discarding > 0 || self->state == LINNET_DOWNLOAD_DONE ||
      self->state == LINNET_DOWNLOAD_CANCELLED)
    return;
  set_state (self, LINNET_DOWNLOAD_RUNNING, NULL);
  start_current (self);
}

void
linnet_download_pause (LinnetDownload *self)
{
  g_return_if_fail (LINNET_IS_DOWNLOAD (self));
  if (!is_active (self) || self->n_discarding > 0)
    return;
  linnet_job_stop (self->jobs->pdata[self->current]);
  set_state (self, LINNET_DOWNLOAD_PAUSED, NULL);
}

void
linnet_download_cancel (LinnetDownload *self)
{
  g_return_if_fail (LINNET_IS_DOWNLOAD (self));
  if (self->n_discarding > 0 || self->state == LINNET_DOWNLOAD_DONE ||
      self->state == LINNET_DOWNLOAD_CANCELLED)
    return;
  /* What is gone is told once it is. */
  g_clear_handle_id (&self->tick_id, g_source_remove);
  self->n_discarding = self->jobs->len;
  for (guint i = 0; i < self->jobs->len; i++)
    linnet_job_discard (self->jobs->pdata[i]);
}

LinnetDownloadState
linnet_download_get_state (LinnetDownload *self)
{
  g_return_val_if_fail (LINNET_IS_DOWNLOAD (self), LINNET_DOWNLOAD_IDLE);
  return self->state;
}

guint64
linnet_download_get_bytes_done (LinnetDownload *self)
{
  g_return_val_if_fail (LINNET_IS_DOWNLOAD (self), 0);
  return self->bytes_done;
}

guint64
linnet_download_get_bytes_total (LinnetDownload *self)
{
  g_return_val_if_fail (LINNET_IS_DOWNLOAD (self), 0);
  return self->bytes_total;
}

double
linnet_download_get_rate (LinnetDownload *self)
{
  g_return_val_if_fail (LINNET_IS_DOWNLOAD (self), 0);
  return self->rate;
}

double
linnet_download_get_seconds_left (LinnetDownload *self)
{
  g_return_val_if_fail (LINNET_IS_DOWNLOAD (self), -1);
  return self->seconds_left;
}

const GError *
linnet_download_get_error (LinnetDownload *self)
{
  g_return_val_if_fail (LINNET_IS_DOWNLOAD (self), NULL);
  return self->error;
}

const char *
linnet_download_get_sha256 (LinnetDownload *self, guint index)
{
  g_return_val_if_fail (LINNET_IS_DOWNLOAD (self) && index < self->jobs->len, NULL);
  return linnet_job_get_sha256 (self->jobs->pdata[index]);
}
