/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetModelsPage: the models that are on this computer: opened, looked into, deleted. */
#include "config.h"

#include <glib/gi18n.h>

#include "models/linnet-details-dialog.h"
#include "models/linnet-model-row.h"
#include "models/linnet-model-text.h"
#include "models/linnet-models-page-private.h"
#include "models/linnet-outlook.h"

#define MODEL_KEY  "linnet-model"
#define BUTTON_KEY "linnet-open-button"

static LinnetLibraryModel *
get_model (GtkWidget *row)
{
  return g_object_get_data (G_OBJECT (row), MODEL_KEY);
}

/* ---- Deleting ---- */

/* The row has gone, and the focus with it, unless it is put somewhere. */
static gboolean
restore_focus_cb (gpointer user_data)
{
  LinnetModelsPage *self = user_data;
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;
  GtkWidget *row;

  if (self->cancellable == NULL || (focus != NULL && gtk_widget_get_mapped (focus)))
    return G_SOURCE_REMOVE;
  row = gtk_widget_get_first_child (GTK_WIDGET (self->installed_list));
  gtk_widget_grab_focus (row != NULL ? row : GTK_WIDGET (self->name_entry));
  return G_SOURCE_REMOVE;
}

/* The dialog does not let anything else have the focus before it has gone. */
static void
dialog_gone_cb (LinnetModelsPage *self)
{
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, restore_focus_cb, g_object_ref (self), g_object_unref);
}

static void
delete_model (LinnetModelsPage *self, LinnetLibraryModel *model)
{
  g_autofree char *title = g_strdup (linnet_library_model_get_title (model));
  g_autofree char *sentence = NULL;
  g_autoptr (GError) error = NULL;

  if (!linnet_library_delete (self->library, model, &error)) {
    linnet_models_page_say (self, error->message);
    return;
  }
  /* Translators: %s is the name of a model. */
  sentence = g_strdup_printf (_ ("%s was deleted"), title);
  linnet_models_page_say (self, sentence);
}

static void
delete_chosen_cb (LinnetModelsPage *self, const char *response, AdwAlertDialog *dialog)
{
  if (self->cancellable != NULL)
    delete_model (self, g_object_get_data (G_OBJECT (dialog), MODEL_KEY));
}

static void
delete_cb (LinnetModelsPage *self, GtkButton *button)
{
  LinnetLibraryModel *model = g_object_get_data (G_OBJECT (button), MODEL_KEY);
  guint64 freed = linnet_library_get_freed_bytes (self->library, model);
  g_autofree char *size = g_format_size (freed);
  g_autofree char *heading =
      g_strdup_printf (_ ("Delete %s?"), linnet_library_model_get_title (model));
  g_autofree char *body =
      freed > 0 ? g_strdup_printf (_ ("This frees %s on the disk. To have the model again, it must "
                                      "be downloaded again."),
                                   size)
                : g_strdup (_ ("This frees nothing on the disk: another model here shares the "
                               "file. Only its own settings go."));
  AdwAlertDialog *dialog = ADW_ALERT_DIALOG (adw_alert_dialog_new (heading, body));

  adw_alert_dialog_add_responses (dialog, "cancel", _ ("_Cancel"), "delete", _ ("_Delete"), NULL);
  adw_alert_dialog_set_response_appearance (dialog, "delete", ADW_RESPONSE_DESTRUCTIVE);
  adw_alert_dialog_set_default_response (dialog, "cancel");
  adw_alert_dialog_set_close_response (dialog, "cancel");
  g_object_set_data_full (G_OBJECT (dialog), MODEL_KEY, g_object_ref (model), g_object_unref);
  g_signal_connect_object (dialog, "response::delete", G_CALLBACK (delete_chosen_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (dialog, "unmap", G_CALLBACK (dialog_gone_cb), self, G_CONNECT_SWAPPED);
  adw_dialog_present (ADW_DIALOG (dialog), GTK_WIDGET (self));
}

/* ---- Rows ---- */

static gboolean
is_open (LinnetModelsPage *self, LinnetLibraryModel *model)
{
  if (self->open_name != NULL)
    return g_strcmp0 (self->open_name, linnet_library_model_get_name (model)) == 0;
  return self->open_path != NULL &&
         g_strcmp0 (self->open_path, linnet_library_model_get_path (model)) == 0;
}

/* Whatever may change in a row: its badge and its verdict. */
static void
update_row (LinnetModelsPage *self, GtkWidget *widget)
{
  LinnetModelRow *row = LINNET_MODEL_ROW (widget);
  LinnetLibraryModel *model = get_model (widget);
  LinnetModel *file = g_hash_table_lookup (self->files, linnet_library_model_get_path (model));
  gboolean open = is_open (self, model);
  g_autoptr (LinnetOutlook) outlook =
      file != NULL ? linnet_outlook_new (self->advisor, file, 0, LINNET_CACHE_F16) : NULL;

  linnet_model_row_clear_badges (row);
  if (outlook != NULL) {
    g_autofree char *speed = linnet_outlook_describe_speed (outlook);

    linnet_model_row_set_verdict (row, outlook->verdict, speed);
  }
  if (open)
    linnet_model_row_add_badge (row, "media-record-symbolic", _ ("Open now"));
  gtk_widget_set_visible (g_object_get_data (G_OBJECT (widget), BUTTON_KEY), !open);
}

static void opened_cb (GObject *source, GAsyncResult *result, gpointer user_data);

/* Opens the next of the files whose metadata are wanted; one at a time. */
static void
open_next (LinnetModelsPage *self)
{
  const char *path = g_queue_peek_head (&self->to_open);

  if (path != NULL)
    linnet_outlook_open_async (path, self->cancellable, opened_cb, g_object_ref (self));
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetModelsPage) self = user_data;
  g_autoptr (LinnetModel) file = linnet_outlook_open_finish (result, NULL);
  g_autofree char *path = NULL;

  if (self->cancellable == NULL)
    return; /* the page is gone */
  path = g_queue_pop_head (&self->to_open);
  /* What cannot be read has no verdict; its details say why. */
  if (file != NULL) {
    g_hash_table_replace (self->files, g_steal_pointer (&path), g_steal_pointer (&file));
    linnet_models_page_update_installed (self);
  }
  open_next (self);
}

/* Has the file's metadata read, unless they are there or on their way. */
static void
want_file (LinnetModelsPage *self, const char *path)
{
  if (g_hash_table_contains (self->files, path) ||
      g_queue_find_custom (&self->to_open, path, (GCompareFunc) g_strcmp0) != NULL)
    return;
  g_queue_push_tail (&self->to_open, g_strdup (path));
  if (self->to_open.length == 1)
    open_next (self);
}

static GtkWidget *
new_open_button (LinnetLibraryModel *model)
{
  g_autofree char *label = g_strdup_printf (_ ("Open %s"), linnet_library_model_get_title (model));
  GtkWidget *button = linnet_model_row_new_button (_ ("Open"), label);

  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "win.open-installed");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "s",
                                    linnet_library_model_get_name (model));
  return button;
}

