/* SPDX-License-Identifier: GPL-3.0-or-later
 * One file of a download: which source each connection fetches which bytes from, what is tried
 * again and when, and what is believed. */
#include "library/linnet-download-source.h"

#include <string.h>

/* What a source is measured with. */
#define PROBE_BYTES     (G_GUINT64_CONSTANT (1024) * 1024)
#define MIN_PIECE_BYTES (G_GUINT64_CONSTANT (1024) * 1024)
#define MAX_PIECE_BYTES (G_GUINT64_CONSTANT (32) * 1024 * 1024)
/* That wait for the disk, all connections together. */
#define MAX_QUEUED_BYTES       (8 * 1024 * 1024)
#define MAX_RETRY_MILLISECONDS 30000
/* How often a file that is another one than it was is begun anew. */
#define MAX_RESTARTS 1
/* A try that brought less has failed like one that brought nothing. */
#define MIN_PROGRESS_BYTES (16 * 1024)
/* Before another source is asked for the same bytes. */
#define N_RETRIES_BESIDE_OTHERS 2

/* What a connection fetches. */
typedef struct {
  LinnetJob *job;           /* borrowed */
  LinnetTransfer *transfer; /* NULL: waits for another try */
  guint source;
  guint64 position, end; /* still to fetch */
  guint n_failures;      /* in a row without progress */
  guint retry_id;
  gint64 begun_us;
  guint64 n_received, n_new; /* since then; that nobody had before */
} Work;

typedef enum {
  PHASE_STOPPED,
  PHASE_OPENING,
  PHASE_FETCHING,
  PHASE_VERIFYING,
  PHASE_FINISHED,
} Phase;

struct _LinnetJob {
  SoupSession *session;
  char *folder, *name, *sha256;
  guint64 expected_bytes; /* as asked for */
  LinnetDownloadOptions options;
  LinnetJobEvents events;
  gpointer user_data;

  Phase phase;
  LinnetPart *part;
  GPtrArray *sources;   /* LinnetDownloadSource */
  GPtrArray *works;     /* Work */
  GArray *done;         /* LinnetRange: given to part */
  guint64 n_done;       /* bytes in it */
  guint64 n_continued;  /* of them when it was opened */
  guint64 bytes;        /* 0: not known yet */
  char *etag;           /* of the file that is being fetched, where the sha256 is not known */
  gboolean is_fragile;  /* nothing tells whether a later answer is of the same file */
  gboolean has_changed; /* a source gave another ETag than before */
  guint n_damaged;      /* files that were thrown away */
  int alone;            /* the only source that is asked; −1: any */
  gboolean is_ours;     /* it was not there before, so that it is ours to remove */
  guint n_restarts;
  guint64 furthest; /* that a fragile file ever got to */
  guint64 n_received;
  guint64 n_queued;
  guint64 n_further_bytes;
};

static void job_schedule (LinnetJob *self);
static void work_begin (Work *work);
static void verifying_cb (gpointer data);
static void opened_cb (gpointer data, const LinnetJournal *journal);
static void written_cb (gpointer data, gsize n_bytes);
static void finished_cb (gpointer data, const char *sha256, guint64 bytes);
static void damaged_cb (gpointer data, const LinnetJournal *journal);
static void discarded_cb (gpointer data);
static void failed_cb (gpointer data, const GError *error);

static const LinnetPartEvents part_events = { verifying_cb, opened_cb,    written_cb, finished_cb,
                                              damaged_cb,   discarded_cb, failed_cb };

static void
work_free (gpointer data)
{
  Work *self = data;

  ((LinnetDownloadSource *) self->job->sources->pdata[self->source])->is_measuring = FALSE;
  g_clear_handle_id (&self->retry_id, g_source_remove);
  g_clear_pointer (&self->transfer, linnet_transfer_cancel);
  g_free (self);
}

static LinnetDownloadSource *
work_get_source (Work *work)
{
  return work->job->sources->pdata[work->source];
}

static void
job_drop_works (LinnetJob *self)
{
  g_ptr_array_set_size (self->works, 0);
}

