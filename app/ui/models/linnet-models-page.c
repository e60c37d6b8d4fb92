/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetModelsPage: the page, its search, and what keeps it up to date. */
#include "config.h"

#include <glib/gi18n.h>

#include "models/linnet-models-page-private.h"
#include "models/linnet-pull-row.h"

G_DEFINE_FINAL_TYPE (LinnetModelsPage, linnet_models_page, ADW_TYPE_NAVIGATION_PAGE)

void
linnet_models_page_say (LinnetModelsPage *self, const char *sentence)
{
  AdwToast *toast;

  g_assert (LINNET_IS_MODELS_PAGE (self));

  if (self->toasts == NULL)
    return; /* the page is gone */
  toast = adw_toast_new (sentence);
  adw_toast_set_use_markup (toast, FALSE);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

/* ---- Search ---- */

static gboolean
contains (const char *text, const char *wanted)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);

  return strstr (folded, wanted) != NULL;
}

gboolean
linnet_models_page_matches (LinnetModelsPage *self, const char *title, const char *text)
{
  g_autofree char *wanted =
      g_utf8_casefold (gtk_editable_get_text (GTK_EDITABLE (self->search_entry)), -1);

  g_strstrip (wanted);
  return *wanted == '\0' || contains (title, wanted) || contains (text, wanted);
}

/* What is shown of the groups: while something is searched for, only what has it. */
static void
update_visibility (LinnetModelsPage *self)
{
  gboolean searching = *gtk_editable_get_text (GTK_EDITABLE (self->search_entry)) != '\0';
  gboolean any_pull = g_list_model_get_n_items (G_LIST_MODEL (self->pulls)) > 0;
  gboolean any_installed = gtk_widget_get_first_child (GTK_WIDGET (self->installed_list)) != NULL;
  gboolean any_available = gtk_widget_get_first_child (GTK_WIDGET (self->available_list)) != NULL;
  gboolean is_empty = g_list_model_get_n_items (G_LIST_MODEL (self->library)) == 0;

  gtk_widget_set_visible (GTK_WIDGET (self->pulls_group), any_pull && !searching);
  gtk_widget_set_visible (GTK_WIDGET (self->installed_list), any_installed);
  gtk_widget_set_visible (GTK_WIDGET (self->no_installed_row), is_empty && !searching);
  gtk_widget_set_visible (GTK_WIDGET (self->installed_group), any_installed || !searching);
  gtk_widget_set_visible (GTK_WIDGET (self->name_group), !searching);
  gtk_widget_set_visible (GTK_WIDGET (self->available_group), any_available);
  gtk_widget_set_visible (GTK_WIDGET (self->nothing_found),
                          searching && !any_installed && !any_available);
}

static void
search_changed_cb (LinnetModelsPage *self)
{
  gtk_filter_changed (GTK_FILTER (self->filter), GTK_FILTER_CHANGE_DIFFERENT);
  linnet_models_page_update_installed (self);
  linnet_models_page_update_available (self);
  update_visibility (self);
}

/* ---- What changes meanwhile ---- */

static void
update_advice (LinnetModelsPage *self)
{
  const LinnetWishes wishes = { .task = LINNET_TASK_CHAT };

  g_clear_pointer (&self->advice, linnet_advice_list_free);
  self->advice = linnet_advisor_advise (self->advisor, &wishes);
  linnet_models_page_update_installed (self);
  linnet_models_page_update_available (self);
  update_visibility (self);
}

static void
library_changed_cb (LinnetModelsPage *self)
{
  linnet_models_page_update_installed (self);
  linnet_models_page_update_available (self);
  update_visibility (self);
}

static void
pulls_changed_cb (LinnetModelsPage *self)
{
  linnet_models_page_update_available (self);
  update_visibility (self);
}

static void
inspecting_cb (LinnetModelsPage *self)
{
  gboolean inspecting, ready;

  g_object_get (self->advisor, "inspecting", &inspecting, "ready", &ready, NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->measure_button), !ready || inspecting);
  gtk_widget_set_sensitive (GTK_WIDGET (self->measure_button), !inspecting);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "models.measure", !inspecting);
  adw_preferences_group_set_description (
      self->available_group,
      inspecting ? _ ("This computer is being measured, which takes two seconds.")
      : ready    ? _ ("How each would run was computed from measurements of this computer.")
                 : _ ("Measure this computer to see how each would run on it."));
}

static void
inspected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetModelsPage) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!linnet_advisor_inspect_finish (LINNET_ADVISOR (source), result, &error) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    linnet_models_page_say (self, error->message);
}

/* Looks at the computer, and measures it if that was never done, or is to be done anew. */
static void
inspect (LinnetModelsPage *self, gboolean anew)
{
  gboolean inspecting;

  g_object_get (self->advisor, "inspecting", &inspecting, NULL);
  if (!inspecting)
    linnet_advisor_inspect_async (self->advisor, anew, self->cancellable, inspected_cb,
                                  g_object_ref (self));
}

static void
refreshed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetModelsPage) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!linnet_library_refresh_finish (LINNET_LIBRARY (source), result, &error) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    linnet_models_page_say (self, error->message);
  else if (self->cancellable != NULL)
    update_visibility (self);
}

static void
refresh (LinnetModelsPage *self)
{
  linnet_library_refresh_async (self->library, self->cancellable, refreshed_cb,
                                g_object_ref (self));
}

