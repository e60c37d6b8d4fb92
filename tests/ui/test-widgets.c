/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every widget is built, used a little and let go of without a trace. Warnings are fatal. */
#include "chat/linnet-chat-page.h"
#include "chat/linnet-composer.h"
#include "chat/linnet-empty-state.h"
#include "chat/linnet-message-row.h"
#include "chat/linnet-message-text.h"
#include "chat/linnet-notice.h"
#include "linnet-accelerators.h"
#include "linnet-application.h"
#include "linnet-loading-page.h"
#include "linnet-shortcuts-dialog.h"
#include "preferences/linnet-preferences-dialog.h"
#include "preferences/linnet-settings.h"
#include "ui-test.h"

/* Shows widget in a window, looks it over and lets both go. */
static void
show_and_end (GtkWidget *widget)
{
  GtkWidget *window = gtk_window_new ();

  g_object_ref_sink (widget);
  if (GTK_IS_LIST_BOX_ROW (widget)) {
    GtkWidget *list = gtk_list_box_new ();

    gtk_list_box_append (GTK_LIST_BOX (list), widget);
    gtk_window_set_child (GTK_WINDOW (window), list);
  } else
    gtk_window_set_child (GTK_WINDOW (window), widget);
  gtk_window_present (GTK_WINDOW (window));
  ui_run (50);
  ui_assert_names (widget);
  gtk_window_set_child (GTK_WINDOW (window), NULL);
  gtk_window_destroy (GTK_WINDOW (window));
  ui_assert_finalized (widget);
}

static void
test_build (void)
{
  g_autoptr (LinnetMessage) question = linnet_message_new (LINNET_ROLE_USER, "Why?");
  g_autoptr (LinnetMessage) answer = linnet_message_new (LINNET_ROLE_ASSISTANT, "Because.");

  show_and_end (linnet_composer_new ());
  show_and_end (linnet_empty_state_new ());
  show_and_end (linnet_loading_page_new ());
  show_and_end (linnet_message_text_new ());
  show_and_end (linnet_message_row_new (question));
  show_and_end (linnet_message_row_new (answer));
  show_and_end (linnet_notice_new ());
  show_and_end (linnet_chat_page_new ());
}

/* A tick on the copy button, a page about to be revealed: timers must not outlive their widget. */
static void
test_timers (void)
{
  g_autoptr (LinnetMessage) message = linnet_message_new (LINNET_ROLE_USER, "Why?");
  GtkWidget *page = g_object_ref_sink (linnet_loading_page_new ());
  GtkWidget *row = g_object_ref_sink (linnet_message_row_new (message));

  linnet_loading_page_start (LINNET_LOADING_PAGE (page), "a & b.gguf");
  linnet_loading_page_set_fraction (LINNET_LOADING_PAGE (page), 2);
  g_assert_true (gtk_widget_activate_action (row, "message.copy", NULL));
  ui_assert_finalized (page);
  ui_assert_finalized (row);
  ui_run (400);
}

static void
count_rows_cb (GtkWidget *widget, gpointer data)
{
  *(guint *) data += ADW_IS_ACTION_ROW (widget);
}

static void
test_shortcuts_dialog (void)
{
  AdwDialog *dialog = g_object_ref_sink (linnet_shortcuts_dialog_new ());
  guint n_accelerators, n_rows = 0;

  linnet_accelerators_get (&n_accelerators);
  ui_walk (adw_dialog_get_child (dialog), count_rows_cb, &n_rows);
  g_assert_cmpuint (n_rows, ==, n_accelerators);
  ui_assert_finalized (dialog);
}

static void
assert_page_names_cb (GtkWidget *widget, gpointer data)
{
  if (ADW_IS_PREFERENCES_PAGE (widget))
    ui_assert_names (widget);
}

typedef struct {
  const char *title;
  GtkWidget *row;
} Search;

