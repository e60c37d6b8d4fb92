/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetShortcutsDialog: the table of keys, to read. */
#include "config.h"

#include <glib/gi18n.h>

#include "linnet-accelerators.h"
#include "linnet-shortcuts-dialog.h"

struct _LinnetShortcutsDialog {
  AdwDialog parent_instance;

  AdwPreferencesPage *page;
};

G_DEFINE_FINAL_TYPE (LinnetShortcutsDialog, linnet_shortcuts_dialog, ADW_TYPE_DIALOG)

/* accel as people read it ("Ctrl+N"). Transfer full. */
static char *
describe_accel (const char *accel)
{
  guint keyval = 0;
  GdkModifierType modifiers = 0;

  if (!gtk_accelerator_parse (accel, &keyval, &modifiers))
    return g_strdup (accel);
  return gtk_accelerator_get_label (keyval, modifiers);
}

/* One drawn key for each part of keys. */
static GtkWidget *
new_keycaps (const char *keys)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  g_auto (GStrv) parts = g_strsplit (keys, "+", -1);

  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  for (guint i = 0; parts[i] != NULL; i++) {
    GtkWidget *label = gtk_label_new (parts[i]);

    gtk_widget_add_css_class (label, "keycap");
    gtk_box_append (GTK_BOX (box), label);
  }
  return box;
}

static GtkWidget *
new_row (const LinnetAccelerator *accelerator)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *keys = describe_accel (accelerator->accels[0]);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _ (accelerator->title));
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), new_keycaps (keys));
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ (accelerator->title), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, keys,
                                  -1);
  return row;
}

static void
linnet_shortcuts_dialog_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_SHORTCUTS_DIALOG);

  G_OBJECT_CLASS (linnet_shortcuts_dialog_parent_class)->dispose (object);
}

static void
linnet_shortcuts_dialog_class_init (LinnetShortcutsDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = linnet_shortcuts_dialog_dispose;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-shortcuts-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetShortcutsDialog, page);
}

static void
linnet_shortcuts_dialog_init (LinnetShortcutsDialog *self)
{
  guint n_accelerators;
  const LinnetAccelerator *accelerators = linnet_accelerators_get (&n_accelerators);
  AdwPreferencesGroup *group = NULL;

  gtk_widget_init_template (GTK_WIDGET (self));

  for (guint i = 0; i < n_accelerators; i++) {
    if (i == 0 || g_strcmp0 (accelerators[i].group, accelerators[i - 1].group) != 0) {
      group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
      adw_preferences_group_set_title (group, _ (accelerators[i].group));
      adw_preferences_page_add (self->page, group);
    }
    adw_preferences_group_add (group, new_row (&accelerators[i]));
  }
}

AdwDialog *
linnet_shortcuts_dialog_new (void)
{
  return g_object_new (LINNET_TYPE_SHORTCUTS_DIALOG, NULL);
}
