/* SPDX-License-Identifier: GPL-3.0-or-later
 * The one table of keys: what each does, which action it activates and where it is listened for. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef enum {
  LINNET_ACCELERATOR_APPLICATION, /* everywhere in a window, before any widget sees the key */
  LINNET_ACCELERATOR_WINDOW,      /* in the window, when no widget wanted the key */
  LINNET_ACCELERATOR_WIDGET,      /* a widget does it: ours ask …_match(), GTK's know it */
} LinnetAcceleratorScope;

typedef struct {
  const char *action;
  const char *accels[4]; /* NULL-terminated; the first is the one shown */
  const char *group;     /* untranslated: pass it to _() */
  const char *title;     /* untranslated */
  LinnetAcceleratorScope scope;
} LinnetAccelerator;

/* The table; static. Entries of one group follow each other. */
const LinnetAccelerator *linnet_accelerators_get (guint *n_accelerators);

/* Gives the keys of application scope to their actions. */
void linnet_accelerators_install (GtkApplication *application);
/* Binds the keys of window scope; call it in the window's class_init. */
void linnet_accelerators_bind_window_class (GtkWidgetClass *window_class);
/* Whether the key of a key press belongs to action. */
gboolean linnet_accelerators_match (const char *action, guint keyval, GdkModifierType modifiers);

G_END_DECLS
