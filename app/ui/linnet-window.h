/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWindow: the window: one engine, one chat, and the ways to bring a model in. */
#pragma once

#include <adwaita.h>

#include "advisor/linnet-advisor.h"
#include "chat/linnet-chat.h"
#include "library/linnet-pull-list.h"

G_BEGIN_DECLS

#define LINNET_TYPE_WINDOW (linnet_window_get_type ())
G_DECLARE_FINAL_TYPE (LinnetWindow, linnet_window, LINNET, WINDOW, AdwApplicationWindow)

/* demo_path: of the model to offer where no other is open; NULL when there is none. */
LinnetWindow *linnet_window_new (GtkApplication *application, const char *demo_path);

LinnetChat *linnet_window_get_chat (LinnetWindow *self); /* borrowed */

/* What knows this computer, and what fetches models: the program's, which the window keeps and
 * lends to its pages. Once, before the window is shown; without them it only chats. */
void linnet_window_lend (LinnetWindow *self, LinnetAdvisor *advisor, LinnetPullList *pulls);
LinnetAdvisor *linnet_window_get_advisor (LinnetWindow *self); /* borrowed; NULL: not lent */
LinnetPullList *linnet_window_get_pulls (LinnetWindow *self);  /* likewise */

/* Shows page over the chat, or the one of the same type that lies there already. page: of a type of
 * its own, without a tag: one that is still sliding away would be in the way of the next. */
void linnet_window_push (LinnetWindow *self, AdwNavigationPage *page);
/* Goes back to the chat from whatever lies over it. */
void linnet_window_show_chat (LinnetWindow *self);

/* Shows the wizard over the chat, where it was left. */
void linnet_window_show_wizard (LinnetWindow *self);
/* Whether it is to be shown without being asked for: at the first start, or left half way. */
gboolean linnet_window_wants_wizard (LinnetWindow *self);

/* The instructions that models loaded from now on compute with; NULL: the best. */
void linnet_window_set_cpu_level (LinnetWindow *self, const char *level);
/* Makes every answer the same in every run; negative: each has a seed of its own. */
void linnet_window_set_seed (LinnetWindow *self, gint64 seed);
/* Where the computer is looked at before a model is loaded, as linnet_machine_new(): for tests. */
void linnet_window_set_machine_root (LinnetWindow *self, const char *root);

/* Opens the model in file; a failure is shown, and the previous model stays. */
void linnet_window_load_file (LinnetWindow *self, GFile *file);
/* The same for a model of the library, which is run as its Modelfile says. */
void linnet_window_load_model (LinnetWindow *self, LinnetLibraryModel *model);
/* The same for the demo model; without one the window asks for a model instead. */
void linnet_window_load_demo (LinnetWindow *self);
/* Whether a model is being brought in: looked at, asked about or loaded. */
gboolean linnet_window_get_loading (LinnetWindow *self);

G_END_DECLS
