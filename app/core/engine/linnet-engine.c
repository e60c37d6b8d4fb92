/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetEngine: the main thread's side of the worker. Jobs go to it through a queue; what it has to
 * say is fetched by a source that runs once a frame while there is work. */
#include "engine/linnet-engine.h"

#include <glib/gi18n-lib.h>

#include "engine/linnet-engine-worker.h"
#include "engine/linnet-generation-private.h"

#define FRAME_MS 16

/* A load under way and who waits for it. */
typedef struct {
  LinnetLoad *load;
  GTask *task;
  gulong cancelled_id; /* on the task's cancellable */
} PendingLoad;

struct _LinnetEngine {
  GObject parent_instance;

  /* Owned. */
  GMainContext *context;
  GSource *source; /* NULL while there is nothing to wait for */
  LinnetEngineWorker *worker;
  LinnetModel *model;
  LinnetTimeline *timeline; /* the model's */
  GQueue loads;             /* PendingLoad, in the order of their beginning */
  LinnetGeneration *generation;

  double load_progress;
  gboolean delivering; /* inside deliver_generation() */
};

enum {
  PROP_0,
  PROP_MODEL,
  PROP_LOADING,
  PROP_LOAD_PROGRESS,
  PROP_GENERATION,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (LinnetEngine, linnet_engine, G_TYPE_OBJECT)

static void
notify (LinnetEngine *self, guint property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
set_load_progress (LinnetEngine *self, double progress)
{
  if (G_APPROX_VALUE (self->load_progress, progress, DBL_EPSILON))
    return;
  self->load_progress = progress;
  notify (self, PROP_LOAD_PROGRESS);
}

/* Any thread. */
static void
cancel_load_cb (GCancellable *cancellable, gpointer load)
{
  g_cancellable_cancel (((LinnetLoad *) load)->cancellable);
}

static void
pending_load_free (PendingLoad *pending)
{
  g_clear_pointer (&pending->load, linnet_load_unref);
  g_clear_object (&pending->task);
  g_free (pending);
}

static LinnetLoad *
newest_load (LinnetEngine *self)
{
  return ((PendingLoad *) g_queue_peek_tail (&self->loads))->load;
}

/* Makes what the load has brought the model; the worker frees the one before. */
static void
adopt (LinnetEngine *self, LinnetTimeline *timeline)
{
  g_autoptr (LinnetModel) previous_model = self->model;
  LinnetTimeline *previous = self->timeline;

  self->timeline = timeline;
  self->model = g_object_ref (timeline->model);
  notify (self, PROP_MODEL);
  g_clear_object (&previous_model);
  if (previous != NULL)
    linnet_engine_worker_push_free (self->worker, previous);
}

/* The oldest load is done: takes over its result and tells who waits for it. */
static void
complete_load (LinnetEngine *self)
{
  PendingLoad *pending = g_queue_pop_head (&self->loads);
  LinnetLoad *load = pending->load;

  g_cancellable_disconnect (g_task_get_cancellable (pending->task), pending->cancelled_id);
  g_object_freeze_notify (G_OBJECT (self));
  if (load->timeline != NULL && !g_cancellable_is_cancelled (load->cancellable)) {
    adopt (self, g_steal_pointer (&load->timeline));
  } else if (load->timeline != NULL) {
    linnet_engine_worker_push_free (self->worker, g_steal_pointer (&load->timeline));
    load->error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                       _ ("Loading the model was stopped."));
  }
  if (self->loads.length == 0)
    notify (self, PROP_LOADING);
  g_object_thaw_notify (G_OBJECT (self));

  if (load->error != NULL)
    g_task_return_error (pending->task, g_steal_pointer (&load->error));
  else
    g_task_return_boolean (pending->task, TRUE);
  pending_load_free (pending);
}

/* Tells what is new of the answer. The engine is free for the next one when "finished" comes. A
 * listener may dispose of the engine: then the worker is gone and the rest follows at once. */
static void
deliver_generation (LinnetEngine *self)
{
  g_autoptr (LinnetGeneration) generation = NULL;
  gboolean is_over;

  if (self->generation == NULL || self->delivering)
    return;
  generation = g_object_ref (self->generation);
  self->delivering = TRUE;
  do
    is_over = linnet_generation_deliver (generation);
  while (!is_over && self->worker == NULL);
  self->delivering = FALSE;
  if (!is_over)
    return;
  g_clear_object (&self->generation);
  notify (self, PROP_GENERATION);
  linnet_generation_finish (generation);
}

static gboolean
frame_cb (gpointer data)
{
  g_autoptr (LinnetEngine) self = g_object_ref (data);
  PendingLoad *pending = g_queue_peek_head (&self->loads);
  /* Asked first: the answer that a load has stopped is finished before the load. */
  gboolean load_is_done = pending != NULL && linnet_load_is_done (pending->load);

  deliver_generation (self);
  if (self->loads.length > 0)
    set_load_progress (self, linnet_load_get_progress (newest_load (self)));
  if (load_is_done && g_queue_peek_head (&self->loads) == pending)
    complete_load (self);

  if (self->source == NULL)
    return G_SOURCE_REMOVE;
  if (self->generation != NULL || self->loads.length > 0)
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->source, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
ensure_source (LinnetEngine *self)
{
  if (self->source != NULL)
    return;
  self->source = g_timeout_source_new (FRAME_MS);
  g_source_set_static_name (self->source, "[linnet] engine");
  g_source_set_callback (self->source, frame_cb, self, NULL);
  g_source_attach (self->source, self->context);
}

/* Loads hold a reference on the engine through their tasks, so that they are still here only when
 * somebody runs dispose by hand. */
static void
linnet_engine_dispose (GObject *object)
{
  LinnetEngine *self = LINNET_ENGINE (object);

  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);

  for (GList *link = self->loads.head; link != NULL; link = link->next)
    g_cancellable_cancel (((PendingLoad *) link->data)->load->cancellable);
  if (self->generation != NULL)
    linnet_generation_stop (self->generation);
  g_clear_object (&self->model);
  if (self->timeline != NULL)
    linnet_engine_worker_push_free (self->worker, g_steal_pointer (&self->timeline));
  g_clear_pointer (&self->worker, linnet_engine_worker_free);

  deliver_generation (self);
  while (self->loads.length > 0) {
    PendingLoad *pending = g_queue_pop_head (&self->loads);

    g_cancellable_disconnect (g_task_get_cancellable (pending->task), pending->cancelled_id);
    g_task_return_new_error_literal (pending->task, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                     _ ("Loading the model was stopped."));
    pending_load_free (pending);
  }
  G_OBJECT_CLASS (linnet_engine_parent_class)->dispose (object);
}

static void
linnet_engine_finalize (GObject *object)
{
  LinnetEngine *self = LINNET_ENGINE (object);

  g_clear_pointer (&self->context, g_main_context_unref);
  G_OBJECT_CLASS (linnet_engine_parent_class)->finalize (object);
}

static void
linnet_engine_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  LinnetEngine *self = LINNET_ENGINE (object);

