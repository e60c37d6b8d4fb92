/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetEmptyState: what a chat shows before its first question. */
#include "config.h"

#include <glib/gi18n.h>

#include "chat/linnet-empty-state.h"

struct _LinnetEmptyState {
  AdwBin parent_instance;

  GtkImage *icon;
  GtkLabel *heading;
  GtkLabel *description;
  GtkListBox *suggestions;

  gboolean compact;
};

G_DEFINE_FINAL_TYPE (LinnetEmptyState, linnet_empty_state, ADW_TYPE_BIN)

enum { PROP_0, PROP_COMPACT, N_PROPS };
static GParamSpec *properties[N_PROPS];

enum { SIGNAL_SUGGESTED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* Questions that even the demo model has an answer to. */
static const char *const questions[] = {
  /* Translators: one of the first questions offered. The small demo model must be able to answer
   * it in your language; choose another question when it cannot. */
  N_ ("What is artificial intelligence?"),
  N_ ("How can I stay healthy?"),
  N_ ("Write a short poem about spring."),
};

static void
row_activated_cb (LinnetEmptyState *self, AdwPreferencesRow *row)
{
  g_signal_emit (self, signals[SIGNAL_SUGGESTED], 0, adw_preferences_row_get_title (row));
}

static void
add_suggestion (LinnetEmptyState *self, const char *question)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), question);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row),
                             gtk_image_new_from_icon_name ("go-next-symbolic"));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, question,
                                  -1);
  gtk_list_box_append (self->suggestions, row);
}

static void
linnet_empty_state_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  LinnetEmptyState *self = LINNET_EMPTY_STATE (object);

  switch (prop_id) {
  case PROP_COMPACT:
    g_value_set_boolean (value, self->compact);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_empty_state_set_property (GObject *object,
                                 guint prop_id,
                                 const GValue *value,
                                 GParamSpec *pspec)
{
  LinnetEmptyState *self = LINNET_EMPTY_STATE (object);

  switch (prop_id) {
  case PROP_COMPACT:
    self->compact = g_value_get_boolean (value);
    gtk_widget_set_visible (GTK_WIDGET (self->icon), !self->compact);
    gtk_widget_set_visible (GTK_WIDGET (self->heading), !self->compact);
    gtk_widget_set_visible (GTK_WIDGET (self->description), !self->compact);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_empty_state_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_EMPTY_STATE);

  G_OBJECT_CLASS (linnet_empty_state_parent_class)->dispose (object);
}

static void
linnet_empty_state_class_init (LinnetEmptyStateClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = linnet_empty_state_get_property;
  object_class->set_property = linnet_empty_state_set_property;
  object_class->dispose = linnet_empty_state_dispose;

  properties[PROP_COMPACT] = g_param_spec_boolean ("compact", NULL, NULL, FALSE,
                                                   G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[SIGNAL_SUGGESTED] = g_signal_new ("suggested", LINNET_TYPE_EMPTY_STATE, G_SIGNAL_RUN_LAST,
                                            0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-empty-state.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetEmptyState, icon);
  gtk_widget_class_bind_template_child (widget_class, LinnetEmptyState, heading);
  gtk_widget_class_bind_template_child (widget_class, LinnetEmptyState, description);
  gtk_widget_class_bind_template_child (widget_class, LinnetEmptyState, suggestions);
}

static void
linnet_empty_state_init (LinnetEmptyState *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  for (guint i = 0; i < G_N_ELEMENTS (questions); i++)
    add_suggestion (self, _ (questions[i]));
  g_signal_connect_object (self->suggestions, "row-activated", G_CALLBACK (row_activated_cb), self,
                           G_CONNECT_SWAPPED);
}

GtkWidget *
linnet_empty_state_new (void)
{
  return g_object_new (LINNET_TYPE_EMPTY_STATE, NULL);
}

void
linnet_empty_state_set_can_send (LinnetEmptyState *self, gboolean can_send)
{
  g_return_if_fail (LINNET_IS_EMPTY_STATE (self));

  gtk_widget_set_sensitive (GTK_WIDGET (self->suggestions), can_send);
}
