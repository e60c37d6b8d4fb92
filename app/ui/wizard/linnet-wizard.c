/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizard: from an unknown computer to a chat with the model that suits it. */
#include "config.h"

#include <glib/gi18n.h>

#include "wizard/linnet-wizard-private.h"

G_DEFINE_FINAL_TYPE (LinnetWizard, linnet_wizard, ADW_TYPE_NAVIGATION_PAGE)

enum { SIGNAL_LEAVE, SIGNAL_LOAD, SIGNAL_CHAT, N_SIGNALS };
static guint signals[N_SIGNALS];

/* In the order in which they are gone through. */
static const char *const tags[] = {
  "welcome", "computer", "wishes", "advice", "download", "ready"
};
enum { WELCOME, COMPUTER, WISHES, ADVICE, DOWNLOAD, READY, N_PAGES };

G_STATIC_ASSERT (G_N_ELEMENTS (tags) == N_PAGES);

static int
get_position (const char *tag)
{
  for (int i = 0; i < N_PAGES; i++)
    if (g_strcmp0 (tags[i], tag) == 0)
      return i;
  return WELCOME;
}

static LinnetWizardFrame *
get_frame (LinnetWizard *self, AdwNavigationPage *page)
{
  switch (get_position (adw_navigation_page_get_tag (page))) {
  case COMPUTER:
    return linnet_wizard_computer_get_frame (self->computer);
  case WISHES:
    return linnet_wizard_wishes_get_frame (self->wishes);
  case ADVICE:
    return linnet_wizard_advice_get_frame (self->advice);
  case DOWNLOAD:
    return linnet_wizard_download_get_frame (self->download);
  case READY:
    return linnet_wizard_ready_get_frame (self->ready);
  default:
    return linnet_wizard_welcome_get_frame (self->welcome);
  }
}

/* Makes the pages up to position the stack. The download is no place to go back to from a model
 * that is here. */
static void
set_stack (LinnetWizard *self, int position)
{
  const char *stack[N_PAGES];
  int n = 0;

  for (int i = 0; i <= position; i++)
    if (i != DOWNLOAD || position == DOWNLOAD)
      stack[n++] = tags[i];
  adw_navigation_view_replace_with_tags (self->view, stack, n);
}

void
linnet_wizard_go (LinnetWizard *self, const char *tag)
{
  int position = get_position (tag);
  int current = get_position (adw_navigation_view_get_visible_page_tag (self->view));

  if (position == READY || position < current)
    set_stack (self, position);
  else if (position > current)
    adw_navigation_view_push_by_tag (self->view, tag);
}

/* ---- The pages, when they are seen ---- */

static void
update_advice_button (LinnetWizard *self)
{
  LinnetWizardFrame *frame = linnet_wizard_advice_get_frame (self->advice);
  const LinnetAdvice *advice = linnet_wizard_advice_get_selected (self->advice);
  g_autofree char *size = NULL;
  g_autofree char *label = NULL;

  if (advice == NULL) {
    linnet_wizard_frame_set_next (frame, self->has_demo ? _ ("Use the _Demo Model") : NULL,
                                  "wizard.skip");
    return;
  }
  if (linnet_wizard_find_installed (self, advice->file) != NULL)
    label = g_strdup (_ ("_Use This Model"));
  else {
    size = g_format_size (advice->forecast.file_bytes);
    /* Translators: %s is a size, such as "1.9 GB". */
    label = g_strdup_printf (_ ("_Download (%s)"), size);
  }
  linnet_wizard_frame_set_next (frame, label, "wizard.next");
}

static void
show_advice (LinnetWizard *self)
{
  LinnetAdviceList *list;
  LinnetWishes wishes;

  linnet_wizard_wishes_get (self->wishes, &wishes);
  list = linnet_advisor_advise (self->advisor, &wishes);
  if (list == NULL) {
    linnet_wizard_go (self, tags[COMPUTER]);
    return;
  }
  linnet_wizard_advice_set_list (self->advice, list, linnet_advisor_get_machine (self->advisor));
  if (self->state->model_id != NULL)
    linnet_wizard_advice_select (self->advice, self->state->model_id, self->state->quantisation);
}

