/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetDetailsDialog: everything that is known of a model on this computer. */
#include "config.h"

#include <glib/gi18n.h>

#include "models/linnet-details-dialog.h"
#include "models/linnet-model-text.h"
#include "models/linnet-outlook.h"
#include "models/linnet-verdict-chip.h"

struct _LinnetDetailsDialog {
  AdwDialog parent_instance;

  AdwToastOverlay *toasts;
  AdwPreferencesGroup *speed_group;
  AdwActionRow *verdict_row;
  LinnetVerdictChip *chip;
  AdwActionRow *decode_row;
  AdwActionRow *real_row;
  AdwActionRow *first_row;
  AdwActionRow *memory_row;
  AdwActionRow *path_row;
  AdwActionRow *owner_row;
  AdwActionRow *size_row;
  AdwActionRow *quantisation_row;
  AdwActionRow *architecture_row;
  AdwActionRow *context_row;
  AdwActionRow *error_row;
  AdwExpanderRow *modelfile_row;
  GtkLabel *modelfile_label;
  AdwPreferencesGroup *licence_group;
  AdwExpanderRow *licence_row;
  GtkLabel *licence_label;

  LinnetLibraryModel *model;
  LinnetAdvisor *advisor;
  GCancellable *cancellable; /* of reading the file; NULL once disposed of */
};

G_DEFINE_FINAL_TYPE (LinnetDetailsDialog, linnet_details_dialog, ADW_TYPE_DIALOG)

static void
say (LinnetDetailsDialog *self, const char *sentence)
{
  if (self->toasts != NULL)
    adw_toast_overlay_add_toast (self->toasts, adw_toast_new (sentence));
}

/* Shows text in row, or hides it where there is none. */
static void
set_row (AdwActionRow *row, const char *text)
{
  gboolean is_there = text != NULL && *text != '\0';

  adw_action_row_set_subtitle (row, is_there ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (row), is_there);
}

static void
copy_path_cb (LinnetDetailsDialog *self)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)),
                          linnet_library_model_get_path (self->model));
  say (self, _ ("The path was copied."));
}

/* The model's recipe, or the one that only names its file. Transfer full. */
static char *
dup_modelfile (LinnetDetailsDialog *self)
{
  const LinnetModelfile *modelfile = linnet_library_model_get_modelfile (self->model);

  if (modelfile != NULL)
    return linnet_modelfile_to_string (modelfile);
  return g_strdup_printf ("FROM %s\n", linnet_library_model_get_path (self->model));
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetDetailsDialog) self = user_data;
  g_autoptr (GError) error = NULL;

  if (g_file_replace_contents_finish (G_FILE (source), result, NULL, &error))
    say (self, _ ("The Modelfile was written."));
  else
    say (self, error->message);
}

static void
export_chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetDetailsDialog) self = user_data;
  g_autoptr (GFile) file = gtk_file_dialog_save_finish (GTK_FILE_DIALOG (source), result, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (file == NULL || self->cancellable == NULL)
    return;
  text = dup_modelfile (self);
  bytes = g_bytes_new (text, strlen (text));
  g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE, G_FILE_CREATE_NONE, NULL,
                                       written_cb, g_object_ref (self));
}

static void
export_cb (LinnetDetailsDialog *self)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  gtk_file_dialog_set_title (dialog, _ ("Export the Modelfile"));
  gtk_file_dialog_set_initial_name (dialog, "Modelfile");
  gtk_file_dialog_save (dialog, GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, NULL,
                        export_chosen_cb, g_object_ref (self));
}

static void
show_memory (LinnetDetailsDialog *self, LinnetModel *file)
{
  guint n_ctx = linnet_outlook_usual_context (file);
  LinnetModelMemory memory;
  g_autofree char *total = NULL;
  g_autofree char *weights = NULL;
  g_autofree char *cache = NULL;
  g_autofree char *title = g_strdup_printf (
      ngettext ("Memory with %u Token of Context", "Memory with %u Tokens of Context", n_ctx),
      n_ctx);
  g_autofree char *text = NULL;

  if (!linnet_model_estimate_memory (file, n_ctx, LINNET_CACHE_F16, &memory, NULL)) {
    gtk_widget_set_visible (GTK_WIDGET (self->memory_row), FALSE);
    return;
  }
  total = g_format_size (memory.total);
  weights = g_format_size (memory.weights);
  cache = g_format_size (memory.kv_cache);
  text = g_strdup_printf (_ ("%s: %s weights, %s conversation"), total, weights, cache);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->memory_row), title);
  set_row (self->memory_row, text);
  gtk_widget_set_visible (GTK_WIDGET (self->speed_group), TRUE);
}

