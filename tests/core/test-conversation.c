/* SPDX-License-Identifier: GPL-3.0-or-later
 * Messages and conversations: what is notified, and when. */
#include "chat/linnet-conversation.h"

#include "fixture.h"

static void
count_cb (GObject *object, GParamSpec *pspec, gpointer counter)
{
  (*(guint *) counter)++;
}

static void
test_message (void)
{
  LinnetMessage *message = linnet_message_new (LINNET_ROLE_ASSISTANT, "Hello");
  g_autofree char *text = NULL;
  LinnetRole role;
  gboolean complete;
  guint n_text = 0, n_complete = 0, n_all = 0;

  g_signal_connect (message, "notify::text", G_CALLBACK (count_cb), &n_text);
  g_signal_connect (message, "notify::complete", G_CALLBACK (count_cb), &n_complete);
  g_signal_connect (message, "notify", G_CALLBACK (count_cb), &n_all);
  g_assert_true (linnet_message_get_complete (message));
  g_assert_cmpstr (linnet_message_get_text (message), ==, "Hello");

  linnet_message_append (message, "，世界");
  linnet_message_append (message, "");
  g_assert_cmpuint (n_text, ==, 1);
  linnet_message_append (message, "!");
  g_assert_cmpuint (n_text, ==, 2);

  linnet_message_set_complete (message, TRUE);
  g_assert_cmpuint (n_complete, ==, 0);
  linnet_message_set_complete (message, FALSE);
  linnet_message_set_complete (message, FALSE);
  g_assert_cmpuint (n_complete, ==, 1);
  g_object_set (message, "complete", TRUE, NULL);
  g_assert_cmpuint (n_complete, ==, 2);
  g_assert_cmpuint (n_all, ==, n_text + n_complete);

  g_object_get (message, "role", &role, "text", &text, "complete", &complete, NULL);
  g_assert_cmpint (role, ==, LINNET_ROLE_ASSISTANT);
  g_assert_cmpstr (text, ==, "Hello，世界!");
  g_assert_true (complete);
  fixture_assert_finalized (message);
}

static void
test_message_without_text (void)
{
  LinnetMessage *message = g_object_new (LINNET_TYPE_MESSAGE, "role", LINNET_ROLE_SYSTEM, NULL);

  g_assert_cmpstr (linnet_message_get_text (message), ==, "");
  g_assert_cmpint (linnet_message_get_role (message), ==, LINNET_ROLE_SYSTEM);
  fixture_assert_finalized (message);
}

typedef struct {
  guint n_changes;
  guint position;
  guint n_removed;
  guint n_added;
  guint n_items; /* as the model told while it signalled */
} Changes;

static void
changed_cb (GListModel *model, guint position, guint n_removed, guint n_added, gpointer data)
{
  Changes *changes = data;

  *changes = (Changes) {
    .n_changes = changes->n_changes + 1,
    .position = position,
    .n_removed = n_removed,
    .n_added = n_added,
    .n_items = g_list_model_get_n_items (model),
  };
}

static void
test_list_model (void)
{
  LinnetConversation *conversation = linnet_conversation_new ();
  GListModel *model = G_LIST_MODEL (conversation);
  LinnetMessage *messages[5];
  Changes changes = { 0 };

  g_signal_connect (conversation, "items-changed", G_CALLBACK (changed_cb), &changes);
  g_assert_true (g_list_model_get_item_type (model) == LINNET_TYPE_MESSAGE);
  g_assert_cmpuint (g_list_model_get_n_items (model), ==, 0);
  g_assert_null (g_list_model_get_item (model, 0));

  for (guint i = 0; i < G_N_ELEMENTS (messages); i++) {
    g_autoptr (LinnetMessage) item = NULL;

    messages[i] = linnet_message_new (i % 2 == 0 ? LINNET_ROLE_USER : LINNET_ROLE_ASSISTANT, "x");
    linnet_conversation_append (conversation, messages[i]);
    g_assert_cmpuint (changes.n_changes, ==, i + 1);
    g_assert_cmpuint (changes.position, ==, i);
    g_assert_cmpuint (changes.n_removed, ==, 0);
    g_assert_cmpuint (changes.n_added, ==, 1);
    g_assert_cmpuint (changes.n_items, ==, i + 1);
    item = g_list_model_get_item (model, i);
    g_assert_true (item == messages[i]);
  }
  g_assert_null (g_list_model_get_item (model, G_N_ELEMENTS (messages)));

  linnet_conversation_truncate (conversation, 5);
  linnet_conversation_truncate (conversation, G_MAXUINT);
  g_assert_cmpuint (changes.n_changes, ==, 5);

  linnet_conversation_truncate (conversation, 3);
  g_assert_cmpuint (changes.n_changes, ==, 6);
  g_assert_cmpuint (changes.position, ==, 3);
  g_assert_cmpuint (changes.n_removed, ==, 2);
  g_assert_cmpuint (changes.n_added, ==, 0);
  g_assert_cmpuint (changes.n_items, ==, 3);
  fixture_assert_finalized (messages[4]);
  fixture_assert_finalized (messages[3]);

  linnet_conversation_truncate (conversation, 0);
  g_assert_cmpuint (changes.n_removed, ==, 3);
  g_assert_cmpuint (changes.n_items, ==, 0);
  linnet_conversation_append (conversation, messages[0]);
  fixture_assert_finalized (conversation);
  for (guint i = 0; i < 3; i++)
    fixture_assert_finalized (messages[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/conversation/message", test_message);
  g_test_add_func ("/conversation/message-without-text", test_message_without_text);
  g_test_add_func ("/conversation/list-model", test_list_model);
  return g_test_run ();
}