/* Has the model opened that is here; without one there is advice to be had. */
static void
show_ready (LinnetWizard *self)
{
  const LinnetCatalogueModel *model;
  const LinnetCatalogueFile *file;

  if (!linnet_wizard_get_chosen (self, &model, &file)) {
    linnet_wizard_go (self, tags[ADVICE]);
    return;
  }
  if (self->installed == NULL)
    g_set_object (&self->installed, linnet_wizard_find_installed (self, file));
  if (self->installed == NULL)
    return; /* not looked for yet: linnet_library_refresh_async() is under way */
  linnet_wizard_ready_set_model (self->ready, model->title, self->state->task);
  g_signal_emit (self, signals[SIGNAL_LOAD], 0, self->installed);
}

/* The visible page is seen from now on. */
static void
enter (LinnetWizard *self)
{
  AdwNavigationPage *page = adw_navigation_view_get_visible_page (self->view);
  int position;

  if (page == NULL || page == self->entered || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  if (self->entered != NULL)
    linnet_wizard_frame_release_focus (get_frame (self, self->entered));
  self->entered = page;
  position = get_position (adw_navigation_page_get_tag (page));
  g_set_str (&self->state->page, tags[position]);
  linnet_wizard_state_save (self->state);

  if (position == COMPUTER)
    linnet_wizard_inspect (self, FALSE);
  else
    linnet_wizard_stop_inspecting (self);
  if (position == ADVICE)
    show_advice (self);
  else if (position == DOWNLOAD)
    linnet_wizard_fetch (self);
  else if (position == READY)
    show_ready (self);
  linnet_wizard_update_actions (self);
  linnet_wizard_frame_take_focus (get_frame (self, self->entered));
}

/* Without animations this comes before it is told which page is visible. */
static void
shown_cb (LinnetWizard *self)
{
  enter (self);
  if (self->entered != NULL)
    linnet_wizard_frame_take_focus (get_frame (self, self->entered));
}

/* Goes to where the wizard was when it was left. */
static void
restore (LinnetWizard *self)
{
  int position = get_position (self->state->page);
  const LinnetCatalogueModel *model;
  const LinnetCatalogueFile *file;

  if (position >= DOWNLOAD && !linnet_wizard_get_chosen (self, &model, &file))
    position = ADVICE;
  if (position >= ADVICE && linnet_advisor_get_measurements (self->advisor) == NULL)
    position = COMPUTER;
  if (get_position (adw_navigation_view_get_visible_page_tag (self->view)) != position)
    set_stack (self, position);
}

static void
refreshed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetWizard) self = user_data;

  /* What cannot be read is not there: nothing to say. */
  linnet_library_refresh_finish (LINNET_LIBRARY (source), result, NULL);
  if (self->view == NULL)
    return; /* the wizard is gone */
  linnet_wizard_update_actions (self);
  if (self->entered != ADW_NAVIGATION_PAGE (self->ready) || self->installed != NULL)
    return;
  show_ready (self);
  if (self->installed == NULL)
    linnet_wizard_go (self, tags[ADVICE]); /* it was deleted meanwhile */
}

static void
linnet_wizard_map (GtkWidget *widget)
{
  LinnetWizard *self = LINNET_WIZARD (widget);

  restore (self);
  GTK_WIDGET_CLASS (linnet_wizard_parent_class)->map (widget);
  linnet_library_refresh_async (linnet_pull_list_get_library (self->pulls), NULL, refreshed_cb,
                                g_object_ref (self));
  enter (self);
}

static void
linnet_wizard_unmap (GtkWidget *widget)
{
  LinnetWizard *self = LINNET_WIZARD (widget);

  if (self->entered != NULL)
    linnet_wizard_frame_release_focus (get_frame (self, self->entered));
  self->entered = NULL;
  linnet_wizard_stop_inspecting (self);
  GTK_WIDGET_CLASS (linnet_wizard_parent_class)->unmap (widget);
}

