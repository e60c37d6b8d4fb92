/* SPDX-License-Identifier: GPL-3.0-or-later
 * The pages of the wizard, as views of structs that are filled in here. Warnings are fatal. */
#include <math.h>

#include "ui-test.h"
#include "wizard-data.h"
#include "wizard/linnet-advice-card.h"
#include "wizard/linnet-advice-numbers.h"
#include "wizard/linnet-advice-words.h"
#include "wizard/linnet-library-picture.h"
#include "wizard/linnet-memory-bar.h"
#include "wizard/linnet-wizard-advice.h"
#include "wizard/linnet-wizard-check.h"
#include "wizard/linnet-wizard-computer.h"
#include "wizard/linnet-wizard-download.h"
#include "wizard/linnet-wizard-ready.h"
#include "wizard/linnet-wizard-state.h"
#include "wizard/linnet-wizard-welcome.h"
#include "wizard/linnet-wizard-wishes.h"

#define NARROW 360

static const char *wanted; /* by see_text_cb() */

/* text, with plain spaces for those that keep a number and its unit together. Transfer full. */
static char *
plain (const char *text)
{
  g_autoptr (GString) string = g_string_new (text);

  g_string_replace (string, "\302\240", " ", 0);
  return g_string_free (g_steal_pointer (&string), FALSE);
}

static void
see_text_cb (GtkWidget *widget, gpointer data)
{
  g_autofree char *text =
      GTK_IS_LABEL (widget) ? plain (gtk_label_get_label (GTK_LABEL (widget))) : NULL;

  if (text != NULL && strstr (text, wanted) != NULL && gtk_widget_get_mapped (widget))
    *(gboolean *) data = TRUE;
}

/* Whether a label below root says text, and is seen. */
static gboolean
says (GtkWidget *root, const char *text)
{
  gboolean found = FALSE;

  wanted = text;
  ui_walk (root, see_text_cb, &found);
  return found;
}

static void
find_button_cb (GtkWidget *widget, gpointer data)
{
  if (GTK_IS_BUTTON (widget) && gtk_widget_get_mapped (widget) &&
      g_strcmp0 (gtk_button_get_label (GTK_BUTTON (widget)), wanted) == 0)
    *(GtkWidget **) data = widget;
}

/* A button that is seen; NULL: none has that label. */
static GtkWidget *
find_button (GtkWidget *root, const char *label)
{
  GtkWidget *button = NULL;

  wanted = label;
  ui_walk (root, find_button_cb, &button);
  return button;
}

/* Shows page in a window of its own, 360 pixels wide. Transfer full: end with hide(). */
static GtkWidget *
show (GtkWidget *page)
{
  GtkWidget *window = gtk_window_new ();

  g_object_ref_sink (page);
  gtk_window_set_default_size (GTK_WINDOW (window), NARROW, 640);
  gtk_window_set_child (GTK_WINDOW (window), page);
  gtk_window_present (GTK_WINDOW (window));
  ui_run (50);
  return window;
}