static void
find_row_cb (GtkWidget *widget, gpointer data)
{
  Search *search = data;

  if (ADW_IS_PREFERENCES_ROW (widget) &&
      g_str_equal (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (widget)), search->title))
    search->row = widget;
}

static GtkWidget *
find_row (AdwDialog *dialog, const char *title)
{
  Search search = { .title = title };

  ui_walk (GTK_WIDGET (dialog), find_row_cb, &search);
  g_assert_nonnull (search.row);
  return search.row;
}

/* With the settings that are installed for the tests. */
static void
test_preferences (void)
{
  GtkWidget *window = adw_window_new ();
  AdwDialog *dialog = g_object_ref_sink (linnet_preferences_dialog_new ());
  g_autoptr (GSettings) settings = linnet_settings_new ();
  const LinnetMachine whole = { .n_cores = 8, .n_threads = 8, .n_workers = 8 };
  GtkWidget *spin, *combo;
  LinnetLoadOptions options;

  g_assert_nonnull (settings);
  gtk_window_set_default_size (GTK_WINDOW (window), 700, 600);
  gtk_window_present (GTK_WINDOW (window));
  adw_dialog_present (dialog, window);
  ui_run (100);
  ui_walk (GTK_WIDGET (dialog), assert_page_names_cb, NULL);

  /* 0 is a word. */
  spin = find_row (dialog, "Threads to Write With");
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (spin)), ==, "Auto");
  adw_spin_row_set_value (ADW_SPIN_ROW (spin), 3);
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (spin)), ==, "3");
  linnet_settings_get_load_options (settings, &whole, &options);
  g_assert_cmpint (options.model.n_threads, ==, 3);
  g_assert_cmpint (options.model.n_threads_prefill, ==, 0);
  g_assert_cmpint (options.cache_type, ==, LINNET_CACHE_F16);

  adw_spin_row_set_value (ADW_SPIN_ROW (find_row (dialog, "Threads to Read With")), 5);
  adw_spin_row_set_value (ADW_SPIN_ROW (find_row (dialog, "Context Length")), 8192);
  combo = find_row (dialog, "Memory of the Conversation");
  g_assert_cmpuint (adw_combo_row_get_selected (ADW_COMBO_ROW (combo)), ==, 0);
  adw_combo_row_set_selected (ADW_COMBO_ROW (combo), 1);
  linnet_settings_get_load_options (settings, &whole, &options);
  g_assert_cmpint (options.model.n_threads, ==, 3);
  g_assert_cmpint (options.model.n_threads_prefill, ==, 5);
  g_assert_cmpuint (options.n_ctx, ==, 8192);
  g_assert_cmpint (options.cache_type, ==, LINNET_CACHE_Q8_0);

  /* And the other way. */
  g_settings_set_string (settings, "cache-type", "f16");
  g_assert_cmpuint (adw_combo_row_get_selected (ADW_COMBO_ROW (combo)), ==, 0);

  linnet_settings_get_load_options (NULL, &whole, &options);
  g_assert_cmpint (options.model.n_threads, ==, 0);
  g_assert_cmpint (options.cache_type, ==, LINNET_CACHE_F16);

  g_settings_reset (settings, "threads-prefill");
  g_settings_reset (settings, "threads");
  g_settings_reset (settings, "cache-type");
  g_settings_reset (settings, "context-length");
  adw_dialog_force_close (dialog);
  gtk_window_destroy (GTK_WINDOW (window));
  ui_assert_finalized (dialog);
}

/* In a container with a quota, too, the window computes with what it is granted and no more, unless
 * somebody says so. */
static void
test_quota (void)
{
  g_autoptr (GSettings) settings = linnet_settings_new ();
  const LinnetMachine granted = { .n_cores = 8, .n_threads = 8, .quota = 1.5, .n_workers = 2 };
  LinnetLoadOptions options;

  g_assert_nonnull (settings);
  linnet_settings_get_load_options (settings, &granted, &options);
  g_assert_cmpint (options.model.n_threads, ==, 2);
  g_assert_cmpint (options.model.n_threads_prefill, ==, 0);
  linnet_settings_get_load_options (NULL, &granted, &options);
  g_assert_cmpint (options.model.n_threads, ==, 2);

  g_settings_set_int (settings, "threads", 3);
  linnet_settings_get_load_options (settings, &granted, &options);
  g_assert_cmpint (options.model.n_threads, ==, 3);
  g_settings_reset (settings, "threads");
}

