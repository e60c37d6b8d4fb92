/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetDownload: one file, or the parts of one model, fetched over HTTP so that it cannot be
 * spoiled: several ranges at once, resumed after anything, verified, written aside and renamed.
 * Main thread; nothing blocks it.
 *
 * Properties (read-only, notify, at most ten times a second):
 *   "state" (LinnetDownloadState)
 *   "bytes-done", "bytes-total" (uint64; total 0: not known yet), of all files together
 *   "rate" (double, bytes a second, over the last seconds; 0: not known)
 *   "seconds-left" (double; −1: not known)
 *   "error" (boxed GError, NULL unless the state is FAILED) */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The message is for people: translated, what happened and what to do next. */
#define LINNET_DOWNLOAD_ERROR (linnet_download_error_quark ())
GQuark linnet_download_error_quark (void);
typedef enum {
  LINNET_DOWNLOAD_ERROR_NETWORK,   /* no connection, or it broke too often */
  LINNET_DOWNLOAD_ERROR_NOT_FOUND, /* no source has it */
  LINNET_DOWNLOAD_ERROR_REFUSED,   /* the server wants a login, or another answer of 4xx */
  LINNET_DOWNLOAD_ERROR_SERVER,    /* 5xx, or an answer that makes no sense */
  LINNET_DOWNLOAD_ERROR_CHANGED,   /* the file is another one than it was */
  LINNET_DOWNLOAD_ERROR_DAMAGED,   /* the sha256 or the size is not what it should be */
  LINNET_DOWNLOAD_ERROR_DISK_FULL,
  LINNET_DOWNLOAD_ERROR_DISK, /* cannot be written */
} LinnetDownloadError;

typedef enum {
  LINNET_DOWNLOAD_IDLE, /* not started yet */
  LINNET_DOWNLOAD_RUNNING,
  LINNET_DOWNLOAD_PAUSED,    /* what was fetched is kept */
  LINNET_DOWNLOAD_VERIFYING, /* what an earlier run had fetched is read again */
  LINNET_DOWNLOAD_DONE,      /* every file is in place and verified */
  LINNET_DOWNLOAD_FAILED,    /* what was fetched and can be trusted is kept; start tries again */
  LINNET_DOWNLOAD_CANCELLED, /* what was fetched is gone */
} LinnetDownloadState;
GType linnet_download_state_get_type (void);
#define LINNET_TYPE_DOWNLOAD_STATE (linnet_download_state_get_type ())

/* Borrowed; copied by linnet_download_new(). */
typedef struct {
  const char *name;        /* in the folder: a plain file name, made by us and not by a server */
  const char *const *urls; /* NULL-terminated: sources of the same bytes; https, or http to
                              loopback; tried by measured speed */
  guint64 bytes;           /* 0: not known beforehand */
  const char *sha256;      /* 64 lower-case hex digits; NULL: not known (then only one source, and
                              the sum is computed and told) */
} LinnetDownloadFile;

typedef struct {
  const char *proxy;        /* URI; NULL: the system's */
  guint n_connections;      /* at once; 0: four */
  guint stall_seconds;      /* without a byte before a connection is given up; 0: thirty */
  guint n_retries;          /* of a range, in a row without progress; 0: six */
  guint retry_milliseconds; /* before the first retry, doubled each time; 0: 1000 */
  guint64 range_bytes;      /* that a connection asks for at once; 0: what suits the file */
} LinnetDownloadOptions;

#define LINNET_TYPE_DOWNLOAD (linnet_download_get_type ())
G_DECLARE_FINAL_TYPE (LinnetDownload, linnet_download, LINNET, DOWNLOAD, GObject)

/* folder: made if it is missing. options: NULL for the defaults. A partial file of the same name
 * and the same sha256 in folder is continued, whatever source it came from. */
LinnetDownload *linnet_download_new (const char *folder,
                                     const LinnetDownloadFile *files,
                                     guint n_files,
                                     const LinnetDownloadOptions *options);

/* Begins, goes on after a pause, tries again after a failure. */
void linnet_download_start (LinnetDownload *self);
void linnet_download_pause (LinnetDownload *self);
/* Stops for good and removes what was fetched. */
void linnet_download_cancel (LinnetDownload *self);

LinnetDownloadState linnet_download_get_state (LinnetDownload *self);
guint64 linnet_download_get_bytes_done (LinnetDownload *self);
guint64 linnet_download_get_bytes_total (LinnetDownload *self);
double linnet_download_get_rate (LinnetDownload *self);
double linnet_download_get_seconds_left (LinnetDownload *self);
const GError *linnet_download_get_error (LinnetDownload *self); /* borrowed */
/* Of a file that is done; NULL before. Borrowed. */
const char *linnet_download_get_sha256 (LinnetDownload *self, guint index);

G_END_DECLS
