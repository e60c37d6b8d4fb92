/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetAdviceFact: one fact about a model on its card. */
#include "config.h"

#include "wizard/linnet-advice-fact.h"

struct _LinnetAdviceFact {
  AdwBin parent_instance;

  GtkImage *icon;
  GtkLabel *title_label;
  GtkLabel *value_label;
  GtkLabel *detail_label;
};

G_DEFINE_FINAL_TYPE (LinnetAdviceFact, linnet_advice_fact, ADW_TYPE_BIN)

enum { PROP_0, PROP_ICON_NAME, PROP_TITLE, N_PROPS };
static GParamSpec *properties[N_PROPS];

static void
linnet_advice_fact_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  LinnetAdviceFact *self = LINNET_ADVICE_FACT (object);

  switch (prop_id) {
  case PROP_ICON_NAME:
    g_value_set_string (value, gtk_image_get_icon_name (self->icon));
    break;
  case PROP_TITLE:
    g_value_set_string (value, gtk_label_get_label (self->title_label));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_advice_fact_set_property (GObject *object,
                                 guint prop_id,
                                 const GValue *value,
                                 GParamSpec *pspec)
{
  LinnetAdviceFact *self = LINNET_ADVICE_FACT (object);

  switch (prop_id) {
  case PROP_ICON_NAME:
    gtk_image_set_from_icon_name (self->icon, g_value_get_string (value));
    break;
  case PROP_TITLE:
    gtk_label_set_label (self->title_label, g_value_get_string (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_advice_fact_dispose (GObject *object)
{
  /* Before the template lets go of it, which AdwBin would not notice. */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_ADVICE_FACT);

  G_OBJECT_CLASS (linnet_advice_fact_parent_class)->dispose (object);
}

static void
linnet_advice_fact_class_init (LinnetAdviceFactClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = linnet_advice_fact_get_property;
  object_class->set_property = linnet_advice_fact_set_property;
  object_class->dispose = linnet_advice_fact_dispose;

  properties[PROP_ICON_NAME] = g_param_spec_string ("icon-name", NULL, NULL, NULL,
                                                    G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_TITLE] =
      g_param_spec_string ("title", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-advice-fact.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceFact, icon);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceFact, title_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceFact, value_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetAdviceFact, detail_label);
}

static void
linnet_advice_fact_init (LinnetAdviceFact *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
linnet_advice_fact_set (LinnetAdviceFact *self, const char *value, const char *detail)
{
  g_return_if_fail (LINNET_IS_ADVICE_FACT (self));
  g_return_if_fail (value != NULL);

  gtk_label_set_label (self->value_label, value);
  gtk_label_set_label (self->detail_label, detail != NULL ? detail : "");
  gtk_widget_set_visible (GTK_WIDGET (self->detail_label), detail != NULL);
}
