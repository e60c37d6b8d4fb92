/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWindow: the window: one engine, one chat, and the ways to bring a model in. */
#include "config.h"

#include <glib/gi18n.h>

#include "linnet-accelerators.h"
#include "linnet-window-private.h"
#include "preferences/linnet-settings.h"

#define SPEED_SHOWN_EVERY_US   400000
#define RESTORE_FOCUS_AFTER_MS 100 /* a few frames */

G_DEFINE_FINAL_TYPE (LinnetWindow, linnet_window, ADW_TYPE_APPLICATION_WINDOW)

/* "26M", "1.5B": as the names of models write it, in every language. Transfer full. */
static char *
format_parameters (guint64 n)
{
  if (n >= 10000000000)
    return g_strdup_printf ("%.0fB", n / 1e9);
  if (n >= 1000000000)
    return g_strdup_printf ("%.1fB", n / 1e9);
  if (n >= 1000000)
    return g_strdup_printf ("%.0fM", n / 1e6);
  return g_strdup_printf ("%.0fK", n / 1e3);
}

/* What stands below the model's name. Transfer full. */
static char *
describe_model (LinnetModel *model)
{
  g_autofree char *parameters = format_parameters (linnet_model_get_n_parameters (model));

  /* Translators: what kind of model is open: its quantisation and size ("Q8_0 · 26M parameters").
   */
  return g_strdup_printf (_ ("%s · %s parameters"), linnet_model_get_quantisation (model),
                          parameters);
}

static void
update_title (LinnetWindow *self)
{
  LinnetModel *model = linnet_engine_get_model (self->engine);
  LinnetGeneration *generation = linnet_chat_get_generation (self->chat);
  double speed = generation != NULL ? linnet_generation_get_tokens_per_second (generation) : 0;
  gint64 now = g_get_monotonic_time ();
  g_autofree char *subtitle = NULL;

  if (speed > 0 && now - self->speed_shown_us < SPEED_SHOWN_EVERY_US)
    return;
  if (speed > 0) {
    self->speed_shown_us = now;
    subtitle = g_strdup_printf (_ ("%.1f tokens/s"), speed);
  } else
    subtitle = model != NULL ? describe_model (model) : g_strdup ("");

  adw_window_title_set_title (self->title,
                              model != NULL ? linnet_model_get_title (model) : _ ("Linnet"));
  adw_window_title_set_subtitle (self->title, subtitle);
}

static gboolean
is_demo (LinnetWindow *self)
{
  LinnetModel *model = linnet_engine_get_model (self->engine);

  return model != NULL && g_strcmp0 (linnet_model_get_path (model), self->demo_path) == 0;
}

static void
model_changed_cb (LinnetWindow *self)
{
  LinnetModel *model = linnet_engine_get_model (self->engine);

  adw_banner_set_revealed (self->banner, is_demo (self));
  update_title (self);
  linnet_window_mark_open_model (self);
  if (model != NULL && linnet_model_get_chat_is_fallback (model))
    linnet_window_show_error (
        self,
        _ ("This model does not say how chats are written for it, so a common "
           "way is used. Strange answers may come from that."),
        NULL, NULL);
}

static void
load_progress_cb (LinnetWindow *self)
{
  linnet_loading_page_set_fraction (self->loading_page,
                                    linnet_engine_get_load_progress (self->engine));
}

static void
generation_changed_cb (LinnetWindow *self)
{
  LinnetGeneration *generation = linnet_chat_get_generation (self->chat);

  self->speed_shown_us = 0;
  if (generation != NULL)
    g_set_object (&self->answering_model, linnet_engine_get_model (self->engine));
  if (generation != NULL)
    g_signal_connect_object (generation, "notify::tokens-per-second", G_CALLBACK (update_title),
                             self, G_CONNECT_SWAPPED);
  update_title (self);
  linnet_window_update_actions (self);
}

