/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the connections of a LinnetJob do: who fetches which bytes from where, what is tried again,
 * and what is believed. */
#include "library/linnet-download-job-private.h"

#include <string.h>

/* What a source is measured with. */
#define PROBE_BYTES            (G_GUINT64_CONSTANT (1024) * 1024)
#define MIN_PIECE_BYTES        (G_GUINT64_CONSTANT (1024) * 1024)
#define MAX_PIECE_BYTES        (G_GUINT64_CONSTANT (32) * 1024 * 1024)
#define MAX_RETRY_MILLISECONDS 30000
/* How often a file that is another one than it was is begun anew. */
#define MAX_RESTARTS 1
/* A try that brought less has failed like one that brought nothing. */
#define MIN_PROGRESS_BYTES (16 * 1024)
/* Before another source is asked for the same bytes. */
#define N_RETRIES_BESIDE_OTHERS 2

struct _LinnetWork {
  LinnetJob *job;           /* borrowed */
  LinnetTransfer *transfer; /* NULL: waits for another try */
  guint source;
  guint64 position, end; /* still to fetch */
  guint n_failures;      /* in a row without progress */
  guint retry_id;
  gint64 begun_us;
  guint64 n_received, n_new; /* since then; that nobody had before */
};

static void work_begin (LinnetWork *work);

void
linnet_work_free (LinnetWork *self)
{
  ((LinnetDownloadSource *) self->job->sources->pdata[self->source])->is_measuring = FALSE;
  g_clear_handle_id (&self->retry_id, g_source_remove);
  g_clear_pointer (&self->transfer, linnet_transfer_cancel);
  g_free (self);
}

static LinnetDownloadSource *
work_get_source (LinnetWork *work)
{
  return work->job->sources->pdata[work->source];
}

void
linnet_job_drop_works (LinnetJob *self)
{
  g_ptr_array_set_size (self->works, 0);
}

void
linnet_job_resume_works (LinnetJob *self)
{
  for (guint i = 0; i < self->works->len; i++) {
    LinnetWork *work = self->works->pdata[i];

    if (work->transfer != NULL)
      linnet_transfer_resume (work->transfer);
  }
}

/* Takes a source out, and what it was about to bring. */
static void
job_drop_source (LinnetJob *self, guint index, const GError *error)
{
  LinnetDownloadSource *source = self->sources->pdata[index];

  if (source->failure == NULL)
    source->failure = g_error_copy (error);
  source->is_measuring = FALSE;
  for (guint i = self->works->len; i > 0; i--)
    if (((LinnetWork *) self->works->pdata[i - 1])->source == index)
      g_ptr_array_remove_index (self->works, i - 1);
}

/* What a connection fetches at once. */
static guint64
job_get_piece_bytes (LinnetJob *self, const LinnetDownloadSource *source)
{
  guint64 piece = self->options.range_bytes;

  if (piece == 0)
    piece = CLAMP (self->bytes / self->options.n_connections, MIN_PIECE_BYTES, MAX_PIECE_BYTES);
  return source->rate == 0 && self->sources->len > 1 ? MIN (piece, PROBE_BYTES) : piece;
}

static void
work_measure (LinnetWork *work)
{
  linnet_download_source_measure (work_get_source (work), work->n_received, work->begun_us);
}

static gboolean
retry_cb (gpointer data)
{
  LinnetWork *work = data;

  work->retry_id = 0;
  work_begin (work);
  return G_SOURCE_REMOVE;
}

static void
work_retry (LinnetWork *work, guint wait_seconds)
{
  LinnetJob *self = work->job;
  guint64 wait = self->options.retry_milliseconds;

  for (guint i = 1; i < work->n_failures && wait < MAX_RETRY_MILLISECONDS; i++)
    wait *= 2;
  wait = MAX (MIN (wait, MAX_RETRY_MILLISECONDS), wait_seconds * G_GUINT64_CONSTANT (1000));
  work->retry_id = g_timeout_add ((guint) wait, retry_cb, work);
}

/* A file without a mark to know it by cannot be gone on with. */
static void
job_restart_fragile (LinnetJob *self, LinnetWork *work)
{
  self->furthest = MAX (self->furthest, work->position);
  g_ptr_array_steal_index (self->works, 0);
  linnet_job_start_over (self);
  g_ptr_array_add (self->works, work);
  work->position = 0;
  work->end = self->bytes;
}