static void
show_outlook (LinnetDetailsDialog *self, const LinnetOutlook *outlook)
{
  const LinnetForecast *forecast = &outlook->forecast;
  g_autofree char *words = linnet_forecast_describe_speed (forecast);
  g_autofree char *decode =
      g_strdup_printf (_ ("%s: %.1f tokens/s, between %.1f and %.1f"), words,
                       forecast->decode.value, forecast->decode.low, forecast->decode.high);
  g_autofree char *first =
      g_strdup_printf (_ ("about %.1f s for a question of %d tokens"),
                       MAX (forecast->first_token.value, 0.1), LINNET_QUESTION_TOKENS);
  g_autofree char *real = NULL;

  linnet_verdict_chip_set_verdict (self->chip, outlook->verdict);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->verdict_row), _ ("Verdict"));
  adw_action_row_set_subtitle (self->verdict_row, outlook->reason != NULL ? outlook->reason : "");
  gtk_widget_set_visible (GTK_WIDGET (self->verdict_row), TRUE);
  set_row (self->decode_row, decode);
  set_row (self->first_row, first);
  if (outlook->real_decode > 0) {
    g_autoptr (GDateTime) when = g_date_time_new_from_unix_local (outlook->real_when);
    g_autofree char *date = when != NULL ? g_date_time_format (when, "%x") : g_strdup ("");

    /* Translators: a speed and a date. */
    real = g_strdup_printf (_ ("%.1f tokens/s, on %s"), outlook->real_decode, date);
  }
  set_row (self->real_row, real);
  gtk_widget_set_visible (GTK_WIDGET (self->speed_group), TRUE);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetDetailsDialog) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LinnetModel) file = linnet_outlook_open_finish (result, &error);
  g_autoptr (LinnetOutlook) outlook = NULL;
  g_autofree char *context = NULL;
  guint n_ctx;

  if (self->cancellable == NULL)
    return; /* the dialog is gone */
  if (file == NULL) {
    adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->error_row), error->message);
    gtk_widget_set_visible (GTK_WIDGET (self->error_row), TRUE);
    return;
  }
  n_ctx = linnet_model_get_n_ctx_train (file);
  context = g_strdup_printf (ngettext ("%u token", "%u tokens", n_ctx), n_ctx);
  set_row (self->context_row, n_ctx > 0 ? context : NULL);
  show_memory (self, file);
  outlook = linnet_outlook_new (self->advisor, file, 0, LINNET_CACHE_F16);
  if (outlook != NULL)
    show_outlook (self, outlook);
}

static void
show_model (LinnetDetailsDialog *self)
{
  LinnetLibraryModel *model = self->model;
  const char *licence = linnet_library_model_get_licence (model);
  const char *architecture = linnet_library_model_get_architecture (model);
  guint64 n_parameters = linnet_library_model_get_n_parameters (model);
  g_autofree char *size = g_format_size (linnet_library_model_get_bytes (model));
  g_autofree char *path = g_filename_display_name (linnet_library_model_get_path (model));
  g_autofree char *parameters = linnet_model_text_parameters (n_parameters);
  g_autofree char *described =
      n_parameters > 0 ? g_strdup_printf (_ ("%s, %s parameters"), architecture, parameters)
                       : g_strdup (architecture);
  g_autofree char *modelfile = dup_modelfile (self);
  g_autofree char *licence_name = linnet_model_text_licence_name (licence);

  adw_dialog_set_title (ADW_DIALOG (self), linnet_library_model_get_title (model));
  set_row (self->path_row, path);
  set_row (self->owner_row, linnet_owner_get_title (linnet_library_model_get_owner (model)));
  set_row (self->size_row, size);
  set_row (self->quantisation_row, linnet_library_model_get_quantisation (model));
  set_row (self->architecture_row, *architecture != '\0' ? described : NULL);
  gtk_label_set_label (self->modelfile_label, modelfile);
  if (licence_name != NULL) {
    adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->licence_row), licence_name);
    gtk_label_set_label (self->licence_label, licence);
    gtk_widget_set_visible (GTK_WIDGET (self->licence_group), TRUE);
  }
}

static void
linnet_details_dialog_dispose (GObject *object)
{
  LinnetDetailsDialog *self = LINNET_DETAILS_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_DETAILS_DIALOG);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->model);
  g_clear_object (&self->advisor);

  G_OBJECT_CLASS (linnet_details_dialog_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, toasts);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, speed_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, verdict_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, chip);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, decode_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, real_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, first_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, memory_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, path_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, owner_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, size_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, quantisation_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, architecture_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, context_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, error_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, modelfile_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, modelfile_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, licence_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, licence_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDetailsDialog, licence_label);
  gtk_widget_class_bind_template_callback (widget_class, copy_path_cb);
  gtk_widget_class_bind_template_callback (widget_class, export_cb);
}

static void
linnet_details_dialog_class_init (LinnetDetailsDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = linnet_details_dialog_dispose;

  g_type_ensure (LINNET_TYPE_VERDICT_CHIP);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-details-dialog.ui");
  bind_children (widget_class);
}

static void
linnet_details_dialog_init (LinnetDetailsDialog *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

AdwDialog *
linnet_details_dialog_new (LinnetLibraryModel *model, LinnetAdvisor *advisor)
{
  LinnetDetailsDialog *self;

  g_return_val_if_fail (LINNET_IS_LIBRARY_MODEL (model), NULL);
  g_return_val_if_fail (LINNET_IS_ADVISOR (advisor), NULL);

  self = g_object_new (LINNET_TYPE_DETAILS_DIALOG, NULL);
  self->model = g_object_ref (model);
  self->advisor = g_object_ref (advisor);
  show_model (self);
  linnet_outlook_open_async (linnet_library_model_get_path (model), self->cancellable, opened_cb,
                             g_object_ref (self));
  return ADW_DIALOG (self);
}
