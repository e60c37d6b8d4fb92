/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizard: looking at this computer, never while the engine is at work. */
#include "config.h"

#include <glib/gi18n.h>

#include "wizard/linnet-wizard-private.h"

/* ---- The disk ---- */

typedef struct {
  char *folder;
  guint64 bytes;
  LinnetWizardDiskFunc func;
} DiskJob;

static void
disk_job_free (gpointer data)
{
  DiskJob *job = data;

  g_free (job->folder);
  g_free (job);
}

/* On a thread: a folder may be on a disk that sleeps. */
static void
probe_disk_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  DiskJob *job = data;
  GError *error = NULL;

  if (linnet_machine_get_free_disk (job->folder, &job->bytes, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
probed_disk_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  const DiskJob *job = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
      LINNET_WIZARD (source)->view == NULL)
    return;
  job->func (LINNET_WIZARD (source), job->bytes, error);
}

void
linnet_wizard_probe_disk (LinnetWizard *self, GCancellable *cancellable, LinnetWizardDiskFunc func)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, probed_disk_cb, NULL);
  DiskJob *job = g_new0 (DiskJob, 1);

  job->folder = g_strdup (linnet_library_get_folder (linnet_pull_list_get_library (self->pulls)));
  job->func = func;
  g_task_set_task_data (task, job, disk_job_free);
  g_task_run_in_thread (task, probe_disk_thread);
}

static void
show_disk (LinnetWizard *self, guint64 bytes, const GError *error)
{
  linnet_wizard_computer_set_disk (self->computer, bytes, error);
}

/* ---- The rest ---- */

static void
show_machine (LinnetWizard *self)
{
  const LinnetMachine *machine = linnet_advisor_get_machine (self->advisor);

  linnet_wizard_computer_set_machine (self->computer, machine,
                                      linnet_advice_memory_limit (machine));
}

static void
inspected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LinnetWizard) self = user_data;
  g_autoptr (GError) error = NULL;
  const LinnetMeasurements *measurements;
  gboolean measured = self->wants_measurement;

  linnet_advisor_inspect_finish (LINNET_ADVISOR (source), result, &error);
  if (self->view == NULL)
    return; /* the wizard is gone */
  g_clear_object (&self->inspecting);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    linnet_wizard_engine_changed (self); /* it may be wanted again already */
    return;
  }
  self->wants_inspection = self->wants_measurement = FALSE;
  show_machine (self);
  measurements = linnet_advisor_get_measurements (self->advisor);
  if (measurements != NULL)
    linnet_wizard_computer_set_measurements (self->computer, measurements);
  if (error != NULL)
    linnet_wizard_computer_set_failure (self->computer, error->message);
  if (measured)
    gtk_accessible_announce (GTK_ACCESSIBLE (self),
                             error != NULL ? error->message : _ ("This computer is measured."),
                             GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
  linnet_wizard_update_actions (self);
}

/* Starts the inspection that is wanted as soon as nothing else is computing. */
static void
try_to_inspect (LinnetWizard *self)
{
  gboolean answering = linnet_engine_get_generation (self->engine) != NULL;
  gboolean loading = linnet_engine_get_loading (self->engine);

  if (!self->wants_inspection)
    return;
  if (self->wants_measurement && (answering || loading)) {
    g_cancellable_cancel (self->inspecting);
    linnet_wizard_computer_set_waiting (self->computer, answering);
    return;
  }
  if (self->inspecting != NULL)
    return;
  self->inspecting = g_cancellable_new ();
  if (self->wants_measurement)
    linnet_wizard_computer_set_progress (self->computer, 0);
  linnet_advisor_inspect_async (self->advisor, self->wants_measurement, self->inspecting,
                                inspected_cb, g_object_ref (self));
}

void
linnet_wizard_engine_changed (LinnetWizard *self)
{
  try_to_inspect (self);
  linnet_wizard_update_actions (self);
}

void
linnet_wizard_show_measuring (LinnetWizard *self)
{
  double progress = 0;

  if (self->inspecting == NULL || !self->wants_measurement ||
      g_cancellable_is_cancelled (self->inspecting))
    return;
  g_object_get (self->advisor, "progress", &progress, NULL);
  linnet_wizard_computer_set_progress (self->computer, progress);
}

void
linnet_wizard_inspect (LinnetWizard *self, gboolean anew)
{
  const LinnetMeasurements *measurements = linnet_advisor_get_measurements (self->advisor);

  linnet_wizard_computer_reset (self->computer);
  show_machine (self);
  linnet_wizard_probe_disk (self, NULL, show_disk);
  if (measurements != NULL && !anew)
    linnet_wizard_computer_set_measurements (self->computer, measurements);

  self->wants_inspection = TRUE;
  self->wants_measurement = self->wants_measurement || anew || measurements == NULL;
  try_to_inspect (self);
  linnet_wizard_update_actions (self);
}

void
linnet_wizard_stop_inspecting (LinnetWizard *self)
{
  self->wants_inspection = self->wants_measurement = FALSE;
  g_cancellable_cancel (self->inspecting);
}
