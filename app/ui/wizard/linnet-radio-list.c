/* SPDX-License-Identifier: GPL-3.0-or-later
 * A list box of rows with a radio button each, as the keyboard wants it. */
#include "config.h"

#include "wizard/linnet-radio-list.h"

/* Adds the check buttons below widget, in their order, borrowed. */
static void
collect (GtkWidget *widget, GPtrArray *checks)
{
  if (GTK_IS_CHECK_BUTTON (widget) && gtk_widget_get_mapped (widget))
    g_ptr_array_add (checks, widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect (child, checks);
}

/* step: the argument, 1 is down. */
static gboolean
move_cb (GtkWidget *widget, GVariant *step, gpointer user_data)
{
  g_autoptr (GPtrArray) checks = g_ptr_array_new ();
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkWidget *target;
  guint position;
  gint64 next;

  collect (widget, checks);
  if (!g_ptr_array_find (checks, gtk_root_get_focus (root), &position))
    return GDK_EVENT_PROPAGATE;
  next = (gint64) position + g_variant_get_int32 (step);
  if (next < 0 || next >= checks->len)
    return GDK_EVENT_STOP;
  target = checks->pdata[next];
  gtk_widget_grab_focus (target);
  gtk_check_button_set_active (GTK_CHECK_BUTTON (target), TRUE);
  return GDK_EVENT_STOP;
}

static void
add_shortcut (GtkShortcutController *controller, guint key, guint keypad_key, int step)
{
  GtkShortcut *shortcut =
      gtk_shortcut_new (gtk_alternative_trigger_new (gtk_keyval_trigger_new (key, 0),
                                                     gtk_keyval_trigger_new (keypad_key, 0)),
                        gtk_callback_action_new (move_cb, NULL, NULL));

  gtk_shortcut_set_arguments (shortcut, g_variant_new_int32 (step));
  gtk_shortcut_controller_add_shortcut (controller, shortcut);
}

void
linnet_radio_list_set_up (GtkListBox *list)
{
  GtkEventController *controller;

  g_return_if_fail (GTK_IS_LIST_BOX (list));

  controller = gtk_shortcut_controller_new ();
  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_CAPTURE);
  add_shortcut (GTK_SHORTCUT_CONTROLLER (controller), GDK_KEY_Up, GDK_KEY_KP_Up, -1);
  add_shortcut (GTK_SHORTCUT_CONTROLLER (controller), GDK_KEY_Down, GDK_KEY_KP_Down, 1);
  gtk_widget_add_controller (GTK_WIDGET (list), controller);
  gtk_list_box_set_selection_mode (list, GTK_SELECTION_SINGLE);
  gtk_widget_add_css_class (GTK_WIDGET (list), "radio-list");
}

/* On Tab a list box offers the focus to its selected row alone, else to its first; and of a group
 * only the active radio button takes it. */
static void
active_cb (GtkCheckButton *check)
{
  GtkWidget *row = gtk_widget_get_ancestor (GTK_WIDGET (check), GTK_TYPE_LIST_BOX_ROW);
  GtkWidget *list = row != NULL ? gtk_widget_get_parent (row) : NULL;

  if (GTK_IS_LIST_BOX (list) && gtk_check_button_get_active (check))
    gtk_list_box_select_row (GTK_LIST_BOX (list), GTK_LIST_BOX_ROW (row));
}

void
linnet_radio_list_watch (GtkCheckButton *check)
{
  g_return_if_fail (GTK_IS_CHECK_BUTTON (check));

  g_signal_connect (check, "notify::active", G_CALLBACK (active_cb), NULL);
}
