/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetApplication: the life of the program, the app.* actions and the command line. */
#include "config.h"

#include <glib/gi18n.h>

#include "linnet-accelerators.h"
#include "linnet-application.h"
#include "linnet-shortcuts-dialog.h"
#include "linnet-window.h"
#include "preferences/linnet-preferences-dialog.h"
#include "preferences/linnet-settings.h"

#define DEMO_MODEL "minimind2-small-q8_0.gguf"

struct _LinnetApplication {
  AdwApplication parent_instance;

  gboolean exit_after_startup;
  gint64 seed; /* of every answer; negative: each has its own */
  /* Owned, as for seed. */
  char *cpu_level;    /* instructions to compute with, NULL: the best */
  char *machine_root; /* where the computer is looked at before a load, NULL: the real one */

  /* Owned, from startup on. */
  LinnetAdvisor *advisor;
  LinnetPullList *pulls;
  GSettings *settings; /* NULL where there are none */
};

G_DEFINE_FINAL_TYPE (LinnetApplication, linnet_application, ADW_TYPE_APPLICATION)

const char *
linnet_application_get_data_dir (void)
{
  const char *dir = g_getenv ("LINNET_DATA_DIR");

  return dir != NULL ? dir : PKGDATADIR;
}

static void
show_about (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (user_data));
  AdwAboutDialog *dialog = ADW_ABOUT_DIALOG (adw_about_dialog_new ());

  adw_about_dialog_set_application_name (dialog, _ ("Linnet"));
  adw_about_dialog_set_application_icon (dialog, APP_ID);
  adw_about_dialog_set_version (dialog, VERSION);
  adw_about_dialog_set_developer_name (dialog, _ ("The Linnet contributors"));
  adw_about_dialog_set_comments (
      dialog, _ ("Chat with language models that run on this computer’s own processor. "
                 "Nothing you write leaves it."));
  adw_about_dialog_set_license_type (dialog, GTK_LICENSE_GPL_3_0);
  adw_about_dialog_set_translator_credits (dialog, _ ("translator-credits"));
  adw_about_dialog_add_legal_section (dialog, _ ("Demo Model"), "MiniMind2-Small © Jingyao Gong",
                                      GTK_LICENSE_APACHE_2_0, NULL);
  adw_dialog_present (ADW_DIALOG (dialog), GTK_WIDGET (window));
}

static void
show_shortcuts (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (user_data));

  adw_dialog_present (ADW_DIALOG (linnet_shortcuts_dialog_new ()), GTK_WIDGET (window));
}

static void
show_preferences (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (user_data));

  adw_dialog_present (linnet_preferences_dialog_new (), GTK_WIDGET (window));
}

static void
quit (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  /* Closing saves the window's size and stops a running answer, which quitting alone would not. */
  g_autoptr (GList) windows = g_list_copy (gtk_application_get_windows (user_data));

  for (GList *l = windows; l != NULL; l = l->next)
    gtk_window_close (l->data);
}

static const GActionEntry actions[] = {
  { "about", show_about },
  { "preferences", show_preferences },
  { "shortcuts", show_shortcuts },
  { "quit", quit },
};

/* The application's window, and whether it had to be made. */
static LinnetWindow *
ensure_window (LinnetApplication *self, gboolean *is_new)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  *is_new = window == NULL;
  if (window == NULL) {
    g_autofree char *demo = g_build_filename (linnet_application_get_data_dir (), DEMO_MODEL, NULL);
    gboolean has_demo = g_file_test (demo, G_FILE_TEST_IS_REGULAR);

    window = GTK_WINDOW (linnet_window_new (GTK_APPLICATION (self), has_demo ? demo : NULL));
    linnet_window_set_cpu_level (LINNET_WINDOW (window), self->cpu_level);
    linnet_window_set_machine_root (LINNET_WINDOW (window), self->machine_root);
    linnet_window_set_seed (LINNET_WINDOW (window), self->seed);
    linnet_window_lend (LINNET_WINDOW (window), self->advisor, self->pulls);
  }
  return LINNET_WINDOW (window);
}

static gboolean
quit_when_idle_cb (gpointer user_data)
{
  g_action_group_activate_action (G_ACTION_GROUP (user_data), "quit", NULL);
  return G_SOURCE_REMOVE;
}

