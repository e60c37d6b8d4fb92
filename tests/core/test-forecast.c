/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sizes against those of llama.cpp and of published files, memory against what the engine says of a
 * file, and speeds that follow from the measurements. */
#include <glib/gstdio.h>
#include <math.h>

#include "advice-cases.h"
#include "advisor/linnet-recipe.h"
#include "advisor/linnet-workload.h"
#include "fixture.h"

#define MIB ((double) (1 << 20))

/* MiB of all tensors as `llama-quantize --dry-run` says of files with these shapes, in the order of
 * linnet_recipe_list_quantisations(). */
static const struct {
  const char *id;
  double mib[8];
} SIZES[] = {
  { "qwen2.5-0.5b-instruct", { 317.25, 333.33, 330.17, 373.71, 394.95, 476.64, 500.79, 942.43 } },
  { "qwen2.5-1.5b-instruct",
    { 639.30, 780.32, 885.97, 934.69, 1067.26, 1208.10, 1564.62, 2944.68 } },
  { "qwen2.5-3b-instruct",
    { 1210.02, 1511.12, 1732.72, 1834.82, 2116.07, 2414.90, 3127.59, 5886.42 } },
  { "qwen2.5-7b-instruct",
    { 2870.55, 3626.29, 4220.43, 4460.45, 5186.92, 5958.79, 7717.68, 14526.27 } },
  { "qwen2.5-14b-instruct",
    { 5497.48, 6993.52, 8117.45, 8566.04, 10016.35, 11557.31, 14968.52, 28173.21 } },
  { "qwen3-0.6b", { 276.84, 325.37, 358.21, 372.65, 418.15, 466.50, 604.15, 1137.00 } },
  { "qwen3-1.7b", { 736.09, 890.34, 999.90, 1050.43, 1193.93, 1346.40, 1743.77, 3281.97 } },
  { "qwen3-4b", { 1586.48, 1973.78, 2254.10, 2375.91, 2749.97, 3147.42, 4076.43, 7672.62 } },
  { "qwen3-8b", { 3124.02, 3927.43, 4547.88, 4789.19, 5574.38, 6408.64, 8300.36, 15623.18 } },
  { "qwen3-14b", { 5481.74, 6976.46, 8115.00, 8579.06, 10021.79, 11554.70, 14965.61, 28169.12 } },
};

static void
test_recipes (void)
{
  g_autoptr (LinnetCatalogue) catalogue = advice_cases_load_catalogue ();
  const char *const *names = linnet_recipe_list_quantisations ();

  for (gsize i = 0; i < G_N_ELEMENTS (SIZES); i++) {
    const LinnetCatalogueModel *model = linnet_catalogue_find (catalogue, SIZES[i].id);

    for (guint j = 0; names[j] != NULL; j++) {
      g_autoptr (GArray) tensors = linnet_recipe_list_tensors (model, names[j]);
      double bytes = 0;

      for (guint t = 0; t < tensors->len; t++)
        bytes += (double) g_array_index (tensors, LinnetRecipeTensor, t).bytes;
      g_test_message ("%s %s: %.2f MiB", SIZES[i].id, names[j], bytes / MIB);
      g_assert_cmpfloat (fabs (bytes / MIB - SIZES[i].mib[j]), <=, 0.006);
    }
  }
}

