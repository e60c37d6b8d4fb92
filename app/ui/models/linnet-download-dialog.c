/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetDownloadDialog: the quantisations of one model. */
#include "config.h"

#include <glib/gi18n.h>

#include "models/linnet-download-dialog.h"
#include "models/linnet-model-row.h"
#include "models/linnet-model-text.h"

#define MAX_REASONS 3

struct _LinnetDownloadDialog {
  AdwDialog parent_instance;

  AdwToastOverlay *toasts;
  AdwActionRow *summary_row;
  AdwActionRow *reasons_row;
  AdwActionRow *licence_row;
  GtkImage *licence_warning;
  GtkButton *licence_button;
  GtkListBox *files;

  LinnetPullList *pulls;
  LinnetCatalogue *catalogue;        /* keeps model alive */
  const LinnetCatalogueModel *model; /* borrowed from it */
};

G_DEFINE_FINAL_TYPE (LinnetDownloadDialog, linnet_download_dialog, ADW_TYPE_DIALOG)

static void
licence_shown_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetDownloadDialog) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!gtk_uri_launcher_launch_finish (GTK_URI_LAUNCHER (source), result, &error) &&
      self->toasts != NULL)
    adw_toast_overlay_add_toast (self->toasts, adw_toast_new (self->model->licence_url));
}

static void
show_licence_cb (LinnetDownloadDialog *self)
{
  g_autoptr (GtkUriLauncher) launcher = gtk_uri_launcher_new (self->model->licence_url);
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  gtk_uri_launcher_launch (launcher, GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, NULL,
                           licence_shown_cb, g_object_ref (self));
}

/* Starts the download that the button stands for. */
static void
download_cb (LinnetDownloadDialog *self, GtkButton *button)
{
  const char *const *references = g_object_get_data (G_OBJECT (button), "linnet-references");
  g_autoptr (GError) error = NULL;

  if (linnet_pull_list_add (self->pulls, references, &error) == NULL) {
    adw_toast_overlay_add_toast (self->toasts, adw_toast_new (error->message));
    return;
  }
  adw_dialog_close (ADW_DIALOG (self));
}

/* Whether one of the file's names is in the library. */
static gboolean
is_installed (LinnetDownloadDialog *self, const LinnetCatalogueFile *file)
{
  LinnetLibrary *library = linnet_pull_list_get_library (self->pulls);

  for (guint i = 0; file->references[i] != NULL; i++)
    if (linnet_library_find (library, file->references[i]) != NULL)
      return TRUE;
  return FALSE;
}

static GtkWidget *
new_download_button (LinnetDownloadDialog *self, const LinnetCatalogueFile *file)
{
  g_autofree char *label = g_strdup_printf (_ ("Download %s"), file->quantisation);
  GtkWidget *button = linnet_model_row_new_button (_ ("Download"), label);

  g_object_set_data (G_OBJECT (button), "linnet-references", file->references);
  g_signal_connect_object (button, "clicked", G_CALLBACK (download_cb), self, G_CONNECT_SWAPPED);
  return button;
}

/* "1.9 GB to download · 2.4 GB of memory", as far as it is known. Transfer full. */
static char *
describe_file (const LinnetCatalogueFile *file, const LinnetAdvice *advice)
{
  guint64 bytes = advice != NULL ? advice->forecast.file_bytes : file->bytes;
  g_autofree char *size = g_format_size (bytes);
  g_autofree char *memory = NULL;

  if (advice == NULL)
    return bytes > 0 ? g_strdup_printf (_ ("%s to download"), size) : g_strdup ("");
  memory = g_format_size (advice->forecast.memory.total);
  return g_strdup_printf (_ ("%s to download · %s of memory"), size, memory);
}

static GtkWidget *
new_file_row (LinnetDownloadDialog *self,
              const LinnetCatalogueFile *file,
              const LinnetAdvice *advice,
              gboolean is_recommended)
{
  g_autofree char *subtitle = describe_file (file, advice);
  GtkWidget *widget = linnet_model_row_new (file->quantisation, subtitle);
  LinnetModelRow *row = LINNET_MODEL_ROW (widget);

  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (widget), FALSE);
  if (advice != NULL) {
    g_autofree char *speed = linnet_forecast_describe_speed (&advice->forecast);

    linnet_model_row_set_verdict (row, advice->verdict, speed);
  }
  if (is_recommended)
    linnet_model_row_add_badge (row, "starred-symbolic", _ ("Recommended"));
  if (is_installed (self, file))
    linnet_model_row_add_badge (row, "object-select-symbolic", _ ("On this computer"));
  else if (linnet_pull_list_find (self->pulls, file->references[0]) != NULL)
    linnet_model_row_add_badge (row, "folder-download-symbolic", _ ("Downloading"));
  else
    linnet_model_row_add_suffix (row, new_download_button (self, file));
  return widget;
}

