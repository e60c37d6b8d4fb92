/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMessageRow: one turn of the conversation. */
#include "config.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "chat/linnet-message-row.h"
#include "chat/linnet-message-text.h"

struct _LinnetMessageRow {
  GtkListBoxRow parent_instance;

  GtkBox *line; /* the bubble and what stands beside it */
  GtkBox *bubble;
  GtkBox *state;
  GtkLabel *state_label;
  GtkBox *footer;
  GtkButton *copy_button;
  GtkLabel *caption;

  LinnetMessage *message;
  LinnetGeneration *generation;
  GtkWidget *text;     /* borrowed: a GtkLabel for a question, a LinnetMessageText for an answer */
  guint copied_source; /* takes the tick off the copy button */
};

G_DEFINE_FINAL_TYPE (LinnetMessageRow, linnet_message_row, GTK_TYPE_LIST_BOX_ROW)

enum { PROP_0, PROP_MESSAGE, N_PROPS };
static GParamSpec *properties[N_PROPS];

static gboolean
is_question (LinnetMessageRow *self)
{
  return linnet_message_get_role (self->message) == LINNET_ROLE_USER;
}

static gboolean
copied_timeout_cb (gpointer user_data)
{
  LinnetMessageRow *self = user_data;

  self->copied_source = 0;
  gtk_button_set_icon_name (self->copy_button, "edit-copy-symbolic");
  return G_SOURCE_REMOVE;
}

static void
copy_action (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  LinnetMessageRow *self = LINNET_MESSAGE_ROW (widget);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget),
                          linnet_message_get_text (self->message));
  gtk_accessible_announce (GTK_ACCESSIBLE (self), _ ("Copied"),
                           GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_LOW);
  gtk_button_set_icon_name (self->copy_button, "object-select-symbolic");
  g_clear_handle_id (&self->copied_source, g_source_remove);
  self->copied_source = g_timeout_add (1500, copied_timeout_cb, self);
}