static void
find_address_rows_cb (GtkWidget *widget, gpointer data)
{
  if (ADW_IS_ENTRY_ROW (widget))
    g_ptr_array_add (data, widget);
}

/* What cannot be an address is not kept; an empty field means the usual one. */
static void
test_preferences_addresses (void)
{
  GtkWidget *window = adw_window_new ();
  AdwDialog *dialog = g_object_ref_sink (linnet_preferences_dialog_new ());
  g_autoptr (GSettings) settings = linnet_settings_new ();
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();
  static const struct {
    guint row;
    const char *text, *key, *kept;
  } cases[] = {
    { 0, "socks5://127.0.0.1:1080", "proxy", "socks5://127.0.0.1:1080" },
    { 0, "127.0.0.1:1080", "proxy", "socks5://127.0.0.1:1080" },
    { 0, "", "proxy", "" },
    { 2, " https://mirror.example ", "hugging-face-endpoint", "https://mirror.example" },
    { 2, "file:///etc/passwd", "hugging-face-endpoint", "https://mirror.example" },
    { 2, "", "hugging-face-endpoint", "" },
  };

  gtk_window_set_default_size (GTK_WINDOW (window), 700, 600);
  gtk_window_present (GTK_WINDOW (window));
  adw_dialog_present (dialog, window);
  adw_preferences_dialog_set_visible_page_name (ADW_PREFERENCES_DIALOG (dialog), "network");
  ui_run (100);
  ui_walk (GTK_WIDGET (dialog), find_address_rows_cb, rows);
  g_assert_cmpuint (rows->len, ==, 4);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GtkWidget *row = g_ptr_array_index (rows, cases[i].row);
    g_autofree char *kept = NULL;

    gtk_editable_set_text (GTK_EDITABLE (row), cases[i].text);
    g_signal_emit_by_name (row, "apply");
    kept = g_settings_get_string (settings, cases[i].key);
    g_assert_cmpstr (kept, ==, cases[i].kept);
  }
  adw_dialog_force_close (dialog);
  gtk_window_destroy (GTK_WINDOW (window));
  ui_assert_finalized (dialog);
}

/* Every key can be parsed, and none means two things in the same place. */
static void
test_accelerators (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  guint n_accelerators;
  const LinnetAccelerator *table = linnet_accelerators_get (&n_accelerators);

  g_assert_cmpuint (n_accelerators, >, 0);
  for (guint i = 0; i < n_accelerators; i++) {
    g_assert_nonnull (table[i].accels[0]);
    for (guint j = 0; table[i].accels[j] != NULL; j++) {
      guint keyval;
      GdkModifierType modifiers;

      g_assert_true (gtk_accelerator_parse (table[i].accels[j], &keyval, &modifiers));
      g_assert_true (g_hash_table_add (seen, (gpointer) table[i].accels[j]));
      g_assert_true (linnet_accelerators_match (table[i].action, keyval, modifiers));
    }
  }
  g_assert_true (linnet_accelerators_match ("composer.send", GDK_KEY_Return, 0));
  g_assert_false (linnet_accelerators_match ("composer.send", GDK_KEY_Return, GDK_SHIFT_MASK));
  g_assert_true (linnet_accelerators_match ("composer.send", GDK_KEY_Return, GDK_LOCK_MASK));
}

static char *
dup_shown (GtkTextView *view)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (view);
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  return gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
}