/* Published files, vocabulary and all. Qwen's own of the small models hold the embeddings twice. */
static void
test_files (void)
{
  static const struct {
    const char *id;
    gboolean tied;
    guint64 bytes;
  } FILES[] = {
    { "qwen2.5-1.5b-instruct", TRUE, 986048512 },  { "qwen2.5-7b-instruct", FALSE, 4683073952 },
    { "qwen2.5-0.5b-instruct", FALSE, 491400032 }, { "qwen2.5-1.5b-instruct", FALSE, 1117320736 },
    { "qwen2.5-3b-instruct", FALSE, 2104932768 },
  };
  g_autoptr (LinnetCatalogue) catalogue = advice_cases_load_catalogue ();

  for (gsize i = 0; i < G_N_ELEMENTS (FILES); i++) {
    LinnetCatalogueModel model = *linnet_catalogue_find (catalogue, FILES[i].id);
    double bytes;

    model.tied = FILES[i].tied;
    bytes = (double) linnet_recipe_get_file_bytes (&model, "Q4_K_M");
    g_test_message ("%s: %.0f, really %.0f", FILES[i].id, bytes, (double) FILES[i].bytes);
    g_assert_cmpfloat (fabs (bytes / (double) FILES[i].bytes - 1), <, 0.0002);
  }
}

/* The demo model's shape and type, planned, against what the engine says of its file. */
static void
test_memory (void)
{
  const char *path = fixture_get_demo_model ();
  g_autoptr (LinnetModel) model = NULL;
  g_autoptr (GError) error = NULL;
  LinnetModelShape shape;
  LinnetWorkload work;
  LinnetModelMemory planned, real;

  if (path == NULL)
    return;
  model = linnet_model_open (path, LINNET_MODEL_LEVEL_METADATA, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (linnet_model_get_shape (model, &shape, &error));
  g_assert_true (linnet_workload_init_for_model (&work, model, LINNET_CACHE_F16, &error));
  for (guint n_ctx = 64; n_ctx <= 4096; n_ctx *= 4) {
    g_assert_true (linnet_model_estimate_memory (model, n_ctx, LINNET_CACHE_Q8_0, &real, &error));
    g_assert_true (linnet_plan_memory (&shape, work.memory_bytes, n_ctx, LINNET_CACHE_Q8_0, NULL,
                                       &planned, &error));
    g_assert_cmpuint (planned.weights, ==, real.weights);
    g_assert_cmpuint (planned.kv_cache, ==, real.kv_cache);
    g_assert_cmpuint (planned.scratch, ==, real.scratch);
  }
}

static void
test_impossible (void)
{
  LinnetModelShape shape = { "qwen2", 1000, 256, 2, 512, 4, 3, 64 };
  g_autoptr (GError) error = NULL;
  LinnetModelMemory memory;

  g_assert_false (linnet_plan_memory (&shape, 1, 64, LINNET_CACHE_F16, NULL, &memory, &error));
  g_assert_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_FAILED);
  g_clear_error (&error);
  shape.architecture = "abacus";
  g_assert_false (linnet_plan_memory (&shape, 1, 64, LINNET_CACHE_F16, NULL, &memory, &error));
  g_assert_error (error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_UNSUPPORTED);
  g_assert_cmpuint (linnet_plan_get_row_bytes ("Q4_K", 256), ==, 144);
  g_assert_cmpuint (linnet_plan_get_row_bytes ("Q4_K", 255), ==, 0);
  g_assert_cmpuint (linnet_plan_get_row_bytes ("Q99", 256), ==, 0);
}