static void
present (LinnetApplication *self, LinnetWindow *window)
{
  gtk_window_present (GTK_WINDOW (window));
  if (self->exit_after_startup)
    g_idle_add_full (G_PRIORITY_LOW, quit_when_idle_cb, g_object_ref (self), g_object_unref);
}

static void
linnet_application_activate (GApplication *application)
{
  LinnetApplication *self = LINNET_APPLICATION (application);
  gboolean is_new;
  LinnetWindow *window = ensure_window (self, &is_new);

  if (is_new)
    linnet_window_load_demo (window);
  if (is_new && linnet_window_wants_wizard (window))
    linnet_window_show_wizard (window);
  present (self, window);
}

static void
linnet_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  LinnetApplication *self = LINNET_APPLICATION (application);
  gboolean is_new;
  LinnetWindow *window = ensure_window (self, &is_new);

  /* One model at a time: of several files the last would win anyway. */
  linnet_window_load_file (window, files[0]);
  present (self, window);
}

/* Downloads that begin now go to the new folder; nothing is moved. */
static void
folders_changed_cb (LinnetApplication *self)
{
  LinnetLibrary *library = linnet_pull_list_get_library (self->pulls);

  linnet_library_set_folder (library, NULL);
  linnet_library_refresh_async (library, NULL, NULL, NULL);
}

static void
watch_folders (LinnetApplication *self)
{
  self->settings = linnet_settings_new ();
  if (self->settings == NULL)
    return;
  g_signal_connect_object (self->settings, "changed::model-folder", G_CALLBACK (folders_changed_cb),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->settings, "changed::model-folders",
                           G_CALLBACK (folders_changed_cb), self, G_CONNECT_SWAPPED);
}

static void
linnet_application_startup (GApplication *application)
{
  LinnetApplication *self = LINNET_APPLICATION (application);
  g_autoptr (LinnetLibrary) library = NULL;

  G_APPLICATION_CLASS (linnet_application_parent_class)->startup (application);

  gtk_window_set_default_icon_name (APP_ID);
  linnet_accelerators_install (GTK_APPLICATION (application));
  library = linnet_library_new (NULL);
  self->pulls = linnet_pull_list_new (library);
  self->advisor = linnet_advisor_new ();
  watch_folders (self);
}

static int
linnet_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  if (g_variant_dict_contains (options, "version")) {
    g_print ("%s %s\n", g_get_prgname (), VERSION);
    return 0;
  }
  return -1;
}

static void
linnet_application_finalize (GObject *object)
{
  LinnetApplication *self = LINNET_APPLICATION (object);

  g_free (self->cpu_level);
  g_free (self->machine_root);
  g_clear_object (&self->settings);
  g_clear_object (&self->pulls);
  g_clear_object (&self->advisor);
  G_OBJECT_CLASS (linnet_application_parent_class)->finalize (object);
}

static void
linnet_application_class_init (LinnetApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = linnet_application_finalize;
  application_class->activate = linnet_application_activate;
  application_class->open = linnet_application_open;
  application_class->startup = linnet_application_startup;
  application_class->handle_local_options = linnet_application_handle_local_options;
}

static void
linnet_application_init (LinnetApplication *self)
{
  const GOptionEntry options[] = {
    { "version", 0, 0, G_OPTION_ARG_NONE, NULL, _ ("Print the version and exit"), NULL },
    { "exit-after-startup", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &self->exit_after_startup,
      NULL, NULL },
    { "seed", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT64, &self->seed, NULL, NULL },
    { "machine-root", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &self->machine_root, NULL,
      NULL },
    { "cpu", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &self->cpu_level, NULL, NULL },
    { NULL },
  };

  self->seed = -1;
  g_application_add_main_option_entries (G_APPLICATION (self), options);
  g_application_set_option_context_parameter_string (G_APPLICATION (self), _ ("[MODEL.gguf]"));
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
}

LinnetApplication *
linnet_application_new (void)
{
  return g_object_new (LINNET_TYPE_APPLICATION, "application-id", APP_ID, "flags",
                       G_APPLICATION_HANDLES_OPEN, "resource-base-path",
                       "/io/github/linnet_chat/Linnet", NULL);
}
