/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWizardState: what the wizard remembers from one run to the next. */
#include "config.h"

#include "wizard/linnet-wizard-state.h"

#define FIRST_PAGE   "welcome"
#define DEFAULT_WAIT 0 /* as is usual */

LinnetWizardState *
linnet_wizard_state_new (GSettings *settings)
{
  LinnetWizardState *self = g_new0 (LinnetWizardState, 1);
  g_autofree char *task = NULL;
  g_auto (GStrv) languages = NULL;
  g_autofree char *model = NULL;
  char *slash;

  g_return_val_if_fail (settings == NULL || G_IS_SETTINGS (settings), NULL);

  self->wait_seconds = DEFAULT_WAIT;
  if (settings == NULL) {
    self->page = g_strdup (FIRST_PAGE);
    return self;
  }
  self->settings = g_object_ref (settings);
  self->done = g_settings_get_boolean (settings, "wizard-done");
  self->page = g_settings_get_string (settings, "wizard-page");
  task = g_settings_get_string (settings, "wizard-task");
  if (!linnet_task_parse (task, &self->task))
    self->task = LINNET_TASK_CHAT;
  self->wait_seconds =
      CLAMP (g_settings_get_double (settings, "wizard-wait"), 0, LINNET_WISHES_LONGEST_WAIT);
  self->quiet = g_settings_get_boolean (settings, "wizard-quiet");
  languages = g_settings_get_strv (settings, "wizard-languages");
  if (languages[0] != NULL)
    self->languages = g_steal_pointer (&languages);
  model = g_settings_get_string (settings, "wizard-model");
  slash = strrchr (model, '/');
  if (slash != NULL) {
    self->model_id = g_strndup (model, (gsize) (slash - model));
    self->quantisation = g_strdup (slash + 1);
  }
  self->paused = g_settings_get_boolean (settings, "wizard-paused");
  return self;
}

void
linnet_wizard_state_free (LinnetWizardState *self)
{
  if (self == NULL)
    return;
  g_clear_object (&self->settings);
  g_free (self->page);
  g_strfreev (self->languages);
  g_free (self->model_id);
  g_free (self->quantisation);
  g_free (self);
}

void
linnet_wizard_state_save (LinnetWizardState *self)
{
  static const char *const nothing[] = { NULL };
  g_autofree char *model = NULL;

  g_return_if_fail (self != NULL);

  if (self->settings == NULL)
    return;
  if (self->model_id != NULL)
    model = g_strdup_printf ("%s/%s", self->model_id, self->quantisation);
  g_settings_set_boolean (self->settings, "wizard-done", self->done);
  g_settings_set_string (self->settings, "wizard-page", self->page);
  g_settings_set_string (self->settings, "wizard-task", linnet_task_get_name (self->task));
  g_settings_set_double (self->settings, "wizard-wait", self->wait_seconds);
  g_settings_set_boolean (self->settings, "wizard-quiet", self->quiet);
  g_settings_set_strv (self->settings, "wizard-languages",
                       self->languages != NULL ? (const char *const *) self->languages : nothing);
  g_settings_set_string (self->settings, "wizard-model", model != NULL ? model : "");
  g_settings_set_boolean (self->settings, "wizard-paused", self->paused);
}

gboolean
linnet_wizard_state_is_done (GSettings *settings)
{
  return settings != NULL && g_settings_get_boolean (settings, "wizard-done");
}

void
linnet_wizard_state_get_wishes (const LinnetWizardState *self, LinnetWishes *wishes)
{
  g_return_if_fail (self != NULL && wishes != NULL);

  *wishes = (LinnetWishes) {
    .task = self->task,
    .wait_seconds = self->wait_seconds,
    .quiet = self->quiet,
    .languages = (const char **) self->languages,
  };
}

void
linnet_wizard_state_set_wishes (LinnetWizardState *self, const LinnetWishes *wishes)
{
  GStrv languages;

  g_return_if_fail (self != NULL && wishes != NULL);

  self->task = wishes->task;
  self->wait_seconds = wishes->wait_seconds;
  self->quiet = wishes->quiet;
  languages = g_strdupv ((char **) wishes->languages);
  g_strfreev (self->languages);
  self->languages = languages;
}

void
linnet_wizard_state_set_model (LinnetWizardState *self,
                               const char *model_id,
                               const char *quantisation)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail ((model_id == NULL) == (quantisation == NULL));

  g_set_str (&self->model_id, model_id);
  g_set_str (&self->quantisation, quantisation);
}
