/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetStateJob: saving what a model has in mind to a file, or restoring it. */
#include "engine/linnet-state-job.h"

struct _LinnetStateJob {
  lm_session *session; /* borrowed */
  char *path;
  gboolean saves;
  GTask *task;
  gssize n_tokens;
  GError *error;
};

LinnetStateJob *
linnet_state_job_new (lm_session *session, const char *path, gboolean saves, GTask *task)
{
  LinnetStateJob *self = g_new0 (LinnetStateJob, 1);

  self->session = session;
  self->path = g_strdup (path);
  self->saves = saves;
  self->task = task;
  return self;
}

static void
state_job_free (gpointer data)
{
  LinnetStateJob *self = data;

  g_clear_pointer (&self->path, g_free);
  g_clear_object (&self->task);
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
return_cb (gpointer data)
{
  LinnetStateJob *self = data;

  if (self->error != NULL)
    g_task_return_error (self->task, g_steal_pointer (&self->error));
  else
    g_task_return_int (self->task, self->n_tokens);
  return G_SOURCE_REMOVE;
}

void
linnet_state_job_run (LinnetStateJob *self)
{
  /* The task keeps the engine alive, whose worker we are: the last reference on it must not be
   * dropped here, so the task goes back to its main context with the source. */
  g_autoptr (GSource) source = g_idle_source_new ();
  g_autoptr (GMainContext) context = g_main_context_ref (g_task_get_context (self->task));
  lm_error failure = { 0 };
  size_t n_tokens;

  if ((self->saves ? lm_session_save (self->session, self->path, &failure)
                   : lm_session_restore (self->session, self->path, &failure)) != LM_OK)
    linnet_engine_error_from_state (&self->error, &failure, self->path, self->saves);
  lm_session_get_tokens (self->session, &n_tokens);
  self->n_tokens = (gssize) n_tokens;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "[linnet] state");
  g_source_set_callback (source, return_cb, self, state_job_free);
  g_source_attach (source, context);
}
