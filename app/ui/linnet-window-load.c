/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWindow: bringing a model in: its memory is checked, it is loaded, and what its Modelfile
 * says goes to the chat. */
#include "config.h"

#include <glib/gi18n.h>

#include "advisor/linnet-memory-check.h"
#include "library/linnet-modelfile-apply.h"
#include "linnet-window-private.h"
#include "preferences/linnet-settings.h"

/* One load from the wish to the end. */
typedef struct {
  LinnetWindow *window; /* reference */
  GCancellable *cancellable;
  char *path;
  LinnetLibraryModel *model; /* of the library, or NULL: just a file */
  LinnetLoadOptions options; /* cpu_level: the window's */
  guint smaller_n_ctx;       /* that would fit; 0: none */
} Load;

static void
load_free (Load *load)
{
  g_clear_object (&load->window);
  g_clear_object (&load->cancellable);
  g_clear_object (&load->model);
  g_free (load->path);
  g_free (load);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Load, load_free)

/* Whether the window is still there and has not come to want another file. */
static gboolean
is_current (const Load *load)
{
  return load->window->engine != NULL && load->window->load_cancellable == load->cancellable;
}

static const LinnetModelfile *
get_modelfile (LinnetLibraryModel *model)
{
  return model != NULL ? linnet_library_model_get_modelfile (model) : NULL;
}

void
linnet_window_ask_for_model (LinnetWindow *self, const char *title, const char *description)
{
  g_autofree char *escaped = g_markup_escape_text (description, -1);

  adw_status_page_set_title (self->no_model_page, title);
  adw_status_page_set_description (self->no_model_page, escaped);
  gtk_widget_set_visible (GTK_WIDGET (self->demo_button), self->demo_path != NULL);
  gtk_stack_set_visible_child_name (self->stack, "no-model");
  gtk_accessible_announce (GTK_ACCESSIBLE (self), description,
                           GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_HIGH);
}

static void
ask_for_any_model (LinnetWindow *self)
{
  linnet_window_ask_for_model (
      self, _ ("No Model Is Open"),
      _ ("Open a model’s GGUF file, or drop it on this window, to begin a chat."));
}

/* ---- What a Modelfile says ---- */

void
linnet_window_apply_options (LinnetWindow *self)
{
  const LinnetModelfile *modelfile = get_modelfile (self->open_model);
  LinnetGenerationOptions options;
  gboolean has_seed = FALSE;

  linnet_generation_options_init (&options);
  if (modelfile != NULL)
    has_seed = linnet_modelfile_apply (modelfile, &options, NULL);
  if (!has_seed && self->seed >= 0)
    options.seed = (guint64) self->seed;
  linnet_chat_set_options (self->chat, modelfile != NULL || self->seed >= 0 ? &options : NULL);
}

static void
apply_modelfile (LinnetWindow *self, LinnetLibraryModel *model)
{
  const LinnetModelfile *modelfile = get_modelfile (model);
  LinnetConversation *conversation = linnet_chat_get_conversation (self->chat);

  g_set_object (&self->open_model, model);
  linnet_chat_set_system_prompt (self->chat, modelfile != NULL ? modelfile->system : NULL);
  linnet_window_apply_options (self);
  /* Its examples begin a conversation that has not begun. */
  if (modelfile != NULL && g_list_model_get_n_items (G_LIST_MODEL (conversation)) == 0)
    linnet_modelfile_begin (modelfile, conversation);
  linnet_window_mark_open_model (self);
}

/* What is set, and over it what the Modelfile says. */
static void
fill_options (Load *load)
{
  const LinnetModelfile *modelfile = get_modelfile (load->model);
  g_autoptr (LinnetMachine) machine = linnet_machine_new (load->window->machine_root);
  LinnetGenerationOptions generation;

  linnet_settings_get_load_options (load->window->settings, machine, &load->options);
  load->options.model.cpu_level = load->window->cpu_level;
  linnet_generation_options_init (&generation);
  if (modelfile != NULL)
    linnet_modelfile_apply (modelfile, &generation, &load->options);
}

/* ---- Loading ---- */

static void
show_chat_page (LinnetWindow *self)
{
  gtk_stack_set_visible_child_name (self->stack, "chat");
  if (linnet_window_is_on_chat (self))
    linnet_chat_page_focus_composer (self->chat_page);
}

/* The load is over, one way or another: error NULL where it went well. */
static void
finish (Load *load, const GError *error)
{
  LinnetWindow *self = load->window;
  gboolean has_model = linnet_engine_get_model (self->engine) != NULL;

  g_clear_object (&self->load_cancellable);
  if (self->wizard != NULL)
    linnet_wizard_model_loaded (self->wizard, load->path, error);
  if (has_model)
    show_chat_page (self);
  if (error == NULL) {
    apply_modelfile (self, load->model);
    gtk_accessible_announce (GTK_ACCESSIBLE (self), _ ("The model is ready."),
                             GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_LOW);
  } else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    if (!has_model)
      ask_for_any_model (self);
  } else if (has_model)
    linnet_window_show_error (self, error->message, _ ("_Open Another…"), "win.open-model");
  else
    linnet_window_ask_for_model (self, _ ("The Model Cannot Be Opened"), error->message);
  linnet_window_update_actions (self);
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Load) load = user_data;
  g_autoptr (GError) error = NULL;

  linnet_engine_load_finish (LINNET_ENGINE (source), result, &error);
  if (is_current (load))
    finish (load, error);
}

/* Takes load. */
static void
start (Load *load)
{
  linnet_engine_load_async (load->window->engine, load->path, &load->options, load->cancellable,
                            loaded_cb, load);
}

