/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardHeading: a heading that can have the focus. */
#include "config.h"

#include "wizard/linnet-wizard-heading.h"

struct _LinnetWizardHeading {
  GtkWidget parent_instance;

  GtkWidget *label;
};

G_DEFINE_FINAL_TYPE (LinnetWizardHeading, linnet_wizard_heading, GTK_TYPE_WIDGET)

static void
linnet_wizard_heading_dispose (GObject *object)
{
  g_clear_pointer (&LINNET_WIZARD_HEADING (object)->label, gtk_widget_unparent);

  G_OBJECT_CLASS (linnet_wizard_heading_parent_class)->dispose (object);
}

static void
linnet_wizard_heading_class_init (LinnetWizardHeadingClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = linnet_wizard_heading_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_HEADING);
  gtk_widget_class_set_css_name (widget_class, "wizardheading");
}

static void
linnet_wizard_heading_init (LinnetWizardHeading *self)
{
  GtkLabel *label =
      g_object_new (GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

  gtk_label_set_wrap (label, TRUE);
  gtk_label_set_wrap_mode (label, PANGO_WRAP_WORD_CHAR);
  gtk_label_set_justify (label, GTK_JUSTIFY_CENTER);
  gtk_widget_add_css_class (GTK_WIDGET (label), "title-1");
  self->label = GTK_WIDGET (label);
  gtk_widget_set_parent (self->label, GTK_WIDGET (self));
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
}

GtkWidget *
linnet_wizard_heading_new (void)
{
  return g_object_new (LINNET_TYPE_WIZARD_HEADING, NULL);
}

const char *
linnet_wizard_heading_get_text (LinnetWizardHeading *self)
{
  g_return_val_if_fail (LINNET_IS_WIZARD_HEADING (self), NULL);

  return gtk_label_get_label (GTK_LABEL (self->label));
}

void
linnet_wizard_heading_set_text (LinnetWizardHeading *self, const char *text)
{
  g_return_if_fail (LINNET_IS_WIZARD_HEADING (self));
  g_return_if_fail (text != NULL);

  gtk_label_set_label (GTK_LABEL (self->label), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text,
                                  GTK_ACCESSIBLE_PROPERTY_LEVEL, 1, -1);
}
