/* SPDX-License-Identifier: GPL-3.0-or-later
 * One file of a download, from the start to its place: its part, and the sources it comes from. */
#include "library/linnet-download-job-private.h"

static void verifying_cb (gpointer data);
static void opened_cb (gpointer data, const LinnetJournal *journal);
static void written_cb (gpointer data, gsize n_bytes);
static void finished_cb (gpointer data, const char *sha256, guint64 bytes);
static void damaged_cb (gpointer data, const LinnetJournal *journal);
static void discarded_cb (gpointer data);
static void failed_cb (gpointer data, const GError *error);

static const LinnetPartEvents part_events = { verifying_cb, opened_cb,    written_cb, finished_cb,
                                              damaged_cb,   discarded_cb, failed_cb };

/* Whether it is known which file is fetched, so that connections can share it. */
gboolean
linnet_job_is_identified (LinnetJob *self)
{
  return self->bytes > 0 && (self->sha256 != NULL || self->etag != NULL || self->is_fragile);
}

/* The last event before the next start. */
void
linnet_job_fail (LinnetJob *self, const GError *error)
{
  g_autoptr (GError) kept = g_error_copy (error);

  linnet_job_stop (self);
  self->events.failed (self->user_data, kept);
}

static LinnetPartRequest
job_get_request (LinnetJob *self)
{
  const LinnetDownloadSource *first = self->sources->pdata[0];

  return (LinnetPartRequest) { .folder = self->folder,
                               .name = self->name,
                               .sha256 = self->sha256,
                               .bytes = self->expected_bytes,
                               .url = first->label,
                               .n_further_bytes = self->n_further_bytes };
}

static void
job_open (LinnetJob *self)
{
  LinnetPartRequest request = job_get_request (self);

  if (self->part == NULL)
    self->part = linnet_part_new (&part_events, self);
  self->phase = LINNET_JOB_OPENING;
  self->n_queued = 0;
  linnet_part_open (self->part, &request);
  self->events.changed (self->user_data);
}

/* Nothing that was fetched is of use: from the beginning. */
void
linnet_job_start_over (LinnetJob *self)
{
  linnet_job_drop_works (self);
  linnet_part_reset (self->part);
  g_array_set_size (self->done, 0);
  self->n_done = 0;
}

void
linnet_job_finish (LinnetJob *self)
{
  self->phase = LINNET_JOB_VERIFYING;
  linnet_part_finish (self->part);
  self->events.changed (self->user_data);
}

/* The part. */

static void
verifying_cb (gpointer data)
{
  LinnetJob *self = data;

  self->phase = LINNET_JOB_VERIFYING;
  self->events.changed (self->user_data);
}

static void
opened_cb (gpointer data, const LinnetJournal *journal)
{
  LinnetJob *self = data;

  self->bytes = journal->bytes;
  g_set_str (&self->etag, journal->etag);
  self->is_fragile = FALSE;
  self->is_ours = TRUE;
  g_array_set_size (self->done, 0);
  g_array_append_vals (self->done, journal->ranges->data, journal->ranges->len);
  self->n_done = linnet_ranges_sum (self->done);
  self->n_continued = self->n_done;
  if (self->n_done > 0 && !linnet_job_is_identified (self))
    linnet_job_start_over (self);
  self->phase = LINNET_JOB_FETCHING;
  self->events.changed (self->user_data);
  linnet_job_schedule (self);
}

static void
written_cb (gpointer data, gsize n_bytes)
{
  LinnetJob *self = data;
  gboolean was_full = self->n_queued >= LINNET_JOB_MAX_QUEUED_BYTES;

  self->n_queued -= MIN (n_bytes, self->n_queued);
  if (!was_full || self->n_queued >= LINNET_JOB_MAX_QUEUED_BYTES)
    return;
  linnet_job_resume_works (self);
}

static void
finished_cb (gpointer data, const char *sha256, guint64 bytes)
{
  LinnetJob *self = data;

  g_set_str (&self->sha256, sha256);
  self->bytes = self->n_done = bytes;
  self->phase = LINNET_JOB_FINISHED;
  g_clear_pointer (&self->part, linnet_part_free);
  self->events.finished (self->user_data);
}

