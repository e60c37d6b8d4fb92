/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetStopBuffer: finds the texts at which an answer ends, though they come in pieces, and holds
 * back what may be the beginning of one. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  GStrv stops;   /* owned; never empty texts */
  GString *held; /* owned; may be the beginning of one of them */
} LinnetStopBuffer;

/* stops: copied; NULL or empty: nothing is ever held back. */
void linnet_stop_buffer_init (LinnetStopBuffer *self, const char *const *stops);
void linnet_stop_buffer_clear (LinnetStopBuffer *self);

/* Replaces text by what of all text so far is certain to be part of the answer and has not been
 * given out yet. TRUE: a stop was found, and nothing comes after it. */
gboolean linnet_stop_buffer_filter (LinnetStopBuffer *self, GString *text);
/* Appends what is held back: no more is to come. */
void linnet_stop_buffer_flush (LinnetStopBuffer *self, GString *text);

G_END_DECLS
