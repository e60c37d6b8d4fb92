/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetModelsPage: the models that can be had, from the catalogue or by name. */
#include "config.h"

#include <glib/gi18n.h>

#include "models/linnet-download-dialog.h"
#include "models/linnet-model-row.h"
#include "models/linnet-model-text.h"
#include "models/linnet-models-page-private.h"

#define MODEL_KEY "linnet-catalogue-model"

/* ---- The catalogue ---- */

/* The best advice on any quantisation of the model; NULL: the computer is not measured yet. */
static const LinnetAdvice *
find_best (const LinnetAdviceList *advice, const LinnetCatalogueModel *model)
{
  g_autoptr (GArray) best = advice != NULL ? linnet_advice_list_best_of_each (advice) : NULL;

  for (guint i = 0; best != NULL && i < best->len; i++) {
    const LinnetAdvice *one = &advice->ranked[g_array_index (best, guint, i)];

    if (one->model == model)
      return one;
  }
  return NULL;
}

/* Whether any of the model's files is here, or on its way. */
static void
find_files (LinnetModelsPage *self,
            const LinnetCatalogueModel *model,
            gboolean *installed,
            gboolean *pulling)
{
  *installed = *pulling = FALSE;
  for (guint i = 0; i < model->n_files; i++)
    for (guint j = 0; model->files[i].references[j] != NULL; j++) {
      const char *reference = model->files[i].references[j];

      *installed = *installed || linnet_library_find (self->library, reference) != NULL;
      *pulling = *pulling || linnet_pull_list_find (self->pulls, reference) != NULL;
    }
}

/* "Q4_K_M · 1.9 GB": of the quantisation that is best here. Transfer full. */
static char *
describe (const LinnetCatalogueModel *model, const LinnetAdvice *best)
{
  g_autoptr (GString) text = g_string_new (model->summary);

  if (best != NULL) {
    g_autofree char *size = g_format_size (best->forecast.file_bytes);

    g_string_append_printf (text, "%s%s · %s", text->len > 0 ? "\n" : "", best->file->quantisation,
                            size);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static GtkWidget *
new_available_row (LinnetModelsPage *self, const LinnetCatalogueModel *model)
{
  const LinnetAdvice *best = find_best (self->advice, model);
  const LinnetAdvice *recommended = self->advice != NULL && self->advice->recommended >= 0
                                        ? &self->advice->ranked[self->advice->recommended]
                                        : NULL;
  g_autofree char *subtitle = describe (model, best);
  GtkWidget *widget = linnet_model_row_new (model->title, subtitle);
  LinnetModelRow *row = LINNET_MODEL_ROW (widget);
  GtkWidget *arrow = g_object_new (GTK_TYPE_IMAGE, "icon-name", "go-next-symbolic",
                                   "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  gboolean installed, pulling;

  g_object_set_data (G_OBJECT (widget), MODEL_KEY, (gpointer) model);
  if (best != NULL) {
    g_autofree char *speed = best->verdict != LINNET_VERDICT_NO
                                 ? linnet_forecast_describe_speed (&best->forecast)
                                 : NULL;

    linnet_model_row_set_verdict (row, best->verdict, speed);
  }
  if (recommended != NULL && recommended->model == model)
    linnet_model_row_add_badge (row, "starred-symbolic", _ ("Recommended"));
  if (model->is_restricted)
    linnet_model_row_add_badge (row, "dialog-warning-symbolic", _ ("Restricted licence"));
  find_files (self, model, &installed, &pulling);
  if (pulling)
    linnet_model_row_add_badge (row, "folder-download-symbolic", _ ("Downloading"));
  else if (installed)
    linnet_model_row_add_badge (row, "object-select-symbolic", _ ("On this computer"));
  linnet_model_row_add_suffix (row, arrow);
  return widget;
}

void
linnet_models_page_update_available (LinnetModelsPage *self)
{
  LinnetCatalogue *catalogue;

  g_assert (LINNET_IS_MODELS_PAGE (self));

  catalogue = linnet_advisor_get_catalogue (self->advisor);
  gtk_list_box_remove_all (self->available_list);
  for (guint i = 0; i < linnet_catalogue_get_n_models (catalogue); i++) {
    const LinnetCatalogueModel *model = linnet_catalogue_get_model (catalogue, i);

    if (linnet_models_page_matches (self, model->title,
                                    model->summary != NULL ? model->summary : ""))
      gtk_list_box_append (self->available_list, new_available_row (self, model));
  }
}

void
linnet_models_page_available_activated_cb (LinnetModelsPage *self, GtkListBoxRow *row)
{
  const LinnetCatalogueModel *model = g_object_get_data (G_OBJECT (row), MODEL_KEY);

  if (model != NULL)
    adw_dialog_present (linnet_download_dialog_new (linnet_advisor_get_catalogue (self->advisor),
                                                    model, self->advice, self->pulls),
                        GTK_WIDGET (self));
}

/* ---- By name ---- */

static void
show_name_error (LinnetModelsPage *self, const char *sentence)
{
  gtk_label_set_label (self->name_error, sentence != NULL ? sentence : "");
  gtk_widget_set_visible (GTK_WIDGET (self->name_error), sentence != NULL);
  if (sentence != NULL) {
    gtk_widget_add_css_class (GTK_WIDGET (self->name_entry), "error");
    gtk_accessible_announce (GTK_ACCESSIBLE (self->name_entry), sentence,
                             GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_HIGH);
  } else
    gtk_widget_remove_css_class (GTK_WIDGET (self->name_entry), "error");
}

void
linnet_models_page_name_changed_cb (LinnetModelsPage *self)
{
  if (gtk_widget_get_visible (GTK_WIDGET (self->name_error)))
    show_name_error (self, NULL);
}

void
linnet_models_page_name_applied_cb (LinnetModelsPage *self)
{
  g_autofree char *text =
      g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name_entry))));
  const char *references[] = { text, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (LinnetReference) reference = NULL;

  if (*text == '\0')
    return;
  reference = linnet_reference_parse (text, &error);
  if (reference == NULL) {
    show_name_error (self, error->message);
    return;
  }
  if (reference->kind == LINNET_SOURCE_FILE) {
    gtk_widget_activate_action (GTK_WIDGET (self), "win.open-path", "s", reference->location);
    return;
  }
  if (linnet_library_find (self->library, text) != NULL) {
    show_name_error (self, _ ("This model is on this computer already: see the list above."));
    return;
  }
  if (linnet_pull_list_add (self->pulls, references, &error) == NULL) {
    show_name_error (self, error->message);
    return;
  }
  /* What is written into it by us is not for applying. */
  adw_entry_row_set_show_apply_button (self->name_entry, FALSE);
  gtk_editable_set_text (GTK_EDITABLE (self->name_entry), "");
  adw_entry_row_set_show_apply_button (self->name_entry, TRUE);
  gtk_accessible_announce (GTK_ACCESSIBLE (self), _ ("The download has begun."),
                           GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}