/* There is less patience with a source where there are others. */
static gboolean
work_is_hopeless (LinnetWork *work, gboolean is_temporary)
{
  LinnetJob *self = work->job;

  return !is_temporary || work->n_failures > self->options.n_retries ||
         (work_get_source (work)->n_failures > N_RETRIES_BESIDE_OTHERS &&
          linnet_download_sources_has_other (self->sources, work->source));
}

static void
done_cb (gpointer data, const GError *error, gboolean is_temporary, guint wait_seconds)
{
  LinnetWork *work = data;
  LinnetJob *self = work->job;

  work->transfer = NULL;
  if (error == NULL) {
    work_measure (work);
    g_ptr_array_remove (self->works, work);
    linnet_job_schedule (self);
    return;
  }
  work->n_failures++;
  work_get_source (work)->n_failures++;
  if (work_is_hopeless (work, is_temporary)) {
    job_drop_source (self, work->source, error);
    linnet_job_schedule (self);
    return;
  }
  if (self->is_fragile)
    job_restart_fragile (self, work);
  work_retry (work, wait_seconds);
}

/* 200: the whole comes, and only this connection is of use. */
static void
job_keep_only (LinnetJob *self, LinnetWork *work)
{
  for (guint i = self->works->len; i > 0; i--)
    if (self->works->pdata[i - 1] != work)
      g_ptr_array_remove_index (self->works, i - 1);
}

/* Whether the answer is of the file that the others were of. */
static gboolean
job_knows (LinnetJob *self, LinnetWork *work, const LinnetTransferHead *head)
{
  LinnetDownloadSource *source = work_get_source (work);

  if (self->sha256 != NULL) {
    if (source->etag != NULL && head->etag != NULL && strcmp (source->etag, head->etag) != 0)
      self->has_changed = TRUE;
    if (head->etag != NULL)
      g_set_str (&source->etag, head->etag);
    return (self->bytes == 0 || head->total == self->bytes) &&
           (head->linked_etag == NULL || strcmp (head->linked_etag, self->sha256) == 0);
  }
  if (!linnet_job_is_identified (self))
    return self->expected_bytes == 0 || head->total == self->expected_bytes;
  return head->total == self->bytes &&
         (self->is_fragile || g_strcmp0 (head->etag, self->etag) == 0);
}

static void
job_identify (LinnetJob *self, const LinnetTransferHead *head)
{
  self->bytes = head->total;
  if (self->sha256 == NULL) {
    g_set_str (&self->etag, head->etag);
    self->is_fragile = head->etag == NULL;
  }
  linnet_part_set_size (self->part, self->bytes, self->etag);
}

/* What is there is of a file that is no more: the new one, then, but not again and again. */
static void
job_take_new_file (LinnetJob *self, const LinnetTransferHead *head)
{
  if (self->sha256 != NULL || (self->expected_bytes > 0 && head->total != self->expected_bytes) ||
      self->n_restarts++ >= MAX_RESTARTS)
    return;
  linnet_job_start_over (self);
  self->bytes = self->expected_bytes;
  g_clear_pointer (&self->etag, g_free);
  self->is_fragile = FALSE;
  linnet_job_schedule (self);
}

static gboolean
head_cb (gpointer data, const LinnetTransferHead *head, GError **error)
{
  LinnetWork *work = data;
  LinnetJob *self = work->job;
  LinnetDownloadSource *source = work_get_source (work);

  if (!job_knows (self, work, head)) {
    linnet_download_set_changed_error (error, source->host);
    job_take_new_file (self, head);
    return FALSE;
  }
  if (!linnet_job_is_identified (self))
    job_identify (self, head);
  source->has_no_ranges = head->status == SOUP_STATUS_OK;
  work->position = head->start;
  work->end = head->end;
  if (source->has_no_ranges)
    job_keep_only (self, work);
  else if (!self->is_fragile)
    work->end = MIN (work->end, work->position + job_get_piece_bytes (self, source));
  return TRUE;
}

