/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetAnswer: what the worker thread says about one generation, until the main thread asks for
 * it, and the way to stop it. Counted references, locked; every thread may use it. */
#pragma once

#include "engine/linnet-engine-private.h"
#include "engine/linnet-generation.h"

G_BEGIN_DECLS

typedef struct _LinnetAnswer LinnetAnswer;

LinnetAnswer *linnet_answer_new (void);
LinnetAnswer *linnet_answer_ref (LinnetAnswer *self);
void linnet_answer_unref (LinnetAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetAnswer, linnet_answer_unref)

/* Any thread, any time: before the work begins, during it, afterwards. */
void linnet_answer_stop (LinnetAnswer *self);
gboolean linnet_answer_is_stopped (LinnetAnswer *self);

/* ---- The worker's side ---- */

/* Work on session begins: from here to linnet_answer_finish() a stop cancels it. FALSE when it was
 * stopped already; then session is left alone. */
gboolean linnet_answer_begin (LinnetAnswer *self, lm_session *session);
/* fraction: 0…1, of the prefill. */
void linnet_answer_set_progress (LinnetAnswer *self, double fraction);
/* text: whole characters, not terminated; tokens_per_second: 0 if unknown yet. */
void
linnet_answer_append (LinnetAnswer *self, const char *text, gsize length, double tokens_per_second);
/* The end, once: nothing comes afterwards, and the session is let go. Takes error (NULL unless
 * reason is LINNET_FINISH_FAILED). stats: NULL when nothing was computed. */
void linnet_answer_finish (LinnetAnswer *self,
                           LinnetFinishReason reason,
                           GError *error,
                           const LinnetGenerationStats *stats);

/* ---- The main thread's side ---- */

typedef struct {
  LinnetGenerationPhase phase;
  double progress;
  double tokens_per_second;
  char *text; /* since the last time, owned; NULL if none */
  LinnetFinishReason reason;
  GError *error; /* owned */
  LinnetGenerationStats stats;
} LinnetAnswerNews;

/* Fills news with the state of things; reason, error and stats belong to phase FINISHED. */
void linnet_answer_take_news (LinnetAnswer *self, LinnetAnswerNews *news);
void linnet_answer_news_clear (LinnetAnswerNews *news);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LinnetAnswerNews, linnet_answer_news_clear)

G_END_DECLS
