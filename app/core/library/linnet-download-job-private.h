/* SPDX-License-Identifier: GPL-3.0-or-later
 * The inside of a LinnetJob: linnet-download-job.c is its life and its part, and
 * linnet-download-work.c what its connections do. Main thread. */
#pragma once

#include "library/linnet-download-source.h"

G_BEGIN_DECLS

/* That wait for the disk, all connections together. */
#define LINNET_JOB_MAX_QUEUED_BYTES (8 * 1024 * 1024)

/* What a connection fetches. */
typedef struct _LinnetWork LinnetWork;

typedef enum {
  LINNET_JOB_STOPPED,
  LINNET_JOB_OPENING,
  LINNET_JOB_FETCHING,
  LINNET_JOB_VERIFYING,
  LINNET_JOB_FINISHED,
} LinnetJobPhase;

struct _LinnetJob {
  SoupSession *session;
  char *folder, *name, *sha256;
  guint64 expected_bytes; /* as asked for */
  LinnetDownloadOptions options;
  LinnetJobEvents events;
  gpointer user_data;

  LinnetJobPhase phase;
  LinnetPart *part;
  GPtrArray *sources;   /* LinnetDownloadSource */
  GPtrArray *works;     /* LinnetWork */
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

/* In linnet-download-work.c. */

/* Gives every connection something to do; finishes or fails the job when there is nothing. */
void linnet_job_schedule (LinnetJob *self);
void linnet_job_drop_works (LinnetJob *self);
/* The disk has caught up. */
void linnet_job_resume_works (LinnetJob *self);
/* Of self->works. */
void linnet_work_free (LinnetWork *self);

/* In linnet-download-job.c. */

/* Whether it is known which file is fetched, so that connections can share it. */
gboolean linnet_job_is_identified (LinnetJob *self);
/* Nothing that was fetched is of use: from the beginning. */
void linnet_job_start_over (LinnetJob *self);
/* Every byte is there. */
void linnet_job_finish (LinnetJob *self);
/* The last event before the next start. */
void linnet_job_fail (LinnetJob *self, const GError *error);

G_END_DECLS