static gboolean
data_cb (gpointer data, GBytes *bytes)
{
  LinnetWork *work = data;
  LinnetJob *self = work->job;
  gsize length = g_bytes_get_size (bytes);
  guint64 n_new =
      linnet_ranges_add (self->done, work->position, work->position + length, work->source);

  self->n_received += length;
  work->n_received += length;
  if (n_new > 0) {
    self->n_done += n_new;
    self->n_queued += length;
    linnet_part_write (self->part, work->position, bytes, work_get_source (work)->label);
  }
  work->position += length;
  work->n_new += n_new;
  if (work->n_new >= MIN_PROGRESS_BYTES && (!self->is_fragile || work->position > self->furthest))
    work->n_failures = 0;
  /* The first answer may bring more than this connection's share. */
  if (work->position >= work->end) {
    work_measure (work);
    g_ptr_array_remove (self->works, work);
  }
  linnet_job_schedule (self);
  return self->n_queued < LINNET_JOB_MAX_QUEUED_BYTES;
}

static void
work_begin (LinnetWork *work)
{
  static const LinnetTransferEvents events = { head_cb, data_cb, done_cb };
  LinnetJob *self = work->job;

  work->begun_us = g_get_monotonic_time ();
  work->n_received = work->n_new = 0;
  work->transfer =
      linnet_transfer_start (self->session, work_get_source (work)->url, work->position, work->end,
                             self->options.stall_seconds, &events, work);
}

/* The first bytes that nobody has or fetches. */
static gboolean
job_find_gap (LinnetJob *self, guint64 *start, guint64 *end)
{
  g_autoptr (GArray) taken = g_array_copy (self->done);

  for (guint i = 0; i < self->works->len; i++) {
    const LinnetWork *work = self->works->pdata[i];

    linnet_ranges_add (taken, work->position, work->end, work->source);
  }
  return linnet_ranges_find_gap (taken, 0, self->bytes, start, end);
}

static void
job_begin_work (LinnetJob *self, guint source_index, guint64 start, guint64 end)
{
  LinnetDownloadSource *source = self->sources->pdata[source_index];
  LinnetWork *work = g_new0 (LinnetWork, 1);

  if (source->rate == 0)
    source->is_measuring = TRUE;
  work->job = self;
  work->source = source_index;
  work->position = start;
  work->end = end;
  g_ptr_array_add (self->works, work);
  work_begin (work);
}

/* Connections that have nothing left to do take over from a source that is far behind. */
static void
job_hurry (LinnetJob *self)
{
  int best = linnet_download_sources_choose (self->sources, self->alone);
  const LinnetDownloadSource *fastest = best >= 0 ? self->sources->pdata[best] : NULL;

  if (fastest == NULL || fastest->rate == 0)
    return;
  for (guint i = 0; i < self->works->len; i++) {
    LinnetWork *work = self->works->pdata[i];
    double seconds = (double) (g_get_monotonic_time () - work->begun_us) / G_USEC_PER_SEC;

    if ((int) work->source == best || seconds < 1 ||
        (double) work->n_received / seconds * 4 > fastest->rate)
      continue;
    work_measure (work);
    g_clear_handle_id (&work->retry_id, g_source_remove);
    g_clear_pointer (&work->transfer, linnet_transfer_cancel);
    work->source = (guint) best;
    work->n_failures = 0;
    work_begin (work);
  }
}

static guint
job_get_n_connections (LinnetJob *self, const LinnetDownloadSource *source)
{
  /* Before it is known what comes there is nothing to share. */
  return !linnet_job_is_identified (self) || self->is_fragile || source->has_no_ranges
             ? 1
             : self->options.n_connections;
}

/* Gives every connection something to do. */
void
linnet_job_schedule (LinnetJob *self)
{
  while (self->phase == LINNET_JOB_FETCHING) {
    guint64 start = 0, end = 0;
    int index = linnet_download_sources_choose (self->sources, self->alone);
    const LinnetDownloadSource *source = index >= 0 ? self->sources->pdata[index] : NULL;

    if (self->bytes > 0 && self->n_done == self->bytes) {
      linnet_job_drop_works (self);
      linnet_job_finish (self);
      return;
    }
    if (source == NULL) {
      if (self->works->len == 0)
        linnet_job_fail (self, linnet_download_sources_get_failure (self->sources));
      return;
    }
    if (self->works->len >= job_get_n_connections (self, source))
      return;
    if (self->bytes > 0 && !job_find_gap (self, &start, &end)) {
      job_hurry (self);
      return;
    }
    if (linnet_job_is_identified (self) && !self->is_fragile)
      end = MIN (end, start + job_get_piece_bytes (self, source));
    job_begin_work (self, (guint) index, start, end);
  }
}
