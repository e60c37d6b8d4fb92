/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetChatPage: one chat. */
#include "config.h"

#include <glib/gi18n.h>

#include "chat/linnet-chat-page.h"
#include "chat/linnet-composer.h"
#include "chat/linnet-empty-state.h"
#include "chat/linnet-message-row.h"
#include "chat/linnet-notice.h"

struct _LinnetChatPage {
  AdwBin parent_instance;

  GtkStack *stack;
  LinnetEmptyState *empty_state;
  GtkScrolledWindow *scroller;
  GtkListBox *messages;
  GtkRevealer *end_revealer;
  LinnetNotice *notice;
  LinnetComposer *composer;

  LinnetChat *chat;
  GtkWindow *focus_window; /* borrowed: the window whose focus is watched */

  gboolean compact; /* low */
  gboolean narrow;
  gboolean following; /* new text is scrolled into view */
  double last_value;  /* of the adjustment, to tell which way it went */
};

G_DEFINE_FINAL_TYPE (LinnetChatPage, linnet_chat_page, ADW_TYPE_BIN)

enum { PROP_0, PROP_CHAT, PROP_COMPACT, PROP_NARROW, PROP_AT_END, N_PROPS };
static GParamSpec *properties[N_PROPS];

static double
end_value (GtkAdjustment *adjustment)
{
  return gtk_adjustment_get_upper (adjustment) - gtk_adjustment_get_page_size (adjustment);
}

static void
update_end_button (LinnetChatPage *self)
{
  gboolean at_end = linnet_chat_page_get_at_end (self);

  if (gtk_revealer_get_reveal_child (self->end_revealer) == !at_end)
    return;
  gtk_revealer_set_reveal_child (self->end_revealer, !at_end);
  /* Out of sight it must be out of reach too. */
  gtk_widget_set_can_target (GTK_WIDGET (self->end_revealer), !at_end);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AT_END]);
}

/* Someone scrolled: away from the end means "let me read", back to it means "go on following". */
static void
value_changed_cb (LinnetChatPage *self, GtkAdjustment *adjustment)
{
  double value = gtk_adjustment_get_value (adjustment);

  if (value >= end_value (adjustment) - 1)
    self->following = TRUE;
  else if (value < self->last_value)
    self->following = FALSE;
  self->last_value = value;
  update_end_button (self);
}

/* The messages or the window changed their height. */
static void
adjustment_changed_cb (LinnetChatPage *self, GtkAdjustment *adjustment)
{
  if (self->following)
    gtk_adjustment_set_value (adjustment, end_value (adjustment));
  update_end_button (self);
}

static void
composer_scroll_cb (LinnetChatPage *self, int pages)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);

  gtk_adjustment_set_value (adjustment,
                            gtk_adjustment_get_value (adjustment) +
                                pages * 0.9 * gtk_adjustment_get_page_size (adjustment));
}

/* Brings what the keyboard moved to into view, as little as needed. The viewport's own way would
 * also jump when a tall message is clicked, which loses the reader's place. */
static void
focus_changed_cb (LinnetChatPage *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  GtkWidget *focus;
  graphene_rect_t bounds;
  double top, bottom, value, page;

  if (self->focus_window == NULL || !gtk_window_get_focus_visible (self->focus_window))
    return;
  focus = gtk_window_get_focus (self->focus_window);
  if (focus == NULL || !gtk_widget_is_ancestor (focus, GTK_WIDGET (self->messages)) ||
      !gtk_widget_compute_bounds (focus, GTK_WIDGET (self->messages), &bounds))
    return;

  value = gtk_adjustment_get_value (adjustment);
  page = gtk_adjustment_get_page_size (adjustment);
  top = bounds.origin.y;
  bottom = top + bounds.size.height;
  if (top < value || bottom - top > page)
    gtk_adjustment_set_value (adjustment, top);
  else if (bottom > value + page)
    gtk_adjustment_set_value (adjustment, bottom - page);
}

static GtkWidget *
create_row (gpointer item, gpointer user_data)
{
  return linnet_message_row_new (LINNET_MESSAGE (item));
}

static LinnetMessageRow *
get_last_row (LinnetChatPage *self)
{
  GtkWidget *last = gtk_widget_get_last_child (GTK_WIDGET (self->messages));

  return last != NULL ? LINNET_MESSAGE_ROW (last) : NULL;
}

/* The one place that decides what can be done on the page. */
static void
update_state (LinnetChatPage *self)
{
  LinnetEngine *engine = self->chat != NULL ? linnet_chat_get_engine (self->chat) : NULL;
  gboolean ready = engine != NULL && linnet_engine_get_model (engine) != NULL &&
                   !linnet_engine_get_loading (engine);
  gboolean empty =
      self->chat == NULL ||
      g_list_model_get_n_items (G_LIST_MODEL (linnet_chat_get_conversation (self->chat))) == 0;
  gboolean busy = self->chat != NULL && linnet_chat_get_busy (self->chat);

  linnet_composer_set_can_send (self->composer, ready && !busy);
  linnet_composer_set_generating (self->composer, busy);
  linnet_empty_state_set_can_send (self->empty_state, ready && !busy);
  gtk_stack_set_visible_child_name (self->stack, empty ? "empty" : "messages");
}