/* What is selected stays selected while more text comes. */
static void
test_message_text (void)
{
  GtkWidget *widget = g_object_ref_sink (linnet_message_text_new ());
  LinnetMessageText *text = LINNET_MESSAGE_TEXT (widget);
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (widget));
  GtkTextIter start, end;
  g_autofree char *shown = NULL;
  g_autofree char *replaced = NULL;

  linnet_message_text_set_text (text, "春天来了");
  gtk_text_buffer_get_iter_at_offset (buffer, &start, 1);
  gtk_text_buffer_get_iter_at_offset (buffer, &end, 3);
  gtk_text_buffer_select_range (buffer, &start, &end);
  linnet_message_text_set_text (text, "春天来了，花儿盛开");

  shown = dup_shown (GTK_TEXT_VIEW (widget));
  g_assert_cmpstr (shown, ==, "春天来了，花儿盛开");
  g_assert_true (gtk_text_buffer_get_selection_bounds (buffer, &start, &end));
  g_assert_cmpint (gtk_text_iter_get_offset (&start), ==, 1);
  g_assert_cmpint (gtk_text_iter_get_offset (&end), ==, 3);

  linnet_message_text_set_text (text, "另一个回答");
  replaced = dup_shown (GTK_TEXT_VIEW (widget));
  g_assert_cmpstr (replaced, ==, "另一个回答");
  ui_assert_finalized (widget);
}

static void
test_message_row (void)
{
  LinnetMessage *message = linnet_message_new (LINNET_ROLE_ASSISTANT, "");
  GtkWidget *row = g_object_ref_sink (linnet_message_row_new (message));
  GtkWidget *text = ui_find (row, LINNET_TYPE_MESSAGE_TEXT);
  g_autofree char *shown = NULL;

  linnet_message_append (message, "One");
  linnet_message_append (message, " two");
  shown = dup_shown (GTK_TEXT_VIEW (text));
  g_assert_cmpstr (shown, ==, "One two");
  g_assert_true (gtk_widget_activate_action (row, "message.copy", NULL));
  linnet_message_set_complete (message, TRUE);
  g_assert_true (gtk_widget_has_css_class (row, "complete"));
  g_assert_cmpstr (linnet_message_row_get_caption (LINNET_MESSAGE_ROW (row)), ==, "");

  ui_assert_finalized (row);
  ui_assert_finalized (message);
}

static void
keep_text_cb (GObject *source, const char *text, char **kept)
{
  g_set_str (kept, text);
}

/* Presses a key as the field's own controller sees it. */
static gboolean
press (GtkWidget *composer, guint keyval, GdkModifierType modifiers)
{
  GtkWidget *field = ui_find (composer, GTK_TYPE_TEXT_VIEW);
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (field);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++) {
    g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);
    gboolean handled = FALSE;

    if (!GTK_IS_EVENT_CONTROLLER_KEY (controller) ||
        gtk_event_controller_get_propagation_phase (controller) != GTK_PHASE_CAPTURE)
      continue;
    g_signal_emit_by_name (controller, "key-pressed", keyval, 0, modifiers, &handled);
    return handled;
  }
  g_assert_not_reached ();
}

