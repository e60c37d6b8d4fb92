/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the parts of LinnetDownload know of each other, from the disk up:
 *   journal   which bytes of a partial file are there, kept beside it
 *   part      the partial file, on its writer thread
 *   transfer  one connection
 *   job       one file: its sources, what each connection fetches, what is tried again
 * All but the inside of a part belongs to the main thread. */
#pragma once

#include "library/linnet-download.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Bytes [start, end) of a file, from the source of that number. */
typedef struct {
  guint64 start, end;
  guint source;
} LinnetRange;

/* Ranges are sorted and apart; what overlaps what is there already is not added. Those of one
 * source that touch become one. Returns how many bytes are new. */
guint64 linnet_ranges_add (GArray *ranges, guint64 start, guint64 end, guint source);
/* The first gap that begins at or after from and before size. */
gboolean linnet_ranges_find_gap (
    const GArray *ranges, guint64 from, guint64 size, guint64 *start, guint64 *end);
guint64 linnet_ranges_sum (const GArray *ranges);

/* What is known of a partial file. */
typedef struct {
  char *sha256;       /* NULL: not known */
  guint64 bytes;      /* 0: not known */
  char *etag;         /* a strong one, where the sha256 is not known; NULL: none */
  GPtrArray *sources; /* char *, URLs */
  GArray *ranges;     /* LinnetRange */
} LinnetJournal;

LinnetJournal *linnet_journal_new (const char *sha256, guint64 bytes);
LinnetJournal *linnet_journal_copy (const LinnetJournal *self);
void linnet_journal_free (LinnetJournal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetJournal, linnet_journal_free)
/* The number of a source, which is added if it is new. */
guint linnet_journal_add_source (LinnetJournal *self, const char *url);
/* NULL: there is none, or none that can be trusted. Blocks. */
LinnetJournal *linnet_journal_load (const char *path);
/* What is added to the journal's name while it is written. */
#define LINNET_JOURNAL_ASIDE ".new"
/* Atomically. Blocks. */
gboolean linnet_journal_save (const LinnetJournal *self, const char *path, GError **error);

/* What a part is asked to be. Borrowed. */
typedef struct {
  const char *folder, *name;
  const char *sha256;      /* NULL: not known */
  guint64 bytes;           /* 0: not known */
  const char *url;         /* where it will come from, if the sha256 is not known */
  guint64 n_further_bytes; /* that the disk must have room for besides */
} LinnetPartRequest;

/* Called on the main thread, never after linnet_part_stop(). */
typedef struct {
  /* It is there already, or was begun before, and is read again. */
  void (*verifying) (gpointer user_data);
  /* Ready to be written to; journal tells what is there. */
  void (*opened) (gpointer user_data, const LinnetJournal *journal);
  /* So many bytes given to linnet_part_write() are on their way to the disk. */
  void (*written) (gpointer user_data, gsize n_bytes);
  /* In place, verified. */
  void (*finished) (gpointer user_data, const char *sha256, guint64 bytes);
  /* It was not what it should be, and is gone; journal tells what it came from. */
  void (*damaged) (gpointer user_data, const LinnetJournal *journal);
  void (*discarded) (gpointer user_data);
  void (*failed) (gpointer user_data, const GError *error);
} LinnetPartEvents;

typedef struct _LinnetPart LinnetPart;

LinnetPart *linnet_part_new (const LinnetPartEvents *events, gpointer user_data);
/* No event comes any more; what was written is kept, and the thread ends by itself. */
void linnet_part_free (LinnetPart *self);
void linnet_part_open (LinnetPart *self, const LinnetPartRequest *request);
/* Its size and, without a sha256, its strong ETag become known. */
void linnet_part_set_size (LinnetPart *self, guint64 bytes, const char *etag);
void linnet_part_write (LinnetPart *self, guint64 offset, GBytes *data, const char *url);
/* Throws away what was written, to begin again. */
void linnet_part_reset (LinnetPart *self);
/* Every byte has been given: verified and put in place. */
void linnet_part_finish (LinnetPart *self);
/* Keeps what was written; events stop until the next linnet_part_open(). */
void linnet_part_stop (LinnetPart *self);
/* Removes it, and also the finished file if is_finished. */
void linnet_part_discard (LinnetPart *self, const LinnetPartRequest *request, gboolean is_finished);