/* What the answer's speed was is worth more than any forecast. */
static void
finished_cb (LinnetWindow *self, LinnetGeneration *generation)
{
  g_autoptr (LinnetModel) model = g_steal_pointer (&self->answering_model);

  if (self->advisor != NULL && model != NULL &&
      linnet_generation_get_finish_reason (generation) != LINNET_FINISH_FAILED)
    linnet_advisor_record (self->advisor, model, generation);
  linnet_window_apply_options (self);
}

static void
failed_cb (LinnetWindow *self, const GError *error)
{
  if (g_error_matches (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_CONTEXT))
    linnet_window_show_error (self, error->message, _ ("_New Chat"), "win.new-chat");
  else
    linnet_window_show_error (self, error->message, NULL, NULL);
}

/* The page that is seen is another one. */
static void
page_changed_cb (LinnetWindow *self)
{
  linnet_window_update_actions (self);
  if (linnet_window_is_on_chat (self) &&
      g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "chat") == 0)
    linnet_chat_page_focus_composer (self->chat_page);
}

void
linnet_window_show_error (LinnetWindow *self,
                          const char *sentence,
                          const char *button_label,
                          const char *action_name)
{
  g_assert (LINNET_IS_WINDOW (self));

  if (linnet_engine_get_model (self->engine) != NULL)
    linnet_chat_page_show_notice (self->chat_page, sentence, button_label, action_name);
  else
    linnet_window_ask_for_model (self, _ ("No Model Is Open"), sentence);
}

static gboolean
restore_focus_cb (gpointer user_data)
{
  LinnetWindow *self = user_data;

  self->restore_focus_source = 0;
  if (self->focus_to_restore != NULL && gtk_widget_get_mapped (self->focus_to_restore))
    gtk_widget_grab_focus (self->focus_to_restore);
  g_clear_weak_pointer (&self->focus_to_restore);
  return G_SOURCE_REMOVE;
}

/* Applying a breakpoint hides the content for a moment, and with it the focus would go. */
static void
breakpoint_changed_cb (LinnetWindow *self)
{
  if (self->restore_focus_source != 0)
    return;
  g_set_weak_pointer (&self->focus_to_restore, gtk_window_get_focus (GTK_WINDOW (self)));
  self->restore_focus_source = g_timeout_add (RESTORE_FOCUS_AFTER_MS, restore_focus_cb, self);
}

