/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetAdviceCard: one model in one quantisation, as it would be on this computer. */
#include "config.h"

#include <glib/gi18n.h>

#include "wizard/linnet-advice-card.h"
#include "wizard/linnet-advice-fact.h"
#include "wizard/linnet-advice-words.h"
#include "wizard/linnet-memory-bar.h"

struct _LinnetAdviceCard {
  AdwBin parent_instance;

  GtkWidget *recommended_label;
  GtkWidget *verdict_badge;
  GtkImage *verdict_icon;
  GtkLabel *verdict_label;
  GtkLabel *title_label;
  GtkLabel *summary_label;
  GtkWidget *restricted_box;
  GtkLabel *restricted_label;
  LinnetAdviceFact *speed_fact;
  LinnetAdviceFact *download_fact;
  LinnetAdviceFact *quantisation_fact;
  LinnetMemoryBar *memory_bar;
  GtkLabel *used_label;
  GtkLabel *model_label;
  GtkLabel *left_label;
  LinnetAdviceFact *licence_fact;
  GtkWidget *reasons_box;
  GtkBox *reasons;
};

G_DEFINE_FINAL_TYPE (LinnetAdviceCard, linnet_advice_card, ADW_TYPE_BIN)

static void
show_verdict (LinnetAdviceCard *self, const LinnetAdvice *advice, gboolean is_recommended)
{
  for (LinnetVerdict verdict = LINNET_VERDICT_EASY; verdict <= LINNET_VERDICT_NO; verdict++)
    gtk_widget_remove_css_class (self->verdict_badge, linnet_verdict_get_css_class (verdict));
  gtk_widget_add_css_class (self->verdict_badge, linnet_verdict_get_css_class (advice->verdict));
  gtk_image_set_from_icon_name (self->verdict_icon, linnet_verdict_get_icon (advice->verdict));
  gtk_label_set_label (self->verdict_label, linnet_verdict_get_title (advice->verdict));
  gtk_widget_set_visible (self->recommended_label, is_recommended);
}

static void
show_licence (LinnetAdviceCard *self, const LinnetCatalogueModel *model)
{
  g_autofree char *licence = linnet_licence_explain (model);

  /* What holds someone back comes before the figures, all else after them. */
  gtk_widget_set_visible (self->restricted_box, model->is_restricted);
  gtk_widget_set_visible (GTK_WIDGET (self->licence_fact), !model->is_restricted);
  gtk_label_set_label (self->restricted_label, licence);
  linnet_advice_fact_set (self->licence_fact, licence, NULL);
}

static void
set_size_label (GtkLabel *label, const char *format, guint64 bytes)
{
  g_autofree char *size = g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *text = NULL;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  text = g_strdup_printf (format, size);
#pragma GCC diagnostic pop
  gtk_label_set_label (label, text);
}

static void
show_memory (LinnetAdviceCard *self, guint64 memory, guint64 used, guint64 needed)
{
  guint64 taken = used + needed;

  linnet_memory_bar_set_bytes (self->memory_bar, memory, used, needed);
  /* Translators: parts of the memory. */
  set_size_label (self->used_label, _ ("In use: %s"), used);
  set_size_label (self->model_label, _ ("This model: %s"), needed);
  if (taken <= memory)
    set_size_label (self->left_label, _ ("Left: %s"), memory - taken);
  else
    set_size_label (self->left_label, _ ("Missing: %s"), taken - memory);
}

static void
show_reasons (LinnetAdviceCard *self, char **reasons)
{
  GtkWidget *old;

  while ((old = gtk_widget_get_first_child (GTK_WIDGET (self->reasons))) != NULL)
    gtk_box_remove (self->reasons, old);
  for (guint i = 0; reasons != NULL && reasons[i] != NULL; i++) {
    GtkWidget *label = gtk_label_new (reasons[i]);

    gtk_label_set_wrap (GTK_LABEL (label), TRUE);
    gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_xalign (GTK_LABEL (label), 0);
    gtk_box_append (self->reasons, label);
  }
  gtk_widget_set_visible (self->reasons_box, reasons != NULL && reasons[0] != NULL);
}

static void
linnet_advice_card_dispose (GObject *object)
{
  /* Before the template lets go of it, which AdwBin would not notice. */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_ADVICE_CARD);

  G_OBJECT_CLASS (linnet_advice_card_parent_class)->dispose (object);
}

static void
linnet_advice_card_class_init (LinnetAdviceCardClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = linnet_advice_card_dispose;

  g_type_ensure (LINNET_TYPE_ADVICE_FACT);
  g_type_ensure (LINNET_TYPE_MEMORY_BAR);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-advice-card.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, recommended_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, verdict_badge);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, verdict_icon);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, verdict_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, title_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, summary_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, restricted_box);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, restricted_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, speed_fact);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, download_fact);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, quantisation_fact);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, memory_bar);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, used_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, model_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, left_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, licence_fact);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, reasons_box);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceCard, reasons);
}

static void
linnet_advice_card_init (LinnetAdviceCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
linnet_advice_card_new (void)
{
  return g_object_new (LINNET_TYPE_ADVICE_CARD, NULL);
}

void
linnet_advice_card_set_advice (LinnetAdviceCard *self,
                               const LinnetAdvice *advice,
                               gboolean is_recommended,
                               guint64 memory,
                               guint64 used)
{
  const LinnetForecast *forecast;
  g_autofree char *size = NULL;
  g_autofree char *speed = NULL;
  g_autofree char *answer = NULL;

  g_return_if_fail (LINNET_IS_ADVICE_CARD (self));
  g_return_if_fail (advice != NULL);

  forecast = &advice->forecast;
  show_verdict (self, advice, is_recommended);
  gtk_label_set_label (self->title_label, advice->model->title);
  gtk_label_set_label (self->summary_label,
                       advice->model->summary != NULL ? advice->model->summary : "");
  gtk_widget_set_visible (GTK_WIDGET (self->summary_label), advice->model->summary != NULL);
  show_licence (self, advice->model);

  speed = linnet_forecast_describe_speed (forecast);
  answer = linnet_forecast_describe_answer (forecast);
  linnet_advice_fact_set (self->speed_fact, speed, answer);
  gtk_widget_set_visible (GTK_WIDGET (self->speed_fact), advice->verdict != LINNET_VERDICT_NO);
  size = g_format_size (forecast->file_bytes);
  linnet_advice_fact_set (self->download_fact, size, NULL);
  linnet_advice_fact_set (self->quantisation_fact, advice->file->quantisation,
                          linnet_quantisation_explain (advice->file->quantisation));
  show_memory (self, memory, used, forecast->memory.total);
  show_reasons (self, advice->reasons);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  advice->model->title, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  linnet_verdict_get_title (advice->verdict), -1);
}
