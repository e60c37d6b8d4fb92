/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWindow: the win.* actions. */
#include "config.h"

#include <glib/gi18n.h>

#include "linnet-window-private.h"

static void
new_chat (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  LinnetWindow *self = LINNET_WINDOW (widget);

  linnet_chat_clear (self->chat);
  linnet_chat_page_dismiss_notice (self->chat_page);
  linnet_chat_page_focus_composer (self->chat_page);
}

static void
stop (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  linnet_chat_stop (LINNET_WINDOW (widget)->chat);
}

static void
write_question (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  linnet_chat_page_focus_composer (LINNET_WINDOW (widget)->chat_page);
}

static void
scroll_to_end (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  linnet_chat_page_scroll_to_end (LINNET_WINDOW (widget)->chat_page);
}

static void
cancel_load (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  g_cancellable_cancel (LINNET_WINDOW (widget)->load_cancellable);
}

static void
use_demo (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  linnet_window_load_demo (LINNET_WINDOW (widget));
}

static void
open_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file = gtk_file_dialog_open_finish (GTK_FILE_DIALOG (source), result, &error);

  if (file != NULL)
    linnet_window_load_file (self, file);
  else if (!g_error_matches (error, GTK_DIALOG_ERROR, GTK_DIALOG_ERROR_DISMISSED) &&
           !g_error_matches (error, GTK_DIALOG_ERROR, GTK_DIALOG_ERROR_CANCELLED)) {
    linnet_window_show_chat (self);
    linnet_window_show_error (
        self, _ ("The file chooser cannot be shown. Drop the model’s file on the window instead."),
        NULL, NULL);
  }
}

static void
open_model (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  LinnetWindow *self = LINNET_WINDOW (widget);
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  g_autoptr (GListStore) filters = g_list_store_new (GTK_TYPE_FILE_FILTER);
  g_autoptr (GtkFileFilter) models = gtk_file_filter_new ();
  g_autoptr (GtkFileFilter) all = gtk_file_filter_new ();

  gtk_file_filter_set_name (models, _ ("Models (GGUF)"));
  gtk_file_filter_add_suffix (models, "gguf");
  gtk_file_filter_set_name (all, _ ("All Files"));
  gtk_file_filter_add_pattern (all, "*");
  g_list_store_append (filters, models);
  g_list_store_append (filters, all);

  gtk_file_dialog_set_title (dialog, _ ("Open a Model"));
  gtk_file_dialog_set_filters (dialog, G_LIST_MODEL (filters));
  gtk_file_dialog_open (dialog, GTK_WINDOW (self), NULL, open_cb, g_object_ref (self));
}

void
linnet_window_update_actions (LinnetWindow *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GListModel *conversation = G_LIST_MODEL (linnet_chat_get_conversation (self->chat));
  gboolean loading = self->load_cancellable != NULL;
  gboolean chatting = linnet_window_is_on_chat (self) &&
                      g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "chat") == 0;

  gtk_widget_action_set_enabled (widget, "win.new-chat",
                                 chatting && g_list_model_get_n_items (conversation) > 0);
  gtk_widget_action_set_enabled (widget, "win.stop", linnet_chat_get_busy (self->chat));
  gtk_widget_action_set_enabled (widget, "win.write", chatting);
  gtk_widget_action_set_enabled (widget, "win.scroll-to-end",
                                 chatting && !linnet_chat_page_get_at_end (self->chat_page));
  gtk_widget_action_set_enabled (widget, "win.open-model", !loading);
  gtk_widget_action_set_enabled (widget, "win.cancel-load", loading);
  gtk_widget_action_set_enabled (widget, "win.use-demo", !loading && self->demo_path != NULL);
  gtk_widget_action_set_enabled (widget, "win.show-models", self->pulls != NULL);
  gtk_widget_action_set_enabled (widget, "win.show-wizard", self->pulls != NULL);
}

void
linnet_window_install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.new-chat", NULL, new_chat);
  gtk_widget_class_install_action (widget_class, "win.stop", NULL, stop);
  gtk_widget_class_install_action (widget_class, "win.write", NULL, write_question);
  gtk_widget_class_install_action (widget_class, "win.scroll-to-end", NULL, scroll_to_end);
  gtk_widget_class_install_action (widget_class, "win.open-model", NULL, open_model);
  gtk_widget_class_install_action (widget_class, "win.cancel-load", NULL, cancel_load);
  gtk_widget_class_install_action (widget_class, "win.use-demo", NULL, use_demo);
}