/* On the article's computer: a token costs a reading of the weights, and little more. */
static void
test_speeds (void)
{
  g_autoptr (LinnetCatalogue) catalogue = advice_cases_load_catalogue ();
  const AdviceComputer *computer = advice_cases_find ("i5-12400, 16 GB");
  g_autoptr (LinnetMachine) machine = advice_cases_make_machine (computer);
  g_autoptr (LinnetMeasurements) measurements = advice_cases_make_measurements (computer);
  const LinnetCatalogueModel *model = linnet_catalogue_find (catalogue, "qwen2.5-3b-instruct");
  LinnetForecast f, slower;
  double bound;

  linnet_forecast_compute (&f, model, "Q4_K_M", 4096, LINNET_CACHE_F16, machine, measurements,
                           NULL);
  bound = 32e9 * 0.92 / (1834.82 * MIB);
  g_assert_cmpfloat (f.decode.value, <, bound);
  g_assert_cmpfloat (f.decode.value, >, 0.9 * bound);
  /* 2 · 2.77 G multiply-adds at 300 G a second. */
  g_assert_cmpfloat (f.prefill.value, >, 60);
  g_assert_cmpfloat (f.prefill.value, <, 110);
  g_assert_cmpfloat (f.first_token.low, <, f.first_token.value);
  g_assert_cmpfloat (f.first_token.value, <, f.first_token.high);
  g_assert_cmpfloat (f.answer.value, >, f.first_token.value + 100 / bound);
  g_assert_cmpfloat (fabs ((double) f.memory.total / 2.17e9 - 1), <, 0.05);
  g_assert_false (f.is_fitted);
  measurements->read_bandwidth /= 2;
  for (guint i = 0; i < measurements->n_speeds; i++)
    measurements->speeds[i].decode /= 2;
  linnet_forecast_compute (&slower, model, "Q4_K_M", 4096, LINNET_CACHE_F16, machine, measurements,
                           NULL);
  g_assert_cmpfloat (slower.decode.value, <, 0.55 * f.decode.value);
  g_assert_cmpfloat (slower.answer.value, >, f.answer.value);
}

/* What was real corrects what is foretold. */
static void
test_fitted (void)
{
  g_autofree char *folder = g_dir_make_tmp ("linnet-forecast-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "history.json", NULL);
  g_autoptr (LinnetHistory) history = linnet_history_new (path);
  g_autoptr (LinnetCatalogue) catalogue = advice_cases_load_catalogue ();
  const AdviceComputer *computer = advice_cases_find ("i5-12400, 16 GB");
  g_autoptr (LinnetMachine) machine = advice_cases_make_machine (computer);
  g_autoptr (LinnetMeasurements) measurements = advice_cases_make_measurements (computer);
  const LinnetCatalogueModel *model = linnet_catalogue_find (catalogue, "qwen2.5-3b-instruct");
  LinnetHistoryEntry entry = {
    .model = (char *) "m",
    .quantisation = (char *) "Q4_K_M",
    .decode = 8,
    .forecast_decode = 10,
  };
  LinnetForecast plain, fitted;

  for (int i = 0; i < 4; i++)
    g_assert_true (linnet_history_add (history, &entry, NULL));
  linnet_forecast_compute (&plain, model, "Q8_0", 4096, LINNET_CACHE_F16, machine, measurements,
                           NULL);
  linnet_forecast_compute (&fitted, model, "Q8_0", 4096, LINNET_CACHE_F16, machine, measurements,
                           history);
  g_assert_true (fitted.is_fitted);
  g_assert_cmpfloat (fabs (fitted.decode.value / plain.decode.value - 0.8), <, 1e-6);
  /* Four times the same: the band is narrow. */
  g_assert_cmpfloat (fitted.decode.high / fitted.decode.value, <,
                     plain.decode.high / plain.decode.value);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_words (void)
{
  LinnetForecast forecast = { .decode = { 12, 10, 14 }, .first_token = { 1, 1, 1 } };
  g_autofree char *speed = linnet_forecast_describe_speed (&forecast);
  g_autofree char *answer = linnet_forecast_describe_answer (&forecast);
  g_autofree char *slow = NULL;

  g_assert_cmpstr (speed, ==, "about 9 words a second");
  g_assert_cmpstr (answer, ==, "a 100-word answer in about 12 s");
  forecast.decode.value = 0.5;
  slow = linnet_forecast_describe_answer (&forecast);
  g_assert_cmpstr (slow, ==, "a 100-word answer in about 4 minutes");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/forecast/recipes", test_recipes);
  g_test_add_func ("/forecast/files", test_files);
  g_test_add_func ("/forecast/memory", test_memory);
  g_test_add_func ("/forecast/impossible", test_impossible);
  g_test_add_func ("/forecast/speeds", test_speeds);
  g_test_add_func ("/forecast/fitted", test_fitted);
  g_test_add_func ("/forecast/words", test_words);
  return g_test_run ();
}
