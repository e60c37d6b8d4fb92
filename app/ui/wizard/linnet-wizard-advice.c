/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardAdvice: one model recommended, all sizes, and the numbers. */
#include "config.h"

#include <glib/gi18n.h>

#include "wizard/linnet-advice-card.h"
#include "wizard/linnet-advice-numbers.h"
#include "wizard/linnet-advice-words.h"
#include "wizard/linnet-radio-list.h"
#include "wizard/linnet-wizard-advice.h"

struct _LinnetWizardAdvice {
  AdwNavigationPage parent_instance;

  LinnetWizardFrame *frame;
  AdwStatusPage *nothing_page;
  LinnetAdviceCard *card;
  GtkWidget *sizes_group;
  GtkListBox *sizes;
  AdwExpanderRow *numbers_row;
  AdwComboRow *quantisation_row;
  GtkStringList *quantisations;

  LinnetAdviceList *list;       /* owned; NULL at first */
  GPtrArray *checks;            /* GtkCheckButton of each size, borrowed */
  GArray *check_indices;        /* of guint: into ranked, for each of checks */
  GArray *quantisation_indices; /* likewise, for each of quantisations */
  GPtrArray *number_rows;       /* borrowed: of the expander */
  int selected;                 /* into ranked; −1: none */
  guint64 memory;               /* bytes */
  guint64 used;
  gboolean is_setting;
};

G_DEFINE_FINAL_TYPE (LinnetWizardAdvice, linnet_wizard_advice, ADW_TYPE_NAVIGATION_PAGE)

enum { SIGNAL_SELECTED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* All quantisations of the model on the card, and which it is. */
static void
show_quantisations (LinnetWizardAdvice *self)
{
  const LinnetAdvice *shown = &self->list->ranked[self->selected];
  guint position = 0;

  gtk_string_list_splice (self->quantisations, 0,
                          g_list_model_get_n_items (G_LIST_MODEL (self->quantisations)), NULL);
  g_array_set_size (self->quantisation_indices, 0);
  for (guint i = 0; i < shown->model->n_files; i++)
    for (guint j = 0; j < self->list->n_ranked; j++) {
      const LinnetAdvice *advice = &self->list->ranked[j];
      g_autofree char *text = NULL;

      if (advice->file != &shown->model->files[i])
        continue;
      text = g_strdup_printf ("%s · %s", advice->file->quantisation,
                              linnet_verdict_get_title (advice->verdict));
      if (advice == shown)
        position = self->quantisation_indices->len;
      gtk_string_list_append (self->quantisations, text);
      g_array_append_val (self->quantisation_indices, j);
    }
  adw_combo_row_set_selected (self->quantisation_row, position);
}

static void
add_number_cb (const char *title, const char *value, gpointer user_data)
{
  LinnetWizardAdvice *self = user_data;
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), value);
  adw_action_row_set_subtitle_selectable (ADW_ACTION_ROW (row), TRUE);
  gtk_widget_add_css_class (row, "property");
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, value, -1);
  adw_expander_row_add_row (self->numbers_row, row);
  g_ptr_array_add (self->number_rows, row);
}

static void
show_numbers (LinnetWizardAdvice *self)
{
  for (guint i = 0; i < self->number_rows->len; i++)
    adw_expander_row_remove (self->numbers_row, self->number_rows->pdata[i]);
  g_ptr_array_set_size (self->number_rows, 0);
  linnet_advice_foreach_number (&self->list->ranked[self->selected], add_number_cb, self);
}

/* Marks the size of the model on the card, in whatever quantisation. */
static void
mark_size (LinnetWizardAdvice *self)
{
  const LinnetAdvice *shown = &self->list->ranked[self->selected];

  for (guint i = 0; i < self->checks->len; i++) {
    guint index = g_array_index (self->check_indices, guint, i);

    if (self->list->ranked[index].model == shown->model)
      gtk_check_button_set_active (self->checks->pdata[i], TRUE);
  }
}

