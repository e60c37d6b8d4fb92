/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetNotice: a sentence that stays above the question field until it has been read. */
#include "config.h"

#include "chat/linnet-notice.h"

struct _LinnetNotice {
  AdwBin parent_instance;

  GtkRevealer *revealer;
  GtkBox *content;
  GtkLabel *label;
  GtkButton *button;

  gboolean narrow;
};

G_DEFINE_FINAL_TYPE (LinnetNotice, linnet_notice, ADW_TYPE_BIN)

enum { PROP_0, PROP_NARROW, N_PROPS };
static GParamSpec *properties[N_PROPS];

static void
dismiss_cb (LinnetNotice *self)
{
  linnet_notice_dismiss (self);
}

static void
linnet_notice_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  LinnetNotice *self = LINNET_NOTICE (object);

  switch (prop_id) {
  case PROP_NARROW:
    g_value_set_boolean (value, self->narrow);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_notice_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  LinnetNotice *self = LINNET_NOTICE (object);

  switch (prop_id) {
  case PROP_NARROW:
    self->narrow = g_value_get_boolean (value);
    gtk_orientable_set_orientation (GTK_ORIENTABLE (self->content),
                                    self->narrow ? GTK_ORIENTATION_VERTICAL
                                                 : GTK_ORIENTATION_HORIZONTAL);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_notice_dispose (GObject *object)
{
  /* Before the template lets go of it, which AdwBin would not notice. */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_NOTICE);

  G_OBJECT_CLASS (linnet_notice_parent_class)->dispose (object);
}

static void
linnet_notice_class_init (LinnetNoticeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = linnet_notice_get_property;
  object_class->set_property = linnet_notice_set_property;
  object_class->dispose = linnet_notice_dispose;

  properties[PROP_NARROW] = g_param_spec_boolean ("narrow", NULL, NULL, FALSE,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/linnet_chat/Linnet/linnet-notice.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetNotice, revealer);
  gtk_widget_class_bind_template_child (widget_class, LinnetNotice, content);
  gtk_widget_class_bind_template_child (widget_class, LinnetNotice, label);
  gtk_widget_class_bind_template_child (widget_class, LinnetNotice, button);
  gtk_widget_class_bind_template_callback (widget_class, dismiss_cb);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_ALERT);
}

static void
linnet_notice_init (LinnetNotice *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

GtkWidget *
linnet_notice_new (void)
{
  return g_object_new (LINNET_TYPE_NOTICE, NULL);
}

void
linnet_notice_show (LinnetNotice *self,
                    const char *sentence,
                    const char *button_label,
                    const char *action_name)
{
  g_return_if_fail (LINNET_IS_NOTICE (self));
  g_return_if_fail (sentence != NULL);
  g_return_if_fail ((button_label == NULL) == (action_name == NULL));

  gtk_label_set_label (self->label, sentence);
  gtk_button_set_label (self->button, button_label != NULL ? button_label : "");
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->button), action_name);
  gtk_widget_set_visible (GTK_WIDGET (self->button), button_label != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
  gtk_revealer_set_reveal_child (self->revealer, TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, sentence,
                                  -1);
  gtk_accessible_announce (GTK_ACCESSIBLE (self), sentence,
                           GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_HIGH);
}

void
linnet_notice_dismiss (LinnetNotice *self)
{
  g_return_if_fail (LINNET_IS_NOTICE (self));

  gtk_revealer_set_reveal_child (self->revealer, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
