/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizard: fetching the model that was chosen. */
#include "config.h"

#include <glib/gi18n.h>

#include "wizard/linnet-wizard-private.h"

#define SPARE_BYTES (256 * 1024 * 1024) /* that a full disk is kept from */

gboolean
linnet_wizard_get_chosen (LinnetWizard *self,
                          const LinnetCatalogueModel **model,
                          const LinnetCatalogueFile **file)
{
  *file = NULL;
  *model = self->state->model_id != NULL
               ? linnet_catalogue_find (linnet_advisor_get_catalogue (self->advisor),
                                        self->state->model_id)
               : NULL;
  for (guint i = 0; *model != NULL && i < (*model)->n_files; i++)
    if (g_strcmp0 ((*model)->files[i].quantisation, self->state->quantisation) == 0)
      *file = &(*model)->files[i];
  return *file != NULL;
}

LinnetLibraryModel *
linnet_wizard_find_installed (LinnetWizard *self, const LinnetCatalogueFile *file)
{
  LinnetLibrary *library = linnet_pull_list_get_library (self->pulls);
  LinnetLibraryModel *found = NULL;

  for (guint i = 0; found == NULL && file->references != NULL && file->references[i] != NULL; i++)
    found = linnet_library_find (library, file->references[i]);
  return found;
}

static void
show_failure (LinnetWizard *self, const char *sentence)
{
  const LinnetWizardProgress progress = { .state = LINNET_PULL_FAILED, .error = sentence };

  linnet_wizard_download_set_progress (self->download, &progress);
  linnet_wizard_update_actions (self);
}

/* The model is here. Someone who is chatting meanwhile hears it from the window. */
static void
arrive (LinnetWizard *self, LinnetLibraryModel *installed)
{
  g_set_object (&self->installed, installed);
  if (self->entered == ADW_NAVIGATION_PAGE (self->download))
    linnet_wizard_go (self, "ready");
}

static void
pull_changed_cb (LinnetWizard *self)
{
  const GError *error = linnet_pull_get_error (self->pull);
  LinnetWizardProgress progress = {
    .state = linnet_pull_get_state (self->pull),
    .bytes_done = linnet_pull_get_bytes_done (self->pull),
    .bytes_total = linnet_pull_get_bytes_total (self->pull),
    .status = linnet_pull_get_status (self->pull),
  };

  if (progress.state == LINNET_PULL_FAILED)
    progress.error = error != NULL ? error->message : _ ("Something went wrong.");
  linnet_wizard_download_set_progress (self->download, &progress);
  linnet_wizard_update_actions (self);
  if (progress.state == LINNET_PULL_DONE && linnet_pull_get_model (self->pull) != NULL) {
    g_autoptr (LinnetLibraryModel) installed = g_object_ref (linnet_pull_get_model (self->pull));

    linnet_wizard_forget_pull (self);
    arrive (self, installed);
  } else if (progress.state == LINNET_PULL_CANCELLED)
    linnet_wizard_forget_pull (self);
}

/* Watches pull from now on, and starts it unless it was paused by hand. */
static void
attach (LinnetWizard *self, LinnetPull *pull)
{
  LinnetPullState state = linnet_pull_get_state (pull);

  linnet_wizard_forget_pull (self);
  self->pull = g_object_ref (pull);
  g_signal_connect_object (pull, "notify", G_CALLBACK (pull_changed_cb), self, G_CONNECT_SWAPPED);
  if (!self->state->paused && (state == LINNET_PULL_IDLE || state == LINNET_PULL_PAUSED))
    linnet_pull_start (pull);
  if (self->pull != NULL)
    pull_changed_cb (self);
}

static void
add_pull (LinnetWizard *self, const LinnetCatalogueFile *file)
{
  g_autoptr (GError) error = NULL;
  LinnetPull *pull =
      linnet_pull_list_add (self->pulls, (const char *const *) file->references, &error);

  if (pull != NULL)
    attach (self, pull);
  else
    show_failure (self, error->message);
}

/* What is to be fetched in all. 0: not known. */
static guint64
count_bytes (LinnetWizard *self, const LinnetCatalogueFile *file)
{
  const LinnetAdvice *advice = linnet_wizard_advice_get_selected (self->advice);

  if (file->bytes == 0 && advice != NULL && advice->file == file)
    return advice->forecast.file_bytes;
  return file->bytes;
}

static void
probed_disk_cb (LinnetWizard *self, guint64 bytes, const GError *error)
{
  const LinnetCatalogueModel *model;
  const LinnetCatalogueFile *file;
  guint64 needed;

  g_clear_object (&self->probing);
  if (!linnet_wizard_get_chosen (self, &model, &file))
    return;
  needed = count_bytes (self, file);
  if (error == NULL && bytes < needed + SPARE_BYTES) {
    g_autofree char *needed_text = g_format_size (needed + SPARE_BYTES);
    g_autofree char *free_text = g_format_size (bytes);
    g_autofree char *sentence =
        g_strdup_printf (_ ("The disk has %s free, and this model needs %s. Delete something, then "
                            "try again, or go back and choose a smaller model."),
                         free_text, needed_text);

    show_failure (self, sentence);
    return;
  }
  /* Where the free room is not known, the download finds out. */
  add_pull (self, file);
}

void
linnet_wizard_fetch (LinnetWizard *self)
{
  const LinnetWizardProgress begun = { .state = LINNET_PULL_RESOLVING };
  const LinnetCatalogueModel *model;
  const LinnetCatalogueFile *file;
  LinnetLibraryModel *installed;
  LinnetPull *pull;
  g_autofree char *title = NULL;

  if (!linnet_wizard_get_chosen (self, &model, &file)) {
    linnet_wizard_go (self, "advice");
    return;
  }
  title = g_strdup_printf ("%s · %s", model->title, file->quantisation);
  linnet_wizard_download_set_title (self->download, title);
  installed = linnet_wizard_find_installed (self, file);
  if (installed != NULL) {
    arrive (self, installed);
    return;
  }
  pull = file->references != NULL && file->references[0] != NULL
             ? linnet_pull_list_find (self->pulls, file->references[0])
             : NULL;
  if (pull != NULL) {
    attach (self, pull);
    return;
  }
  linnet_wizard_forget_pull (self);
  if (self->probing != NULL)
    return;
  linnet_wizard_download_set_progress (self->download, &begun);
  self->probing = g_cancellable_new ();
  linnet_wizard_probe_disk (self, self->probing, probed_disk_cb);
}

void
linnet_wizard_pause (LinnetWizard *self)
{
  self->state->paused = TRUE;
  linnet_wizard_state_save (self->state);
  if (self->pull != NULL)
    linnet_pull_pause (self->pull);
}

void
linnet_wizard_resume (LinnetWizard *self)
{
  self->state->paused = FALSE;
  linnet_wizard_state_save (self->state);
  if (self->pull != NULL)
    linnet_pull_start (self->pull);
  else
    linnet_wizard_fetch (self);
}

void
linnet_wizard_cancel (LinnetWizard *self)
{
  g_cancellable_cancel (self->probing);
  g_clear_object (&self->probing);
  self->state->paused = FALSE;
  if (self->pull != NULL)
    linnet_pull_cancel (self->pull);
  linnet_wizard_forget_pull (self);
  linnet_wizard_go (self, "advice");
}

void
linnet_wizard_forget_pull (LinnetWizard *self)
{
  if (self->pull != NULL)
    g_signal_handlers_disconnect_by_data (self->pull, self);
  g_clear_object (&self->pull);
}