/* Which source is to blame shows when each is tried alone. */
static void
damaged_cb (gpointer data, const LinnetJournal *journal)
{
  LinnetJob *self = data;
  const LinnetDownloadSource *first = self->sources->pdata[0];
  g_autoptr (GError) error = NULL;

  if (self->has_changed)
    linnet_download_set_changed_error (&error, first->host);
  else
    linnet_download_set_damaged_error (&error, self->name);
  g_array_set_size (self->done, 0);
  self->n_done = 0;
  self->has_changed = FALSE;
  if (self->n_continued > 0) {
    /* What an earlier run had left may be what is wrong: nobody is to blame yet. */
    job_open (self);
    return;
  }
  self->alone = linnet_download_sources_suspect (self->sources, journal, error);
  if (self->alone >= 0 && self->n_damaged++ < self->sources->len)
    job_open (self);
  else
    linnet_job_fail (self, error);
}

static void
discarded_cb (gpointer data)
{
  LinnetJob *self = data;

  g_array_set_size (self->done, 0);
  self->n_done = 0;
  self->events.discarded (self->user_data);
}

static void
failed_cb (gpointer data, const GError *error)
{
  linnet_job_fail (data, error);
}

/* Outside. */

LinnetJob *
linnet_job_new (SoupSession *session,
                const char *folder,
                const LinnetDownloadFile *file,
                const LinnetDownloadOptions *options,
                const LinnetJobEvents *events,
                gpointer user_data)
{
  LinnetJob *self = g_new0 (LinnetJob, 1);

  self->session = g_object_ref (session);
  self->folder = g_strdup (folder);
  self->name = g_strdup (file->name);
  self->sha256 = g_strdup (file->sha256);
  self->expected_bytes = self->bytes = file->bytes;
  self->options = *options;
  self->events = *events;
  self->user_data = user_data;
  self->sources = g_ptr_array_new_with_free_func ((GDestroyNotify) linnet_download_source_free);
  self->works = g_ptr_array_new_with_free_func ((GDestroyNotify) linnet_work_free);
  self->done = g_array_new (FALSE, FALSE, sizeof (LinnetRange));
  for (guint i = 0; file->urls[i] != NULL && (i == 0 || self->sha256 != NULL); i++)
    g_ptr_array_add (self->sources, linnet_download_source_new (file->urls[i]));
  return self;
}

void
linnet_job_free (LinnetJob *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->works);
  linnet_part_free (self->part);
  g_ptr_array_unref (self->sources);
  g_array_unref (self->done);
  g_object_unref (self->session);
  g_free (self->folder);
  g_free (self->name);
  g_free (self->sha256);
  g_free (self->etag);
  g_free (self);
}

/* Whatever failed before has another chance. */
void
linnet_job_start (LinnetJob *self, guint64 n_further_bytes)
{
  if (self->phase != LINNET_JOB_STOPPED)
    return;
  for (guint i = 0; i < self->sources->len; i++)
    linnet_download_source_reset (self->sources->pdata[i]);
  self->n_further_bytes = n_further_bytes;
  self->n_restarts = 0;
  self->furthest = 0;
  self->has_changed = FALSE;
  self->n_damaged = 0;
  self->alone = -1;
  job_open (self);
}

void
linnet_job_stop (LinnetJob *self)
{
  if (self->phase == LINNET_JOB_FINISHED)
    return;
  linnet_job_drop_works (self);
  if (self->part != NULL)
    linnet_part_stop (self->part);
  self->phase = LINNET_JOB_STOPPED;
}

void
linnet_job_discard (LinnetJob *self)
{
  LinnetPartRequest request = job_get_request (self);
  gboolean is_finished = self->phase == LINNET_JOB_FINISHED && self->is_ours;

  linnet_job_drop_works (self);
  self->phase = LINNET_JOB_STOPPED;
  if (self->part == NULL)
    self->part = linnet_part_new (&part_events, self);
  linnet_part_discard (self->part, &request, is_finished);
}

gboolean
linnet_job_is_verifying (LinnetJob *self)
{
  return self->phase == LINNET_JOB_VERIFYING;
}

gboolean
linnet_job_is_finished (LinnetJob *self)
{
  return self->phase == LINNET_JOB_FINISHED;
}

guint64
linnet_job_get_bytes_done (LinnetJob *self)
{
  return self->n_done;
}

guint64
linnet_job_get_bytes_total (LinnetJob *self)
{
  return self->bytes;
}

guint64
linnet_job_get_bytes_received (LinnetJob *self)
{
  return self->n_received;
}

const char *
linnet_job_get_sha256 (LinnetJob *self)
{
  return self->phase == LINNET_JOB_FINISHED ? self->sha256 : NULL;
}
