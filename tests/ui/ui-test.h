/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the tests of the window share. */
#pragma once

#include <adwaita.h>

/* Runs the main loop until *value, or condition (data), holds; fails after seconds. */
typedef gboolean (*UiCondition) (gpointer data);
void ui_wait (UiCondition condition, gpointer data, double seconds, const char *what);
/* Runs the main loop for a while. */
void ui_run (guint milliseconds);

/* Calls visit for root and every widget below it. */
typedef void (*UiVisit) (GtkWidget *widget, gpointer data);
void ui_walk (GtkWidget *root, UiVisit visit, gpointer data);
/* The first widget of type below root, or NULL; borrowed. */
GtkWidget *ui_find (GtkWidget *root, GType type);

/* Fails, naming it, when something below root can be focused and has no accessible name. */
void ui_assert_names (GtkWidget *root);

/* Drops the last reference on object and fails unless that ends it. */
void ui_assert_finalized (gpointer object);

/* The path of the demo model; NULL where it is not there. */
const char *ui_get_demo_model (void);
