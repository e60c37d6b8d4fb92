/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetEmptyState: what a chat shows before its first question: three questions to begin with.
 *
 * Property: "compact" (leaves out what a small window has no room for).
 * Signal: "suggested" (const char *question). */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define LINNET_TYPE_EMPTY_STATE (linnet_empty_state_get_type ())
G_DECLARE_FINAL_TYPE (LinnetEmptyState, linnet_empty_state, LINNET, EMPTY_STATE, AdwBin)

GtkWidget *linnet_empty_state_new (void);

/* Whether the suggestions can be chosen. */
void linnet_empty_state_set_can_send (LinnetEmptyState *self, gboolean can_send);

G_END_DECLS