/* Whether it is known which file is fetched, so that connections can share it. */
static gboolean
job_is_identified (LinnetJob *self)
{
  return self->bytes > 0 && (self->sha256 != NULL || self->etag != NULL || self->is_fragile);
}

/* The last event before the next start. */
static void
job_fail (LinnetJob *self, const GError *error)
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
  self->phase = PHASE_OPENING;
  self->n_queued = 0;
  linnet_part_open (self->part, &request);
  self->events.changed (self->user_data);
}

/* Nothing that was fetched is of use: from the beginning. */
static void
job_start_over (LinnetJob *self)
{
  job_drop_works (self);
  linnet_part_reset (self->part);
  g_array_set_size (self->done, 0);
  self->n_done = 0;
}

/* Sources. */

/* Takes a source out, and what it was about to bring. */
static void
job_drop_source (LinnetJob *self, guint index, const GError *error)
{
  LinnetDownloadSource *source = self->sources->pdata[index];

  if (source->failure == NULL)
    source->failure = g_error_copy (error);
  source->is_measuring = FALSE;
  for (guint i = self->works->len; i > 0; i--)
    if (((Work *) self->works->pdata[i - 1])->source == index)
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

/* A connection's work. */

static void
work_measure (Work *work)
{
  linnet_download_source_measure (work_get_source (work), work->n_received, work->begun_us);
}

static gboolean
retry_cb (gpointer data)
{
  Work *work = data;

  work->retry_id = 0;
  work_begin (work);
  return G_SOURCE_REMOVE;
}

static void
work_retry (Work *work, guint wait_seconds)
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
job_restart_fragile (LinnetJob *self, Work *work)
{
  self->furthest = MAX (self->furthest, work->position);
  g_ptr_array_steal_index (self->works, 0);
  job_start_over (self);
  g_ptr_array_add (self->works, work);
  work->position = 0;
  work->end = self->bytes;
}

/* There is less patience with a source where there are others. */
static gboolean
work_is_hopeless (Work *work, gboolean is_temporary)
{
  LinnetJob *self = work->job;

  return !is_temporary || work->n_failures > self->options.n_retries ||
         (work_get_source (work)->n_failures > N_RETRIES_BESIDE_OTHERS &&
          linnet_download_sources_has_other (self->sources, work->source));
}

static void
done_cb (gpointer data, const GError *error, gboolean is_temporary, guint wait_seconds)
{
  Work *work = data;
  LinnetJob *self = work->job;

  work->transfer = NULL;
  if (error == NULL) {
    work_measure (work);
    g_ptr_array_remove (self->works, work);
    job_schedule (self);
    return;
  }
  work->n_failures++;
  work_get_source (work)->n_failures++;
  if (work_is_hopeless (work, is_temporary)) {
    job_drop_source (self, work->source, error);
    job_schedule (self);
    return;
  }
  if (self->is_fragile)
    job_restart_fragile (self, work);
  work_retry (work, wait_seconds);
}

/* 200: the whole comes, and only this connection is of use. */
static void
job_keep_only (LinnetJob *self, Work *work)
{
  for (guint i = self->works->len; i > 0; i--)
    if (self->works->pdata[i - 1] != work)
      g_ptr_array_remove_index (self->works, i - 1);
}

/* Whether the answer is of the file that the others were of. */
static gboolean
job_knows (LinnetJob *self, Work *work, const LinnetTransferHead *head)
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
  if (!job_is_identified (self))
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
  job_start_over (self);
  self->bytes = self->expected_bytes;
  g_clear_pointer (&self->etag, g_free);
  self->is_fragile = FALSE;
  job_schedule (self);
}

static gboolean
head_cb (gpointer data, const LinnetTransferHead *head, GError **error)
{
  Work *work = data;
  LinnetJob *self = work->job;
  LinnetDownloadSource *source = work_get_source (work);

  if (!job_knows (self, work, head)) {
    linnet_download_set_changed_error (error, source->host);
    job_take_new_file (self, head);
    return FALSE;
  }
  if (!job_is_identified (self))
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
  Work *work = data;
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
  job_schedule (self);
  return self->n_queued < MAX_QUEUED_BYTES;
}

