/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWindow: the choice of a model. */
#include "config.h"

#include "linnet-window-private.h"

static void
leave_cb (LinnetWindow *self)
{
  linnet_window_show_chat (self);
  if (linnet_engine_get_model (self->engine) == NULL && !linnet_window_get_loading (self))
    linnet_window_load_demo (self);
}

static void
load_cb (LinnetWindow *self, LinnetLibraryModel *model)
{
  LinnetModel *open = linnet_engine_get_model (self->engine);
  const char *path = linnet_library_model_get_path (model);

  if (open != NULL && g_strcmp0 (linnet_model_get_path (open), path) == 0 &&
      !linnet_window_get_loading (self))
    linnet_wizard_model_loaded (self->wizard, path, NULL);
  else
    linnet_window_load_behind (self, model);
}

static void
chat_cb (LinnetWindow *self, const char *question)
{
  linnet_window_show_chat (self);
  if (*question != '\0')
    linnet_chat_page_suggest (self->chat_page, question);
}

void
linnet_window_show_wizard (LinnetWindow *self)
{
  g_return_if_fail (LINNET_IS_WINDOW (self));

  if (self->pulls == NULL)
    return;
  if (self->wizard == NULL) {
    self->wizard = linnet_wizard_new (self->advisor, self->pulls, self->engine, self->settings,
                                      self->demo_path != NULL);
    g_object_ref_sink (self->wizard);
    g_signal_connect_object (self->wizard, "leave", G_CALLBACK (leave_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (self->wizard, "load", G_CALLBACK (load_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (self->wizard, "chat", G_CALLBACK (chat_cb), self, G_CONNECT_SWAPPED);
  }
  linnet_window_push (self, ADW_NAVIGATION_PAGE (self->wizard));
}

gboolean
linnet_window_wants_wizard (LinnetWindow *self)
{
  g_return_val_if_fail (LINNET_IS_WINDOW (self), FALSE);

  return self->pulls != NULL && linnet_wizard_is_wanted (self->settings);
}

static void
show_wizard (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  linnet_window_show_wizard (LINNET_WINDOW (widget));
}

void
linnet_window_install_wizard_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.show-wizard", NULL, show_wizard);
}