/* Looks the page over and lets it go. */
static void
hide (GtkWidget *window)
{
  GtkWidget *page = g_object_ref (gtk_window_get_child (GTK_WINDOW (window)));
  int minimum;

  gtk_widget_measure (page, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  if (minimum > NARROW)
    g_error ("a %s is at least %d pixels wide", G_OBJECT_TYPE_NAME (page), minimum);
  ui_assert_names (page);
  gtk_window_set_child (GTK_WINDOW (window), NULL);
  gtk_window_destroy (GTK_WINDOW (window));
  g_object_unref (page);
  ui_assert_finalized (page);
}

static void
test_welcome (void)
{
  GtkWidget *page = linnet_wizard_welcome_new ();
  GtkWidget *window = show (page);

  g_assert_nonnull (find_button (page, "_Start"));
  g_assert_nonnull (find_button (page, "Skip and Use the _Demo Model"));
  linnet_wizard_welcome_set_has_demo (LINNET_WIZARD_WELCOME (page), FALSE);
  g_assert_null (find_button (page, "Skip and Use the _Demo Model"));
  hide (window);
}

static void
test_computer (void)
{
  GtkWidget *page = linnet_wizard_computer_new ();
  GtkWidget *window = show (page);
  LinnetWizardComputer *self = LINNET_WIZARD_COMPUTER (page);
  LinnetMachine machine = WIZARD_DATA_MACHINE;
  LinnetMeasurements measurements = WIZARD_DATA_MEASUREMENTS;
  LinnetLibraryPicture *picture =
      LINNET_LIBRARY_PICTURE (ui_find (page, LINNET_TYPE_LIBRARY_PICTURE));
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "No such folder.");

  g_assert_true (says (page, "Looking…"));
  linnet_wizard_computer_set_machine (self, &machine, 9 * WIZARD_DATA_GIB);
  g_assert_true (says (page, "Core i5-12400, 6 cores"));
  g_assert_true (says (page, "16.0 GiB, 11.0 GiB of it free now"));
  g_assert_true (says (page, "up to 9.0 GiB"));
  g_assert_true (says (page, "Plugged in"));
  linnet_wizard_computer_set_disk (self, 120000000000, NULL);
  g_assert_true (says (page, "120.0 GB free"));
  linnet_wizard_computer_set_disk (self, 0, error);
  g_assert_true (says (page, "No such folder."));

  linnet_wizard_computer_set_waiting (self, TRUE);
  g_assert_nonnull (find_button (page, "_Stop the Answer"));
  linnet_wizard_computer_set_progress (self, 0.5);
  g_assert_null (find_button (page, "_Stop the Answer"));
  g_assert_true (says (page, "Measuring"));
  g_assert_cmpfloat (linnet_library_picture_get_bandwidth (picture), ==, 0);

  linnet_wizard_computer_set_measurements (self, &measurements);
  g_assert_true (says (page, "38 GB a second from memory"));
  g_assert_true (says (page, "at most about 19 words a second"));
  g_assert_cmpfloat (linnet_library_picture_get_bandwidth (picture), ==, 38e9);
  linnet_wizard_computer_set_failure (self, "It was interrupted.");
  g_assert_true (says (page, "It was interrupted."));
  linnet_wizard_computer_reset (self);
  g_assert_false (says (page, "Core i5-12400"));
  hide (window);
}

