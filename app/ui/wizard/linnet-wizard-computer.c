/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardComputer: what this computer is and does. */
#include "config.h"

#include <glib/gi18n.h>

#include "wizard/linnet-library-picture.h"
#include "wizard/linnet-wizard-check-row.h"
#include "wizard/linnet-wizard-computer.h"

struct _LinnetWizardComputer {
  AdwNavigationPage parent_instance;

  LinnetWizardFrame *frame;
  LinnetWizardCheckRow *processor_row;
  LinnetWizardCheckRow *memory_row;
  LinnetWizardCheckRow *speed_row;
  LinnetWizardCheckRow *disk_row;
  LinnetWizardCheckRow *power_row;
  GtkWidget *stop_button;
  LinnetLibraryPicture *picture;
};

G_DEFINE_FINAL_TYPE (LinnetWizardComputer, linnet_wizard_computer, ADW_TYPE_NAVIGATION_PAGE)

static void
linnet_wizard_computer_dispose (GObject *object)
{
  /* Before the template lets go of it, which AdwNavigationPage would not notice. */
  adw_navigation_page_set_child (ADW_NAVIGATION_PAGE (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), LINNET_TYPE_WIZARD_COMPUTER);

  G_OBJECT_CLASS (linnet_wizard_computer_parent_class)->dispose (object);
}

static void
linnet_wizard_computer_class_init (LinnetWizardComputerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = linnet_wizard_computer_dispose;

  g_type_ensure (LINNET_TYPE_WIZARD_FRAME);
  g_type_ensure (LINNET_TYPE_WIZARD_CHECK_ROW);
  g_type_ensure (LINNET_TYPE_LIBRARY_PICTURE);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/linnet_chat/Linnet/linnet-wizard-computer.ui");
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardComputer, frame);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardComputer, processor_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardComputer, memory_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardComputer, speed_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardComputer, disk_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardComputer, power_row);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardComputer, stop_button);
  gtk_widget_class_bind_template_child (widget_class, LinnetWizardComputer, picture);
}

static void
linnet_wizard_computer_init (LinnetWizardComputer *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  linnet_wizard_computer_reset (self);
}

GtkWidget *
linnet_wizard_computer_new (void)
{
  return g_object_new (LINNET_TYPE_WIZARD_COMPUTER, NULL);
}

LinnetWizardFrame *
linnet_wizard_computer_get_frame (LinnetWizardComputer *self)
{
  g_return_val_if_fail (LINNET_IS_WIZARD_COMPUTER (self), NULL);

  return self->frame;
}

void
linnet_wizard_computer_reset (LinnetWizardComputer *self)
{
  LinnetWizardCheckRow *rows[] = { self->processor_row, self->memory_row, self->speed_row,
                                   self->disk_row, self->power_row };

  g_return_if_fail (LINNET_IS_WIZARD_COMPUTER (self));

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    linnet_wizard_check_row_set_waiting (rows[i], _ ("Looking…"), -1);
  linnet_library_picture_set_bandwidth (self->picture, 0);
  gtk_widget_set_visible (self->stop_button, FALSE);
}

void
linnet_wizard_computer_set_machine (LinnetWizardComputer *self,
                                    const LinnetMachine *machine,
                                    guint64 limit)
{
  g_auto (LinnetWizardCheck) processor = { 0 };
  g_auto (LinnetWizardCheck) memory = { 0 };
  g_auto (LinnetWizardCheck) power = { 0 };

  g_return_if_fail (LINNET_IS_WIZARD_COMPUTER (self));
  g_return_if_fail (machine != NULL);

  linnet_wizard_check_processor (&processor, machine);
  linnet_wizard_check_row_set_check (self->processor_row, &processor);
  linnet_wizard_check_memory (&memory, machine, limit);
  linnet_wizard_check_row_set_check (self->memory_row, &memory);
  linnet_wizard_check_power (&power, machine);
  linnet_wizard_check_row_set_check (self->power_row, &power);
}

void
linnet_wizard_computer_set_disk (LinnetWizardComputer *self,
                                 guint64 free_bytes,
                                 const GError *error)
{
  g_auto (LinnetWizardCheck) disk = { 0 };

  g_return_if_fail (LINNET_IS_WIZARD_COMPUTER (self));

  if (error != NULL) {
    disk.state = LINNET_WIZARD_CHECK_FAIR;
    disk.title = g_strdup (_ ("The free room is not known"));
    disk.meaning = g_strdup (error->message);
  } else
    linnet_wizard_check_disk (&disk, free_bytes);
  linnet_wizard_check_row_set_check (self->disk_row, &disk);
}

void
linnet_wizard_computer_set_waiting (LinnetWizardComputer *self, gboolean is_answer)
{
  g_return_if_fail (LINNET_IS_WIZARD_COMPUTER (self));

  linnet_wizard_check_row_set_waiting (self->speed_row,
                                       is_answer
                                           ? _ ("Waiting until the answer in the chat is finished…")
                                           : _ ("Waiting until the model is open…"),
                                       -1);
  gtk_widget_set_visible (self->stop_button, is_answer);
}

void
linnet_wizard_computer_set_progress (LinnetWizardComputer *self, double fraction)
{
  g_return_if_fail (LINNET_IS_WIZARD_COMPUTER (self));

  gtk_widget_set_visible (self->stop_button, FALSE);
  linnet_wizard_check_row_set_waiting (self->speed_row, _ ("Measuring, this takes a few seconds…"),
                                       fraction);
}

void
linnet_wizard_computer_set_measurements (LinnetWizardComputer *self,
                                         const LinnetMeasurements *measurements)
{
  g_auto (LinnetWizardCheck) speed = { 0 };

  g_return_if_fail (LINNET_IS_WIZARD_COMPUTER (self));
  g_return_if_fail (measurements != NULL);

  gtk_widget_set_visible (self->stop_button, FALSE);
  linnet_wizard_check_speed (&speed, measurements);
  linnet_wizard_check_row_set_check (self->speed_row, &speed);
  linnet_library_picture_set_bandwidth (self->picture, MAX (0, measurements->read_bandwidth));
}

void
linnet_wizard_computer_set_failure (LinnetWizardComputer *self, const char *sentence)
{
  g_auto (LinnetWizardCheck) speed = { .state = LINNET_WIZARD_CHECK_POOR };

  g_return_if_fail (LINNET_IS_WIZARD_COMPUTER (self));
  g_return_if_fail (sentence != NULL);

  gtk_widget_set_visible (self->stop_button, FALSE);
  speed.title = g_strdup (_ ("The speed could not be measured"));
  speed.meaning = g_strdup (sentence);
  linnet_wizard_check_row_set_check (self->speed_row, &speed);
}