static void
work_begin (Work *work)
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
    const Work *work = self->works->pdata[i];

    linnet_ranges_add (taken, work->position, work->end, work->source);
  }
  return linnet_ranges_find_gap (taken, 0, self->bytes, start, end);
}

static void
job_begin_work (LinnetJob *self, guint source_index, guint64 start, guint64 end)
{
  LinnetDownloadSource *source = self->sources->pdata[source_index];
  Work *work = g_new0 (Work, 1);

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
    Work *work = self->works->pdata[i];
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
  return !job_is_identified (self) || self->is_fragile || source->has_no_ranges
             ? 1
             : self->options.n_connections;
}

static void
job_finish (LinnetJob *self)
{
  self->phase = PHASE_VERIFYING;
  linnet_part_finish (self->part);
  self->events.changed (self->user_data);
}

/* Gives every connection something to do. */
static void
job_schedule (LinnetJob *self)
{
  while (self->phase == PHASE_FETCHING) {
    guint64 start = 0, end = 0;
    int index = linnet_download_sources_choose (self->sources, self->alone);
    const LinnetDownloadSource *source = index >= 0 ? self->sources->pdata[index] : NULL;

    if (self->bytes > 0 && self->n_done == self->bytes) {
      job_drop_works (self);
      job_finish (self);
      return;
    }
    if (source == NULL) {
      if (self->works->len == 0)
        job_fail (self, linnet_download_sources_get_failure (self->sources));
      return;
    }
    if (self->works->len >= job_get_n_connections (self, source))
      return;
    if (self->bytes > 0 && !job_find_gap (self, &start, &end)) {
      job_hurry (self);
      return;
    }
    if (job_is_identified (self) && !self->is_fragile)
      end = MIN (end, start + job_get_piece_bytes (self, source));
    job_begin_work (self, (guint) index, start, end);
  }
}

/* The part. */

static void
verifying_cb (gpointer data)
{
  LinnetJob *self = data;

  self->phase = PHASE_VERIFYING;
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
  if (self->n_done > 0 && !job_is_identified (self))
    job_start_over (self);
  self->phase = PHASE_FETCHING;
  self->events.changed (self->user_data);
  job_schedule (self);
}

static void
written_cb (gpointer data, gsize n_bytes)
{
  LinnetJob *self = data;
  gboolean was_full = self->n_queued >= MAX_QUEUED_BYTES;

  self->n_queued -= MIN (n_bytes, self->n_queued);
  if (!was_full || self->n_queued >= MAX_QUEUED_BYTES)
    return;
  for (guint i = 0; i < self->works->len; i++) {
    Work *work = self->works->pdata[i];

    if (work->transfer != NULL)
      linnet_transfer_resume (work->transfer);
  }
}

static void
finished_cb (gpointer data, const char *sha256, guint64 bytes)
{
  LinnetJob *self = data;

  g_set_str (&self->sha256, sha256);
  self->bytes = self->n_done = bytes;
  self->phase = PHASE_FINISHED;
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
    job_fail (self, error);
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
  job_fail (data, error);
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
  self->works = g_ptr_array_new_with_free_func (work_free);
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
  if (self->phase != PHASE_STOPPED)
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
  if (self->phase == PHASE_FINISHED)
    return;
  job_drop_works (self);
  if (self->part != NULL)
    linnet_part_stop (self->part);
  self->phase = PHASE_STOPPED;
}

void
linnet_job_discard (LinnetJob *self)
{
  LinnetPartRequest request = job_get_request (self);
  gboolean is_finished = self->phase == PHASE_FINISHED && self->is_ours;

  job_drop_works (self);
  self->phase = PHASE_STOPPED;
  if (self->part == NULL)
    self->part = linnet_part_new (&part_events, self);
  linnet_part_discard (self->part, &request, is_finished);
}

gboolean
linnet_job_is_verifying (LinnetJob *self)
{
  return self->phase == PHASE_VERIFYING;
}

gboolean
linnet_job_is_finished (LinnetJob *self)
{
  return self->phase == PHASE_FINISHED;
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
  return self->phase == PHASE_FINISHED ? self->sha256 : NULL;
}
