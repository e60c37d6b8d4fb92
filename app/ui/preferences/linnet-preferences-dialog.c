/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetPreferencesDialog: rows bound to the settings. */
#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>

#include "preferences/linnet-preferences-dialog.h"
#include "preferences/linnet-settings.h"

struct _LinnetPreferencesDialog {
  AdwPreferencesDialog parent_instance;

  AdwPreferencesGroup *performance_group;
  AdwPreferencesGroup *memory_group;
  AdwPreferencesGroup *own_folder_group;
  AdwPreferencesGroup *folders_group;
  AdwPreferencesGroup *proxy_group;
  AdwPreferencesGroup *mirrors_group;
  AdwSpinRow *threads;
  AdwSpinRow *threads_prefill;
  AdwSpinRow *context_length;
  AdwComboRow *cache_type;
  AdwActionRow *folder_row;
  GtkButton *reset_folder;
  GtkListBox *folders;
  AdwEntryRow *proxy;
  AdwEntryRow *ollama_registry;
  AdwEntryRow *hugging_face;
  AdwEntryRow *modelscope;

  GSettings *settings; /* NULL where the schema is not installed */
};

G_DEFINE_FINAL_TYPE (LinnetPreferencesDialog,
                     linnet_preferences_dialog,
                     ADW_TYPE_PREFERENCES_DIALOG)

enum { PROP_0, PROP_IS_UNSAVED, N_PROPS };
static GParamSpec *properties[N_PROPS];

/* What an address may begin with. */
static const char *const mirror_schemes[] = { "https", "http", NULL };
static const char *const proxy_schemes[] = { "http",    "https",  "socks", "socks4",
                                             "socks4a", "socks5", NULL };

static gboolean
output_automatic_cb (AdwSpinRow *row)
{
  if (adw_spin_row_get_value (row) > 0)
    return FALSE;
  if (g_strcmp0 (gtk_editable_get_text (GTK_EDITABLE (row)), _ ("Auto")) != 0)
    gtk_editable_set_text (GTK_EDITABLE (row), _ ("Auto"));
  return TRUE;
}

/* What is no number means "automatic". */
static int
input_automatic_cb (AdwSpinRow *row, double *value)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (row));
  char *end;

  *value = g_strtod (text, &end);
  if (end == text)
    *value = 0;
  return TRUE;
}

static void
say (LinnetPreferencesDialog *self, const char *sentence)
{
  adw_preferences_dialog_add_toast (ADW_PREFERENCES_DIALOG (self), adw_toast_new (sentence));
}

/* ---- Folders ---- */

/* Where Linnet's own models are when the setting is set. Transfer full. */
static char *
resolve_own_folder (const char *set)
{
  return set != NULL && *set != '\0'
             ? g_strdup (set)
             : g_build_filename (g_get_user_data_dir (), "linnet", "models", NULL);
}

static void
update_own_folder (LinnetPreferencesDialog *self)
{
  g_autofree char *set =
      self->settings != NULL ? g_settings_get_string (self->settings, "model-folder") : NULL;
  g_autofree char *folder = resolve_own_folder (set);
  g_autofree char *shown = g_filename_display_name (folder);

  adw_action_row_set_subtitle (self->folder_row, shown);
  gtk_widget_set_visible (GTK_WIDGET (self->reset_folder), set != NULL && *set != '\0');
}

static gboolean
has_entries (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  return dir != NULL && g_dir_read_name (dir) != NULL;
}

/* Makes folder Linnet's own, "" the usual one. What is in the one that it was stays there, and goes
 * on being found there. */
static void
change_own_folder (LinnetPreferencesDialog *self, const char *folder)
{
  g_autofree char *set = g_settings_get_string (self->settings, "model-folder");
  g_autofree char *before = resolve_own_folder (set);
  g_autofree char *after = resolve_own_folder (folder);
  g_auto (GStrv) folders = g_settings_get_strv (self->settings, "model-folders");
  g_autoptr (GStrvBuilder) kept = g_strv_builder_new ();
  g_auto (GStrv) result = NULL;

  if (g_str_equal (before, after))
    return;
  for (guint i = 0; folders[i] != NULL; i++)
    if (!g_str_equal (folders[i], before) && !g_str_equal (folders[i], after))
      g_strv_builder_add (kept, folders[i]);
  if (has_entries (before))
    g_strv_builder_add (kept, before);
  result = g_strv_builder_end (kept);
  g_settings_set_strv (self->settings, "model-folders", (const char *const *) result);
  g_settings_set_string (self->settings, "model-folder", folder);
}

static void
reset_folder_cb (LinnetPreferencesDialog *self)
{
  change_own_folder (self, "");
}