static void
generation_changed_cb (LinnetChatPage *self)
{
  LinnetGeneration *generation = linnet_chat_get_generation (self->chat);
  LinnetMessageRow *row = get_last_row (self);

  if (generation != NULL && row != NULL)
    linnet_message_row_set_generation (row, generation);
}

static void
finished_cb (LinnetChatPage *self)
{
  LinnetMessageRow *row = get_last_row (self);
  const char *text;

  if (row == NULL)
    return;
  text = linnet_message_get_text (linnet_message_row_get_message (row));
  if (*text != '\0')
    gtk_accessible_announce (GTK_ACCESSIBLE (self), text,
                             GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

/* What was written meanwhile is worth more than what was asked before. */
static void
taken_back_cb (LinnetChatPage *self, const char *question)
{
  linnet_chat_page_suggest (self, question);
}

static void
send_cb (LinnetChatPage *self, const char *text)
{
  self->following = TRUE;
  linnet_notice_dismiss (self->notice);
  if (self->chat == NULL || !linnet_chat_send (self->chat, text))
    taken_back_cb (self, text);
  linnet_chat_page_focus_composer (self);
}

static void
root_changed_cb (LinnetChatPage *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (self->focus_window != NULL)
    g_signal_handlers_disconnect_by_data (self->focus_window, self);
  g_set_weak_pointer (&self->focus_window, GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL);
  if (self->focus_window != NULL)
    g_signal_connect_object (self->focus_window, "notify::focus-widget",
                             G_CALLBACK (focus_changed_cb), self, G_CONNECT_SWAPPED);
}

static void
linnet_chat_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  LinnetChatPage *self = LINNET_CHAT_PAGE (object);

  switch (prop_id) {
  case PROP_CHAT:
    g_value_set_object (value, self->chat);
    break;
  case PROP_COMPACT:
    g_value_set_boolean (value, self->compact);
    break;
  case PROP_NARROW:
    g_value_set_boolean (value, self->narrow);
    break;
  case PROP_AT_END:
    g_value_set_boolean (value, linnet_chat_page_get_at_end (self));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_chat_page_set_property (GObject *object,
                               guint prop_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  LinnetChatPage *self = LINNET_CHAT_PAGE (object);

  switch (prop_id) {
  case PROP_CHAT:
    linnet_chat_page_set_chat (self, g_value_get_object (value));
    break;
  case PROP_COMPACT:
    self->compact = g_value_get_boolean (value);
    g_object_set (self->empty_state, "compact", self->compact, NULL);
    break;
  case PROP_NARROW:
    self->narrow = g_value_get_boolean (value);
    g_object_set (self->notice, "narrow", self->narrow, NULL);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_chat_page_dispose (GObject *object)
{
  LinnetChatPage *self = LINNET_CHAT_PAGE (object);

  linnet_chat_page_set_chat (self, NULL);
  g_clear_weak_pointer (&self->focus_window);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_CHAT_PAGE);

  G_OBJECT_CLASS (linnet_chat_page_parent_class)->dispose (object);
}

static void
linnet_chat_page_class_init (LinnetChatPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = linnet_chat_page_get_property;
  object_class->set_property = linnet_chat_page_set_property;
  object_class->dispose = linnet_chat_page_dispose;

  properties[PROP_CHAT] =
      g_param_spec_object ("chat", NULL, NULL, LINNET_TYPE_CHAT,
                           G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_COMPACT] = g_param_spec_boolean ("compact", NULL, NULL, FALSE,
                                                   G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_NARROW] = g_param_spec_boolean ("narrow", NULL, NULL, FALSE,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_AT_END] =
      g_param_spec_boolean ("at-end", NULL, NULL, TRUE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (LINNET_TYPE_COMPOSER);
  g_type_ensure (LINNET_TYPE_EMPTY_STATE);
  g_type_ensure (LINNET_TYPE_NOTICE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/linnet_chat/Linnet/linnet-chat-page.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetChatPage, stack);
  gtk_widget_class_bind_template_child (widget_class, LinnetChatPage, empty_state);
  gtk_widget_class_bind_template_child (widget_class, LinnetChatPage, scroller);
  gtk_widget_class_bind_template_child (widget_class, LinnetChatPage, messages);
  gtk_widget_class_bind_template_child (widget_class, LinnetChatPage, end_revealer);
  gtk_widget_class_bind_template_child (widget_class, LinnetChatPage, notice);
  gtk_widget_class_bind_template_child (widget_class, LinnetChatPage, composer);
}

static void
linnet_chat_page_init (LinnetChatPage *self)
{
  GtkAdjustment *adjustment;

  self->following = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));

  adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  g_signal_connect_object (adjustment, "value-changed", G_CALLBACK (value_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (adjustment, "changed", G_CALLBACK (adjustment_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->composer, "send", G_CALLBACK (send_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->composer, "scroll", G_CALLBACK (composer_scroll_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->empty_state, "suggested", G_CALLBACK (send_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect (self, "notify::root", G_CALLBACK (root_changed_cb), NULL);
  gtk_widget_set_can_target (GTK_WIDGET (self->end_revealer), FALSE);
  update_state (self);
}

GtkWidget *
linnet_chat_page_new (void)
{
  return g_object_new (LINNET_TYPE_CHAT_PAGE, NULL);
}

LinnetChat *
linnet_chat_page_get_chat (LinnetChatPage *self)
{
  g_return_val_if_fail (LINNET_IS_CHAT_PAGE (self), NULL);

  return self->chat;
}

void
linnet_chat_page_set_chat (LinnetChatPage *self, LinnetChat *chat)
{
  g_return_if_fail (LINNET_IS_CHAT_PAGE (self));
  g_return_if_fail (chat == NULL || LINNET_IS_CHAT (chat));

  if (self->chat == chat)
    return;
  if (self->chat != NULL) {
    g_signal_handlers_disconnect_by_data (self->chat, self);
    g_signal_handlers_disconnect_by_data (linnet_chat_get_engine (self->chat), self);
    g_signal_handlers_disconnect_by_data (linnet_chat_get_conversation (self->chat), self);
    gtk_list_box_bind_model (self->messages, NULL, NULL, NULL, NULL);
  }
  g_set_object (&self->chat, chat);
  if (chat != NULL) {
    LinnetEngine *engine = linnet_chat_get_engine (chat);
    LinnetConversation *conversation = linnet_chat_get_conversation (chat);

    gtk_list_box_bind_model (self->messages, G_LIST_MODEL (conversation), create_row, NULL, NULL);
    g_signal_connect_object (conversation, "items-changed", G_CALLBACK (update_state), self,
                             G_CONNECT_SWAPPED);
    g_signal_connect_object (chat, "notify::busy", G_CALLBACK (update_state), self,
                             G_CONNECT_SWAPPED);
    g_signal_connect_object (chat, "notify::generation", G_CALLBACK (generation_changed_cb), self,
                             G_CONNECT_SWAPPED);
    g_signal_connect_object (chat, "taken-back", G_CALLBACK (taken_back_cb), self,
                             G_CONNECT_SWAPPED);
    g_signal_connect_object (chat, "finished", G_CALLBACK (finished_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (engine, "notify::model", G_CALLBACK (update_state), self,
                             G_CONNECT_SWAPPED);
    g_signal_connect_object (engine, "notify::loading", G_CALLBACK (update_state), self,
                             G_CONNECT_SWAPPED);
    generation_changed_cb (self);
    update_state (self);
  }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CHAT]);
}

gboolean
linnet_chat_page_get_at_end (LinnetChatPage *self)
{
  GtkAdjustment *adjustment;

  g_return_val_if_fail (LINNET_IS_CHAT_PAGE (self), TRUE);

  adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  return gtk_adjustment_get_value (adjustment) >= end_value (adjustment) - 1;
}

void
linnet_chat_page_scroll_to_end (LinnetChatPage *self)
{
  GtkAdjustment *adjustment;

  g_return_if_fail (LINNET_IS_CHAT_PAGE (self));

  adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  self->following = TRUE;
  gtk_adjustment_set_value (adjustment, end_value (adjustment));
}

void
linnet_chat_page_show_notice (LinnetChatPage *self,
                              const char *sentence,
                              const char *button_label,
                              const char *action_name)
{
  g_return_if_fail (LINNET_IS_CHAT_PAGE (self));

  linnet_notice_show (self->notice, sentence, button_label, action_name);
}

void
linnet_chat_page_dismiss_notice (LinnetChatPage *self)
{
  g_return_if_fail (LINNET_IS_CHAT_PAGE (self));

  linnet_notice_dismiss (self->notice);
}

void
linnet_chat_page_focus_composer (LinnetChatPage *self)
{
  g_return_if_fail (LINNET_IS_CHAT_PAGE (self));

  linnet_composer_take_focus (self->composer);
}

void
linnet_chat_page_suggest (LinnetChatPage *self, const char *question)
{
  g_autofree char *text = NULL;

  g_return_if_fail (LINNET_IS_CHAT_PAGE (self));
  g_return_if_fail (question != NULL);

  text = linnet_composer_dup_text (self->composer);
  if (*text == '\0')
    linnet_composer_set_text (self->composer, question);
}