/* The best of the model's quantisations; NULL: no advice. */
static const LinnetAdvice *
find_best (const LinnetAdviceList *advice, const LinnetCatalogueModel *model)
{
  for (guint i = 0; advice != NULL && i < advice->n_ranked; i++)
    if (advice->ranked[i].model == model && advice->ranked[i].verdict != LINNET_VERDICT_NO)
      return &advice->ranked[i];
  return NULL;
}

/* The most important ones, a line each. Transfer full. */
static char *
join_reasons (char **reasons)
{
  const char *first[MAX_REASONS + 1] = { NULL };

  for (guint i = 0; i < MAX_REASONS && reasons[i] != NULL; i++)
    first[i] = reasons[i];
  return g_strjoinv ("\n", (char **) first);
}

static void
show_model (LinnetDownloadDialog *self, const LinnetAdviceList *advice)
{
  const LinnetCatalogueModel *model = self->model;
  const LinnetAdvice *best = find_best (advice, model);

  adw_dialog_set_title (ADW_DIALOG (self), model->title);
  adw_action_row_set_subtitle (self->summary_row, model->summary != NULL ? model->summary : "");
  if (best != NULL && best->reasons != NULL) {
    g_autofree char *reasons = join_reasons (best->reasons);

    adw_action_row_set_subtitle (self->reasons_row, reasons);
    gtk_widget_set_visible (GTK_WIDGET (self->reasons_row), TRUE);
  }
  if (model->licence_note != NULL) {
    g_autofree char *text = g_strdup_printf ("%s: %s", model->licence, model->licence_note);

    adw_action_row_set_subtitle (self->licence_row, text);
  } else
    adw_action_row_set_subtitle (self->licence_row, model->licence);
  gtk_widget_set_visible (GTK_WIDGET (self->licence_warning), model->is_restricted);
  gtk_widget_set_visible (GTK_WIDGET (self->licence_button), model->licence_url != NULL);

  for (guint i = 0; i < model->n_files; i++) {
    const LinnetAdvice *one = linnet_model_find_advice (advice, model, &model->files[i]);

    gtk_list_box_append (self->files,
                         new_file_row (self, &model->files[i], one, one != NULL && one == best));
  }
}

static void
linnet_download_dialog_dispose (GObject *object)
{
  LinnetDownloadDialog *self = LINNET_DOWNLOAD_DIALOG (object);

  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_DOWNLOAD_DIALOG);
  g_clear_object (&self->pulls);
  g_clear_object (&self->catalogue);

  G_OBJECT_CLASS (linnet_download_dialog_parent_class)->dispose (object);
}

static void
linnet_download_dialog_class_init (LinnetDownloadDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = linnet_download_dialog_dispose;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-download-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetDownloadDialog, toasts);
  gtk_widget_class_bind_template_child (widget_class, LinnetDownloadDialog, summary_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDownloadDialog, reasons_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDownloadDialog, licence_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetDownloadDialog, licence_warning);
  gtk_widget_class_bind_template_child (widget_class, LinnetDownloadDialog, licence_button);
  gtk_widget_class_bind_template_child (widget_class, LinnetDownloadDialog, files);
  gtk_widget_class_bind_template_callback (widget_class, show_licence_cb);
}

static void
linnet_download_dialog_init (LinnetDownloadDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

AdwDialog *
linnet_download_dialog_new (LinnetCatalogue *catalogue,
                            const LinnetCatalogueModel *model,
                            const LinnetAdviceList *advice,
                            LinnetPullList *pulls)
{
  LinnetDownloadDialog *self;

  g_return_val_if_fail (LINNET_IS_CATALOGUE (catalogue), NULL);
  g_return_val_if_fail (model != NULL, NULL);
  g_return_val_if_fail (LINNET_IS_PULL_LIST (pulls), NULL);

  self = g_object_new (LINNET_TYPE_DOWNLOAD_DIALOG, NULL);
  self->catalogue = g_object_ref (catalogue);
  self->model = model;
  self->pulls = g_object_ref (pulls);
  show_model (self, advice);
  return ADW_DIALOG (self);
}
