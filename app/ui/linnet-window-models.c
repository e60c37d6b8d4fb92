/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWindow: the page of models, and the word that one is here now. */
#include "config.h"

#include <glib/gi18n.h>

#include "linnet-window-private.h"
#include "models/linnet-models-page.h"

/* The page, if it lies over the chat; borrowed from the view. */
static LinnetModelsPage *
find_page (LinnetWindow *self)
{
  g_autoptr (GListModel) stack = adw_navigation_view_get_navigation_stack (self->navigation);

  for (guint i = 0; i < g_list_model_get_n_items (stack); i++) {
    g_autoptr (AdwNavigationPage) page = g_list_model_get_item (stack, i);

    if (LINNET_IS_MODELS_PAGE (page))
      return LINNET_MODELS_PAGE (page);
  }
  return NULL;
}

void
linnet_window_mark_open_model (LinnetWindow *self)
{
  LinnetModelsPage *page = find_page (self);
  LinnetModel *model = linnet_engine_get_model (self->engine);

  if (page != NULL)
    linnet_models_page_set_open (
        page, model != NULL ? linnet_model_get_path (model) : NULL,
        self->open_model != NULL ? linnet_library_model_get_name (self->open_model) : NULL);
}

static void
show_models (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  LinnetWindow *self = LINNET_WINDOW (widget);

  linnet_window_push (self,
                      ADW_NAVIGATION_PAGE (linnet_models_page_new (self->advisor, self->pulls)));
  linnet_window_mark_open_model (self);
}

/* The model of the library whose name is the parameter. */
static void
open_installed (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  LinnetWindow *self = LINNET_WINDOW (widget);
  LinnetLibraryModel *model = self->pulls != NULL
                                  ? linnet_library_find (linnet_pull_list_get_library (self->pulls),
                                                         g_variant_get_string (parameter, NULL))
                                  : NULL;

  if (model != NULL)
    linnet_window_load_model (self, model);
}

static void
open_path (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  g_autoptr (GFile) file = g_file_new_for_path (g_variant_get_string (parameter, NULL));

  linnet_window_load_file (LINNET_WINDOW (widget), file);
}

/* A download has ended, perhaps long after its page was left. */
static void
pull_finished_cb (LinnetWindow *self, LinnetPull *pull)
{
  LinnetLibraryModel *model = linnet_pull_get_model (pull);
  const GError *error = linnet_pull_get_error (pull);
  g_autofree char *text = NULL;
  AdwToast *toast;

  if (self->wizard != NULL && linnet_wizard_watches (self->wizard, pull))
    return;
  if (linnet_pull_get_state (pull) == LINNET_PULL_DONE && model != NULL) {
    text = g_strdup_printf (_ ("%s is here"), linnet_library_model_get_title (model));
    toast = adw_toast_new (text);
    adw_toast_set_use_markup (toast, FALSE);
    adw_toast_set_button_label (toast, _ ("_Open"));
    adw_toast_set_action_name (toast, "win.open-installed");
    adw_toast_set_action_target_value (
        toast, g_variant_new_string (linnet_library_model_get_name (model)));
    adw_toast_overlay_add_toast (self->toasts, toast);
  } else if (linnet_pull_get_state (pull) == LINNET_PULL_FAILED && error != NULL &&
             find_page (self) == NULL) {
    toast = adw_toast_new (error->message);
    adw_toast_set_use_markup (toast, FALSE);
    adw_toast_set_button_label (toast, _ ("_Models"));
    adw_toast_set_action_name (toast, "win.show-models");
    adw_toast_overlay_add_toast (self->toasts, toast);
  }
}

void
linnet_window_connect_pulls (LinnetWindow *self)
{
  g_signal_connect_object (self->pulls, "finished", G_CALLBACK (pull_finished_cb), self,
                           G_CONNECT_SWAPPED);
}

void
linnet_window_install_model_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.show-models", NULL, show_models);
  gtk_widget_class_install_action (widget_class, "win.open-installed", "s", open_installed);
  gtk_widget_class_install_action (widget_class, "win.open-path", "s", open_path);
}
