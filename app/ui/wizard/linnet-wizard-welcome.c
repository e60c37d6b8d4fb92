/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardWelcome: the wizard's first page. */
#include "config.h"

#include "wizard/linnet-wizard-welcome.h"

struct _LinnetWizardWelcome {
  AdwNavigationPage parent_instance;

  LinnetWizardFrame *frame;
  GtkWidget *demo_button;
};

G_DEFINE_FINAL_TYPE (LinnetWizardWelcome, linnet_wizard_welcome, ADW_TYPE_NAVIGATION_PAGE)

static void
linnet_wizard_welcome_dispose (GObject *object)
{
  /* Before the template lets go of it, which AdwNavigationPage would not notice. */
  adw_navigation_page_set_child (ADW_NAVIGATION_PAGE (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_WIZARD_WELCOME);

  G_OBJECT_CLASS (linnet_wizard_welcome_parent_class)->dispose (object);
}

static void
linnet_wizard_welcome_class_init (LinnetWizardWelcomeClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = linnet_wizard_welcome_dispose;

  g_type_ensure (LINNET_TYPE_WIZARD_FRAME);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-wizard-welcome.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardWelcome, frame);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardWelcome, demo_button);
}

static void
linnet_wizard_welcome_init (LinnetWizardWelcome *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
linnet_wizard_welcome_new (void)
{
  return g_object_new (LINNET_TYPE_WIZARD_WELCOME, NULL);
}

void
linnet_wizard_welcome_set_has_demo (LinnetWizardWelcome *self, gboolean has_demo)
{
  g_return_if_fail (LINNET_IS_WIZARD_WELCOME (self));

  gtk_widget_set_visible (self->demo_button, has_demo);
}

LinnetWizardFrame *
linnet_wizard_welcome_get_frame (LinnetWizardWelcome *self)
{
  g_return_val_if_fail (LINNET_IS_WIZARD_WELCOME (self), NULL);

  return self->frame;
}
