/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetComposer: where a question is written. */
#include "config.h"

#include <glib/gi18n.h>

#include "chat/linnet-composer.h"
#include "linnet-accelerators.h"

struct _LinnetComposer {
  AdwBin parent_instance;

  GtkTextView *text_view;
  GtkLabel *placeholder;
  GtkButton *button;

  gboolean can_send;
  gboolean generating;
  gboolean composing; /* an input method shows text that is not written yet */
};

G_DEFINE_FINAL_TYPE (LinnetComposer, linnet_composer, ADW_TYPE_BIN)

enum { PROP_0, PROP_CAN_SEND, PROP_GENERATING, N_PROPS };
static GParamSpec *properties[N_PROPS];

enum { SIGNAL_SEND, SIGNAL_SCROLL, N_SIGNALS };
static guint signals[N_SIGNALS];

static gboolean
is_blank (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (!g_unichar_isspace (g_utf8_get_char (p)))
      return FALSE;
  return TRUE;
}

/* The one place that decides what can be done now and what the button is. */
static void
update_state (LinnetComposer *self)
{
  g_autofree char *text = linnet_composer_dup_text (self);
  const char *label = self->generating ? _ ("Stop the Answer") : _ ("Send");

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "composer.send",
                                 self->can_send && !self->generating && !is_blank (text));
  gtk_widget_set_visible (GTK_WIDGET (self->placeholder), *text == '\0' && !self->composing);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->button),
                                  self->generating ? "win.stop" : "composer.send");
  gtk_button_set_icon_name (self->button,
                            self->generating ? "media-playback-stop-symbolic" : "go-up-symbolic");
  if (self->generating)
    gtk_widget_remove_css_class (GTK_WIDGET (self->button), "suggested-action");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->button), "suggested-action");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->button), label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  label, -1);
}

static void
send_action (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  LinnetComposer *self = LINNET_COMPOSER (widget);
  g_autofree char *text = linnet_composer_dup_text (self);

  linnet_composer_set_text (self, "");
  gtk_widget_grab_focus (GTK_WIDGET (self->text_view));
  g_signal_emit (self, signals[SIGNAL_SEND], 0, g_strstrip (text));
}

static gboolean
key_pressed_cb (LinnetComposer *self,
                guint keyval,
                guint keycode,
                GdkModifierType state,
                GtkEventControllerKey *controller)
{
  if (linnet_accelerators_match ("page.scroll-up", keyval, state))
    g_signal_emit (self, signals[SIGNAL_SCROLL], 0, -1);
  else if (linnet_accelerators_match ("page.scroll-down", keyval, state))
    g_signal_emit (self, signals[SIGNAL_SCROLL], 0, 1);
  else if (linnet_accelerators_match ("composer.send", keyval, state)) {
    GdkEvent *event = gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (controller));

    /* Enter belongs to the input method first: there it ends what is being composed. */
    if (event != NULL && gtk_text_view_im_context_filter_keypress (self->text_view, event))
      return GDK_EVENT_STOP;
    if (!self->composing)
      gtk_widget_activate_action (GTK_WIDGET (self), "composer.send", NULL);
  } else
    return GDK_EVENT_PROPAGATE;

  return GDK_EVENT_STOP;
}

static void
preedit_changed_cb (LinnetComposer *self, const char *preedit)
{
  self->composing = *preedit != '\0';
  update_state (self);
}

static void
linnet_composer_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  LinnetComposer *self = LINNET_COMPOSER (object);

  switch (prop_id) {
  case PROP_CAN_SEND:
    g_value_set_boolean (value, self->can_send);
    break;
  case PROP_GENERATING:
    g_value_set_boolean (value, self->generating);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_composer_set_property (GObject *object,
                              guint prop_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  LinnetComposer *self = LINNET_COMPOSER (object);

  switch (prop_id) {
  case PROP_CAN_SEND:
    linnet_composer_set_can_send (self, g_value_get_boolean (value));
    break;
  case PROP_GENERATING:
    linnet_composer_set_generating (self, g_value_get_boolean (value));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_composer_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_COMPOSER);

  G_OBJECT_CLASS (linnet_composer_parent_class)->dispose (object);
}

static void
linnet_composer_class_init (LinnetComposerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = linnet_composer_get_property;
  object_class->set_property = linnet_composer_set_property;
  object_class->dispose = linnet_composer_dispose;

  properties[PROP_CAN_SEND] =
      g_param_spec_boolean ("can-send", NULL, NULL, FALSE,
                            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_GENERATING] =
      g_param_spec_boolean ("generating", NULL, NULL, FALSE,
                            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[SIGNAL_SEND] = g_signal_new ("send", LINNET_TYPE_COMPOSER, G_SIGNAL_RUN_LAST, 0, NULL,
                                       NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_SCROLL] = g_signal_new ("scroll", LINNET_TYPE_COMPOSER, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/linnet_chat/Linnet/linnet-composer.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetComposer, text_view);
  gtk_widget_class_bind_template_child (widget_class, LinnetComposer, placeholder);
  gtk_widget_class_bind_template_child (widget_class, LinnetComposer, button);
  gtk_widget_class_set_css_name (widget_class, "composer");
  gtk_widget_class_install_action (widget_class, "composer.send", NULL, send_action);
}

static void
linnet_composer_init (LinnetComposer *self)
{
  GtkEventController *keys;

  gtk_widget_init_template (GTK_WIDGET (self));

  keys = gtk_event_controller_key_new ();
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect_object (keys, "key-pressed", G_CALLBACK (key_pressed_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self->text_view), keys);

  g_signal_connect_object (self->text_view, "preedit-changed", G_CALLBACK (preedit_changed_cb),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_text_view_get_buffer (self->text_view), "changed",
                           G_CALLBACK (update_state), self, G_CONNECT_SWAPPED);
  gtk_accessible_update_property (
      GTK_ACCESSIBLE (self->text_view), GTK_ACCESSIBLE_PROPERTY_PLACEHOLDER,
      gtk_label_get_label (self->placeholder), GTK_ACCESSIBLE_PROPERTY_MULTI_LINE, TRUE, -1);
  update_state (self);
}

GtkWidget *
linnet_composer_new (void)
{
  return g_object_new (LINNET_TYPE_COMPOSER, NULL);
}

void
linnet_composer_set_can_send (LinnetComposer *self, gboolean can_send)
{
  g_return_if_fail (LINNET_IS_COMPOSER (self));

  if (self->can_send == !!can_send)
    return;
  self->can_send = !!can_send;
  update_state (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CAN_SEND]);
}

void
linnet_composer_set_generating (LinnetComposer *self, gboolean generating)
{
  g_return_if_fail (LINNET_IS_COMPOSER (self));

  if (self->generating == !!generating)
    return;
  self->generating = !!generating;
  update_state (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_GENERATING]);
}

char *
linnet_composer_dup_text (LinnetComposer *self)
{
  GtkTextBuffer *buffer;
  GtkTextIter start, end;

  g_return_val_if_fail (LINNET_IS_COMPOSER (self), NULL);

  buffer = gtk_text_view_get_buffer (self->text_view);
  gtk_text_buffer_get_bounds (buffer, &start, &end);
  return gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
}

void
linnet_composer_set_text (LinnetComposer *self, const char *text)
{
  g_return_if_fail (LINNET_IS_COMPOSER (self));
  g_return_if_fail (text != NULL);

  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->text_view), text, -1);
}

void
linnet_composer_take_focus (LinnetComposer *self)
{
  g_return_if_fail (LINNET_IS_COMPOSER (self));

  gtk_widget_grab_focus (GTK_WIDGET (self->text_view));
}
