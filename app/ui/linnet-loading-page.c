/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetLoadingPage: a model is being opened. */
#include "config.h"

#include "linnet-loading-page.h"

#define REVEAL_AFTER_MS 250

struct _LinnetLoadingPage {
  AdwBin parent_instance;

  GtkRevealer *revealer;
  AdwStatusPage *status;
  GtkProgressBar *bar;

  guint reveal_source;
};

G_DEFINE_FINAL_TYPE (LinnetLoadingPage, linnet_loading_page, ADW_TYPE_BIN)

static gboolean
reveal_cb (gpointer user_data)
{
  LinnetLoadingPage *self = user_data;

  self->reveal_source = 0;
  gtk_revealer_set_reveal_child (self->revealer, TRUE);
  return G_SOURCE_REMOVE;
}

static void
linnet_loading_page_dispose (GObject *object)
{
  LinnetLoadingPage *self = LINNET_LOADING_PAGE (object);

  g_clear_handle_id (&self->reveal_source, g_source_remove);
  /* Before the template lets go of it, which AdwBin would not notice. */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_LOADING_PAGE);

  G_OBJECT_CLASS (linnet_loading_page_parent_class)->dispose (object);
}

static void
linnet_loading_page_class_init (LinnetLoadingPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = linnet_loading_page_dispose;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-loading-page.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetLoadingPage, revealer);
  gtk_widget_class_bind_template_child (widget_class, LinnetLoadingPage, status);
  gtk_widget_class_bind_template_child (widget_class, LinnetLoadingPage, bar);
}

static void
linnet_loading_page_init (LinnetLoadingPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
linnet_loading_page_new (void)
{
  return g_object_new (LINNET_TYPE_LOADING_PAGE, NULL);
}

void
linnet_loading_page_start (LinnetLoadingPage *self, const char *name)
{
  g_autofree char *escaped = NULL;

  g_return_if_fail (LINNET_IS_LOADING_PAGE (self));
  g_return_if_fail (name != NULL);

  escaped = g_markup_escape_text (name, -1);
  adw_status_page_set_description (self->status, escaped);
  gtk_progress_bar_set_fraction (self->bar, 0);
  gtk_revealer_set_reveal_child (self->revealer, FALSE);
  g_clear_handle_id (&self->reveal_source, g_source_remove);
  self->reveal_source = g_timeout_add (REVEAL_AFTER_MS, reveal_cb, self);
}

void
linnet_loading_page_set_fraction (LinnetLoadingPage *self, double fraction)
{
  g_return_if_fail (LINNET_IS_LOADING_PAGE (self));

  gtk_progress_bar_set_fraction (self->bar, CLAMP (fraction, 0, 1));
}
