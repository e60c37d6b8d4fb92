/* SPDX-License-Identifier: GPL-3.0-or-later
 * The messages follow an answer only while their end is in view. */
#include "chat/linnet-chat-page.h"
#include "ui-test.h"

typedef struct {
  LinnetEngine *engine;
  LinnetChat *chat;
  GtkWidget *window;
  LinnetChatPage *page;
  GtkAdjustment *adjustment;
  LinnetMessage *answer;
} Fixture;

static GtkAdjustment *
find_messages_adjustment (GtkWidget *page)
{
  /* The overlay of the messages comes before the question field's. */
  GtkWidget *overlay = ui_find (page, GTK_TYPE_OVERLAY);
  GtkWidget *scroller = ui_find (overlay, GTK_TYPE_SCROLLED_WINDOW);

  return gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller));
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LinnetMessage) question = linnet_message_new (LINNET_ROLE_USER, "Why?");

  fixture->engine = linnet_engine_new ();
  fixture->chat = linnet_chat_new (fixture->engine);
  fixture->window = gtk_window_new ();
  fixture->page = LINNET_CHAT_PAGE (linnet_chat_page_new ());
  fixture->answer = linnet_message_new (LINNET_ROLE_ASSISTANT, "");
  linnet_chat_page_set_chat (fixture->page, fixture->chat);
  linnet_conversation_append (linnet_chat_get_conversation (fixture->chat), question);
  linnet_conversation_append (linnet_chat_get_conversation (fixture->chat), fixture->answer);

  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 500, 400);
  gtk_window_set_child (GTK_WINDOW (fixture->window), GTK_WIDGET (fixture->page));
  gtk_window_present (GTK_WINDOW (fixture->window));
  fixture->adjustment = find_messages_adjustment (GTK_WIDGET (fixture->page));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_ref (fixture->page);
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  ui_assert_finalized (fixture->page);
  ui_assert_finalized (fixture->chat);
  ui_assert_finalized (fixture->engine);
  ui_assert_finalized (fixture->answer);
}

static double
get_end (Fixture *fixture)
{
  return gtk_adjustment_get_upper (fixture->adjustment) -
         gtk_adjustment_get_page_size (fixture->adjustment);
}

static void
write_lines (Fixture *fixture, guint n)
{
  for (guint i = 0; i < n; i++)
    linnet_message_append (fixture->answer, "One more line of the answer.\n");
  ui_run (200);
}

static void
test_follows (Fixture *fixture, gconstpointer data)
{
  write_lines (fixture, 60);
  g_assert_cmpfloat (get_end (fixture), >, 100);
  g_assert_true (linnet_chat_page_get_at_end (fixture->page));
  write_lines (fixture, 60);
  g_assert_true (linnet_chat_page_get_at_end (fixture->page));
  ui_assert_names (GTK_WIDGET (fixture->page));
}

static void
test_does_not_fight (Fixture *fixture, gconstpointer data)
{
  double place;

  write_lines (fixture, 60);
  /* Even a little way up means "let me read". */
  place = gtk_adjustment_get_value (fixture->adjustment) - 5;
  gtk_adjustment_set_value (fixture->adjustment, place);
  write_lines (fixture, 30);
  g_assert_cmpfloat_with_epsilon (gtk_adjustment_get_value (fixture->adjustment), place, 0.5);
  g_assert_false (linnet_chat_page_get_at_end (fixture->page));

  linnet_chat_page_scroll_to_end (fixture->page);
  g_assert_true (linnet_chat_page_get_at_end (fixture->page));
  write_lines (fixture, 30);
  g_assert_true (linnet_chat_page_get_at_end (fixture->page));
}

static void
test_clears (Fixture *fixture, gconstpointer data)
{
  write_lines (fixture, 60);
  linnet_chat_clear (fixture->chat);
  ui_run (600);
  g_assert_true (linnet_chat_page_get_at_end (fixture->page));
  g_assert_false (gtk_widget_get_mapped (
      ui_find (ui_find (GTK_WIDGET (fixture->page), GTK_TYPE_OVERLAY), GTK_TYPE_LIST_BOX)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  adw_init ();

  g_test_add ("/ui/chat-page/follows", Fixture, NULL, set_up, test_follows, tear_down);
  g_test_add ("/ui/chat-page/does-not-fight", Fixture, NULL, set_up, test_does_not_fight,
              tear_down);
  g_test_add ("/ui/chat-page/clears", Fixture, NULL, set_up, test_clears, tear_down);
  return g_test_run ();
}