/* ---- Actions ---- */

static void
choose (LinnetWizard *self)
{
  const LinnetAdvice *advice = linnet_wizard_advice_get_selected (self->advice);
  LinnetLibraryModel *installed;

  linnet_wizard_state_set_model (self->state, advice->model->id, advice->file->quantisation);
  self->state->paused = FALSE;
  linnet_wizard_state_save (self->state);
  installed = linnet_wizard_find_installed (self, advice->file);
  g_set_object (&self->installed, installed);
  linnet_wizard_go (self, tags[installed != NULL ? READY : DOWNLOAD]);
}

/* The next time begins at the beginning. */
static void
start_over (LinnetWizard *self)
{
  self->state->done = TRUE;
  g_set_str (&self->state->page, tags[WELCOME]);
  linnet_wizard_state_set_model (self->state, NULL, NULL);
  linnet_wizard_state_save (self->state);
  g_clear_object (&self->installed);
}

static void
finish (LinnetWizard *self)
{
  g_autofree char *question = g_strdup (linnet_wizard_ready_get_question (self->ready));

  start_over (self);
  g_signal_emit (self, signals[SIGNAL_CHAT], 0, question);
}

static void
next (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  LinnetWizard *self = LINNET_WIZARD (widget);
  int position = get_position (adw_navigation_view_get_visible_page_tag (self->view));

  if (position == ADVICE)
    choose (self);
  else if (position == READY)
    finish (self);
  else
    linnet_wizard_go (self, tags[position + 1]);
}

static void
skip (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  LinnetWizard *self = LINNET_WIZARD (widget);

  self->state->done = TRUE;
  linnet_wizard_state_save (self->state);
  g_signal_emit (self, signals[SIGNAL_LEAVE], 0);
}

static void
meanwhile (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  g_signal_emit (widget, signals[SIGNAL_LEAVE], 0);
}

static void
measure (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  linnet_wizard_inspect (LINNET_WIZARD (widget), TRUE);
}

static void
pause_fetching (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  linnet_wizard_pause (LINNET_WIZARD (widget));
}

static void
resume_fetching (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  linnet_wizard_resume (LINNET_WIZARD (widget));
}

static void
cancel_fetching (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  linnet_wizard_cancel (LINNET_WIZARD (widget));
}

static gboolean
can_go_on (LinnetWizard *self)
{
  const LinnetAdvice *advice;

  switch (get_position (adw_navigation_view_get_visible_page_tag (self->view))) {
  case COMPUTER:
    return !self->wants_inspection && linnet_advisor_get_measurements (self->advisor) != NULL;
  case ADVICE:
    advice = linnet_wizard_advice_get_selected (self->advice);
    return advice != NULL && advice->verdict != LINNET_VERDICT_NO;
  case DOWNLOAD:
    return FALSE; /* it goes on by itself */
  default:
    return TRUE;
  }
}

void
linnet_wizard_update_actions (LinnetWizard *self)
{
  GtkWidget *widget = GTK_WIDGET (self);

  if (self->advisor == NULL)
    return; /* not complete yet */
  update_advice_button (self);
  gtk_widget_action_set_enabled (widget, "wizard.next", can_go_on (self));
  gtk_widget_action_set_enabled (widget, "wizard.measure", !self->wants_inspection);
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "wizard.next", NULL, next);
  gtk_widget_class_install_action (widget_class, "wizard.skip", NULL, skip);
  gtk_widget_class_install_action (widget_class, "wizard.meanwhile", NULL, meanwhile);
  gtk_widget_class_install_action (widget_class, "wizard.measure", NULL, measure);
  gtk_widget_class_install_action (widget_class, "wizard.pause", NULL, pause_fetching);
  gtk_widget_class_install_action (widget_class, "wizard.resume", NULL, resume_fetching);
  gtk_widget_class_install_action (widget_class, "wizard.cancel", NULL, cancel_fetching);
}

/* ---- What changes elsewhere ---- */

