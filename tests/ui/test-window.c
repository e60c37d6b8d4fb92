/* SPDX-License-Identifier: GPL-3.0-or-later
 * The window's actions are enabled when they can be done, and only then. */
#include <glib/gstdio.h>

#include "chat/linnet-chat-page.h"
#include "linnet-application.h"
#include "linnet-window.h"
#include "ui-test.h"

/* One for all tests: a second one would find the first on the bus. */
static LinnetApplication *application;

typedef struct {
  LinnetWindow *window;
  LinnetChat *chat;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->window = linnet_window_new (GTK_APPLICATION (application), ui_get_demo_model ());
  fixture->chat = linnet_window_get_chat (fixture->window);
  gtk_window_present (GTK_WINDOW (fixture->window));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_ref (fixture->window);
  gtk_window_close (GTK_WINDOW (fixture->window));
  ui_assert_finalized (fixture->window);
}

/* Names of the actions that are enabled among those of the window, in the order below. */
static char *
dup_enabled (Fixture *fixture)
{
  static const char *const names[] = { "new-chat",      "stop",       "write",   "cancel-load",
                                       "scroll-to-end", "open-model", "use-demo" };
  g_autoptr (GString) enabled = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *name = g_strconcat ("win.", names[i], NULL);
    GtkWidget *button = gtk_button_new ();
    LinnetChatPage *page =
        LINNET_CHAT_PAGE (ui_find (GTK_WIDGET (fixture->window), LINNET_TYPE_CHAT_PAGE));

    /* A button is sensitive when the action it names is enabled. */
    gtk_actionable_set_action_name (GTK_ACTIONABLE (button), name);
    gtk_widget_set_parent (button, GTK_WIDGET (page));
    if (gtk_widget_get_sensitive (button))
      g_string_append_printf (enabled, "%s%s", enabled->len > 0 ? " " : "", names[i]);
    gtk_widget_unparent (button);
  }
  return g_string_free (g_steal_pointer (&enabled), FALSE);
}

static void
assert_enabled (Fixture *fixture, const char *expected)
{
  g_autofree char *enabled = dup_enabled (fixture);

  g_assert_cmpstr (enabled, ==, expected);
}

static gboolean
is_ready (gpointer data)
{
  LinnetEngine *engine = linnet_chat_get_engine (((Fixture *) data)->chat);

  return linnet_engine_get_model (engine) != NULL &&
         !linnet_window_get_loading (((Fixture *) data)->window);
}

static gboolean
is_not_loading (gpointer data)
{
  return !linnet_window_get_loading (((Fixture *) data)->window);
}

static gboolean
is_not_busy (gpointer data)
{
  return !linnet_chat_get_busy (((Fixture *) data)->chat);
}

static gboolean
has_answer (gpointer data)
{
  GListModel *conversation = G_LIST_MODEL (linnet_chat_get_conversation (((Fixture *) data)->chat));
  g_autoptr (LinnetMessage) last =
      g_list_model_get_item (conversation, g_list_model_get_n_items (conversation) - 1);

  return *linnet_message_get_text (last) != '\0';
}

static void
load_demo (Fixture *fixture)
{
  linnet_window_load_demo (fixture->window);
  ui_wait (is_ready, fixture, 60, "the demo model");
  ui_run (50);
}

static void
test_no_model (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GFile) missing = g_file_new_for_path ("/nowhere/model.gguf");

  linnet_window_load_file (fixture->window, missing);
  assert_enabled (fixture, "cancel-load");
  ui_assert_names (GTK_WIDGET (fixture->window));
  ui_wait (is_not_loading, fixture, 60, "the failure");
  ui_run (50);
  assert_enabled (fixture, ui_get_demo_model () != NULL ? "open-model use-demo" : "open-model");
  ui_assert_names (GTK_WIDGET (fixture->window));
}

static void
test_chat (Fixture *fixture, gconstpointer data)
{
  if (ui_get_demo_model () == NULL) {
    g_test_skip ("the demo model is not there");
    return;
  }
  load_demo (fixture);
  assert_enabled (fixture, "write open-model use-demo");
  ui_assert_names (GTK_WIDGET (fixture->window));

  g_assert_true (linnet_chat_send (fixture->chat, "How can I stay healthy?"));
  assert_enabled (fixture, "new-chat stop write open-model use-demo");
  ui_wait (has_answer, fixture, 60, "the first word");
  ui_assert_names (GTK_WIDGET (fixture->window));
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.stop", NULL));
  ui_wait (is_not_busy, fixture, 10, "the end of the answer");
  assert_enabled (fixture, "new-chat write open-model use-demo");

  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.new-chat", NULL));
  assert_enabled (fixture, "write open-model use-demo");
}