static void
remove_folder_cb (LinnetPreferencesDialog *self, GtkButton *button)
{
  const char *folder = g_object_get_data (G_OBJECT (button), "linnet-folder");
  g_auto (GStrv) folders = g_settings_get_strv (self->settings, "model-folders");
  g_autoptr (GStrvBuilder) left = g_strv_builder_new ();
  g_auto (GStrv) result = NULL;

  for (guint i = 0; folders[i] != NULL; i++)
    if (g_strcmp0 (folders[i], folder) != 0)
      g_strv_builder_add (left, folders[i]);
  result = g_strv_builder_end (left);
  g_settings_set_strv (self->settings, "model-folders", (const char *const *) result);
}

static GtkWidget *
new_folder_row (LinnetPreferencesDialog *self, const char *folder)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *button = gtk_button_new_from_icon_name ("list-remove-symbolic");
  g_autofree char *shown = g_filename_display_name (folder);
  g_autofree char *label = g_strdup_printf (_ ("Leave Out %s"), shown);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), shown);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, _ ("Leave Out This Folder"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
  g_object_set_data_full (G_OBJECT (button), "linnet-folder", g_strdup (folder), g_free);
  g_signal_connect_object (button, "clicked", G_CALLBACK (remove_folder_cb), self,
                           G_CONNECT_SWAPPED);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  return row;
}

static void
update_folders (LinnetPreferencesDialog *self)
{
  g_auto (GStrv) folders =
      self->settings != NULL ? g_settings_get_strv (self->settings, "model-folders") : NULL;

  gtk_list_box_remove_all (self->folders);
  for (guint i = 0; folders != NULL && folders[i] != NULL; i++)
    gtk_list_box_append (self->folders, new_folder_row (self, folders[i]));
  gtk_widget_set_visible (GTK_WIDGET (self->folders), folders != NULL && folders[0] != NULL);
}

/* The folder that was chosen; NULL when none was. Transfer full. */
static char *
finish_choosing (LinnetPreferencesDialog *self, GObject *source, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file =
      gtk_file_dialog_select_folder_finish (GTK_FILE_DIALOG (source), result, &error);
  char *path = file != NULL ? g_file_get_path (file) : NULL;

  if (self->settings == NULL)
    g_clear_pointer (&path, g_free); /* the dialog is gone */
  else if (file != NULL && path == NULL)
    say (self, _ ("This folder is not on this computer. Choose one that is."));
  else if (file == NULL && !g_error_matches (error, GTK_DIALOG_ERROR, GTK_DIALOG_ERROR_DISMISSED) &&
           !g_error_matches (error, GTK_DIALOG_ERROR, GTK_DIALOG_ERROR_CANCELLED))
    say (self, _ ("The folder chooser cannot be shown."));
  return path;
}

static void
folder_chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetPreferencesDialog) self = user_data;
  g_autofree char *path = finish_choosing (self, source, result);

  if (path != NULL)
    change_own_folder (self, path);
}

static void
folder_added_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetPreferencesDialog) self = user_data;
  g_autofree char *path = finish_choosing (self, source, result);
  g_auto (GStrv) folders = NULL;
  g_autoptr (GStrvBuilder) more = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;

  if (path == NULL)
    return;
  folders = g_settings_get_strv (self->settings, "model-folders");
  if (g_strv_contains ((const char *const *) folders, path))
    return;
  g_strv_builder_addv (more, (const char **) folders);
  g_strv_builder_add (more, path);
  all = g_strv_builder_end (more);
  g_settings_set_strv (self->settings, "model-folders", (const char *const *) all);
}

static void
ask_for_folder (LinnetPreferencesDialog *self, const char *title, GAsyncReadyCallback callback)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  gtk_file_dialog_set_title (dialog, title);
  gtk_file_dialog_select_folder (dialog, GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, NULL,
                                 callback, g_object_ref (self));
}

static void
choose_folder_cb (LinnetPreferencesDialog *self)
{
  ask_for_folder (self, _ ("Folder for Linnet’s Models"), folder_chosen_cb);
}

static void
add_folder_cb (LinnetPreferencesDialog *self)
{
  ask_for_folder (self, _ ("Folder with Models"), folder_added_cb);
}

/* ---- Addresses ---- */

static gboolean
is_address (const char *text, const char *const *schemes)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);

  return uri != NULL && g_strv_contains (schemes, g_uri_get_scheme (uri)) &&
         g_uri_get_host (uri) != NULL && *g_uri_get_host (uri) != '\0';
}

/* Keeps what was typed if it can be an address, and says so if not. */
static void
apply_address_cb (LinnetPreferencesDialog *self, AdwEntryRow *row)
{
  const char *key = g_object_get_data (G_OBJECT (row), "linnet-key");
  gboolean is_proxy = row == self->proxy;
  g_autofree char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (row))));

  if (*text == '\0' || is_address (text, is_proxy ? proxy_schemes : mirror_schemes)) {
    gtk_widget_remove_css_class (GTK_WIDGET (row), "error");
    g_settings_set_string (self->settings, key, text);
    return;
  }
  gtk_widget_add_css_class (GTK_WIDGET (row), "error");
  say (self, is_proxy ? _ ("A proxy’s address begins with “http://” or “socks5://”.")
                      : _ ("A mirror’s address begins with “https://”."));
}

