/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetModelRow: one model in a list. */
#include "config.h"

#include "models/linnet-model-row.h"
#include "models/linnet-verdict-chip.h"

struct _LinnetModelRow {
  AdwPreferencesRow parent_instance;

  GtkLabel *title_label;
  GtkLabel *subtitle_label;
  AdwWrapBox *facts;
  LinnetVerdictChip *chip;
  GtkLabel *speed;
  GtkBox *suffixes;

  GPtrArray *badges;         /* GtkWidget, in facts */
  GString *spoken;           /* the texts of the badges */
  const char *verdict_title; /* NULL: no verdict */
};

G_DEFINE_FINAL_TYPE (LinnetModelRow, linnet_model_row, ADW_TYPE_PREFERENCES_ROW)

/* What a screen reader says after the title: everything that is to be seen. */
static void
update_description (LinnetModelRow *self)
{
  g_autoptr (GString) text = g_string_new (gtk_label_get_label (self->subtitle_label));
  const char *speed = gtk_label_get_label (self->speed);

  if (self->verdict_title != NULL)
    g_string_append_printf (text, " · %s", self->verdict_title);
  if (*speed != '\0')
    g_string_append_printf (text, " · %s", speed);
  g_string_append (text, self->spoken->str);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  text->str, -1);
}

static void
linnet_model_row_dispose (GObject *object)
{
  LinnetModelRow *self = LINNET_MODEL_ROW (object);

  g_clear_pointer (&self->badges, g_ptr_array_unref);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_MODEL_ROW);

  G_OBJECT_CLASS (linnet_model_row_parent_class)->dispose (object);
}

static void
linnet_model_row_finalize (GObject *object)
{
  g_string_free (LINNET_MODEL_ROW (object)->spoken, TRUE);

  G_OBJECT_CLASS (linnet_model_row_parent_class)->finalize (object);
}

static void
linnet_model_row_class_init (LinnetModelRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = linnet_model_row_dispose;
  object_class->finalize = linnet_model_row_finalize;

  g_type_ensure (LINNET_TYPE_VERDICT_CHIP);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/linnet_chat/Linnet/linnet-model-row.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetModelRow, title_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelRow, subtitle_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelRow, facts);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelRow, chip);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelRow, speed);
  gtk_widget_class_bind_template_child (widget_class, LinnetModelRow, suffixes);
}

static void
linnet_model_row_init (LinnetModelRow *self)
{
  self->badges = g_ptr_array_new ();
  self->spoken = g_string_new (NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
linnet_model_row_new (const char *title, const char *subtitle)
{
  LinnetModelRow *self;

  g_return_val_if_fail (title != NULL, NULL);
  g_return_val_if_fail (subtitle != NULL, NULL);

  self = g_object_new (LINNET_TYPE_MODEL_ROW, "use-markup", FALSE, "title", title, NULL);
  gtk_label_set_label (self->title_label, title);
  gtk_label_set_label (self->subtitle_label, subtitle);
  gtk_widget_set_visible (GTK_WIDGET (self->subtitle_label), *subtitle != '\0');
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  update_description (self);
  return GTK_WIDGET (self);
}

void
linnet_model_row_set_verdict (LinnetModelRow *self, LinnetVerdict verdict, const char *speed)
{
  g_return_if_fail (LINNET_IS_MODEL_ROW (self));

  linnet_verdict_chip_set_verdict (self->chip, verdict);
  self->verdict_title = linnet_verdict_get_title (verdict);
  gtk_widget_set_visible (GTK_WIDGET (self->chip), TRUE);
  gtk_label_set_label (self->speed, speed != NULL ? speed : "");
  gtk_widget_set_visible (GTK_WIDGET (self->speed), speed != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->facts), TRUE);
  update_description (self);
}

void
linnet_model_row_add_badge (LinnetModelRow *self, const char *icon_name, const char *text)
{
  GtkWidget *badge, *image, *label;

  g_return_if_fail (LINNET_IS_MODEL_ROW (self));
  g_return_if_fail (icon_name != NULL);
  g_return_if_fail (text != NULL);

  badge = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 4);
  image = g_object_new (GTK_TYPE_IMAGE, "icon-name", icon_name, "accessible-role",
                        GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  label = gtk_label_new (text);
  gtk_widget_add_css_class (label, "caption-heading");
  gtk_widget_add_css_class (badge, "badge");
  gtk_box_append (GTK_BOX (badge), image);
  gtk_box_append (GTK_BOX (badge), label);
  adw_wrap_box_append (self->facts, badge);
  g_ptr_array_add (self->badges, badge);
  gtk_widget_set_visible (GTK_WIDGET (self->facts), TRUE);
  g_string_append_printf (self->spoken, " · %s", text);
  update_description (self);
}

void
linnet_model_row_clear_badges (LinnetModelRow *self)
{
  g_return_if_fail (LINNET_IS_MODEL_ROW (self));

  for (guint i = 0; i < self->badges->len; i++)
    adw_wrap_box_remove (self->facts, g_ptr_array_index (self->badges, i));
  g_ptr_array_set_size (self->badges, 0);
  g_string_truncate (self->spoken, 0);
  gtk_widget_set_visible (GTK_WIDGET (self->facts), self->verdict_title != NULL);
  update_description (self);
}

void
linnet_model_row_add_suffix (LinnetModelRow *self, GtkWidget *widget)
{
  g_return_if_fail (LINNET_IS_MODEL_ROW (self));
  g_return_if_fail (GTK_IS_WIDGET (widget));

  gtk_box_append (self->suffixes, widget);
}

GtkWidget *
linnet_model_row_new_button (const char *text, const char *label)
{
  GtkWidget *button = gtk_button_new_with_label (text);

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  /* The button has named itself after what it shows, which would come first. */
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
  return button;
}