static GtkWidget *
new_delete_button (LinnetModelsPage *self, LinnetLibraryModel *model)
{
  GtkWidget *button = gtk_button_new_from_icon_name ("user-trash-symbolic");
  g_autofree char *label =
      g_strdup_printf (_ ("Delete %s"), linnet_library_model_get_title (model));

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, _ ("Delete"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
  g_object_set_data_full (G_OBJECT (button), MODEL_KEY, g_object_ref (model), g_object_unref);
  g_signal_connect_object (button, "clicked", G_CALLBACK (delete_cb), self, G_CONNECT_SWAPPED);
  return button;
}

static GtkWidget *
new_row (gpointer item, gpointer user_data)
{
  LinnetModelsPage *self = user_data;
  LinnetLibraryModel *model = LINNET_LIBRARY_MODEL (item);
  g_autofree char *subtitle = linnet_model_text_installed (model);
  GtkWidget *row = linnet_model_row_new (linnet_library_model_get_title (model), subtitle);
  GtkWidget *button = new_open_button (model);

  g_object_set_data_full (G_OBJECT (row), MODEL_KEY, g_object_ref (model), g_object_unref);
  g_object_set_data (G_OBJECT (row), BUTTON_KEY, button);
  linnet_model_row_add_suffix (LINNET_MODEL_ROW (row), button);
  if (linnet_library_model_get_owner (model) == LINNET_OWNER_LINNET)
    linnet_model_row_add_suffix (LINNET_MODEL_ROW (row), new_delete_button (self, model));
  want_file (self, linnet_library_model_get_path (model));
  update_row (self, row);
  return row;
}

static gboolean
matches_cb (gpointer item, gpointer user_data)
{
  LinnetLibraryModel *model = LINNET_LIBRARY_MODEL (item);

  return linnet_models_page_matches (user_data, linnet_library_model_get_title (model),
                                     linnet_library_model_get_name (model));
}

void
linnet_models_page_update_installed (LinnetModelsPage *self)
{
  g_assert (LINNET_IS_MODELS_PAGE (self));

  for (GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (self->installed_list)); row != NULL;
       row = gtk_widget_get_next_sibling (row))
    update_row (self, row);
}

void
linnet_models_page_installed_activated_cb (LinnetModelsPage *self, GtkListBoxRow *row)
{
  LinnetLibraryModel *model = get_model (GTK_WIDGET (row));

  if (model != NULL)
    adw_dialog_present (linnet_details_dialog_new (model, self->advisor), GTK_WIDGET (self));
}

void
linnet_models_page_setup_installed (LinnetModelsPage *self)
{
  g_autoptr (GtkFilterListModel) shown = NULL;

  g_assert (LINNET_IS_MODELS_PAGE (self));

  self->filter = gtk_custom_filter_new (matches_cb, self, NULL);
  shown = gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (self->library)),
                                     g_object_ref (GTK_FILTER (self->filter)));
  gtk_list_box_bind_model (self->installed_list, G_LIST_MODEL (shown), new_row, self, NULL);
}