static void
test_composer (void)
{
  GtkWidget *window = gtk_window_new (); /* actions need a root */
  GtkWidget *widget = g_object_ref_sink (linnet_composer_new ());
  LinnetComposer *composer = LINNET_COMPOSER (widget);
  GtkWidget *button = ui_find (widget, GTK_TYPE_BUTTON);
  GtkWidget *field = ui_find (widget, GTK_TYPE_TEXT_VIEW);
  g_autofree char *sent = NULL;
  g_autofree char *left = NULL;

  g_signal_connect (composer, "send", G_CALLBACK (keep_text_cb), &sent);
  gtk_window_set_child (GTK_WINDOW (window), widget);

  linnet_composer_set_text (composer, "Why?");
  g_assert_false (gtk_widget_get_sensitive (button)); /* no model */
  linnet_composer_set_can_send (composer, TRUE);
  g_assert_true (gtk_widget_get_sensitive (button));
  linnet_composer_set_text (composer, " \n\xe3\x80\x80");
  g_assert_false (gtk_widget_get_sensitive (button)); /* blank */

  /* Enter belongs to the input method while it composes. */
  linnet_composer_set_text (composer, "中国");
  g_signal_emit_by_name (field, "preedit-changed", "shou");
  press (widget, GDK_KEY_Return, 0);
  g_assert_null (sent);
  g_signal_emit_by_name (field, "preedit-changed", "");

  g_assert_false (press (widget, GDK_KEY_Return, GDK_SHIFT_MASK));
  g_assert_null (sent);
  linnet_composer_set_text (composer, "  中国的首都？\n");
  g_assert_true (press (widget, GDK_KEY_Return, 0));
  g_assert_cmpstr (sent, ==, "中国的首都？");
  left = linnet_composer_dup_text (composer);
  g_assert_cmpstr (left, ==, "");

  /* Stop takes the place of Send, and Enter waits. */
  linnet_composer_set_text (composer, "Next");
  g_assert_cmpstr (gtk_actionable_get_action_name (GTK_ACTIONABLE (button)), ==, "composer.send");
  linnet_composer_set_generating (composer, TRUE);
  g_assert_cmpstr (gtk_actionable_get_action_name (GTK_ACTIONABLE (button)), ==, "win.stop");
  g_assert_true (press (widget, GDK_KEY_Return, 0));
  g_assert_cmpstr (sent, ==, "中国的首都？");
  linnet_composer_set_generating (composer, FALSE);
  g_assert_true (gtk_widget_get_sensitive (button));

  gtk_window_destroy (GTK_WINDOW (window));
  ui_assert_finalized (widget);
}

static void
test_suggestions (void)
{
  GtkWidget *widget = g_object_ref_sink (linnet_empty_state_new ());
  GtkWidget *list = ui_find (widget, GTK_TYPE_LIST_BOX);
  g_autofree char *suggested = NULL;

  g_signal_connect (widget, "suggested", G_CALLBACK (keep_text_cb), &suggested);
  g_signal_emit_by_name (list, "row-activated",
                         gtk_list_box_get_row_at_index (GTK_LIST_BOX (list), 2));
  g_assert_cmpstr (suggested, ==, "Write a short poem about spring.");
  g_assert_null (gtk_list_box_get_row_at_index (GTK_LIST_BOX (list), 3));
  ui_assert_finalized (widget);
}

static void
test_notice (void)
{
  GtkWidget *widget = g_object_ref_sink (linnet_notice_new ());
  GtkWidget *label = ui_find (widget, GTK_TYPE_LABEL);

  g_assert_false (gtk_widget_get_visible (widget));
  linnet_notice_show (LINNET_NOTICE (widget), "It is damaged.", "_Open Another…", "win.open-model");
  g_assert_true (gtk_widget_get_visible (widget));
  g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (label)), ==, "It is damaged.");
  linnet_notice_dismiss (LINNET_NOTICE (widget));
  g_assert_false (gtk_widget_get_visible (widget));
  ui_assert_finalized (widget);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  adw_init ();

  g_test_add_func ("/ui/widgets/build", test_build);
  g_test_add_func ("/ui/widgets/timers", test_timers);
  g_test_add_func ("/ui/accelerators", test_accelerators);
  g_test_add_func ("/ui/shortcuts-dialog", test_shortcuts_dialog);
  g_test_add_func ("/ui/message-text", test_message_text);
  g_test_add_func ("/ui/message-row", test_message_row);
  g_test_add_func ("/ui/composer", test_composer);
  g_test_add_func ("/ui/suggestions", test_suggestions);
  g_test_add_func ("/ui/notice", test_notice);
  g_test_add_func ("/ui/preferences", test_preferences);
  g_test_add_func ("/ui/preferences/quota", test_quota);
  g_test_add_func ("/ui/preferences/addresses", test_preferences_addresses);
  return g_test_run ();
}
