/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetEngineWorker: the thread that does whatever takes time, one job after the other, in the
 * order in which they were pushed. Used by LinnetEngine only, on the main thread. */
#pragma once

#include "engine/linnet-answer.h"
#include "engine/linnet-engine-private.h"
#include "engine/linnet-engine.h"
#include "engine/linnet-state-job.h"

G_BEGIN_DECLS

/* A model with its one session, which is kept from one answer to the next so that the KV cache is
 * found again. The main thread owns it but only hands it on; the worker works with it. */
typedef struct {
  LinnetModel *model;  /* owned */
  lm_session *session; /* owned */
} LinnetTimeline;

void linnet_timeline_free (LinnetTimeline *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetTimeline, linnet_timeline_free)

/* A model being loaded. Counted references. Before it is done the worker writes what is marked so,
 * afterwards nobody does. */
typedef struct {
  char *path;
  LinnetLoadOptions options; /* its strings are owned */
  GCancellable *cancellable;
  int progress;             /* atomic, worker: millionths */
  int done;                 /* atomic, worker */
  LinnetTimeline *timeline; /* worker: NULL on failure */
  GError *error;            /* worker */
} LinnetLoad;

LinnetLoad *linnet_load_new (const char *path, const LinnetLoadOptions *options);
LinnetLoad *linnet_load_ref (LinnetLoad *self);
void linnet_load_unref (LinnetLoad *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetLoad, linnet_load_unref)

gboolean linnet_load_is_done (LinnetLoad *self);
double linnet_load_get_progress (LinnetLoad *self);

typedef struct _LinnetEngineWorker LinnetEngineWorker;

LinnetEngineWorker *linnet_engine_worker_new (void);
/* Waits until every job is done; stop or cancel them first. */
void linnet_engine_worker_free (LinnetEngineWorker *self);

void linnet_engine_worker_push_load (LinnetEngineWorker *self, LinnetLoad *load);
/* Frees timeline, taken over, once the jobs before do not need it any more. */
void linnet_engine_worker_push_free (LinnetEngineWorker *self, LinnetTimeline *timeline);
/* Copies the conversation; timeline is borrowed, until it is pushed to be freed. */
void linnet_engine_worker_push_answer (LinnetEngineWorker *self,
                                       LinnetTimeline *timeline,
                                       LinnetConversation *conversation,
                                       const LinnetGenerationOptions *options,
                                       LinnetAnswer *answer);
/* Takes job over; its session is the timeline's, as above. */
void linnet_engine_worker_push_state (LinnetEngineWorker *self, LinnetStateJob *job);

G_END_DECLS