/* What an answer says before its bytes come. */
typedef struct {
  guint status;            /* 200 or 206 */
  guint64 start, end;      /* of what comes: for 200 the whole */
  guint64 total;           /* bytes of the file */
  const char *etag;        /* strong; NULL: none */
  const char *linked_etag; /* sha256 that a registry told on the way; NULL: none */
} LinnetTransferHead;

/* Everything but linked_etag, which more than one answer can tell; what it points to is message's.
 * asked_end: 0, if everything from asked_start was. FALSE: it is no answer to that. */
gboolean linnet_transfer_read_head (SoupMessage *message,
                                    guint64 asked_start,
                                    guint64 asked_end,
                                    LinnetTransferHead *head);
/* How long the server wants to be left alone, within reason; 0: it does not say. */
guint linnet_transfer_read_wait_seconds (SoupMessage *message);

typedef struct _LinnetTransfer LinnetTransfer;

typedef struct {
  /* May refuse what comes. */
  gboolean (*head) (gpointer user_data, const LinnetTransferHead *head, GError **error);
  /* FALSE: no more until linnet_transfer_resume(). */
  gboolean (*data) (gpointer user_data, GBytes *data);
  /* The last call. error NULL: everything that head told came. is_temporary: worth another try,
   * after wait_seconds if the server said so. */
  void (*done) (gpointer user_data, const GError *error, gboolean is_temporary, guint wait_seconds);
} LinnetTransferEvents;

/* end: 0, if the size of the file is not known: everything from start. */
LinnetTransfer *linnet_transfer_start (SoupSession *session,
                                       const char *url,
                                       guint64 start,
                                       guint64 end,
                                       guint stall_seconds,
                                       const LinnetTransferEvents *events,
                                       gpointer user_data);
void linnet_transfer_resume (LinnetTransfer *self);
/* No event comes any more, and self is gone. */
void linnet_transfer_cancel (LinnetTransfer *self);

typedef struct {
  void (*changed) (gpointer user_data); /* verifying or fetching now */
  void (*finished) (gpointer user_data);
  void (*discarded) (gpointer user_data);
  void (*failed) (gpointer user_data, const GError *error);
} LinnetJobEvents;

typedef struct _LinnetJob LinnetJob;

/* options without a 0 in them. */
LinnetJob *linnet_job_new (SoupSession *session,
                           const char *folder,
                           const LinnetDownloadFile *file,
                           const LinnetDownloadOptions *options,
                           const LinnetJobEvents *events,
                           gpointer user_data);
void linnet_job_free (LinnetJob *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetJob, linnet_job_free)
void linnet_job_start (LinnetJob *self, guint64 n_further_bytes);
void linnet_job_stop (LinnetJob *self);
void linnet_job_discard (LinnetJob *self);
gboolean linnet_job_is_verifying (LinnetJob *self);
gboolean linnet_job_is_finished (LinnetJob *self);
guint64 linnet_job_get_bytes_done (LinnetJob *self);
guint64 linnet_job_get_bytes_total (LinnetJob *self);
/* That came over the line since it was made: for the rate. */
guint64 linnet_job_get_bytes_received (LinnetJob *self);
const char *linnet_job_get_sha256 (LinnetJob *self);

/* Sentences. host: as people know it. */
void linnet_download_set_status_error (GError **error, guint status, const char *host);
/* From what libsoup or Gio said, and what is wrong with the certificate. Returns whether another
 * try may help. */
gboolean linnet_download_set_network_error (GError **error,
                                            const GError *cause,
                                            GTlsCertificateFlags problems,
                                            const char *host);
void linnet_download_set_stall_error (GError **error, const char *host);
void linnet_download_set_nonsense_error (GError **error, const char *host);
void linnet_download_set_redirect_error (GError **error, const char *host);
/* Of an address that is neither https nor of this computer. */
void linnet_download_set_address_error (GError **error, const char *url);
void linnet_download_set_changed_error (GError **error, const char *host);
void linnet_download_set_damaged_error (GError **error, const char *name);
void linnet_download_set_room_error (GError **error, guint64 n_needed, guint64 n_free);
void linnet_download_set_busy_error (GError **error, const char *name);
void linnet_download_set_name_error (GError **error, const char *name);
/* errno of what was done in folder. */
void linnet_download_set_disk_error (GError **error, int code, const char *folder);

G_END_DECLS