/* What a screen reader says when it comes to the row. */
static void
update_accessible_label (LinnetMessageRow *self)
{
  const char *text = linnet_message_get_text (self->message);
  g_autofree char *label = NULL;

  if (is_question (self))
    /* Translators: what a screen reader says before the text of a question. */
    label = g_strdup_printf (_ ("You: %s"), text);
  else if (linnet_message_get_complete (self->message))
    /* Translators: what a screen reader says before the text of an answer. */
    label = g_strdup_printf (_ ("Answer: %s"), text);
  else
    label = g_strdup (_ ("Answer, being written"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/* How the answer came to its end, where that needs saying; NULL for the usual end. */
static const char *
describe_end (LinnetFinishReason reason)
{
  switch (reason) {
  case LINNET_FINISH_STOPPED:
    return _ ("Stopped");
  case LINNET_FINISH_LENGTH:
    return _ ("Cut off at the length limit");
  case LINNET_FINISH_CONTEXT:
    return _ (
        "Cut off: this chat is as long as the model can remember. Start a new chat to go on.");
  case LINNET_FINISH_FAILED:
    return _ ("Broken off by an error");
  case LINNET_FINISH_END:
  default:
    return NULL;
  }
}

static void
update_caption (LinnetMessageRow *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  LinnetGenerationStats stats = { 0 };
  const char *end;

  linnet_generation_get_stats (self->generation, &stats);
  end = describe_end (linnet_generation_get_finish_reason (self->generation));
  if (stats.decode_tokens > 0)
    g_string_append_printf (text, ngettext ("%u token", "%u tokens", stats.decode_tokens),
                            stats.decode_tokens);
  if (stats.decode_tokens > 0 && stats.decode_seconds > 0) {
    g_string_append (text, " · ");
    g_string_append_printf (text, _ ("%.1f tokens/s"), stats.decode_tokens / stats.decode_seconds);
  }
  if (end != NULL)
    g_string_append_printf (text, "%s%s", text->len > 0 ? " · " : "", end);

  gtk_label_set_label (self->caption, text->str);
  gtk_widget_set_visible (GTK_WIDGET (self->caption), text->len > 0);
}

/* The one place that decides which of text, state and footer are seen. */
static void
update_state (LinnetMessageRow *self)
{
  gboolean complete = linnet_message_get_complete (self->message);
  gboolean has_text = *linnet_message_get_text (self->message) != '\0';
  LinnetGenerationPhase phase = self->generation != NULL
                                    ? linnet_generation_get_phase (self->generation)
                                    : LINNET_GENERATION_FINISHED;
  g_autofree char *doing = NULL;

  if (phase == LINNET_GENERATION_PREFILL) {
    int percent = (int) (linnet_generation_get_progress (self->generation) * 100);

    doing = percent > 0 ? g_strdup_printf (_ ("Reading your question… %d %%"), percent)
                        : g_strdup (_ ("Reading your question…"));
  } else if (phase == LINNET_GENERATION_WAITING)
    doing = g_strdup (_ ("Getting ready…"));
  else
    doing = g_strdup (_ ("Writing…"));

  if (g_strcmp0 (gtk_label_get_label (self->state_label), doing) != 0)
    gtk_label_set_label (self->state_label, doing);
  gtk_widget_set_visible (GTK_WIDGET (self->state), !complete && !has_text);
  gtk_widget_set_visible (GTK_WIDGET (self->line), has_text);
  /* It keeps its place while the answer is written, so that nothing moves when it ends. */
  gtk_widget_set_visible (GTK_WIDGET (self->footer), !is_question (self) && (has_text || complete));
  if (complete)
    gtk_widget_add_css_class (GTK_WIDGET (self), "complete");
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "message.copy", has_text);
}

static void
text_changed_cb (LinnetMessageRow *self)
{
  const char *text = linnet_message_get_text (self->message);

  if (is_question (self))
    gtk_label_set_label (GTK_LABEL (self->text), text);
  else
    linnet_message_text_set_text (LINNET_MESSAGE_TEXT (self->text), text);
  update_state (self);
}

static void
complete_changed_cb (LinnetMessageRow *self)
{
  update_state (self);
  update_accessible_label (self);
}

static void
generation_finished_cb (LinnetMessageRow *self)
{
  update_caption (self);
  update_state (self);
}

static GtkWidget *
new_question_label (void)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 60);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_accessible_update_property (GTK_ACCESSIBLE (label), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Question"), -1);
  return label;
}

static void
linnet_message_row_constructed (GObject *object)
{
  LinnetMessageRow *self = LINNET_MESSAGE_ROW (object);
  g_autoptr (GMenu) context_menu = g_menu_new ();

  G_OBJECT_CLASS (linnet_message_row_parent_class)->constructed (object);

  g_menu_append (context_menu, _ ("Copy Message"), "message.copy");
  if (is_question (self)) {
    self->text = new_question_label ();
    gtk_label_set_extra_menu (GTK_LABEL (self->text), G_MENU_MODEL (context_menu));
    gtk_widget_add_css_class (GTK_WIDGET (self), "question");
    gtk_widget_add_css_class (GTK_WIDGET (self->bubble), "bubble");
    gtk_widget_set_halign (GTK_WIDGET (self->line), GTK_ALIGN_END);
    gtk_box_remove (self->footer, GTK_WIDGET (self->copy_button));
    gtk_box_prepend (self->line, GTK_WIDGET (self->copy_button));
  } else {
    self->text = linnet_message_text_new ();
    gtk_text_view_set_extra_menu (GTK_TEXT_VIEW (self->text), G_MENU_MODEL (context_menu));
    gtk_widget_add_css_class (GTK_WIDGET (self), "answer");
  }
  gtk_box_append (self->bubble, self->text);

  g_signal_connect_object (self->message, "notify::text", G_CALLBACK (text_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->message, "notify::complete", G_CALLBACK (complete_changed_cb),
                           self, G_CONNECT_SWAPPED);
  text_changed_cb (self);
  update_accessible_label (self);
}

static void
linnet_message_row_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  LinnetMessageRow *self = LINNET_MESSAGE_ROW (object);

  switch (prop_id) {
  case PROP_MESSAGE:
    g_value_set_object (value, self->message);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_message_row_set_property (GObject *object,
                                 guint prop_id,
                                 const GValue *value,
                                 GParamSpec *pspec)
{
  LinnetMessageRow *self = LINNET_MESSAGE_ROW (object);

  switch (prop_id) {
  case PROP_MESSAGE:
    self->message = g_value_dup_object (value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_message_row_dispose (GObject *object)
{
  LinnetMessageRow *self = LINNET_MESSAGE_ROW (object);

  g_clear_handle_id (&self->copied_source, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_MESSAGE_ROW);
  g_clear_object (&self->generation);
  g_clear_object (&self->message);

  G_OBJECT_CLASS (linnet_message_row_parent_class)->dispose (object);
}

static void
linnet_message_row_class_init (LinnetMessageRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->constructed = linnet_message_row_constructed;
  object_class->get_property = linnet_message_row_get_property;
  object_class->set_property = linnet_message_row_set_property;
  object_class->dispose = linnet_message_row_dispose;

  properties[PROP_MESSAGE] =
      g_param_spec_object ("message", NULL, NULL, LINNET_TYPE_MESSAGE,
                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-message-row.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetMessageRow, line);
  gtk_widget_class_bind_template_child (widget_class, LinnetMessageRow, bubble);
  gtk_widget_class_bind_template_child (widget_class, LinnetMessageRow, state);
  gtk_widget_class_bind_template_child (widget_class, LinnetMessageRow, state_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetMessageRow, footer);
  gtk_widget_class_bind_template_child (widget_class, LinnetMessageRow, copy_button);
  gtk_widget_class_bind_template_child (widget_class, LinnetMessageRow, caption);
  gtk_widget_class_install_action (widget_class, "message.copy", NULL, copy_action);
}

static void
linnet_message_row_init (LinnetMessageRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
linnet_message_row_new (LinnetMessage *message)
{
  g_return_val_if_fail (LINNET_IS_MESSAGE (message), NULL);

  return g_object_new (LINNET_TYPE_MESSAGE_ROW, "message", message, NULL);
}

LinnetMessage *
linnet_message_row_get_message (LinnetMessageRow *self)
{
  g_return_val_if_fail (LINNET_IS_MESSAGE_ROW (self), NULL);

  return self->message;
}

void
linnet_message_row_set_generation (LinnetMessageRow *self, LinnetGeneration *generation)
{
  g_return_if_fail (LINNET_IS_MESSAGE_ROW (self));
  g_return_if_fail (generation == NULL || LINNET_IS_GENERATION (generation));

  if (self->generation == generation)
    return;
  if (self->generation != NULL)
    g_signal_handlers_disconnect_by_data (self->generation, self);
  g_set_object (&self->generation, generation);
  if (generation != NULL) {
    g_signal_connect_object (generation, "notify::phase", G_CALLBACK (update_state), self,
                             G_CONNECT_SWAPPED);
    g_signal_connect_object (generation, "notify::progress", G_CALLBACK (update_state), self,
                             G_CONNECT_SWAPPED);
    g_signal_connect_object (generation, "finished", G_CALLBACK (generation_finished_cb), self,
                             G_CONNECT_SWAPPED);
    if (linnet_generation_get_phase (generation) == LINNET_GENERATION_FINISHED)
      update_caption (self);
  }
  update_state (self);
}

const char *
linnet_message_row_get_caption (LinnetMessageRow *self)
{
  g_return_val_if_fail (LINNET_IS_MESSAGE_ROW (self), "");

  return gtk_label_get_label (self->caption);
}