static void
wishes_changed_cb (LinnetWizard *self)
{
  LinnetWishes wishes;

  linnet_wizard_wishes_get (self->wishes, &wishes);
  linnet_wizard_state_set_wishes (self->state, &wishes);
  /* Other wishes deserve another advice. */
  linnet_wizard_state_set_model (self->state, NULL, NULL);
  linnet_wizard_state_save (self->state);
}

static void
load_progress_cb (LinnetWizard *self)
{
  if (self->entered == ADW_NAVIGATION_PAGE (self->ready) &&
      linnet_engine_get_loading (self->engine))
    linnet_wizard_ready_set_loading (self->ready, linnet_engine_get_load_progress (self->engine));
}

/* ---- Life ---- */

static void
linnet_wizard_dispose (GObject *object)
{
  LinnetWizard *self = LINNET_WIZARD (object);

  if (self->advisor != NULL) {
    linnet_wizard_stop_inspecting (self);
    linnet_wizard_forget_pull (self);
    g_signal_handlers_disconnect_by_data (self->advisor, self);
    g_signal_handlers_disconnect_by_data (self->engine, self);
  }
  g_cancellable_cancel (self->probing);
  /* Before the template lets go of it, which AdwNavigationPage would not notice. */
  adw_navigation_page_set_child (ADW_NAVIGATION_PAGE (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_WIZARD);
  g_clear_object (&self->probing);
  g_clear_object (&self->inspecting);
  g_clear_object (&self->installed);
  g_clear_object (&self->engine);
  g_clear_object (&self->pulls);
  g_clear_object (&self->advisor);

  G_OBJECT_CLASS (linnet_wizard_parent_class)->dispose (object);
}

static void
linnet_wizard_finalize (GObject *object)
{
  LinnetWizard *self = LINNET_WIZARD (object);

  linnet_wizard_state_free (self->state);

  G_OBJECT_CLASS (linnet_wizard_parent_class)->finalize (object);
}

static void
install_signals (GType type)
{
  signals[SIGNAL_LEAVE] =
      g_signal_new ("leave", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_LOAD] = g_signal_new ("load", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 1, LINNET_TYPE_LIBRARY_MODEL);
  signals[SIGNAL_CHAT] = g_signal_new ("chat", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
linnet_wizard_class_init (LinnetWizardClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = linnet_wizard_dispose;
  object_class->finalize = linnet_wizard_finalize;
  widget_class->map = linnet_wizard_map;
  widget_class->unmap = linnet_wizard_unmap;
  install_signals (LINNET_TYPE_WIZARD);
  install_actions (widget_class);

  g_type_ensure (LINNET_TYPE_WIZARD_WELCOME);
  g_type_ensure (LINNET_TYPE_WIZARD_COMPUTER);
  g_type_ensure (LINNET_TYPE_WIZARD_WISHES);
  g_type_ensure (LINNET_TYPE_WIZARD_ADVICE);
  g_type_ensure (LINNET_TYPE_WIZARD_DOWNLOAD);
  g_type_ensure (LINNET_TYPE_WIZARD_READY);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/linnet_chat/Linnet/linnet-wizard.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetWizard, view);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizard, welcome);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizard, computer);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizard, wishes);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizard, advice);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizard, download);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizard, ready);
}

static void
connect_updates (LinnetWizard *self, gpointer instance, const char *signal, GCallback callback)
{
  g_signal_connect_object (instance, signal, callback, self, G_CONNECT_SWAPPED);
}

static void
linnet_wizard_init (LinnetWizard *self)
{
  AdwNavigationPage *pages[N_PAGES];

  gtk_widget_init_template (GTK_WIDGET (self));

  for (int i = 0; i < N_PAGES; i++) {
    pages[i] = adw_navigation_view_find_page (self->view, tags[i]);
    connect_updates (self, pages[i], "shown", G_CALLBACK (shown_cb));
  }
  connect_updates (self, self, "shown", G_CALLBACK (shown_cb));
  connect_updates (self, self->view, "notify::visible-page", G_CALLBACK (enter));
  connect_updates (self, self->wishes, "changed", G_CALLBACK (wishes_changed_cb));
  connect_updates (self, self->advice, "selected", G_CALLBACK (linnet_wizard_update_actions));
}

