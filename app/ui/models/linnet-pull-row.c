/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetPullRow: a model that is being fetched. */
#include "config.h"

#include <glib/gi18n.h>

#include "models/linnet-pull-row.h"

struct _LinnetPullRow {
  AdwPreferencesRow parent_instance;

  GtkLabel *title_label;
  GtkProgressBar *bar;
  GtkLabel *status;
  GtkButton *again;
  GtkButton *toggle;
  GtkButton *cancel;

  LinnetPull *pull;
};

G_DEFINE_FINAL_TYPE (LinnetPullRow, linnet_pull_row, ADW_TYPE_PREFERENCES_ROW)

static gboolean
is_running (LinnetPullState state)
{
  return state == LINNET_PULL_RESOLVING || state == LINNET_PULL_FETCHING ||
         state == LINNET_PULL_VERIFYING;
}

/* What stands below the bar: why it failed, else the pull's own line. */
static const char *
get_line (LinnetPull *pull)
{
  const GError *error = linnet_pull_get_error (pull);
  const char *status = linnet_pull_get_status (pull);

  if (linnet_pull_get_state (pull) == LINNET_PULL_FAILED && error != NULL)
    return error->message;
  return status != NULL ? status : "";
}

static void
update_progress (LinnetPullRow *self)
{
  guint64 done = linnet_pull_get_bytes_done (self->pull);
  guint64 total = linnet_pull_get_bytes_total (self->pull);

  gtk_progress_bar_set_fraction (self->bar,
                                 total > 0 ? CLAMP ((double) done / (double) total, 0, 1) : 0);
  gtk_label_set_label (self->status, get_line (self->pull));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  get_line (self->pull), -1);
}

static void
update_state (LinnetPullRow *self)
{
  LinnetPullState state = linnet_pull_get_state (self->pull);
  gboolean running = is_running (state);
  gboolean failed = state == LINNET_PULL_FAILED;

  gtk_button_set_icon_name (self->toggle, running ? "media-playback-pause-symbolic"
                                                  : "media-playback-start-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->toggle),
                               running ? _ ("Pause the Download") : _ ("Resume the Download"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->toggle), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  running ? _ ("Pause the Download") : _ ("Resume the Download"),
                                  -1);
  gtk_widget_set_visible (GTK_WIDGET (self->toggle), !failed);
  gtk_widget_set_visible (GTK_WIDGET (self->again), failed);
  if (failed)
    gtk_widget_add_css_class (GTK_WIDGET (self->status), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->status), "error");
  update_progress (self);
  if (failed)
    gtk_accessible_announce (GTK_ACCESSIBLE (self), get_line (self->pull),
                             GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

static void
start_cb (LinnetPullRow *self)
{
  linnet_pull_start (self->pull);
}

static void
toggle_cb (LinnetPullRow *self)
{
  if (is_running (linnet_pull_get_state (self->pull)))
    linnet_pull_pause (self->pull);
  else
    linnet_pull_start (self->pull);
}

static void
cancel_chosen_cb (LinnetPull *pull, const char *response)
{
  if (g_strcmp0 (response, "discard") == 0)
    linnet_pull_cancel (pull);
}

static void
cancel_cb (LinnetPullRow *self)
{
  guint64 done = linnet_pull_get_bytes_done (self->pull);
  g_autofree char *size = g_format_size (done);
  AdwAlertDialog *dialog;

  if (done == 0) {
    linnet_pull_cancel (self->pull);
    return;
  }
  dialog = ADW_ALERT_DIALOG (adw_alert_dialog_new (_ ("Cancel the Download?"), NULL));
  adw_alert_dialog_format_body (
      dialog, _ ("The %s that are here already will be removed. A paused download keeps them."),
      size);
  adw_alert_dialog_add_responses (dialog, "keep", _ ("_Keep"), "discard", _ ("_Cancel Download"),
                                  NULL);
  adw_alert_dialog_set_response_appearance (dialog, "discard", ADW_RESPONSE_DESTRUCTIVE);
  adw_alert_dialog_set_close_response (dialog, "keep");
  g_signal_connect_object (dialog, "response", G_CALLBACK (cancel_chosen_cb), self->pull,
                           G_CONNECT_SWAPPED);
  adw_dialog_present (ADW_DIALOG (dialog), GTK_WIDGET (self));
}

static void
linnet_pull_row_dispose (GObject *object)
{
  LinnetPullRow *self = LINNET_PULL_ROW (object);

  if (self->pull != NULL)
    g_signal_handlers_disconnect_by_data (self->pull, self);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_PULL_ROW);
  g_clear_object (&self->pull);

  G_OBJECT_CLASS (linnet_pull_row_parent_class)->dispose (object);
}

static void
linnet_pull_row_class_init (LinnetPullRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = linnet_pull_row_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/linnet_chat/Linnet/linnet-pull-row.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetPullRow, title_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetPullRow, bar);
  gtk_widget_class_bind_template_child (widget_class, LinnetPullRow, status);
  gtk_widget_class_bind_template_child (widget_class, LinnetPullRow, again);
  gtk_widget_class_bind_template_child (widget_class, LinnetPullRow, toggle);
  gtk_widget_class_bind_template_child (widget_class, LinnetPullRow, cancel);
  gtk_widget_class_bind_template_callback (widget_class, start_cb);
  gtk_widget_class_bind_template_callback (widget_class, toggle_cb);
  gtk_widget_class_bind_template_callback (widget_class, cancel_cb);
}

static void
linnet_pull_row_init (LinnetPullRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
linnet_pull_row_new (LinnetPull *pull, const char *title)
{
  LinnetPullRow *self;

  g_return_val_if_fail (LINNET_IS_PULL (pull), NULL);

  if (title == NULL)
    title = linnet_pull_get_name (pull);
  self = g_object_new (LINNET_TYPE_PULL_ROW, "use-markup", FALSE, "title", title, NULL);
  self->pull = g_object_ref (pull);
  gtk_label_set_label (self->title_label, title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  g_signal_connect_object (pull, "notify::state", G_CALLBACK (update_state), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (pull, "notify::status", G_CALLBACK (update_progress), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (pull, "notify::bytes-done", G_CALLBACK (update_progress), self,
                           G_CONNECT_SWAPPED);
  update_state (self);
  return GTK_WIDGET (self);
}
