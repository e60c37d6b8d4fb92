/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardDownload: a model on its way. */
#include "config.h"

#include <glib/gi18n.h>

#include "wizard/linnet-wizard-download.h"

#define QUARTERS 4

struct _LinnetWizardDownload {
  AdwNavigationPage parent_instance;

  LinnetWizardFrame *frame;
  GtkLabel *title_label;
  GtkProgressBar *bar;
  GtkLabel *status_label;
  GtkWidget *error_box;
  GtkLabel *error_label;
  GtkWidget *pause_button;
  GtkButton *resume_button;
  GtkButton *cancel_button;
  GtkButton *meanwhile_button;
  GtkWidget *close_label;

  LinnetPullState state;
  guint quarter; /* the last that was announced */
};

G_DEFINE_FINAL_TYPE (LinnetWizardDownload, linnet_wizard_download, ADW_TYPE_NAVIGATION_PAGE)

static const char *
get_heading (const LinnetWizardProgress *progress)
{
  switch (progress->state) {
  case LINNET_PULL_PAUSED:
    return _ ("The download is paused");
  case LINNET_PULL_VERIFYING:
    return _ ("Checking every byte");
  case LINNET_PULL_DONE:
    return _ ("The model is here");
  case LINNET_PULL_FAILED:
    return progress->bytes_total > 0 ? _ ("The download has stopped")
                                     : _ ("The download cannot begin");
  case LINNET_PULL_CANCELLED:
    return _ ("The download was cancelled");
  case LINNET_PULL_IDLE:
  case LINNET_PULL_RESOLVING:
  case LINNET_PULL_FETCHING:
  default:
    return _ ("Your model is on its way");
  }
}

static void
announce (LinnetWizardDownload *self, const char *text, GtkAccessibleAnnouncementPriority priority)
{
  gtk_accessible_announce (GTK_ACCESSIBLE (self), text, priority);
}

/* A milestone at each quarter: more would be a flood. */
static void
announce_quarter (LinnetWizardDownload *self, double fraction)
{
  guint quarter = (guint) (fraction * QUARTERS);
  g_autofree char *text = NULL;

  if (quarter <= self->quarter || quarter >= QUARTERS) {
    self->quarter = quarter;
    return;
  }
  self->quarter = quarter;
  text = g_strdup_printf (_ ("%u %% downloaded"), quarter * 100 / QUARTERS);
  announce (self, text, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_LOW);
}

static void
announce_state (LinnetWizardDownload *self, const LinnetWizardProgress *progress)
{
  if (progress->state == self->state)
    return;
  if (progress->state == LINNET_PULL_FAILED && progress->error != NULL)
    announce (self, progress->error, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_HIGH);
  else if (progress->state == LINNET_PULL_DONE || progress->state == LINNET_PULL_PAUSED)
    announce (self, get_heading (progress), GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
}

static void
linnet_wizard_download_dispose (GObject *object)
{
  /* Before the template lets go of it, which AdwNavigationPage would not notice. */
  adw_navigation_page_set_child (ADW_NAVIGATION_PAGE (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_WIZARD_DOWNLOAD);

  G_OBJECT_CLASS (linnet_wizard_download_parent_class)->dispose (object);
}

static void
linnet_wizard_download_class_init (LinnetWizardDownloadClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = linnet_wizard_download_dispose;

  g_type_ensure (LINNET_TYPE_WIZARD_FRAME);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-wizard-download.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardDownload, frame);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardDownload, title_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardDownload, bar);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardDownload, status_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardDownload, error_box);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardDownload, error_label);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardDownload, pause_button);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardDownload, resume_button);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardDownload, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardDownload, meanwhile_button);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardDownload, close_label);
}

static void
linnet_wizard_download_init (LinnetWizardDownload *self)
{
  const LinnetWizardProgress nothing = { .state = LINNET_PULL_IDLE };

  gtk_widget_init_template (GTK_WIDGET (self));
  linnet_wizard_download_set_progress (self, &nothing);
}