  switch (id) {
  case PROP_MODEL:
    g_value_set_object (value, self->model);
    break;
  case PROP_LOADING:
    g_value_set_boolean (value, self->loads.length > 0);
    break;
  case PROP_LOAD_PROGRESS:
    g_value_set_double (value, self->load_progress);
    break;
  case PROP_GENERATION:
    g_value_set_object (value, self->generation);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    break;
  }
}

static void
linnet_engine_class_init (LinnetEngineClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->dispose = linnet_engine_dispose;
  object_class->finalize = linnet_engine_finalize;
  object_class->get_property = linnet_engine_get_property;

  properties[PROP_MODEL] = g_param_spec_object ("model", NULL, NULL, LINNET_TYPE_MODEL, flags);
  properties[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, flags);
  properties[PROP_LOAD_PROGRESS] =
      g_param_spec_double ("load-progress", NULL, NULL, 0.0, 1.0, 0.0, flags);
  properties[PROP_GENERATION] =
      g_param_spec_object ("generation", NULL, NULL, LINNET_TYPE_GENERATION, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
linnet_engine_init (LinnetEngine *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->worker = linnet_engine_worker_new ();
  g_queue_init (&self->loads);
}

LinnetEngine *
linnet_engine_new (void)
{
  return g_object_new (LINNET_TYPE_ENGINE, NULL);
}

void
linnet_engine_load_async (LinnetEngine *self,
                          const char *path,
                          const LinnetLoadOptions *options,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  PendingLoad *pending;

  g_return_if_fail (LINNET_IS_ENGINE (self));
  g_return_if_fail (self->worker != NULL);
  g_return_if_fail (path != NULL);

  if (self->generation != NULL)
    linnet_generation_stop (self->generation);
  for (GList *link = self->loads.head; link != NULL; link = link->next)
    g_cancellable_cancel (((PendingLoad *) link->data)->load->cancellable);

  pending = g_new0 (PendingLoad, 1);
  pending->load = linnet_load_new (path, options);
  pending->task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (pending->task, linnet_engine_load_async);
  /* Whether it was cancelled in time is for complete_load() to say. */
  g_task_set_check_cancellable (pending->task, FALSE);
  if (cancellable != NULL)
    pending->cancelled_id =
        g_cancellable_connect (cancellable, G_CALLBACK (cancel_load_cb),
                               linnet_load_ref (pending->load), (GDestroyNotify) linnet_load_unref);
  g_queue_push_tail (&self->loads, pending);
  linnet_engine_worker_push_load (self->worker, pending->load);
  ensure_source (self);

  g_object_freeze_notify (G_OBJECT (self));
  set_load_progress (self, 0.0);
  if (self->loads.length == 1)
    notify (self, PROP_LOADING);
  g_object_thaw_notify (G_OBJECT (self));
}

gboolean
linnet_engine_load_finish (LinnetEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, linnet_engine_load_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

LinnetModel *
linnet_engine_get_model (LinnetEngine *self)
{
  g_return_val_if_fail (LINNET_IS_ENGINE (self), NULL);

  return self->model;
}

gboolean
linnet_engine_get_loading (LinnetEngine *self)
{
  g_return_val_if_fail (LINNET_IS_ENGINE (self), FALSE);

  return self->loads.length > 0;
}

double
linnet_engine_get_load_progress (LinnetEngine *self)
{
  g_return_val_if_fail (LINNET_IS_ENGINE (self), 0.0);

  return self->load_progress;
}

LinnetGeneration *
linnet_engine_get_generation (LinnetEngine *self)
{
  g_return_val_if_fail (LINNET_IS_ENGINE (self), NULL);

  return self->generation;
}

LinnetGeneration *
linnet_engine_generate (LinnetEngine *self,
                        LinnetConversation *conversation,
                        const LinnetGenerationOptions *options)
{
  g_autoptr (LinnetAnswer) answer = NULL;
  g_autoptr (LinnetGeneration) generation = NULL;
  LinnetGenerationOptions defaults;

  g_return_val_if_fail (LINNET_IS_ENGINE (self), NULL);
  g_return_val_if_fail (LINNET_IS_CONVERSATION (conversation), NULL);
  g_return_val_if_fail (g_list_model_get_n_items (G_LIST_MODEL (conversation)) > 0, NULL);
  g_return_val_if_fail (self->timeline != NULL, NULL);
  g_return_val_if_fail (self->generation == NULL, NULL);

  if (options == NULL) {
    linnet_generation_options_init (&defaults);
    options = &defaults;
  }
  answer = linnet_answer_new ();
  generation = linnet_generation_new (answer);
  linnet_engine_worker_push_answer (self->worker, self->timeline, conversation, options, answer);
  ensure_source (self);
  self->generation = g_object_ref (generation);
  notify (self, PROP_GENERATION);
  return g_steal_pointer (&generation);
}

static void
push_state (LinnetEngine *self,
            const char *path,
            gboolean saves,
            gpointer tag,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, tag);
  linnet_engine_worker_push_state (
      self->worker, linnet_state_job_new (self->timeline->session, path, saves, task));
}

void
linnet_engine_save_state_async (LinnetEngine *self,
                                const char *path,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_return_if_fail (LINNET_IS_ENGINE (self));
  g_return_if_fail (self->timeline != NULL);
  g_return_if_fail (path != NULL);

  push_state (self, path, TRUE, linnet_engine_save_state_async, callback, user_data);
}

gboolean
linnet_engine_save_state_finish (LinnetEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, linnet_engine_save_state_async), FALSE);

  return g_task_propagate_int (G_TASK (result), error) >= 0;
}

void
linnet_engine_restore_state_async (LinnetEngine *self,
                                   const char *path,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_return_if_fail (LINNET_IS_ENGINE (self));
  g_return_if_fail (self->timeline != NULL);
  g_return_if_fail (path != NULL);

  push_state (self, path, FALSE, linnet_engine_restore_state_async, callback, user_data);
}

gboolean
linnet_engine_restore_state_finish (LinnetEngine *self,
                                    GAsyncResult *result,
                                    guint *n_tokens,
                                    GError **error)
{
  gssize n;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, linnet_engine_restore_state_async),
                        FALSE);

  n = g_task_propagate_int (G_TASK (result), error);
  if (n_tokens != NULL)
    *n_tokens = (guint) MAX (n, 0);
  return n >= 0;
}
