/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the tests of core share: an engine with the demo model, waiting, and listening. */
#pragma once

#include "engine/linnet-engine.h"

/* Runs the main context until condition holds; a test that waits for two minutes has
 * failed. */
void fixture_wait (gboolean (*condition) (gpointer data), gpointer data);
/* Runs the main context for a while. */
void fixture_run_for (guint milliseconds);

/* Removes a folder with all that is in it; a link, and not what it leads to. */
void fixture_remove_tree (const char *path);

/* The demo model's path, or NULL: then the test has been marked as skipped. */
const char *fixture_get_demo_model (void);

/* Under a sanitizer or an emulator: then times are told, not judged, and questions are shorter. */
gboolean fixture_is_slow (void);

/* Loads path and waits for the end of it. */
gboolean fixture_load (LinnetEngine *engine,
                       const char *path,
                       const LinnetLoadOptions *options,
                       GCancellable *cancellable,
                       GError **error);
/* An engine with the demo model loaded. */
LinnetEngine *fixture_engine_new (int n_threads, guint n_ctx);
/* Unrefs an object and asserts that nobody else holds it. */
void fixture_assert_finalized (gpointer object);

/* A conversation that ends with a question. */
LinnetConversation *fixture_conversation_new (const char *question);
void fixture_conversation_add (LinnetConversation *conversation, LinnetRole role, const char *text);
/* A question of at least n_bytes. */
char *fixture_make_long_question (gsize n_bytes);

/* Greedy, at most max_tokens. */
LinnetGenerationOptions fixture_greedy (guint max_tokens);

/* Hears a generation out and asserts the promises of its signals: text is valid UTF-8, phases only
 * go forward, and nothing comes after "finished". */
typedef struct {
  LinnetGeneration *generation; /* owned */
  GString *text;
  LinnetGenerationPhase phase;
  double progress;
  guint n_texts;
  guint n_progress;
  guint n_speeds;
  guint n_finished;
  gint64 finished_us; /* monotonic time */
} Listener;

/* Takes generation over. */
Listener *listener_new (LinnetGeneration *generation);
void listener_free (Listener *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Listener, listener_free)
/* Waits for "finished" and returns the reason. */
LinnetFinishReason listener_wait (Listener *self);
void listener_wait_for_text (Listener *self);