static void
connect_address (LinnetPreferencesDialog *self, AdwEntryRow *row, const char *key)
{
  g_autofree char *text = g_settings_get_string (self->settings, key);

  gtk_editable_set_text (GTK_EDITABLE (row), text);
  g_object_set_data (G_OBJECT (row), "linnet-key", (gpointer) key);
  g_signal_connect_object (row, "apply", G_CALLBACK (apply_address_cb), self, G_CONNECT_SWAPPED);
}

/* ---- The dialog ---- */

static gboolean
get_selected_cb (GValue *value, GVariant *variant, gpointer user_data)
{
  LinnetCacheType type;

  if (!linnet_cache_type_parse (g_variant_get_string (variant, NULL), &type, NULL))
    return FALSE;
  g_value_set_uint (value, type);
  return TRUE;
}

static GVariant *
set_selected_cb (const GValue *value, const GVariantType *expected, gpointer user_data)
{
  return g_variant_new_string (
      linnet_cache_type_get_name ((LinnetCacheType) g_value_get_uint (value)));
}

static void
bind_settings (LinnetPreferencesDialog *self)
{
  GSettings *settings = self->settings;

  g_settings_bind (settings, "threads", self->threads, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "threads-prefill", self->threads_prefill, "value",
                   G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "context-length", self->context_length, "value",
                   G_SETTINGS_BIND_DEFAULT);
  g_settings_bind_with_mapping (settings, "cache-type", self->cache_type, "selected",
                                G_SETTINGS_BIND_DEFAULT, get_selected_cb, set_selected_cb, NULL,
                                NULL);
  g_signal_connect_object (settings, "changed::model-folder", G_CALLBACK (update_own_folder), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::model-folders", G_CALLBACK (update_folders), self,
                           G_CONNECT_SWAPPED);
  connect_address (self, self->proxy, "proxy");
  connect_address (self, self->ollama_registry, "ollama-registry");
  connect_address (self, self->hugging_face, "hugging-face-endpoint");
  connect_address (self, self->modelscope, "modelscope-endpoint");
}

static void
linnet_preferences_dialog_get_property (GObject *object,
                                        guint prop_id,
                                        GValue *value,
                                        GParamSpec *pspec)
{
  LinnetPreferencesDialog *self = LINNET_PREFERENCES_DIALOG (object);

  switch (prop_id) {
  case PROP_IS_UNSAVED:
    g_value_set_boolean (value, self->settings == NULL);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
linnet_preferences_dialog_dispose (GObject *object)
{
  LinnetPreferencesDialog *self = LINNET_PREFERENCES_DIALOG (object);

  if (self->settings != NULL)
    g_signal_handlers_disconnect_by_data (self->settings, self);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_PREFERENCES_DIALOG);
  g_clear_object (&self->settings);

  G_OBJECT_CLASS (linnet_preferences_dialog_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, performance_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, memory_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, own_folder_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, folders_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, proxy_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, mirrors_group);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, threads);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, threads_prefill);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, context_length);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, cache_type);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, folder_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, reset_folder);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, folders);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, proxy);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, ollama_registry);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, hugging_face);
  gtk_widget_class_bind_template_child (widget_class, LinnetPreferencesDialog, modelscope);
  gtk_widget_class_bind_template_callback (widget_class, output_automatic_cb);
  gtk_widget_class_bind_template_callback (widget_class, input_automatic_cb);
  gtk_widget_class_bind_template_callback (widget_class, reset_folder_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_folder_cb);
  gtk_widget_class_bind_template_callback (widget_class, add_folder_cb);
}

static void
linnet_preferences_dialog_class_init (LinnetPreferencesDialogClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = linnet_preferences_dialog_get_property;
  object_class->dispose = linnet_preferences_dialog_dispose;

  properties[PROP_IS_UNSAVED] = g_param_spec_boolean ("is-unsaved", NULL, NULL, FALSE,
                                                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-preferences-dialog.ui");
  bind_children (widget_class);
}

static void
linnet_preferences_dialog_init (LinnetPreferencesDialog *self)
{
  self->settings = linnet_settings_new ();
  gtk_widget_init_template (GTK_WIDGET (self));

  if (self->settings != NULL)
    bind_settings (self);
  else {
    AdwPreferencesGroup *groups[] = { self->performance_group, self->memory_group,
                                      self->own_folder_group,  self->folders_group,
                                      self->proxy_group,       self->mirrors_group };

    for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
      gtk_widget_set_sensitive (GTK_WIDGET (groups[i]), FALSE);
  }
  /* What they show was written before anybody listened. */
  adw_spin_row_update (self->threads);
  adw_spin_row_update (self->threads_prefill);
  adw_spin_row_update (self->context_length);
  update_own_folder (self);
  update_folders (self);
}

AdwDialog *
linnet_preferences_dialog_new (void)
{
  return g_object_new (LINNET_TYPE_PREFERENCES_DIALOG, NULL);
}