/* What is said of computers of all kinds. */
static void
test_checks (void)
{
  LinnetMachine machine = WIZARD_DATA_MACHINE;
  g_auto (LinnetWizardCheck) check = { 0 };
  g_autofree char *title = NULL;

  machine.isa = 0;
  machine.processor = NULL;
  machine.n_cores = 1;
  linnet_wizard_check_processor (&check, &machine);
  g_assert_cmpint (check.state, ==, LINNET_WIZARD_CHECK_POOR);
  g_assert_cmpstr (check.title, ==, "A processor of unknown make, 1 core");
  linnet_wizard_check_clear (&check);

  machine = (LinnetMachine) WIZARD_DATA_MACHINE;
  machine.n_fast_cores = 4;
  machine.n_slow_cores = 8;
  linnet_wizard_check_processor (&check, &machine);
  g_assert_nonnull (strstr (check.meaning, "4 are fast and 8 economical"));
  linnet_wizard_check_clear (&check);
  machine.quota = 2.5;
  linnet_wizard_check_processor (&check, &machine);
  g_assert_nonnull (strstr (check.meaning, "the time of 2.5 of them"));
  linnet_wizard_check_clear (&check);

  linnet_wizard_check_memory (&check, &machine, WIZARD_DATA_GIB / 2);
  g_assert_cmpint (check.state, ==, LINNET_WIZARD_CHECK_POOR);
  g_assert_nonnull (strstr (check.meaning, "Closing other programs"));
  linnet_wizard_check_clear (&check);
  machine.limited = TRUE;
  machine.swap_used = 4 * WIZARD_DATA_GIB;
  linnet_wizard_check_memory (&check, &machine, 9 * WIZARD_DATA_GIB);
  g_assert_cmpint (check.state, ==, LINNET_WIZARD_CHECK_FAIR);
  title = plain (check.title);
  g_assert_cmpstr (title, ==, "16.0 GiB granted to Linnet, 11.0 GiB free now");
  linnet_wizard_check_clear (&check);
  machine.memory = 0;
  linnet_wizard_check_memory (&check, &machine, 0);
  g_assert_cmpint (check.state, ==, LINNET_WIZARD_CHECK_FAIR);
  linnet_wizard_check_clear (&check);

  machine.power = LINNET_POWER_BATTERY;
  machine.battery_percent = 17;
  linnet_wizard_check_power (&check, &machine);
  g_assert_cmpint (check.state, ==, LINNET_WIZARD_CHECK_POOR);
  g_assert_cmpstr (check.title, ==, "On battery, 17 % left");
  linnet_wizard_check_clear (&check);
  machine.power = LINNET_POWER_UNKNOWN;
  machine.power_profile = LINNET_POWER_PROFILE_SAVER;
  linnet_wizard_check_power (&check, &machine);
  g_assert_cmpint (check.state, ==, LINNET_WIZARD_CHECK_FAIR);
  linnet_wizard_check_clear (&check);
  machine.power_profile = LINNET_POWER_PROFILE_BALANCED;
  machine.temperature = 96;
  linnet_wizard_check_power (&check, &machine);
  g_assert_nonnull (strstr (check.meaning, "hot"));
  linnet_wizard_check_clear (&check);

  linnet_wizard_check_disk (&check, 100000000);
  g_assert_cmpint (check.state, ==, LINNET_WIZARD_CHECK_POOR);
  linnet_wizard_check_clear (&check);
  linnet_wizard_check_disk (&check, 5000000000);
  g_assert_cmpint (check.state, ==, LINNET_WIZARD_CHECK_FAIR);
}

static void
count_cb (GtkWidget *source, gpointer data)
{
  ++*(guint *) data;
}

static void
test_wishes (void)
{
  static const char *const offered[] = { "de", "en", "zh", NULL };
  static const char *wanted_languages[] = { "zh", NULL };
  const LinnetWishes set = { LINNET_TASK_CODE, 60, TRUE, wanted_languages };
  GtkWidget *page = linnet_wizard_wishes_new ();
  GtkWidget *window = show (page);
  LinnetWizardWishes *self = LINNET_WIZARD_WISHES (page);
  guint n_changes = 0;
  LinnetWishes wishes;

  linnet_wizard_wishes_set_offered (self, offered);
  g_signal_connect (self, "changed", G_CALLBACK (count_cb), &n_changes);
  linnet_wizard_wishes_get (self, &wishes);
  g_assert_cmpint (wishes.task, ==, LINNET_TASK_CHAT);
  g_assert_cmpfloat (wishes.wait_seconds, ==, 0);
  g_assert_false (wishes.quiet);
  g_assert_cmpstr (wishes.languages[0], ==, "en"); /* of the locale */
  g_assert_null (wishes.languages[1]);

  linnet_wizard_wishes_set (self, &set);
  g_assert_cmpuint (n_changes, ==, 0);
  linnet_wizard_wishes_get (self, &wishes);
  g_assert_cmpint (wishes.task, ==, LINNET_TASK_CODE);
  g_assert_cmpfloat (wishes.wait_seconds, ==, 60);
  g_assert_true (wishes.quiet);
  g_assert_cmpstr (wishes.languages[0], ==, "zh");
  g_assert_null (wishes.languages[1]);
  g_assert_true (says (page, "中文"));

  adw_combo_row_set_selected (ADW_COMBO_ROW (ui_find (page, ADW_TYPE_COMBO_ROW)), 4);
  g_assert_cmpuint (n_changes, ==, 1);
  linnet_wizard_wishes_get (self, &wishes);
  g_assert_cmpfloat (wishes.wait_seconds, ==, LINNET_WISHES_LONGEST_WAIT);
  hide (window);
}