/* The languages that any model of the catalogue speaks. Transfer full. */
static GStrv
list_languages (LinnetCatalogue *catalogue)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < linnet_catalogue_get_n_models (catalogue); i++) {
    const LinnetCatalogueModel *model = linnet_catalogue_get_model (catalogue, i);

    for (guint j = 0; model->languages != NULL && model->languages[j] != NULL; j++)
      if (g_hash_table_add (seen, model->languages[j]))
        g_strv_builder_add (builder, model->languages[j]);
  }
  return g_strv_builder_end (builder);
}

LinnetWizard *
linnet_wizard_new (LinnetAdvisor *advisor,
                   LinnetPullList *pulls,
                   LinnetEngine *engine,
                   GSettings *settings,
                   gboolean has_demo)
{
  LinnetWizard *self;
  LinnetWishes wishes;
  g_auto (GStrv) languages = NULL;

  g_return_val_if_fail (LINNET_IS_ADVISOR (advisor), NULL);
  g_return_val_if_fail (LINNET_IS_PULL_LIST (pulls), NULL);
  g_return_val_if_fail (LINNET_IS_ENGINE (engine), NULL);

  self = g_object_new (LINNET_TYPE_WIZARD, NULL);
  self->advisor = g_object_ref (advisor);
  self->pulls = g_object_ref (pulls);
  self->engine = g_object_ref (engine);
  self->state = linnet_wizard_state_new (settings);
  self->has_demo = has_demo;

  languages = list_languages (linnet_advisor_get_catalogue (advisor));
  linnet_wizard_wishes_set_offered (self->wishes, (const char *const *) languages);
  linnet_wizard_state_get_wishes (self->state, &wishes);
  linnet_wizard_wishes_set (self->wishes, &wishes);
  linnet_wizard_welcome_set_has_demo (self->welcome, has_demo);
  linnet_wizard_download_set_has_demo (self->download, has_demo);
  linnet_wizard_frame_set_can_skip (linnet_wizard_welcome_get_frame (self->welcome), FALSE);
  linnet_wizard_frame_set_can_skip (linnet_wizard_download_get_frame (self->download), !has_demo);

  connect_updates (self, advisor, "notify::progress", G_CALLBACK (linnet_wizard_show_measuring));
  connect_updates (self, engine, "notify::generation", G_CALLBACK (linnet_wizard_engine_changed));
  connect_updates (self, engine, "notify::loading", G_CALLBACK (linnet_wizard_engine_changed));
  connect_updates (self, engine, "notify::load-progress", G_CALLBACK (load_progress_cb));
  linnet_wizard_update_actions (self);
  return self;
}

gboolean
linnet_wizard_is_wanted (GSettings *settings)
{
  g_return_val_if_fail (settings == NULL || G_IS_SETTINGS (settings), FALSE);

  return !linnet_wizard_state_is_done (settings);
}

gboolean
linnet_wizard_watches (LinnetWizard *self, LinnetPull *pull)
{
  g_return_val_if_fail (LINNET_IS_WIZARD (self), FALSE);

  return self->entered != NULL && self->pull == pull;
}

void
linnet_wizard_model_loaded (LinnetWizard *self, const char *path, const GError *error)
{
  g_return_if_fail (LINNET_IS_WIZARD (self));
  g_return_if_fail (path != NULL);

  if (self->installed == NULL ||
      g_strcmp0 (path, linnet_library_model_get_path (self->installed)) != 0)
    return;
  if (self->entered == ADW_NAVIGATION_PAGE (self->ready))
    linnet_wizard_ready_set_loaded (self->ready, error != NULL ? error->message : NULL);
  else if (self->entered == NULL && error == NULL)
    start_over (self); /* it was opened without the wizard, whose purpose is fulfilled */
}