static void
choice_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Load) load = user_data;
  const char *response = adw_alert_dialog_choose_finish (ADW_ALERT_DIALOG (source), result);
  g_autoptr (GError) cancelled = NULL;

  if (!is_current (load))
    return;
  if (g_strcmp0 (response, "smaller") == 0)
    load->options.n_ctx = load->smaller_n_ctx;
  if (g_strcmp0 (response, "smaller") == 0 || g_strcmp0 (response, "open") == 0) {
    start (g_steal_pointer (&load));
    return;
  }
  cancelled = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  finish (load, cancelled);
}

/* Takes load: asks whether a model that would swap is wanted all the same. */
static void
ask_about_memory (Load *load, const LinnetMemoryCheck *check)
{
  LinnetWindow *self = load->window;
  g_autofree char *needed = g_format_size (check->needed);
  g_autofree char *limit = g_format_size (check->limit);
  g_autofree char *body = g_strdup_printf (
      ngettext ("It takes about %s with a context of %u token, and %s can be had now. The computer "
                "would become very slow for everything. Closing other programs helps.",
                "It takes about %s with a context of %u tokens, and %s can be had now. The "
                "computer would become very slow for everything. Closing other programs helps.",
                check->n_ctx),
      needed, check->n_ctx, limit);
  AdwAlertDialog *dialog =
      ADW_ALERT_DIALOG (adw_alert_dialog_new (_ ("Too Little Memory Is Free"), body));

  load->smaller_n_ctx = check->smaller_n_ctx;
  adw_alert_dialog_add_response (dialog, "cancel", _ ("_Cancel"));
  adw_alert_dialog_add_response (dialog, "open", _ ("_Open Anyway"));
  adw_alert_dialog_set_response_appearance (dialog, "open", ADW_RESPONSE_DESTRUCTIVE);
  if (check->smaller_n_ctx > 0) {
    g_autofree char *label =
        g_strdup_printf (ngettext ("Open With a Context of %u _Token",
                                   "Open With a Context of %u _Tokens", check->smaller_n_ctx),
                         check->smaller_n_ctx);

    adw_alert_dialog_add_response (dialog, "smaller", label);
    adw_alert_dialog_set_response_appearance (dialog, "smaller", ADW_RESPONSE_SUGGESTED);
    adw_alert_dialog_set_default_response (dialog, "smaller");
  } else
    adw_alert_dialog_set_default_response (dialog, "cancel");
  adw_alert_dialog_set_close_response (dialog, "cancel");
  adw_alert_dialog_choose (dialog, GTK_WIDGET (self), load->cancellable, choice_cb, load);
}

static void
checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Load) load = user_data;
  g_autoptr (GError) error = NULL;
  LinnetMemoryCheck check;
  gboolean is_checked = linnet_memory_check_finish (result, &check, &error);

  if (!is_current (load))
    return;
  if (!is_checked)
    finish (load, error);
  else if (check.fits)
    start (g_steal_pointer (&load));
  else
    ask_about_memory (g_steal_pointer (&load), &check);
}

/* model: NULL for a file that is in no library. */
static void
load_path_behind (LinnetWindow *self, const char *path, LinnetLibraryModel *model)
{
  Load *load = g_new0 (Load, 1);
  g_autofree char *name = model != NULL ? g_strdup (linnet_library_model_get_title (model))
                                        : g_filename_display_basename (path);

  /* Of two files the later is meant. */
  g_cancellable_cancel (self->load_cancellable);
  g_clear_object (&self->load_cancellable);
  self->load_cancellable = g_cancellable_new ();

  load->window = g_object_ref (self);
  load->cancellable = g_object_ref (self->load_cancellable);
  load->path = g_strdup (path);
  g_set_object (&load->model, model);
  fill_options (load);

  linnet_loading_page_start (self->loading_page, name);
  gtk_stack_set_visible_child_name (self->stack, "loading");
  linnet_chat_page_dismiss_notice (self->chat_page);
  linnet_memory_check_async (path, &load->options, self->machine_root, load->cancellable,
                             checked_cb, load);
  linnet_window_update_actions (self);
}

static void
load_path (LinnetWindow *self, const char *path, LinnetLibraryModel *model)
{
  linnet_window_show_chat (self);
  load_path_behind (self, path, model);
}

gboolean
linnet_window_get_loading (LinnetWindow *self)
{
  g_return_val_if_fail (LINNET_IS_WINDOW (self), FALSE);

  return self->load_cancellable != NULL;
}

void
linnet_window_load_file (LinnetWindow *self, GFile *file)
{
  g_autofree char *path = NULL;

  g_return_if_fail (LINNET_IS_WINDOW (self));
  g_return_if_fail (G_IS_FILE (file));

  path = g_file_get_path (file);
  if (path != NULL)
    load_path (self, path, NULL);
  else {
    linnet_window_show_chat (self);
    linnet_window_show_error (self,
                              _ ("This file is not on this computer. Copy it to a folder here, "
                                 "then open the copy."),
                              NULL, NULL);
  }
}

void
linnet_window_load_model (LinnetWindow *self, LinnetLibraryModel *model)
{
  g_return_if_fail (LINNET_IS_WINDOW (self));
  g_return_if_fail (LINNET_IS_LIBRARY_MODEL (model));

  load_path (self, linnet_library_model_get_path (model), model);
}

void
linnet_window_load_behind (LinnetWindow *self, LinnetLibraryModel *model)
{
  g_assert (LINNET_IS_WINDOW (self));

  load_path_behind (self, linnet_library_model_get_path (model), model);
}

void
linnet_window_load_demo (LinnetWindow *self)
{
  g_return_if_fail (LINNET_IS_WINDOW (self));

  if (self->demo_path != NULL)
    load_path (self, self->demo_path, NULL);
  else
    ask_for_any_model (self);
}