static void
select_index (LinnetWizardAdvice *self, int selected)
{
  gboolean was_setting = self->is_setting;

  self->is_setting = TRUE;
  self->selected = selected;
  gtk_widget_set_visible (GTK_WIDGET (self->card), selected >= 0);
  gtk_widget_set_visible (GTK_WIDGET (self->numbers_row), selected >= 0);
  if (selected >= 0) {
    linnet_advice_card_set_advice (self->card, &self->list->ranked[selected],
                                   selected == self->list->recommended, self->memory, self->used);
    mark_size (self);
    show_quantisations (self);
    show_numbers (self);
  }
  self->is_setting = was_setting;
  g_signal_emit (self, signals[SIGNAL_SELECTED], 0);
}

static void
check_toggled_cb (LinnetWizardAdvice *self, GtkCheckButton *check)
{
  guint position;

  if (self->is_setting || !gtk_check_button_get_active (check) ||
      !g_ptr_array_find (self->checks, check, &position))
    return;
  select_index (self, (int) g_array_index (self->check_indices, guint, position));
}

static void
quantisation_selected_cb (LinnetWizardAdvice *self)
{
  guint position = adw_combo_row_get_selected (self->quantisation_row);

  if (self->is_setting || position >= self->quantisation_indices->len)
    return;
  select_index (self, (int) g_array_index (self->quantisation_indices, guint, position));
}

static GtkWidget *
new_verdict (LinnetVerdict verdict)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *icon = gtk_image_new_from_icon_name (linnet_verdict_get_icon (verdict));

  gtk_box_append (GTK_BOX (box), icon);
  gtk_box_append (GTK_BOX (box), gtk_label_new (linnet_verdict_get_title (verdict)));
  gtk_widget_add_css_class (box, "caption");
  gtk_widget_add_css_class (box, linnet_verdict_get_css_class (verdict));
  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  return box;
}

static void
add_size (LinnetWizardAdvice *self, guint index)
{
  const LinnetAdvice *advice = &self->list->ranked[index];
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *check = gtk_check_button_new ();
  g_autofree char *brief = linnet_advice_describe_briefly (advice);
  g_autofree char *description =
      g_strdup_printf ("%s, %s", linnet_verdict_get_title (advice->verdict), brief);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), advice->model->title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), brief);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), check);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), new_verdict (advice->verdict));
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), check);
  /* The button has the focus, so that what it is can be heard. */
  gtk_widget_set_focusable (row, FALSE);
  gtk_widget_set_valign (check, GTK_ALIGN_CENTER);
  if (self->checks->len > 0)
    gtk_check_button_set_group (GTK_CHECK_BUTTON (check), self->checks->pdata[0]);
  gtk_accessible_update_property (GTK_ACCESSIBLE (check), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  advice->model->title, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  description, -1);
  g_signal_connect_object (check, "toggled", G_CALLBACK (check_toggled_cb), self,
                           G_CONNECT_SWAPPED);
  linnet_radio_list_watch (GTK_CHECK_BUTTON (check));
  gtk_list_box_append (self->sizes, row);
  g_ptr_array_add (self->checks, check);
  g_array_append_val (self->check_indices, index);
}

static void
show_sizes (LinnetWizardAdvice *self)
{
  g_autoptr (GArray) best = linnet_advice_list_best_of_each (self->list);

  gtk_list_box_remove_all (self->sizes);
  g_ptr_array_set_size (self->checks, 0);
  g_array_set_size (self->check_indices, 0);
  for (guint i = 0; i < best->len; i++)
    add_size (self, g_array_index (best, guint, i));
  gtk_widget_set_visible (self->sizes_group, best->len > 0);
}

/* The heading says what the advice is, or that there is none. */
static void
show_summary (LinnetWizardAdvice *self)
{
  const char *summary = self->list->summary != NULL ? self->list->summary : "";

  if (self->list->recommended >= 0) {
    linnet_wizard_frame_set_heading (self->frame, _ ("This model suits your computer"));
    linnet_wizard_frame_set_description (self->frame, summary);
  } else {
    g_autofree char *escaped = g_markup_escape_text (summary, -1);

    linnet_wizard_frame_set_heading (self->frame, _ ("No model would run well here"));
    linnet_wizard_frame_set_description (self->frame, NULL);
    adw_status_page_set_description (self->nothing_page, escaped);
  }
  gtk_widget_set_visible (GTK_WIDGET (self->nothing_page), self->list->recommended < 0);
}