static void
note_check_cb (GtkWidget *widget, gpointer data)
{
  if (GTK_IS_CHECK_BUTTON (widget))
    g_ptr_array_add (data, widget);
}

static void
test_advice (void)
{
  GtkWidget *page = linnet_wizard_advice_new ();
  GtkWidget *window = show (page);
  LinnetWizardAdvice *self = LINNET_WIZARD_ADVICE (page);
  LinnetMachine machine = WIZARD_DATA_MACHINE;
  g_autoptr (GPtrArray) checks = g_ptr_array_new ();
  guint n_selected = 0;

  linnet_wizard_advice_set_list (self, wizard_data_new_list (1), &machine);
  g_signal_connect (self, "selected", G_CALLBACK (count_cb), &n_selected);
  ui_run (50);
  g_assert_true (says (page, "This model suits your computer"));
  g_assert_true (says (page, "Qwen2.5 3B Instruct"));
  g_assert_true (says (page, "Our advice"));
  g_assert_true (says (page, "1.9 GB"));
  g_assert_true (says (page, "In use: 5.0 GiB"));
  g_assert_true (says (page, "Most numbers in 4 bits"));
  g_assert_true (says (page, "not for work")); /* the licence */
  g_assert_cmpstr (linnet_wizard_advice_get_selected (self)->model->id, ==, "qwen2.5-3b-instruct");

  /* Another size changes the card. */
  ui_walk (page, note_check_cb, checks);
  g_assert_cmpuint (checks->len, ==, WIZARD_DATA_N_MODELS);
  g_assert_true (gtk_check_button_get_active (checks->pdata[1]));
  gtk_check_button_set_active (checks->pdata[2], TRUE);
  ui_run (50);
  g_assert_cmpuint (n_selected, ==, 1);
  g_assert_true (says (page, "Missing: "));
  g_assert_false (says (page, "Our advice"));
  g_assert_false (says (page, "not for work"));
  g_assert_cmpint (linnet_wizard_advice_get_selected (self)->verdict, ==, LINNET_VERDICT_NO);

  linnet_wizard_advice_select (self, "qwen2.5-0.5b-instruct", "Q4_K_M");
  g_assert_true (gtk_check_button_get_active (checks->pdata[0]));
  linnet_wizard_advice_select (self, "no-such-model", "Q4_K_M");
  g_assert_true (gtk_check_button_get_active (checks->pdata[0]));
  hide (window);
}

/* A computer with too little memory is told so. */
static void
test_advice_nothing (void)
{
  GtkWidget *page = linnet_wizard_advice_new ();
  GtkWidget *window = show (page);
  LinnetWizardAdvice *self = LINNET_WIZARD_ADVICE (page);
  LinnetMachine machine = WIZARD_DATA_MACHINE;

  linnet_wizard_advice_set_list (self, wizard_data_new_list (-1), &machine);
  ui_run (50);
  g_assert_true (says (page, "No model would run well here"));
  g_assert_null (linnet_wizard_advice_get_selected (self));
  g_assert_false (gtk_widget_get_mapped (ui_find (page, LINNET_TYPE_ADVICE_CARD)));
  hide (window);
}

typedef struct {
  GString *titles;
  GString *values;
} Numbers;

static void
note_number_cb (const char *title, const char *value, gpointer user_data)
{
  Numbers *numbers = user_data;

  g_assert_cmpstr (value, !=, "");
  g_string_append_printf (numbers->titles, "%s;", title);
  g_string_append_printf (numbers->values, "%s;", value);
}

static void
test_numbers (void)
{
  g_autoptr (LinnetAdviceList) list = wizard_data_new_list (1);
  Numbers numbers = { g_string_new (NULL), g_string_new (NULL) };

  linnet_advice_foreach_number (&list->ranked[1], note_number_cb, &numbers);
  g_assert_nonnull (strstr (numbers.titles->str, "KV cache for 4096 tokens;"));
  g_assert_nonnull (strstr (numbers.values->str, "12.0 tokens/s (10.8 to 13.2)"));
  g_assert_nonnull (strstr (numbers.values->str, "qwen2.5:3b"));
  g_string_free (numbers.titles, TRUE);
  g_string_free (numbers.values, TRUE);
  g_assert_cmpstr (linnet_quantisation_explain ("IQ4_XS"), !=, "");
}