GtkWidget *
linnet_wizard_download_new (void)
{
  return g_object_new (LINNET_TYPE_WIZARD_DOWNLOAD, NULL);
}

LinnetWizardFrame *
linnet_wizard_download_get_frame (LinnetWizardDownload *self)
{
  g_return_val_if_fail (LINNET_IS_WIZARD_DOWNLOAD (self), NULL);

  return self->frame;
}

void
linnet_wizard_download_set_title (LinnetWizardDownload *self, const char *title)
{
  g_return_if_fail (LINNET_IS_WIZARD_DOWNLOAD (self));
  g_return_if_fail (title != NULL);

  gtk_label_set_label (self->title_label, title);
}

void
linnet_wizard_download_set_has_demo (LinnetWizardDownload *self, gboolean has_demo)
{
  g_return_if_fail (LINNET_IS_WIZARD_DOWNLOAD (self));

  gtk_widget_set_visible (GTK_WIDGET (self->meanwhile_button), has_demo);
}

/* What can be done now, and in words that fit. */
static void
show_buttons (LinnetWizardDownload *self, LinnetPullState state)
{
  gboolean running = state == LINNET_PULL_RESOLVING || state == LINNET_PULL_FETCHING;
  gboolean failed = state == LINNET_PULL_FAILED;
  gboolean stopped = failed || state == LINNET_PULL_PAUSED;

  /* The button that takes the place of one with the focus gets the focus. */
  if (stopped && gtk_widget_is_focus (self->pause_button)) {
    gtk_widget_set_visible (GTK_WIDGET (self->resume_button), TRUE);
    gtk_widget_grab_focus (GTK_WIDGET (self->resume_button));
  } else if (running && gtk_widget_is_focus (GTK_WIDGET (self->resume_button))) {
    gtk_widget_set_visible (self->pause_button, TRUE);
    gtk_widget_grab_focus (self->pause_button);
  }
  gtk_widget_set_visible (self->pause_button, running);
  gtk_widget_set_visible (GTK_WIDGET (self->resume_button), stopped);
  gtk_button_set_label (self->resume_button, failed ? _ ("_Try Again") : _ ("_Resume"));
  gtk_widget_set_visible (GTK_WIDGET (self->cancel_button), running || stopped);
  gtk_button_set_label (self->cancel_button, failed ? _ ("Choose _Another Model") : _ ("_Cancel"));
  gtk_button_set_label (self->meanwhile_button,
                        failed ? _ ("Use the _Demo Model") : _ ("_Try the Demo Model Meanwhile"));
  gtk_widget_set_visible (self->close_label, !failed);
}

void
linnet_wizard_download_set_progress (LinnetWizardDownload *self,
                                     const LinnetWizardProgress *progress)
{
  gboolean running;
  double fraction;

  g_return_if_fail (LINNET_IS_WIZARD_DOWNLOAD (self));
  g_return_if_fail (progress != NULL);

  running = progress->state == LINNET_PULL_RESOLVING || progress->state == LINNET_PULL_FETCHING;
  fraction = progress->bytes_total > 0
                 ? CLAMP ((double) progress->bytes_done / (double) progress->bytes_total, 0, 1)
                 : 0;
  if (progress->state == LINNET_PULL_DONE)
    fraction = 1;

  linnet_wizard_frame_set_heading (self->frame, get_heading (progress));
  gtk_progress_bar_set_fraction (self->bar, fraction);
  gtk_widget_set_visible (GTK_WIDGET (self->bar),
                          progress->state != LINNET_PULL_FAILED || progress->bytes_total > 0);
  gtk_label_set_label (self->status_label, progress->status != NULL ? progress->status : "");
  gtk_widget_set_visible (GTK_WIDGET (self->status_label),
                          progress->status != NULL && progress->error == NULL);
  gtk_label_set_label (self->error_label, progress->error != NULL ? progress->error : "");
  gtk_widget_set_visible (self->error_box, progress->error != NULL);
  show_buttons (self, progress->state);

  if (running)
    announce_quarter (self, fraction);
  announce_state (self, progress);
  self->state = progress->state;
}