static void
test_bad_file_keeps_model (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GFile) file = NULL;
  LinnetModel *model;
  int fd;

  if (ui_get_demo_model () == NULL) {
    g_test_skip ("the demo model is not there");
    return;
  }
  load_demo (fixture);
  model = linnet_engine_get_model (linnet_chat_get_engine (fixture->chat));
  fd = g_file_open_tmp ("linnet-XXXXXX.gguf", &path, &error);
  g_assert_no_error (error);
  g_close (fd, NULL);
  file = g_file_new_for_path (path);

  linnet_window_load_file (fixture->window, file);
  ui_wait (is_not_loading, fixture, 60, "the failure");
  ui_run (50);
  g_assert_true (linnet_engine_get_model (linnet_chat_get_engine (fixture->chat)) == model);
  assert_enabled (fixture, "write open-model use-demo");
  g_unlink (path);
}

/* A page of another type. */
typedef AdwNavigationPage TestPage;
typedef AdwNavigationPageClass TestPageClass;
GType test_page_get_type (void);
G_DEFINE_TYPE (TestPage, test_page, ADW_TYPE_NAVIGATION_PAGE)

static void
test_page_class_init (TestPageClass *klass)
{
}

static void
test_page_init (TestPage *self)
{
}

static const char *
get_shown_title (Fixture *fixture)
{
  AdwNavigationView *view =
      ADW_NAVIGATION_VIEW (ui_find (GTK_WIDGET (fixture->window), ADW_TYPE_NAVIGATION_VIEW));

  return adw_navigation_page_get_title (adw_navigation_view_get_visible_page (view));
}

static AdwNavigationPage *
new_page (GType type, const char *title)
{
  return g_object_new (type, "title", title, "child", gtk_label_new (title), NULL);
}

/* Pages lie over the chat, each once, and a model that is loaded brings the chat back. */
static void
test_pages (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GFile) missing = g_file_new_for_path ("/nowhere/model.gguf");

  g_assert_cmpstr (get_shown_title (fixture), ==, "Chat");
  linnet_window_push (fixture->window, new_page (ADW_TYPE_NAVIGATION_PAGE, "one"));
  linnet_window_push (fixture->window, new_page (test_page_get_type (), "two"));
  linnet_window_push (fixture->window, new_page (test_page_get_type (), "two"));
  g_assert_cmpstr (get_shown_title (fixture), ==, "two");
  linnet_window_push (fixture->window, new_page (ADW_TYPE_NAVIGATION_PAGE, "one"));
  g_assert_cmpstr (get_shown_title (fixture), ==, "one");
  linnet_window_show_chat (fixture->window);
  g_assert_cmpstr (get_shown_title (fixture), ==, "Chat");

  linnet_window_push (fixture->window, new_page (ADW_TYPE_NAVIGATION_PAGE, "one"));
  assert_enabled (fixture, ui_get_demo_model () != NULL ? "open-model use-demo" : "open-model");
  linnet_window_load_file (fixture->window, missing);
  g_assert_cmpstr (get_shown_title (fixture), ==, "Chat");
  ui_wait (is_not_loading, fixture, 60, "the failure");
}

/* Closed while it answers and while it loads. */
static void
test_close_busy (Fixture *fixture, gconstpointer data)
{
  if (ui_get_demo_model () == NULL) {
    g_test_skip ("the demo model is not there");
    return;
  }
  load_demo (fixture);
  g_assert_true (linnet_chat_send (fixture->chat, "Tell me a story."));
  ui_wait (has_answer, fixture, 60, "the first word");
}

static void
test_close_loading (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GFile) missing = g_file_new_for_path ("/nowhere/model.gguf");

  linnet_window_load_file (fixture->window, missing);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  application = linnet_application_new ();
  g_application_register (G_APPLICATION (application), NULL, &error);
  g_assert_no_error (error);

  g_test_add ("/ui/window/no-model", Fixture, NULL, set_up, test_no_model, tear_down);
  g_test_add ("/ui/window/chat", Fixture, NULL, set_up, test_chat, tear_down);
  g_test_add ("/ui/window/bad-file", Fixture, NULL, set_up, test_bad_file_keeps_model, tear_down);
  g_test_add ("/ui/window/pages", Fixture, NULL, set_up, test_pages, tear_down);
  g_test_add ("/ui/window/close-busy", Fixture, NULL, set_up, test_close_busy, tear_down);
  g_test_add ("/ui/window/close-loading", Fixture, NULL, set_up, test_close_loading, tear_down);
  status = g_test_run ();
  g_object_unref (application);
  return status;
}
