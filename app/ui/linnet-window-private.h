/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the files of LinnetWindow share. */
#pragma once

#include "chat/linnet-chat-page.h"
#include "linnet-loading-page.h"
#include "linnet-window.h"
#include "wizard/linnet-wizard.h"

G_BEGIN_DECLS

struct _LinnetWindow {
  AdwApplicationWindow parent_instance;

  AdwNavigationView *navigation; /* the chat, tagged "chat", and the pages that lie over it */
  AdwWindowTitle *title;
  AdwBanner *banner;
  GtkStack *stack;
  LinnetLoadingPage *loading_page;
  AdwStatusPage *no_model_page;
  GtkButton *demo_button;
  LinnetChatPage *chat_page;
  AdwToastOverlay *toasts;
  GtkRevealer *drop_revealer;

  LinnetAdvisor *advisor; /* NULL until lent; as are pulls */
  LinnetPullList *pulls;
  LinnetWizard *wizard; /* NULL until it is shown for the first time */
  LinnetEngine *engine;
  LinnetChat *chat;
  GCancellable *load_cancellable; /* of the load in progress, else NULL */
  LinnetLibraryModel *open_model; /* of the library, if the open model was opened from there */
  LinnetModel *answering_model;   /* that writes the answer, NULL when there is none */
  char *cpu_level;                /* what models are to be loaded for, NULL: the best */
  GSettings *settings;            /* NULL where the schema is not installed */
  char *demo_path;                /* NULL until a demo model is known */
  char *machine_root;             /* where the computer is looked at; NULL: the real one */
  gint64 seed;                    /* of every answer; negative: each has its own */

  GtkWidget *focus_to_restore; /* borrowed; set while restore_focus_source waits */
  guint restore_focus_source;

  gint64 speed_shown_us; /* when the speed in the header was last written */
};

/* window-actions: the win.* actions. */
void linnet_window_install_actions (GtkWidgetClass *widget_class);
/* The one place that decides which can be activated now. */
void linnet_window_update_actions (LinnetWindow *self);

/* window-load: bringing a model in. */
/* Shows the page that asks for a model, saying why: description is plain text. */
void linnet_window_ask_for_model (LinnetWindow *self, const char *title, const char *description);

/* How answers are chosen from now on: as the open model's Modelfile says. Without a seed there,
 * each call chooses another. */
void linnet_window_apply_options (LinnetWindow *self);

/* window-models: the page of models. */
void linnet_window_install_model_actions (GtkWidgetClass *widget_class);
/* Tells the page, if it is there, which model is open. */
void linnet_window_mark_open_model (LinnetWindow *self);
void linnet_window_connect_pulls (LinnetWindow *self);

/* window-load again: as linnet_window_load_model(), under the page that is seen. */
void linnet_window_load_behind (LinnetWindow *self, LinnetLibraryModel *model);

/* window-wizard: the choice of a model. */
void linnet_window_install_wizard_actions (GtkWidgetClass *widget_class);

/* window-dnd: models dropped on the window. */
void linnet_window_setup_drop_target (LinnetWindow *self);

/* Shows sentence, with a button for action (both NULL: none). */
void linnet_window_show_error (LinnetWindow *self,
                               const char *sentence,
                               const char *button_label,
                               const char *action_name);

/* Whether the chat's page is what is seen. */
gboolean linnet_window_is_on_chat (LinnetWindow *self);

G_END_DECLS
