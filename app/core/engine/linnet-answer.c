/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetAnswer: one generation between the worker and the main thread. */
#include "engine/linnet-answer.h"

struct _LinnetAnswer {
  GMutex mutex; /* guards all below */

  /* Owned. */
  GString *text;
  GError *error;

  lm_session *session; /* borrowed; NULL unless work is going on */
  gboolean stopped;
  LinnetGenerationPhase phase;
  double progress;
  double tokens_per_second;
  LinnetFinishReason reason;
  LinnetGenerationStats stats;
};

LinnetAnswer *
linnet_answer_new (void)
{
  LinnetAnswer *self = g_atomic_rc_box_new0 (LinnetAnswer);

  g_mutex_init (&self->mutex);
  self->text = g_string_new (NULL);
  return self;
}

LinnetAnswer *
linnet_answer_ref (LinnetAnswer *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
answer_clear (gpointer data)
{
  LinnetAnswer *self = data;

  g_string_free (self->text, TRUE);
  g_clear_error (&self->error);
  g_mutex_clear (&self->mutex);
}

void
linnet_answer_unref (LinnetAnswer *self)
{
  g_atomic_rc_box_release_full (self, answer_clear);
}

void
linnet_answer_stop (LinnetAnswer *self)
{
  g_mutex_lock (&self->mutex);
  self->stopped = TRUE;
  if (self->session != NULL)
    lm_session_cancel (self->session);
  g_mutex_unlock (&self->mutex);
}

gboolean
linnet_answer_is_stopped (LinnetAnswer *self)
{
  gboolean stopped;

  g_mutex_lock (&self->mutex);
  stopped = self->stopped;
  g_mutex_unlock (&self->mutex);
  return stopped;
}

gboolean
linnet_answer_begin (LinnetAnswer *self, lm_session *session)
{
  gboolean goes_on;

  g_mutex_lock (&self->mutex);
  goes_on = !self->stopped;
  if (goes_on) {
    /* The stop of an earlier answer may have come after its last call. */
    lm_session_resume (session);
    self->session = session;
    self->phase = LINNET_GENERATION_PREFILL;
  }
  g_mutex_unlock (&self->mutex);
  return goes_on;
}

void
linnet_answer_set_progress (LinnetAnswer *self, double fraction)
{
  g_mutex_lock (&self->mutex);
  self->progress = CLAMP (fraction, 0.0, 1.0);
  g_mutex_unlock (&self->mutex);
}

void
linnet_answer_append (LinnetAnswer *self, const char *text, gsize length, double tokens_per_second)
{
  g_mutex_lock (&self->mutex);
  self->phase = LINNET_GENERATION_DECODE;
  self->progress = 1.0;
  self->tokens_per_second = tokens_per_second;
  g_string_append_len (self->text, text, (gssize) length);
  g_mutex_unlock (&self->mutex);
}

void
linnet_answer_finish (LinnetAnswer *self,
                      LinnetFinishReason reason,
                      GError *error,
                      const LinnetGenerationStats *stats)
{
  g_mutex_lock (&self->mutex);
  self->session = NULL;
  self->phase = LINNET_GENERATION_FINISHED;
  self->reason = reason;
  self->error = error;
  if (stats != NULL) {
    self->stats = *stats;
    if (stats->decode_tokens > 0 && stats->decode_seconds > 0.0)
      self->tokens_per_second = stats->decode_tokens / stats->decode_seconds;
  }
  g_mutex_unlock (&self->mutex);
}

void
linnet_answer_take_news (LinnetAnswer *self, LinnetAnswerNews *news)
{
  g_mutex_lock (&self->mutex);
  *news = (LinnetAnswerNews) {
    .phase = self->phase,
    .progress = self->progress,
    .tokens_per_second = self->tokens_per_second,
    .reason = self->reason,
    .error = g_steal_pointer (&self->error),
    .stats = self->stats,
  };
  if (self->text->len > 0) {
    news->text = g_string_free (self->text, FALSE);
    self->text = g_string_new (NULL);
  }
  g_mutex_unlock (&self->mutex);
}

void
linnet_answer_news_clear (LinnetAnswerNews *news)
{
  g_clear_pointer (&news->text, g_free);
  g_clear_error (&news->error);
}
