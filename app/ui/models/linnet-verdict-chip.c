/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetVerdictChip: whether a model runs here, as a colour, a sign and words. */
#include "config.h"

#include "models/linnet-verdict-chip.h"

struct _LinnetVerdictChip {
  AdwBin parent_instance;

  GtkImage *image;
  GtkLabel *label;
};

G_DEFINE_FINAL_TYPE (LinnetVerdictChip, linnet_verdict_chip, ADW_TYPE_BIN)

static const struct {
  const char *css_class, *icon_name;
} looks[] = {
  [LINNET_VERDICT_EASY] = { "success", "object-select-symbolic" },
  [LINNET_VERDICT_FITS] = { "accent", "object-select-symbolic" },
  [LINNET_VERDICT_STRUGGLE] = { "warning", "dialog-warning-symbolic" },
  [LINNET_VERDICT_NO] = { "error", "action-unavailable-symbolic" },
};

static void
linnet_verdict_chip_dispose (GObject *object)
{
  /* Before the template lets go of it, which AdwBin would not notice. */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_VERDICT_CHIP);

  G_OBJECT_CLASS (linnet_verdict_chip_parent_class)->dispose (object);
}

static void
linnet_verdict_chip_class_init (LinnetVerdictChipClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = linnet_verdict_chip_dispose;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-verdict-chip.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetVerdictChip, image);
  gtk_widget_class_bind_template_child (widget_class, LinnetVerdictChip, label);
}

static void
linnet_verdict_chip_init (LinnetVerdictChip *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
linnet_verdict_chip_new (void)
{
  return g_object_new (LINNET_TYPE_VERDICT_CHIP, NULL);
}

void
linnet_verdict_chip_set_verdict (LinnetVerdictChip *self, LinnetVerdict verdict)
{
  g_return_if_fail (LINNET_IS_VERDICT_CHIP (self));
  g_return_if_fail (verdict < G_N_ELEMENTS (looks));

  for (guint i = 0; i < G_N_ELEMENTS (looks); i++)
    gtk_widget_remove_css_class (GTK_WIDGET (self), looks[i].css_class);
  gtk_widget_add_css_class (GTK_WIDGET (self), looks[verdict].css_class);
  gtk_image_set_from_icon_name (self->image, looks[verdict].icon_name);
  gtk_label_set_label (self->label, linnet_verdict_get_title (verdict));
}
