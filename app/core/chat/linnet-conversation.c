/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetConversation: messages in order. */
#include "chat/linnet-conversation.h"

struct _LinnetConversation {
  GObject parent_instance;

  GPtrArray *messages; /* LinnetMessage, owned */
};

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LinnetConversation,
                               linnet_conversation,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GType
get_item_type (GListModel *model)
{
  return LINNET_TYPE_MESSAGE;
}

static guint
get_n_items (GListModel *model)
{
  return LINNET_CONVERSATION (model)->messages->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  LinnetConversation *self = LINNET_CONVERSATION (model);

  return position < self->messages->len
             ? g_object_ref (g_ptr_array_index (self->messages, position))
             : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
linnet_conversation_finalize (GObject *object)
{
  LinnetConversation *self = LINNET_CONVERSATION (object);

  g_clear_pointer (&self->messages, g_ptr_array_unref);
  G_OBJECT_CLASS (linnet_conversation_parent_class)->finalize (object);
}

static void
linnet_conversation_class_init (LinnetConversationClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = linnet_conversation_finalize;
}

static void
linnet_conversation_init (LinnetConversation *self)
{
  self->messages = g_ptr_array_new_with_free_func (g_object_unref);
}

LinnetConversation *
linnet_conversation_new (void)
{
  return g_object_new (LINNET_TYPE_CONVERSATION, NULL);
}

void
linnet_conversation_append (LinnetConversation *self, LinnetMessage *message)
{
  g_return_if_fail (LINNET_IS_CONVERSATION (self));
  g_return_if_fail (LINNET_IS_MESSAGE (message));

  g_ptr_array_add (self->messages, g_object_ref (message));
  g_list_model_items_changed (G_LIST_MODEL (self), self->messages->len - 1, 0, 1);
}

void
linnet_conversation_truncate (LinnetConversation *self, guint position)
{
  guint n_removed;

  g_return_if_fail (LINNET_IS_CONVERSATION (self));

  if (position >= self->messages->len)
    return;
  n_removed = self->messages->len - position;
  g_ptr_array_set_size (self->messages, (int) position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, n_removed, 0);
}
