/* SPDX-License-Identifier: GPL-3.0-or-later
 * A computer, what was measured on it and an advice for it, filled in by hand. */
#include "wizard-data.h"

#include "preferences/linnet-settings.h"

static char *references[][2] = { { (char *) "qwen2.5:0.5b", NULL },
                                 { (char *) "qwen2.5:3b", NULL },
                                 { (char *) "qwen2.5:14b", NULL } };

static LinnetCatalogueFile files[] = {
  { (char *) "Q4_K_M", 400000000, references[0] },
  { (char *) "Q4_K_M", 1930000000, references[1] },
  { (char *) "Q4_K_M", 9000000000, references[2] },
};

static const LinnetCatalogueModel models[WIZARD_DATA_N_MODELS] = {
  {
      .id = (char *) "qwen2.5-0.5b-instruct",
      .title = (char *) "Qwen2.5 0.5B Instruct",
      .billions = 0.5,
      .architecture = (char *) "qwen2",
      .n_parameters = 494000000,
      .n_layers = 24,
      .n_embd = 896,
      .licence = (char *) "Apache-2.0",
      .summary = (char *) "Very small and very quick.",
      .files = &files[0],
      .n_files = 1,
  },
  {
      .id = (char *) "qwen2.5-3b-instruct",
      .title = (char *) "Qwen2.5 3B Instruct",
      .billions = 3,
      .architecture = (char *) "qwen2",
      .n_parameters = 3090000000,
      .n_layers = 36,
      .n_embd = 2048,
      .licence = (char *) "Qwen-Research",
      .is_restricted = TRUE,
      .licence_note = (char *) "For research and private use, not for work.",
      .summary = (char *) "Chats well.",
      .files = &files[1],
      .n_files = 1,
  },
  {
      .id = (char *) "qwen2.5-14b-instruct",
      .title = (char *) "Qwen2.5 14B Instruct",
      .billions = 14,
      .architecture = (char *) "qwen2",
      .n_parameters = 14770000000,
      .n_layers = 48,
      .n_embd = 5120,
      .licence = (char *) "Apache-2.0",
      .files = &files[2],
      .n_files = 1,
  },
};

static const LinnetVerdict verdicts[] = { LINNET_VERDICT_EASY, LINNET_VERDICT_FITS,
                                          LINNET_VERDICT_NO };

static void
fill_forecast (LinnetForecast *self, guint64 file_bytes, double decode)
{
  *self = (LinnetForecast) {
    .file_bytes = file_bytes,
    .n_ctx = 4096,
    .memory = { .weights = file_bytes, .kv_cache = 150000000, .scratch = 60000000 },
    .decode = { decode, decode * 0.9, decode * 1.1 },
    .prefill = { decode * 8, decode * 7, decode * 9 },
    .first_token = { 0.8, 0.7, 1 },
    .load = { 2, 1, 3 },
    .answer = { 100 / decode, 90 / decode, 110 / decode },
  };
  self->memory.total = self->memory.weights + self->memory.kv_cache + self->memory.scratch;
}

LinnetAdviceList *
wizard_data_new_list (int recommended)
{
  LinnetAdviceList *self = g_new0 (LinnetAdviceList, 1);

  self->ranked = g_new0 (LinnetAdvice, WIZARD_DATA_N_MODELS);
  self->n_ranked = WIZARD_DATA_N_MODELS;
  self->recommended = recommended;
  self->later = -1;
  self->catalogue = g_object_new (LINNET_TYPE_CATALOGUE, NULL); /* an empty one */
  self->summary = g_strdup (recommended >= 0 ? "Start with this one." : "Too little memory.");
  for (guint i = 0; i < WIZARD_DATA_N_MODELS; i++) {
    LinnetAdvice *advice = &self->ranked[i];

    advice->model = &models[i];
    advice->file = &files[i];
    advice->verdict = verdicts[i];
    advice->memory_limit = 9 * WIZARD_DATA_GIB;
    advice->reasons = g_strdupv ((char *[]) { (char *) "It is quick.", NULL });
    fill_forecast (&advice->forecast, files[i].bytes, i == 1 ? 12 : 36 / (i + 1.0));
  }
  /* Beyond what is free. */
  self->ranked[2].forecast.memory.total = 12 * WIZARD_DATA_GIB;
  return self;
}

GSettings *
wizard_data_new_settings (void)
{
  GSettings *settings = linnet_settings_new ();

  if (settings != NULL) {
    g_auto (GStrv) keys = NULL;
    g_autoptr (GSettingsSchema) schema = NULL;

    g_object_get (settings, "settings-schema", &schema, NULL);
    keys = g_settings_schema_list_keys (schema);
    for (guint i = 0; keys[i] != NULL; i++)
      g_settings_reset (settings, keys[i]);
  }
  return settings;
}
