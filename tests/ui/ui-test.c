/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the tests of the window share. */
#include "ui-test.h"

void
ui_wait (UiCondition condition, gpointer data, double seconds, const char *what)
{
  gint64 end = g_get_monotonic_time () + (gint64) (seconds * G_USEC_PER_SEC);

  while (!condition (data)) {
    if (g_get_monotonic_time () > end)
      g_error ("waited in vain for %s", what);
    ui_run (10);
  }
}

static gboolean
set_true_cb (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

void
ui_run (guint milliseconds)
{
  gboolean done = FALSE;

  g_timeout_add (milliseconds, set_true_cb, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

void
ui_walk (GtkWidget *root, UiVisit visit, gpointer data)
{
  visit (root, data);
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    ui_walk (child, visit, data);
}

GtkWidget *
ui_find (GtkWidget *root, GType type)
{
  if (g_type_is_a (G_OBJECT_TYPE (root), type))
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child)) {
    GtkWidget *found = ui_find (child, type);

    if (found != NULL)
      return found;
  }
  return NULL;
}

/* Toolkit parts that a person meets only through what is in them. */
static gboolean
is_container (GtkWidget *widget)
{
  return GTK_IS_SCROLLED_WINDOW (widget) || GTK_IS_LIST_BOX (widget) || GTK_IS_WINDOW (widget) ||
         GTK_IS_POPOVER (widget) || GTK_IS_MENU_BUTTON (widget);
}

static void
assert_name_cb (GtkWidget *widget, gpointer data)
{
  GtkAccessible *accessible = GTK_ACCESSIBLE (widget);
  const char *tooltip = gtk_widget_get_tooltip_text (widget);

  if (!gtk_widget_get_focusable (widget) || !gtk_widget_is_visible (widget) ||
      is_container (widget))
    return;
  if (gtk_test_accessible_has_property (accessible, GTK_ACCESSIBLE_PROPERTY_LABEL) ||
      gtk_test_accessible_has_relation (accessible, GTK_ACCESSIBLE_RELATION_LABELLED_BY) ||
      (tooltip != NULL && *tooltip != '\0'))
    return;
  /* A label says itself, a button is named by the text in it. */
  if (GTK_IS_LABEL (widget) && *gtk_label_get_label (GTK_LABEL (widget)) != '\0')
    return;
  if (GTK_IS_BUTTON (widget) && ui_find (widget, GTK_TYPE_LABEL) != NULL)
    return;
  /* The toolkit's own: the arrow in a menu button, the parts of a spin button and of a list, the
   * buttons that close a window. */
  if (gtk_widget_get_ancestor (widget, GTK_TYPE_SPIN_BUTTON) != NULL ||
      gtk_widget_get_ancestor (widget, GTK_TYPE_LIST_VIEW) != NULL ||
      gtk_widget_get_ancestor (widget, GTK_TYPE_MENU_BUTTON) != NULL ||
      gtk_widget_get_ancestor (widget, GTK_TYPE_WINDOW_CONTROLS) != NULL)
    return;
  g_error ("a %s has no accessible name", G_OBJECT_TYPE_NAME (widget));
}

void
ui_assert_names (GtkWidget *root)
{
  ui_walk (root, assert_name_cb, NULL);
}

static gboolean
is_null (gpointer data)
{
  return *(gpointer *) data == NULL;
}

void
ui_assert_finalized (gpointer object)
{
  gpointer watched = object;
  g_autofree char *what = g_strdup_printf ("the end of a %s", G_OBJECT_TYPE_NAME (object));

  g_object_add_weak_pointer (object, &watched);
  g_object_unref (object);
  /* Sources that were on their way may hold it for a moment. */
  ui_wait (is_null, &watched, 10, what);
}

const char *
ui_get_demo_model (void)
{
  const char *path = g_getenv ("LINNET_DEMO_MODEL");

  return path != NULL && g_file_test (path, G_FILE_TEST_IS_REGULAR) ? path : NULL;
}