static void
test_download (void)
{
  GtkWidget *page = linnet_wizard_download_new ();
  GtkWidget *window = show (page);
  LinnetWizardDownload *self = LINNET_WIZARD_DOWNLOAD (page);
  GtkWidget *bar = ui_find (page, GTK_TYPE_PROGRESS_BAR);
  LinnetWizardProgress progress = { LINNET_PULL_FETCHING, 250, 1000, "250 of 1000", NULL };

  linnet_wizard_download_set_title (self, "Qwen2.5 3B");
  linnet_wizard_download_set_progress (self, &progress);
  g_assert_cmpfloat (gtk_progress_bar_get_fraction (GTK_PROGRESS_BAR (bar)), ==, 0.25);
  g_assert_true (says (page, "Your model is on its way"));
  g_assert_true (says (page, "250 of 1000"));
  g_assert_nonnull (find_button (page, "_Pause"));
  g_assert_null (find_button (page, "_Resume"));
  g_assert_nonnull (find_button (page, "_Try the Demo Model Meanwhile"));

  progress.state = LINNET_PULL_PAUSED;
  linnet_wizard_download_set_progress (self, &progress);
  g_assert_null (find_button (page, "_Pause"));
  g_assert_nonnull (find_button (page, "_Resume"));
  g_assert_nonnull (find_button (page, "_Cancel"));

  progress = (LinnetWizardProgress) { LINNET_PULL_FAILED, 250, 1000, "stopped", "It broke." };
  linnet_wizard_download_set_progress (self, &progress);
  g_assert_true (says (page, "It broke."));
  g_assert_nonnull (find_button (page, "_Try Again"));
  g_assert_nonnull (find_button (page, "Choose _Another Model"));
  g_assert_nonnull (find_button (page, "Use the _Demo Model"));
  g_assert_false (says (page, "You can close Linnet"));

  progress = (LinnetWizardProgress) { LINNET_PULL_DONE, 1000, 1000, NULL, NULL };
  linnet_wizard_download_set_progress (self, &progress);
  g_assert_cmpfloat (gtk_progress_bar_get_fraction (GTK_PROGRESS_BAR (bar)), ==, 1);
  g_assert_null (find_button (page, "_Cancel"));
  g_assert_false (says (page, "It broke."));
  linnet_wizard_download_set_has_demo (self, FALSE);
  g_assert_null (find_button (page, "_Try the Demo Model Meanwhile"));
  hide (window);
}

static void
test_ready (void)
{
  GtkWidget *page = linnet_wizard_ready_new ();
  GtkWidget *window = show (page);
  LinnetWizardReady *self = LINNET_WIZARD_READY (page);
  g_autoptr (GPtrArray) checks = g_ptr_array_new ();

  linnet_wizard_ready_set_model (self, "Qwen2.5 3B", LINNET_TASK_CODE);
  linnet_wizard_ready_set_loading (self, 0.5);
  g_assert_true (says (page, "Opening Qwen2.5 3B…"));
  g_assert_cmpstr (linnet_wizard_ready_get_question (self), ==,
                   "Write a Python function that counts the words in a text.");
  linnet_wizard_ready_set_loaded (self, NULL);
  g_assert_true (says (page, "Qwen2.5 3B is ready"));
  g_assert_nonnull (find_button (page, "_Start Chatting"));

  ui_walk (page, note_check_cb, checks);
  gtk_check_button_set_active (checks->pdata[checks->len - 1], TRUE);
  g_assert_cmpstr (linnet_wizard_ready_get_question (self), ==, "");

  linnet_wizard_ready_set_loaded (self, "Too little memory.");
  g_assert_true (says (page, "Qwen2.5 3B cannot be opened"));
  g_assert_true (says (page, "Too little memory."));
  g_assert_null (find_button (page, "_Start Chatting"));
  hide (window);
}

