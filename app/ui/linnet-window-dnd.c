/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWindow: models dropped on the window. */
#include "config.h"

#include "linnet-window-private.h"

static GdkDragAction
enter_cb (LinnetWindow *self, double x, double y)
{
  gtk_revealer_set_reveal_child (self->drop_revealer, TRUE);
  return GDK_ACTION_COPY;
}

static void
leave_cb (LinnetWindow *self)
{
  gtk_revealer_set_reveal_child (self->drop_revealer, FALSE);
}

static gboolean
drop_cb (LinnetWindow *self, const GValue *value)
{
  GSList *files = g_value_get_boxed (value);

  leave_cb (self);
  if (files == NULL)
    return FALSE;
  /* One model at a time. */
  linnet_window_load_file (self, files->data);
  return TRUE;
}

void
linnet_window_setup_drop_target (LinnetWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  /* Before the question field takes the file for text. */
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (target), GTK_PHASE_CAPTURE);
  g_signal_connect_object (target, "enter", G_CALLBACK (enter_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (target, "leave", G_CALLBACK (leave_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (target, "drop", G_CALLBACK (drop_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}
