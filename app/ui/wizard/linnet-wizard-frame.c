/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardFrame: what all pages of the wizard have in common. */
#include "config.h"

#include <glib/gi18n.h>

#include "wizard/linnet-wizard-frame.h"
#include "wizard/linnet-wizard-heading.h"

struct _LinnetWizardFrame {
  AdwBin parent_instance;

  AdwWindowTitle *title;
  GtkButton *skip_button;
  GtkScrolledWindow *scroller;
  LinnetWizardHeading *heading;
  GtkLabel *description;
  AdwBin *content;
  GtkButton *other_button;
  GtkButton *next_button;

  guint step; /* 0: none */
};

G_DEFINE_FINAL_TYPE (LinnetWizardFrame, linnet_wizard_frame, ADW_TYPE_BIN)

enum {
  PROP_0,
  PROP_TITLE,
  PROP_HEADING,
  PROP_DESCRIPTION,
  PROP_STEP,
  PROP_CONTENT,
  PROP_NEXT_LABEL,
  PROP_NEXT_ACTION,
  PROP_OTHER_LABEL,
  PROP_OTHER_ACTION,
  N_PROPS
};
static GParamSpec *properties[N_PROPS];

static void
set_button_label (GtkButton *button, const char *label)
{
  gtk_widget_set_visible (GTK_WIDGET (button), label != NULL);
  if (label != NULL)
    gtk_button_set_label (button, label);
}

static void
set_step (LinnetWizardFrame *self, guint step)
{
  g_autofree char *text = NULL;

  self->step = step;
  /* Translators: which page of the wizard this is. */
  text = step > 0 ? g_strdup_printf (_ ("Step %u of %u"), step, LINNET_WIZARD_N_STEPS) : NULL;
  adw_window_title_set_subtitle (self->title, text != NULL ? text : "");
}

static void
linnet_wizard_frame_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  LinnetWizardFrame *self = LINNET_WIZARD_FRAME (object);

  switch (prop_id) {
  case PROP_TITLE:
    g_value_set_string (value, adw_window_title_get_title (self->title));
    break;
  case PROP_HEADING:
    g_value_set_string (value, linnet_wizard_heading_get_text (self->heading));
    break;
  case PROP_DESCRIPTION:
    g_value_set_string (value, gtk_label_get_label (self->description));
    break;
  case PROP_STEP:
    g_value_set_uint (value, self->step);
    break;
  case PROP_CONTENT:
    g_value_set_object (value, adw_bin_get_child (self->content));
    break;
  case PROP_NEXT_LABEL:
    g_value_set_string (value, gtk_button_get_label (self->next_button));
    break;
  case PROP_NEXT_ACTION:
    g_value_set_string (value, gtk_actionable_get_action_name (GTK_ACTIONABLE (self->next_button)));
    break;
  case PROP_OTHER_LABEL:
    g_value_set_string (value, gtk_button_get_label (self->other_button));
    break;
  case PROP_OTHER_ACTION:
    g_value_set_string (value,
                        gtk_actionable_get_action_name (GTK_ACTIONABLE (self->other_button)));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_wizard_frame_set_property (GObject *object,
                                  guint prop_id,
                                  const GValue *value,
                                  GParamSpec *pspec)
{
  LinnetWizardFrame *self = LINNET_WIZARD_FRAME (object);

  switch (prop_id) {
  case PROP_TITLE:
    adw_window_title_set_title (self->title, g_value_get_string (value));
    break;
  case PROP_HEADING:
    linnet_wizard_frame_set_heading (self, g_value_get_string (value));
    break;
  case PROP_DESCRIPTION:
    linnet_wizard_frame_set_description (self, g_value_get_string (value));
    break;
  case PROP_STEP:
    set_step (self, g_value_get_uint (value));
    break;
  case PROP_CONTENT:
    adw_bin_set_child (self->content, g_value_get_object (value));
    break;
  case PROP_NEXT_LABEL:
    set_button_label (self->next_button, g_value_get_string (value));
    break;
  case PROP_NEXT_ACTION:
    gtk_actionable_set_action_name (GTK_ACTIONABLE (self->next_button), g_value_get_string (value));
    break;
  case PROP_OTHER_LABEL:
    set_button_label (self->other_button, g_value_get_string (value));
    break;
  case PROP_OTHER_ACTION:
    gtk_actionable_set_action_name (GTK_ACTIONABLE (self->other_button),
                                    g_value_get_string (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_wizard_frame_dispose (GObject *object)
{
  LinnetWizardFrame *self = LINNET_WIZARD_FRAME (object);

  if (self->content != NULL)
    adw_bin_set_child (self->content, NULL);
  /* Before the template lets go of it, which AdwBin would not notice. */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_WIZARD_FRAME);

  G_OBJECT_CLASS (linnet_wizard_frame_parent_class)->dispose (object);
}

static void
install_properties (GObjectClass *object_class)
{
  static const struct {
    guint id;
    const char *name;
  } strings[] = {
    { PROP_TITLE, "title" },
    { PROP_HEADING, "heading" },
    { PROP_DESCRIPTION, "description" },
    { PROP_NEXT_LABEL, "next-label" },
    { PROP_NEXT_ACTION, "next-action" },
    { PROP_OTHER_LABEL, "other-label" },
    { PROP_OTHER_ACTION, "other-action" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    properties[strings[i].id] = g_param_spec_string (strings[i].name, NULL, NULL, NULL,
                                                     G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_STEP] = g_param_spec_uint ("step", NULL, NULL, 0, LINNET_WIZARD_N_STEPS, 0,
                                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_CONTENT] = g_param_spec_object ("content", NULL, NULL, GTK_TYPE_WIDGET,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
linnet_wizard_frame_class_init (LinnetWizardFrameClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = linnet_wizard_frame_get_property;
  object_class->set_property = linnet_wizard_frame_set_property;
  object_class->dispose = linnet_wizard_frame_dispose;
  install_properties (object_class);

  g_type_ensure (LINNET_TYPE_WIZARD_HEADING);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-wizard-frame.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardFrame, title);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardFrame, skip_button);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardFrame, scroller);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardFrame, heading);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardFrame, description);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardFrame, content);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardFrame, other_button);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardFrame, next_button);
}