/* The bar and the picture draw themselves whatever they are given. */
static void
test_drawings (void)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *bar = linnet_memory_bar_new ();
  GtkWidget *picture = linnet_library_picture_new ();
  static const double bandwidths[] = { 1e6, 5e9, 45e9, 800e9, 1e15 };
  GtkWidget *window;

  gtk_box_append (GTK_BOX (box), bar);
  gtk_box_append (GTK_BOX (box), picture);
  window = show (box);
  linnet_memory_bar_set_bytes (LINNET_MEMORY_BAR (bar), 0, 0, 0);
  ui_run (20);
  linnet_memory_bar_set_bytes (LINNET_MEMORY_BAR (bar), 100, 90, G_MAXUINT64);
  ui_run (20);
  gtk_widget_set_direction (bar, GTK_TEXT_DIR_RTL);
  linnet_memory_bar_set_bytes (LINNET_MEMORY_BAR (bar), 100, 50, 1);
  gtk_widget_set_direction (picture, GTK_TEXT_DIR_RTL);
  for (guint i = 0; i < G_N_ELEMENTS (bandwidths); i++) {
    linnet_library_picture_set_bandwidth (LINNET_LIBRARY_PICTURE (picture), bandwidths[i]);
    ui_run (20);
  }
  hide (window);
}

static void
test_state (void)
{
  static const char *languages[] = { "zh", "de", NULL };
  const LinnetWishes set = { LINNET_TASK_WRITING, 10, TRUE, languages };
  g_autoptr (GSettings) settings = wizard_data_new_settings ();
  g_autoptr (LinnetWizardState) state = linnet_wizard_state_new (settings);
  g_autoptr (LinnetWizardState) read = NULL;
  LinnetWishes wishes;

  g_assert_cmpstr (state->page, ==, "welcome");
  g_assert_false (state->done);
  linnet_wizard_state_set_wishes (state, &set);
  linnet_wizard_state_set_model (state, "qwen2.5-3b-instruct", "Q4_K_M");
  g_set_str (&state->page, "download");
  state->done = state->paused = TRUE;
  linnet_wizard_state_save (state);
  if (settings == NULL) {
    g_test_skip ("the settings are not installed");
    return;
  }
  g_assert_true (linnet_wizard_state_is_done (settings));
  read = linnet_wizard_state_new (settings);
  linnet_wizard_state_get_wishes (read, &wishes);
  g_assert_cmpint (wishes.task, ==, LINNET_TASK_WRITING);
  g_assert_cmpfloat (wishes.wait_seconds, ==, 10);
  g_assert_true (wishes.quiet);
  g_assert_cmpstrv ((char **) wishes.languages, (char **) languages);
  g_assert_cmpstr (read->page, ==, "download");
  g_assert_cmpstr (read->model_id, ==, "qwen2.5-3b-instruct");
  g_assert_cmpstr (read->quantisation, ==, "Q4_K_M");
  g_assert_true (read->done && read->paused);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  adw_init ();

  g_test_add_func ("/ui/wizard/welcome", test_welcome);
  g_test_add_func ("/ui/wizard/computer", test_computer);
  g_test_add_func ("/ui/wizard/checks", test_checks);
  g_test_add_func ("/ui/wizard/wishes", test_wishes);
  g_test_add_func ("/ui/wizard/advice", test_advice);
  g_test_add_func ("/ui/wizard/advice-nothing", test_advice_nothing);
  g_test_add_func ("/ui/wizard/numbers", test_numbers);
  g_test_add_func ("/ui/wizard/download", test_download);
  g_test_add_func ("/ui/wizard/ready", test_ready);
  g_test_add_func ("/ui/wizard/drawings", test_drawings);
  g_test_add_func ("/ui/wizard/state", test_state);
  return g_test_run ();
}