/* Binds the window's size to the settings, where their schema is installed. */
static void
setup_settings (LinnetWindow *self)
{
  self->settings = linnet_settings_new ();
  if (self->settings == NULL)
    return;
  g_settings_bind (self->settings, "window-width", self, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (self->settings, "window-height", self, "default-height",
                   G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (self->settings, "window-maximized", self, "maximized", G_SETTINGS_BIND_DEFAULT);
}

static gboolean
linnet_window_close_request (GtkWindow *window)
{
  LinnetWindow *self = LINNET_WINDOW (window);

  g_cancellable_cancel (self->load_cancellable);
  linnet_chat_stop (self->chat);

  return GTK_WINDOW_CLASS (linnet_window_parent_class)->close_request (window);
}

/* Without its children the window has nowhere to show what changes. */
static void
disconnect_updates (LinnetWindow *self)
{
  LinnetGeneration *generation = linnet_chat_get_generation (self->chat);

  if (generation != NULL)
    g_signal_handlers_disconnect_by_data (generation, self);
  g_signal_handlers_disconnect_by_data (linnet_chat_get_conversation (self->chat), self);
  g_signal_handlers_disconnect_by_data (self->chat, self);
  g_signal_handlers_disconnect_by_data (self->engine, self);
  g_signal_handlers_disconnect_by_data (self->navigation, self);
}

static void
linnet_window_dispose (GObject *object)
{
  LinnetWindow *self = LINNET_WINDOW (object);

  g_cancellable_cancel (self->load_cancellable);
  if (self->chat != NULL)
    disconnect_updates (self);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_WINDOW);
  g_clear_handle_id (&self->restore_focus_source, g_source_remove);
  g_clear_weak_pointer (&self->focus_to_restore);
  g_clear_object (&self->load_cancellable);
  g_clear_object (&self->open_model);
  g_clear_object (&self->answering_model);
  g_clear_object (&self->chat);
  g_clear_object (&self->engine);
  g_clear_object (&self->wizard);
  g_clear_object (&self->pulls);
  g_clear_object (&self->advisor);
  g_clear_object (&self->settings);

  G_OBJECT_CLASS (linnet_window_parent_class)->dispose (object);
}

static void
linnet_window_finalize (GObject *object)
{
  LinnetWindow *self = LINNET_WINDOW (object);

  g_free (self->demo_path);
  g_free (self->machine_root);
  g_free (self->cpu_level);

  G_OBJECT_CLASS (linnet_window_parent_class)->finalize (object);
}

static void
linnet_window_class_init (LinnetWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = linnet_window_dispose;
  object_class->finalize = linnet_window_finalize;
  GTK_WINDOW_CLASS (klass)->close_request = linnet_window_close_request;

  g_type_ensure (LINNET_TYPE_CHAT_PAGE);
  g_type_ensure (LINNET_TYPE_LOADING_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/linnet_chat/Linnet/linnet-window.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetWindow, navigation);
  gtk_widget_class_bind_template_child (widget_class, LinnetWindow, title);
  gtk_widget_class_bind_template_child (widget_class, LinnetWindow, banner);
  gtk_widget_class_bind_template_child (widget_class, LinnetWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, LinnetWindow, loading_page);
  gtk_widget_class_bind_template_child (widget_class, LinnetWindow, no_model_page);
  gtk_widget_class_bind_template_child (widget_class, LinnetWindow, demo_button);
  gtk_widget_class_bind_template_child (widget_class, LinnetWindow, chat_page);
  gtk_widget_class_bind_template_child (widget_class, LinnetWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, LinnetWindow, drop_revealer);

  linnet_window_install_actions (widget_class);
  linnet_window_install_model_actions (widget_class);
  linnet_window_install_wizard_actions (widget_class);
  linnet_accelerators_bind_window_class (widget_class);
}

static void
connect_updates (LinnetWindow *self, gpointer instance, const char *signal, GCallback callback)
{
  g_signal_connect_object (instance, signal, callback, self, G_CONNECT_SWAPPED);
}

static void
linnet_window_init (LinnetWindow *self)
{
  GCallback update_actions = G_CALLBACK (linnet_window_update_actions);

  self->seed = -1;
  gtk_widget_init_template (GTK_WIDGET (self));

  self->engine = linnet_engine_new ();
  self->chat = linnet_chat_new (self->engine);
  linnet_chat_page_set_chat (self->chat_page, self->chat);

  connect_updates (self, self->engine, "notify::model", G_CALLBACK (model_changed_cb));
  connect_updates (self, self->engine, "notify::load-progress", G_CALLBACK (load_progress_cb));
  connect_updates (self, self->chat, "notify::generation", G_CALLBACK (generation_changed_cb));
  connect_updates (self, self->chat, "notify::busy", update_actions);
  connect_updates (self, self->chat, "failed", G_CALLBACK (failed_cb));
  connect_updates (self, self->chat, "finished", G_CALLBACK (finished_cb));
  connect_updates (self, linnet_chat_get_conversation (self->chat), "items-changed",
                   update_actions);
  connect_updates (self, self->chat_page, "notify::at-end", update_actions);
  connect_updates (self, self->stack, "notify::visible-child", update_actions);
  connect_updates (self, self->navigation, "notify::visible-page", G_CALLBACK (page_changed_cb));
  g_signal_connect (self, "notify::current-breakpoint", G_CALLBACK (breakpoint_changed_cb), NULL);

  linnet_window_setup_drop_target (self);
  setup_settings (self);
  linnet_window_update_actions (self);
}

LinnetWindow *
linnet_window_new (GtkApplication *application, const char *demo_path)
{
  LinnetWindow *self;

  g_return_val_if_fail (GTK_IS_APPLICATION (application), NULL);

  self = g_object_new (LINNET_TYPE_WINDOW, "application", application, NULL);
  self->demo_path = g_strdup (demo_path);
  linnet_window_update_actions (self);
  return self;
}

void
linnet_window_set_cpu_level (LinnetWindow *self, const char *level)
{
  g_return_if_fail (LINNET_IS_WINDOW (self));

  g_set_str (&self->cpu_level, level);
}

void
linnet_window_set_seed (LinnetWindow *self, gint64 seed)
{
  g_return_if_fail (LINNET_IS_WINDOW (self));

  self->seed = seed;
}

void
linnet_window_set_machine_root (LinnetWindow *self, const char *root)
{
  g_return_if_fail (LINNET_IS_WINDOW (self));

  g_set_str (&self->machine_root, root);
}

LinnetChat *
linnet_window_get_chat (LinnetWindow *self)
{
  g_return_val_if_fail (LINNET_IS_WINDOW (self), NULL);

  return self->chat;
}

/* Of the pages over the chat; borrowed from the stack; NULL: none is of that type. */
static AdwNavigationPage *
find_page (GListModel *stack, GType type)
{
  for (guint i = 1; i < g_list_model_get_n_items (stack); i++) {
    g_autoptr (AdwNavigationPage) page = g_list_model_get_item (stack, i);

    if (G_OBJECT_TYPE (page) == type)
      return page;
  }
  return NULL;
}

void
linnet_window_lend (LinnetWindow *self, LinnetAdvisor *advisor, LinnetPullList *pulls)
{
  g_return_if_fail (LINNET_IS_WINDOW (self));
  g_return_if_fail (LINNET_IS_ADVISOR (advisor));
  g_return_if_fail (LINNET_IS_PULL_LIST (pulls));
  g_return_if_fail (self->advisor == NULL);

  g_set_object (&self->advisor, advisor);
  g_set_object (&self->pulls, pulls);
  linnet_window_connect_pulls (self);
  linnet_window_update_actions (self);
}

LinnetAdvisor *
linnet_window_get_advisor (LinnetWindow *self)
{
  g_return_val_if_fail (LINNET_IS_WINDOW (self), NULL);

  return self->advisor;
}

LinnetPullList *
linnet_window_get_pulls (LinnetWindow *self)
{
  g_return_val_if_fail (LINNET_IS_WINDOW (self), NULL);

  return self->pulls;
}

gboolean
linnet_window_is_on_chat (LinnetWindow *self)
{
  AdwNavigationPage *page = adw_navigation_view_get_visible_page (self->navigation);

  return page != NULL && g_strcmp0 (adw_navigation_page_get_tag (page), "chat") == 0;
}

void
linnet_window_push (LinnetWindow *self, AdwNavigationPage *page)
{
  g_autoptr (GListModel) stack = NULL;
  AdwNavigationPage *there;

  g_return_if_fail (LINNET_IS_WINDOW (self));
  g_return_if_fail (ADW_IS_NAVIGATION_PAGE (page));

  g_object_ref_sink (page);
  stack = adw_navigation_view_get_navigation_stack (self->navigation);
  there = find_page (stack, G_OBJECT_TYPE (page));
  if (there != NULL)
    adw_navigation_view_pop_to_page (self->navigation, there);
  else
    adw_navigation_view_push (self->navigation, page);
  g_object_unref (page);
}

void
linnet_window_show_chat (LinnetWindow *self)
{
  g_return_if_fail (LINNET_IS_WINDOW (self));

  adw_navigation_view_pop_to_tag (self->navigation, "chat");
}