static void
showing_cb (LinnetModelsPage *self)
{
  gboolean ready;

  refresh (self);
  g_object_get (self->advisor, "ready", &ready, NULL);
  /* Memory is another every time; a measurement would be spoiled by an answer being written, and
   * is left to the button. */
  if (ready)
    inspect (self, FALSE);
}

static void
measure_cb (LinnetModelsPage *self)
{
  inspect (self, FALSE);
}

static void
import_action (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  linnet_models_page_import (LINNET_MODELS_PAGE (widget));
}

static void
measure_action (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  inspect (LINNET_MODELS_PAGE (widget), TRUE);
}

static void
refresh_action (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  refresh (LINNET_MODELS_PAGE (widget));
}

static GtkWidget *
new_pull_row (gpointer item, gpointer user_data)
{
  return linnet_pull_row_new (LINNET_PULL (item), NULL);
}

/* ---- The page ---- */

static void
linnet_models_page_dispose (GObject *object)
{
  LinnetModelsPage *self = LINNET_MODELS_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  if (self->advisor != NULL) {
    g_signal_handlers_disconnect_by_data (self->advisor, self);
    g_signal_handlers_disconnect_by_data (self->pulls, self);
    g_signal_handlers_disconnect_by_data (self->library, self);
    gtk_list_box_bind_model (self->pulls_list, NULL, NULL, NULL, NULL);
    gtk_list_box_bind_model (self->installed_list, NULL, NULL, NULL, NULL);
  }
  /* Before the template lets go of it, which the page would not notice. */
  adw_navigation_page_set_child (ADW_NAVIGATION_PAGE (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_MODELS_PAGE);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->filter);
  g_clear_object (&self->advisor);
  g_clear_object (&self->pulls);
  g_clear_object (&self->library);

  G_OBJECT_CLASS (linnet_models_page_parent_class)->dispose (object);
}

static void
linnet_models_page_finalize (GObject *object)
{
  LinnetModelsPage *self = LINNET_MODELS_PAGE (object);

  linnet_advice_list_free (self->advice);
  g_hash_table_unref (self->files);
  g_queue_clear_full (&self->to_open, g_free);
  g_free (self->open_path);
  g_free (self->open_name);

  G_OBJECT_CLASS (linnet_models_page_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, toasts);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, search_bar);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, search_entry);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, pulls_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, pulls_list);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, installed_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, installed_list);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, no_installed_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, name_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, name_entry);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, name_error);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, available_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, measure_button);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, available_list);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelsPage, nothing_found);
}

static void
linnet_models_page_class_init (LinnetModelsPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = linnet_models_page_dispose;
  object_class->finalize = linnet_models_page_finalize;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-models-page.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, measure_cb);
  gtk_widget_class_bind_template_callback_full (
      widget_class, "installed_activated_cb",
      G_CALLBACK (linnet_models_page_installed_activated_cb));
  gtk_widget_class_bind_template_callback_full (
      widget_class, "available_activated_cb",
      G_CALLBACK (linnet_models_page_available_activated_cb));
  gtk_widget_class_bind_template_callback_full (widget_class, "name_applied_cb",
                                                G_CALLBACK (linnet_models_page_name_applied_cb));
  gtk_widget_class_bind_template_callback_full (widget_class, "name_changed_cb",
                                                G_CALLBACK (linnet_models_page_name_changed_cb));
  gtk_widget_class_install_action (widget_class, "models.import", NULL, import_action);
  gtk_widget_class_install_action (widget_class, "models.measure", NULL, measure_action);
  gtk_widget_class_install_action (widget_class, "models.refresh", NULL, refresh_action);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F5, 0, "models.refresh", NULL);
}

static void
linnet_models_page_init (LinnetModelsPage *self)
{
  self->cancellable = g_cancellable_new ();
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  g_queue_init (&self->to_open);
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
  g_signal_connect (self, "showing", G_CALLBACK (showing_cb), NULL);
}

GtkWidget *
linnet_models_page_new (LinnetAdvisor *advisor, LinnetPullList *pulls)
{
  LinnetModelsPage *self;

  g_return_val_if_fail (LINNET_IS_ADVISOR (advisor), NULL);
  g_return_val_if_fail (LINNET_IS_PULL_LIST (pulls), NULL);

  self = g_object_new (LINNET_TYPE_MODELS_PAGE, NULL);
  self->advisor = g_object_ref (advisor);
  self->pulls = g_object_ref (pulls);
  self->library = g_object_ref (linnet_pull_list_get_library (pulls));

  gtk_list_box_bind_model (self->pulls_list, G_LIST_MODEL (pulls), new_pull_row, NULL, NULL);
  linnet_models_page_setup_installed (self);
  g_signal_connect_object (advisor, "changed", G_CALLBACK (update_advice), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (advisor, "notify::inspecting", G_CALLBACK (inspecting_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (advisor, "notify::ready", G_CALLBACK (inspecting_cb), self,
                           G_CONNECT_SWAPPED);
  /* After the list boxes have their rows. */
  g_signal_connect_object (self->library, "items-changed", G_CALLBACK (library_changed_cb), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  g_signal_connect_object (pulls, "items-changed", G_CALLBACK (pulls_changed_cb), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  inspecting_cb (self);
  update_advice (self);
  return GTK_WIDGET (self);
}

void
linnet_models_page_set_open (LinnetModelsPage *self, const char *path, const char *name)
{
  g_return_if_fail (LINNET_IS_MODELS_PAGE (self));

  g_set_str (&self->open_path, path);
  g_set_str (&self->open_name, name);
  linnet_models_page_update_installed (self);
}
