/* SPDX-License-Identifier: GPL-3.0-or-later
 * The one table of keys. */
#include "config.h"

#include <glib/gi18n.h>

#include "linnet-accelerators.h"

static const LinnetAccelerator table[] = {
  { "composer.send",
    { "Return", "KP_Enter", "<Control>Return" },
    N_ ("Chat"),
    N_ ("Send the question"),
    LINNET_ACCELERATOR_WIDGET },
  { "composer.newline",
    { "<Shift>Return", "<Shift>KP_Enter" },
    N_ ("Chat"),
    N_ ("Start a new line"),
    LINNET_ACCELERATOR_WIDGET },
  { "win.stop", { "Escape" }, N_ ("Chat"), N_ ("Stop the answer"), LINNET_ACCELERATOR_WINDOW },
  { "win.new-chat",
    { "<Control>n" },
    N_ ("Chat"),
    N_ ("Start a new chat"),
    LINNET_ACCELERATOR_APPLICATION },
  { "win.write",
    { "<Control>l" },
    N_ ("Chat"),
    N_ ("Go to the question field"),
    LINNET_ACCELERATOR_APPLICATION },
  { "page.scroll-up", { "Page_Up" }, N_ ("Chat"), N_ ("Scroll up"), LINNET_ACCELERATOR_WIDGET },
  { "page.scroll-down",
    { "Page_Down" },
    N_ ("Chat"),
    N_ ("Scroll down"),
    LINNET_ACCELERATOR_WIDGET },
  { "win.scroll-to-end",
    { "<Alt>Down" },
    N_ ("Chat"),
    N_ ("Jump to the end of the chat"),
    LINNET_ACCELERATOR_APPLICATION },
  { "win.open-model",
    { "<Control>o" },
    N_ ("General"),
    N_ ("Open a model"),
    LINNET_ACCELERATOR_APPLICATION },
  { "win.show-models",
    { "<Control>m" },
    N_ ("General"),
    N_ ("Show the models"),
    LINNET_ACCELERATOR_APPLICATION },
  { "menu.popup", { "F10" }, N_ ("General"), N_ ("Open the main menu"), LINNET_ACCELERATOR_WIDGET },
  { "app.preferences",
    { "<Control>comma" },
    N_ ("General"),
    N_ ("Open the preferences"),
    LINNET_ACCELERATOR_APPLICATION },
  { "app.shortcuts",
    { "<Control>question", "<Control>F1" },
    N_ ("General"),
    N_ ("Show the keyboard shortcuts"),
    LINNET_ACCELERATOR_APPLICATION },
  { "window.close",
    { "<Control>w" },
    N_ ("General"),
    N_ ("Close the window"),
    LINNET_ACCELERATOR_APPLICATION },
  { "app.quit", { "<Control>q" }, N_ ("General"), N_ ("Quit"), LINNET_ACCELERATOR_APPLICATION },
};

const LinnetAccelerator *
linnet_accelerators_get (guint *n_accelerators)
{
  g_return_val_if_fail (n_accelerators != NULL, NULL);

  *n_accelerators = G_N_ELEMENTS (table);
  return table;
}

void
linnet_accelerators_install (GtkApplication *application)
{
  g_return_if_fail (GTK_IS_APPLICATION (application));

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (table[i].scope == LINNET_ACCELERATOR_APPLICATION)
      gtk_application_set_accels_for_action (application, table[i].action,
                                             (const char *const *) table[i].accels);
}

void
linnet_accelerators_bind_window_class (GtkWidgetClass *window_class)
{
  g_return_if_fail (GTK_IS_WIDGET_CLASS (window_class));

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    if (table[i].scope != LINNET_ACCELERATOR_WINDOW)
      continue;
    for (guint j = 0; table[i].accels[j] != NULL; j++) {
      guint keyval = 0;
      GdkModifierType modifiers = 0;

      g_return_if_fail (gtk_accelerator_parse (table[i].accels[j], &keyval, &modifiers));
      gtk_widget_class_add_binding_action (window_class, keyval, modifiers, table[i].action, NULL);
    }
  }
}

gboolean
linnet_accelerators_match (const char *action, guint keyval, GdkModifierType modifiers)
{
  g_return_val_if_fail (action != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    if (g_strcmp0 (table[i].action, action) != 0)
      continue;
    for (guint j = 0; table[i].accels[j] != NULL; j++) {
      guint accel_key = 0;
      GdkModifierType accel_modifiers = 0;

      if (gtk_accelerator_parse (table[i].accels[j], &accel_key, &accel_modifiers) &&
          accel_key == keyval &&
          accel_modifiers == (modifiers & gtk_accelerator_get_default_mod_mask ()))
        return TRUE;
    }
  }
  return FALSE;
}
