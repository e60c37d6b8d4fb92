/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetModelsPage: a model made of a Modelfile: the file is chosen and read, a name is asked for.
 */
#include "config.h"

#include <glib/gi18n.h>

#include "models/linnet-models-page-private.h"

#define MAX_MODELFILE_BYTES (1024 * 1024)

/* Between the choice of the file and that of the name. */
typedef struct {
  LinnetModelsPage *page; /* reference */
  LinnetModelfile *modelfile;
  GtkWidget *entry; /* of the dialog */
} Import;

static void
import_free (Import *import)
{
  g_clear_object (&import->page);
  g_clear_object (&import->entry);
  linnet_modelfile_free (import->modelfile);
  g_free (import);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Import, import_free)

static void
named_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Import) import = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  g_autofree char *sentence = NULL;

  if (g_strcmp0 (adw_alert_dialog_choose_finish (ADW_ALERT_DIALOG (source), result), "create") !=
          0 ||
      import->page->cancellable == NULL)
    return;
  name = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (import->entry))));
  if (linnet_library_create (import->page->library, name, import->modelfile, &error) == NULL) {
    linnet_models_page_say (import->page, error->message);
    return;
  }
  sentence = g_strdup_printf (_ ("%s was made"), name);
  linnet_models_page_say (import->page, sentence);
}

static void
update_create (AdwAlertDialog *dialog, GtkEditable *entry)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (entry)));

  adw_alert_dialog_set_response_enabled (dialog, "create", *name != '\0');
}

/* What the lines of the Modelfile mean here, where that is not what they say; one paragraph each.
 */
static GtkWidget *
new_notes (const LinnetModelfile *modelfile)
{
  g_autofree char *notes = g_strjoinv ("\n\n", modelfile->notes);
  GtkWidget *label = gtk_label_new (notes);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  return label;
}

/* Takes modelfile. */
static void
ask_for_name (LinnetModelsPage *self, LinnetModelfile *modelfile)
{
  Import *import = g_new0 (Import, 1);
  /* Translators: %s is the model that a Modelfile builds on. */
  g_autofree char *body =
      g_strdup_printf (_ ("It is made from %s, whose file it shares."), modelfile->from);
  AdwAlertDialog *dialog =
      ADW_ALERT_DIALOG (adw_alert_dialog_new (_ ("Name of the New Model"), body));
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 18);
  GtkWidget *list = gtk_list_box_new ();
  GtkWidget *entry = adw_entry_row_new ();

  import->page = g_object_ref (self);
  import->modelfile = modelfile;
  import->entry = g_object_ref_sink (entry);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (entry), _ ("Name"));
  adw_entry_row_set_activates_default (ADW_ENTRY_ROW (entry), TRUE);
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list), GTK_SELECTION_NONE);
  gtk_widget_add_css_class (list, "boxed-list");
  gtk_accessible_update_property (GTK_ACCESSIBLE (list), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Name"),
                                  -1);
  gtk_list_box_append (GTK_LIST_BOX (list), entry);
  if (modelfile->notes != NULL && modelfile->notes[0] != NULL)
    gtk_box_append (GTK_BOX (box), new_notes (modelfile));
  gtk_box_append (GTK_BOX (box), list);
  adw_alert_dialog_set_extra_child (dialog, box);
  adw_alert_dialog_add_responses (dialog, "cancel", _ ("_Cancel"), "create", _ ("_Make"), NULL);
  adw_alert_dialog_set_response_appearance (dialog, "create", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_default_response (dialog, "create");
  adw_alert_dialog_set_close_response (dialog, "cancel");
  g_signal_connect_object (entry, "changed", G_CALLBACK (update_create), dialog, G_CONNECT_SWAPPED);
  update_create (dialog, GTK_EDITABLE (entry));
  adw_alert_dialog_choose (dialog, GTK_WIDGET (self), NULL, named_cb, import);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetModelsPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  LinnetModelfile *modelfile = NULL;

  if (self->cancellable == NULL)
    return;
  if (bytes != NULL && g_bytes_get_size (bytes) >= MAX_MODELFILE_BYTES)
    linnet_models_page_say (self, _ ("This file is too long to be a Modelfile."));
  else if (bytes != NULL) {
    gsize size;
    const char *text = g_bytes_get_data (bytes, &size);

    modelfile = linnet_modelfile_parse (text != NULL ? text : "", (gssize) size, &error);
  }
  if (modelfile != NULL)
    ask_for_name (self, modelfile);
  else if (error != NULL)
    linnet_models_page_say (self, error->message);
}

static void
chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetModelsPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file = gtk_file_dialog_open_finish (GTK_FILE_DIALOG (source), result, NULL);
  g_autoptr (GFileInputStream) stream = NULL;

  if (file == NULL || self->cancellable == NULL)
    return;
  stream = g_file_read (file, self->cancellable, &error);
  if (stream == NULL) {
    linnet_models_page_say (self, error->message);
    return;
  }
  g_input_stream_read_bytes_async (G_INPUT_STREAM (stream), MAX_MODELFILE_BYTES, G_PRIORITY_DEFAULT,
                                   self->cancellable, read_cb, g_object_ref (self));
}

void
linnet_models_page_import (LinnetModelsPage *self)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  GtkRoot *root;

  g_assert (LINNET_IS_MODELS_PAGE (self));

  root = gtk_widget_get_root (GTK_WIDGET (self));
  gtk_file_dialog_set_title (dialog, _ ("Import a Modelfile"));
  gtk_file_dialog_open (dialog, GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, NULL, chosen_cb,
                        g_object_ref (self));
}
