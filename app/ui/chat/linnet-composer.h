/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetComposer: where a question is written; its button sends, or stops the running answer.
 *
 * Properties: "can-send" (a model is ready), "generating" (the button stops instead).
 * Signals: "send" (const char *text: never blank), "scroll" (int pages: −1 up, 1 down).
 * The button activates win.stop while generating. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define LINNET_TYPE_COMPOSER (linnet_composer_get_type ())
G_DECLARE_FINAL_TYPE (LinnetComposer, linnet_composer, LINNET, COMPOSER, AdwBin)

GtkWidget *linnet_composer_new (void);

void linnet_composer_set_can_send (LinnetComposer *self, gboolean can_send);
void linnet_composer_set_generating (LinnetComposer *self, gboolean generating);

/* Transfer full. */
char *linnet_composer_dup_text (LinnetComposer *self);
void linnet_composer_set_text (LinnetComposer *self, const char *text);

void linnet_composer_take_focus (LinnetComposer *self);

G_END_DECLS
