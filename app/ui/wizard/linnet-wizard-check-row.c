/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardCheckRow: one thing that is looked at on this computer. */
#include "config.h"

#include <glib/gi18n.h>

#include "wizard/linnet-wizard-check-row.h"

struct _LinnetWizardCheckRow {
  AdwPreferencesRow parent_instance;

  GtkStack *state_stack;
  GtkImage *state_icon;
  GtkLabel *name_label;
  GtkLabel *title_label;
  GtkLabel *meaning_label;
  GtkProgressBar *bar;
};

G_DEFINE_FINAL_TYPE (LinnetWizardCheckRow, linnet_wizard_check_row, ADW_TYPE_PREFERENCES_ROW)

enum { PROP_0, PROP_NAME, N_PROPS };
static GParamSpec *properties[N_PROPS];

static const struct {
  const char *icon;
  const char *css_class;
} looks[] = {
  [LINNET_WIZARD_CHECK_GOOD] = { "object-select-symbolic", "success" },
  [LINNET_WIZARD_CHECK_FAIR] = { "dialog-information-symbolic", "accent" },
  [LINNET_WIZARD_CHECK_POOR] = { "dialog-warning-symbolic", "warning" },
};

/* The whole row is one thing for a screen reader. */
static void
update_accessible (LinnetWizardCheckRow *self)
{
  g_autofree char *label = g_strdup_printf ("%s: %s", gtk_label_get_label (self->name_label),
                                            gtk_label_get_label (self->title_label));

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  gtk_label_get_label (self->meaning_label), -1);
}

static void
linnet_wizard_check_row_get_property (GObject *object,
                                      guint prop_id,
                                      GValue *value,
                                      GParamSpec *pspec)
{
  switch (prop_id) {
  case PROP_NAME:
    g_value_set_string (value, gtk_label_get_label (LINNET_WIZARD_CHECK_ROW (object)->name_label));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_wizard_check_row_set_property (GObject *object,
                                      guint prop_id,
                                      const GValue *value,
                                      GParamSpec *pspec)
{
  LinnetWizardCheckRow *self = LINNET_WIZARD_CHECK_ROW (object);

  switch (prop_id) {
  case PROP_NAME:
    gtk_label_set_label (self->name_label, g_value_get_string (value));
    gtk_accessible_update_property (GTK_ACCESSIBLE (self->bar), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                    g_value_get_string (value), -1);
    update_accessible (self);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_wizard_check_row_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_WIZARD_CHECK_ROW);

  G_OBJECT_CLASS (linnet_wizard_check_row_parent_class)->dispose (object);
}

static void
linnet_wizard_check_row_class_init (LinnetWizardCheckRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = linnet_wizard_check_row_get_property;
  object_class->set_property = linnet_wizard_check_row_set_property;
  object_class->dispose = linnet_wizard_check_row_dispose;

  properties[PROP_NAME] = g_param_spec_string ("check-name", NULL, NULL, "",
                                               G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-wizard-check-row.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardCheckRow, state_stack);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardCheckRow, state_icon);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardCheckRow, name_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardCheckRow, title_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardCheckRow, meaning_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardCheckRow, bar);
}

static void
linnet_wizard_check_row_init (LinnetWizardCheckRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
linnet_wizard_check_row_new (const char *name)
{
  return g_object_new (LINNET_TYPE_WIZARD_CHECK_ROW, "check-name", name, NULL);
}

void
linnet_wizard_check_row_set_waiting (LinnetWizardCheckRow *self, const char *what, double fraction)
{
  g_return_if_fail (LINNET_IS_WIZARD_CHECK_ROW (self));
  g_return_if_fail (what != NULL);

  gtk_stack_set_visible_child_name (self->state_stack, "waiting");
  gtk_label_set_label (self->title_label, what);
  gtk_label_set_label (self->meaning_label, "");
  gtk_widget_set_visible (GTK_WIDGET (self->meaning_label), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->bar), fraction >= 0);
  gtk_progress_bar_set_fraction (self->bar, CLAMP (fraction, 0, 1));
  update_accessible (self);
}

void
linnet_wizard_check_row_set_check (LinnetWizardCheckRow *self, const LinnetWizardCheck *check)
{
  GtkWidget *icon;

  g_return_if_fail (LINNET_IS_WIZARD_CHECK_ROW (self));
  g_return_if_fail (check != NULL);

  icon = GTK_WIDGET (self->state_icon);
  for (guint i = 0; i < G_N_ELEMENTS (looks); i++)
    gtk_widget_remove_css_class (icon, looks[i].css_class);
  gtk_widget_add_css_class (icon, looks[check->state].css_class);
  gtk_image_set_from_icon_name (self->state_icon, looks[check->state].icon);
  gtk_stack_set_visible_child_name (self->state_stack, "done");
  gtk_label_set_label (self->title_label, check->title);
  gtk_label_set_label (self->meaning_label, check->meaning);
  gtk_widget_set_visible (GTK_WIDGET (self->meaning_label), check->meaning[0] != '\0');
  gtk_widget_set_visible (GTK_WIDGET (self->bar), FALSE);
  update_accessible (self);
}