static void
linnet_wizard_advice_dispose (GObject *object)
{
  /* Before the template lets go of it, which AdwNavigationPage would not notice. */
  adw_navigation_page_set_child (ADW_NAVIGATION_PAGE (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_WIZARD_ADVICE);

  G_OBJECT_CLASS (linnet_wizard_advice_parent_class)->dispose (object);
}

static void
linnet_wizard_advice_finalize (GObject *object)
{
  LinnetWizardAdvice *self = LINNET_WIZARD_ADVICE (object);

  linnet_advice_list_free (self->list);
  g_ptr_array_unref (self->checks);
  g_ptr_array_unref (self->number_rows);
  g_array_unref (self->check_indices);
  g_array_unref (self->quantisation_indices);

  G_OBJECT_CLASS (linnet_wizard_advice_parent_class)->finalize (object);
}

static void
linnet_wizard_advice_class_init (LinnetWizardAdviceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = linnet_wizard_advice_dispose;
  object_class->finalize = linnet_wizard_advice_finalize;

  signals[SIGNAL_SELECTED] = g_signal_new ("selected", LINNET_TYPE_WIZARD_ADVICE, G_SIGNAL_RUN_LAST,
                                           0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  g_type_ensure (LINNET_TYPE_WIZARD_FRAME);
  g_type_ensure (LINNET_TYPE_ADVICE_CARD);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-wizard-advice.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardAdvice, frame);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardAdvice, nothing_page);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardAdvice, card);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardAdvice, sizes_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardAdvice, sizes);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardAdvice, numbers_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardAdvice, quantisation_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardAdvice, quantisations);
}

static void
linnet_wizard_advice_init (LinnetWizardAdvice *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->selected = -1;
  self->checks = g_ptr_array_new ();
  self->number_rows = g_ptr_array_new ();
  self->check_indices = g_array_new (FALSE, FALSE, sizeof (guint));
  self->quantisation_indices = g_array_new (FALSE, FALSE, sizeof (guint));
  linnet_radio_list_set_up (self->sizes);
  g_signal_connect_object (self->quantisation_row, "notify::selected",
                           G_CALLBACK (quantisation_selected_cb), self, G_CONNECT_SWAPPED);
}

GtkWidget *
linnet_wizard_advice_new (void)
{
  return g_object_new (LINNET_TYPE_WIZARD_ADVICE, NULL);
}

LinnetWizardFrame *
linnet_wizard_advice_get_frame (LinnetWizardAdvice *self)
{
  g_return_val_if_fail (LINNET_IS_WIZARD_ADVICE (self), NULL);

  return self->frame;
}

void
linnet_wizard_advice_set_list (LinnetWizardAdvice *self,
                               LinnetAdviceList *list,
                               const LinnetMachine *machine)
{
  g_return_if_fail (LINNET_IS_WIZARD_ADVICE (self));
  g_return_if_fail (list != NULL);
  g_return_if_fail (machine != NULL);

  self->is_setting = TRUE;
  self->selected = -1;
  linnet_advice_list_free (self->list);
  self->list = list;
  self->memory = machine->memory;
  self->used = machine->memory - MIN (machine->memory, machine->available);
  show_sizes (self);
  show_summary (self);
  self->is_setting = FALSE;
  select_index (self, list->recommended);
}

const LinnetAdvice *
linnet_wizard_advice_get_selected (LinnetWizardAdvice *self)
{
  g_return_val_if_fail (LINNET_IS_WIZARD_ADVICE (self), NULL);

  return self->selected >= 0 ? &self->list->ranked[self->selected] : NULL;
}

void
linnet_wizard_advice_select (LinnetWizardAdvice *self,
                             const char *model_id,
                             const char *quantisation)
{
  g_return_if_fail (LINNET_IS_WIZARD_ADVICE (self));
  g_return_if_fail (model_id != NULL && quantisation != NULL);

  for (guint i = 0; self->list != NULL && i < self->list->n_ranked; i++) {
    const LinnetAdvice *advice = &self->list->ranked[i];

    if (g_str_equal (advice->model->id, model_id) &&
        g_str_equal (advice->file->quantisation, quantisation)) {
      select_index (self, (int) i);
      return;
    }
  }
}