static void
linnet_wizard_frame_init (LinnetWizardFrame *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
linnet_wizard_frame_new (void)
{
  return g_object_new (LINNET_TYPE_WIZARD_FRAME, NULL);
}

void
linnet_wizard_frame_set_heading (LinnetWizardFrame *self, const char *heading)
{
  g_return_if_fail (LINNET_IS_WIZARD_FRAME (self));

  linnet_wizard_heading_set_text (self->heading, heading != NULL ? heading : "");
}

void
linnet_wizard_frame_set_description (LinnetWizardFrame *self, const char *description)
{
  g_return_if_fail (LINNET_IS_WIZARD_FRAME (self));

  gtk_label_set_label (self->description, description != NULL ? description : "");
  gtk_widget_set_visible (GTK_WIDGET (self->description), description != NULL);
}

void
linnet_wizard_frame_set_next (LinnetWizardFrame *self, const char *label, const char *action)
{
  g_return_if_fail (LINNET_IS_WIZARD_FRAME (self));

  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->next_button), action);
  set_button_label (self->next_button, label);
}

void
linnet_wizard_frame_set_other (LinnetWizardFrame *self, const char *label, const char *action)
{
  g_return_if_fail (LINNET_IS_WIZARD_FRAME (self));

  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->other_button), action);
  set_button_label (self->other_button, label);
}

void
linnet_wizard_frame_set_can_skip (LinnetWizardFrame *self, gboolean can_skip)
{
  g_return_if_fail (LINNET_IS_WIZARD_FRAME (self));

  gtk_widget_set_visible (GTK_WIDGET (self->skip_button), can_skip);
}

void
linnet_wizard_frame_take_focus (LinnetWizardFrame *self)
{
  GtkRoot *root;

  g_return_if_fail (LINNET_IS_WIZARD_FRAME (self));

  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroller), 0);
  gtk_widget_grab_focus (GTK_WIDGET (self->heading));
  root = gtk_widget_get_root (GTK_WIDGET (self));
  if (GTK_IS_WINDOW (root))
    gtk_window_set_default_widget (GTK_WINDOW (root), GTK_WIDGET (self->next_button));
}

void
linnet_wizard_frame_release_focus (LinnetWizardFrame *self)
{
  GtkRoot *root;

  g_return_if_fail (LINNET_IS_WIZARD_FRAME (self));

  root = gtk_widget_get_root (GTK_WIDGET (self));
  if (GTK_IS_WINDOW (root) &&
      gtk_window_get_default_widget (GTK_WINDOW (root)) == GTK_WIDGET (self->next_button))
    gtk_window_set_default_widget (GTK_WINDOW (root), NULL);
}
