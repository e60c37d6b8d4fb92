/* SPDX-License-Identifier: GPL-3.0-or-later
 * Computers that people have. */
#include "advice-cases.h"

#define GIB ((double) (1 << 30))

/* Of the memory's bandwidth, what kernels get to make use of. */
#define DECODE_SHARE 0.92

const AdviceComputer ADVICE_COMPUTERS[] = {
  { "old laptop, 4 GB", 3.7, 1.9, 2, 9e9, 12e9 },
  { "laptop, 8 GB", 7.6, 4.6, 4, 22e9, 80e9 },
  { "laptop, 8 GB, much open", 7.6, 2.2, 4, 22e9, 80e9 },
  { "i5-12400, 16 GB", 15.5, 12, 6, 32e9, 300e9 },
  { "i5-12400, 16 GB, much open", 15.5, 4.5, 6, 32e9, 300e9 },
  { "hybrid laptop, 16 GB", 15.3, 11.5, 12, 46e9, 250e9 },
  { "Ryzen desktop, 32 GB", 31, 27, 8, 56e9, 700e9 },
  { "server, 24 of 64 cores", 125, 110, 24, 150e9, 2000e9 },
  { "Raspberry Pi 5, 8 GB", 7.9, 6.6, 4, 9e9, 40e9 },
  { "virtual machine, 8 GB", 7.8, 6.9, 2, 20e9, 90e9 },
};

guint
advice_cases_count_computers (void)
{
  return G_N_ELEMENTS (ADVICE_COMPUTERS);
}

const AdviceComputer *
advice_cases_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (ADVICE_COMPUTERS); i++)
    if (g_str_equal (ADVICE_COMPUTERS[i].name, name))
      return &ADVICE_COMPUTERS[i];
  return NULL;
}

LinnetMachine *
advice_cases_make_machine (const AdviceComputer *computer)
{
  LinnetMachine *machine = g_new0 (LinnetMachine, 1);

  machine->processor = g_strdup (computer->name);
  machine->n_cores = computer->n_cores;
  machine->n_threads = computer->n_cores;
  machine->n_workers = computer->n_cores;
  machine->memory = (guint64) (computer->memory_gib * GIB);
  machine->available = (guint64) (computer->available_gib * GIB);
  machine->battery_percent = -1;
  return machine;
}

LinnetMeasurements *
advice_cases_make_measurements (const AdviceComputer *computer)
{
  static const char *const TYPES[] = {
    "Q4_K", "Q4_0", "Q5_K", "Q6_K", "Q8_0", "Q2_K", "Q3_K", "F16"
  };
  LinnetMeasurements *measurements = g_new0 (LinnetMeasurements, 1);

  measurements->read_bandwidth = computer->bandwidth;
  measurements->int8_peak = 4 * computer->prefill;
  measurements->n_speeds = G_N_ELEMENTS (TYPES);
  measurements->speeds = g_new0 (LinnetKernelSpeed, measurements->n_speeds);
  for (guint i = 0; i < measurements->n_speeds; i++) {
    measurements->speeds[i].type = TYPES[i];
    measurements->speeds[i].decode = DECODE_SHARE * computer->bandwidth;
    measurements->speeds[i].prefill =
        g_str_equal (TYPES[i], "F16") ? computer->prefill / 4 : computer->prefill;
  }
  /* The one that every computer has, so that memory is the same wherever the test runs. */
  measurements->cpu_level = g_strdup ("reference");
  measurements->processor = g_strdup (computer->name);
  measurements->n_threads = computer->n_cores;
  return measurements;
}

LinnetCatalogue *
advice_cases_load_catalogue (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("LINNET_DATA_DIR"), "catalogue.json", NULL);
  g_autoptr (GError) error = NULL;
  LinnetCatalogue *catalogue = linnet_catalogue_load (path, &error);

  g_assert_no_error (error);
  return catalogue;
}

LinnetAdviceList *
advice_cases_advise (LinnetCatalogue *catalogue,
                     const AdviceComputer *computer,
                     const LinnetWishes *wishes)
{
  g_autoptr (LinnetMachine) machine = advice_cases_make_machine (computer);
  g_autoptr (LinnetMeasurements) measurements = advice_cases_make_measurements (computer);

  return linnet_advise (catalogue, machine, measurements, wishes, NULL);
}

const LinnetAdvice *
advice_cases_get (const LinnetAdviceList *list, const char *id, const char *quantisation)
{
  for (guint i = 0; i < list->n_ranked; i++)
    if (g_str_equal (list->ranked[i].model->id, id) &&
        g_str_equal (list->ranked[i].file->quantisation, quantisation))
      return &list->ranked[i];
  return NULL;
}
