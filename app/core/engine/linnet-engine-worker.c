/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetEngineWorker: the worker thread and its queue; loading a model. */
#include "engine/linnet-engine-worker.h"
#include "engine/linnet-writer.h"

#define PROGRESS_SCALE 1000000.0

struct _LinnetEngineWorker {
  GThread *thread;
  GAsyncQueue *jobs; /* Job, owned */
};

/* run takes data over; NULL ends the thread. */
typedef struct {
  void (*run) (gpointer data);
  gpointer data;
} Job;

void
linnet_timeline_free (LinnetTimeline *self)
{
  lm_session_free (self->session);
  g_clear_object (&self->model);
  g_free (self);
}

LinnetLoad *
linnet_load_new (const char *path, const LinnetLoadOptions *options)
{
  LinnetLoad *self = g_atomic_rc_box_new0 (LinnetLoad);

  self->path = g_strdup (path);
  if (options != NULL)
    self->options = *options;
  self->options.model.cpu_level = g_strdup (self->options.model.cpu_level);
  self->cancellable = g_cancellable_new ();
  return self;
}

LinnetLoad *
linnet_load_ref (LinnetLoad *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
load_clear (gpointer data)
{
  LinnetLoad *self = data;

  g_clear_pointer (&self->path, g_free);
  g_free ((char *) self->options.model.cpu_level);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->timeline, linnet_timeline_free);
  g_clear_error (&self->error);
}

void
linnet_load_unref (LinnetLoad *self)
{
  g_atomic_rc_box_release_full (self, load_clear);
}

gboolean
linnet_load_is_done (LinnetLoad *self)
{
  return g_atomic_int_get (&self->done);
}

double
linnet_load_get_progress (LinnetLoad *self)
{
  return g_atomic_int_get (&self->progress) / PROGRESS_SCALE;
}

static void
load_progress_cb (double fraction, gpointer user_data)
{
  LinnetLoad *self = user_data;

  g_atomic_int_set (&self->progress, (int) (CLAMP (fraction, 0.0, 1.0) * PROGRESS_SCALE));
}

static LinnetTimeline *
open_timeline (LinnetLoad *load, GError **error)
{
  g_autoptr (LinnetTimeline) timeline = g_new0 (LinnetTimeline, 1);
  lm_session_options options = {
    .n_ctx = load->options.n_ctx,
    .kv_type = linnet_cache_type_to_lm (load->options.cache_type),
  };
  lm_error failure = { 0 };

  timeline->model = linnet_model_open (load->path, LINNET_MODEL_LEVEL_FULL, &load->options.model,
                                       load_progress_cb, load, load->cancellable, error);
  if (timeline->model == NULL)
    return NULL;
  timeline->session =
      lm_session_new (linnet_model_get_handle (timeline->model), &options, &failure);
  if (timeline->session == NULL) {
    linnet_engine_error_from_lm (error, &failure, load->path);
    return NULL;
  }
  return g_steal_pointer (&timeline);
}

static void
run_load (gpointer data)
{
  g_autoptr (LinnetLoad) load = data;

  load->timeline = open_timeline (load, &load->error);
  if (load->timeline != NULL)
    load_progress_cb (1.0, load);
  g_atomic_int_set (&load->done, TRUE);
}

static void
run_free (gpointer data)
{
  linnet_timeline_free (data);
}

static void
run_answer (gpointer data)
{
  g_autoptr (LinnetWriter) writer = data;

  linnet_writer_run (writer);
}

static void
run_state (gpointer data)
{
  linnet_state_job_run (data);
}

static gpointer
worker_thread (gpointer data)
{
  g_autoptr (GAsyncQueue) jobs = data;

  for (;;) {
    g_autofree Job *job = g_async_queue_pop (jobs);

    if (job->run == NULL)
      return NULL;
    job->run (job->data);
  }
}

static void
push (LinnetEngineWorker *self, void (*run) (gpointer data), gpointer data)
{
  Job *job = g_new (Job, 1);

  *job = (Job) { run, data };
  g_async_queue_push (self->jobs, job);
}

LinnetEngineWorker *
linnet_engine_worker_new (void)
{
  LinnetEngineWorker *self = g_new0 (LinnetEngineWorker, 1);

  self->jobs = g_async_queue_new ();
  self->thread = g_thread_new ("linnet-engine", worker_thread, g_async_queue_ref (self->jobs));
  return self;
}

void
linnet_engine_worker_free (LinnetEngineWorker *self)
{
  push (self, NULL, NULL);
  g_thread_join (g_steal_pointer (&self->thread));
  g_clear_pointer (&self->jobs, g_async_queue_unref);
  g_free (self);
}

void
linnet_engine_worker_push_load (LinnetEngineWorker *self, LinnetLoad *load)
{
  push (self, run_load, linnet_load_ref (load));
}

void
linnet_engine_worker_push_free (LinnetEngineWorker *self, LinnetTimeline *timeline)
{
  push (self, run_free, timeline);
}

void
linnet_engine_worker_push_answer (LinnetEngineWorker *self,
                                  LinnetTimeline *timeline,
                                  LinnetConversation *conversation,
                                  const LinnetGenerationOptions *options,
                                  LinnetAnswer *answer)
{
  push (self, run_answer,
        linnet_writer_new (timeline->model, timeline->session, conversation, options, answer));
}

void
linnet_engine_worker_push_state (LinnetEngineWorker *self, LinnetStateJob *job)
{
  push (self, run_state, job);
}
