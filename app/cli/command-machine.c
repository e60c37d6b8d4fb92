/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli machine: what this computer is, how fast, and what that means for models. */
#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "machine-json.h"

#define MAX_THREADS 1024

/* The example that rates are explained with: 7.6 thousand million weights of 4.9 bits. */
#define EXAMPLE_WEIGHTS 7.6e9
#define EXAMPLE_BYTES   4.7e9

/* Hotter than this a processor soon computes more slowly. */
#define HOT_CELSIUS 85

/* A heading with a figure, and under it a sentence on what that means. NULL sentence: none. */
static void
print_item (const char *heading, const char *figure, const char *sentence)
{
  printf ("%s: %s\n", heading, figure);
  if (sentence != NULL)
    printf ("  %s\n", sentence);
}

static char *
format_size (guint64 bytes)
{
  return g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
}

/* ---- The computer ------------------------------------------------------------------------- */

static const char *
explain_instructions (LinnetIsa isa)
{
  if (isa & (LINNET_ISA_AVX_VNNI | LINNET_ISA_AVX512_VNNI | LINNET_ISA_AMX_INT8 |
             LINNET_ISA_DOTPROD | LINNET_ISA_I8MM))
    return _ ("It has instructions made for multiplying small whole numbers, which models are "
              "computed with.");
  if (isa & (LINNET_ISA_AVX2 | LINNET_ISA_NEON))
    return _ ("It computes with many numbers at once; newer ones have instructions that are made "
              "for models, and read questions faster.");
  return _ ("It has none of the instructions that make models fast: only very small ones are fun.");
}

static const char *
explain_cores (const LinnetMachine *machine)
{
  if (machine->n_workers < machine->n_threads)
    return _ ("The system grants this program only a part of the processor’s time.");
  if (machine->n_slow_cores > 0)
    return _ ("The fast cores do the writing; the slow ones help with reading questions.");
  return NULL;
}

static void
print_memory (const LinnetMachine *machine, char **lines)
{
  g_autofree char *limit = format_size (linnet_machine_get_memory_limit (machine));
  g_autofree char *sentence = NULL;

  if (machine->memory > 0)
    sentence = g_strdup_printf (
        _ ("A model may take %s of it; the rest is left to other programs."), limit);
  print_item (_ ("Memory"), lines[1], sentence);
  printf ("  %s\n", lines[2]);
}

static void
print_swap (const LinnetMachine *machine)
{
  g_autofree char *swap = format_size (machine->swap);
  g_autofree char *used = format_size (machine->swap_used);
  g_autofree char *figure = NULL;

  if (machine->memory == 0)
    return;
  if (machine->swap == 0)
    figure = g_strdup (_ ("none"));
  else
    figure = g_strdup_printf (_ ("%s, %s of it in use"), swap, used);
  print_item (_ ("Swap space"), figure,
              machine->swap > 0
                  ? _ ("Models are never put there: each word would wait for the disk.")
                  : NULL);
}

static void
print_disk (const char *folder)
{
  guint64 bytes = 0;
  g_autoptr (GError) error = NULL;
  g_autofree char *size = NULL;
  g_autofree char *figure = NULL;

  if (!linnet_machine_get_free_disk (folder, &bytes, &error)) {
    print_item (_ ("Disk"), error->message, NULL);
    return;
  }
  size = format_size (bytes);
  figure = g_strdup_printf (_ ("%s free"), size);
  print_item (_ ("Disk"), figure,
              _ ("At 4 bits a model of 3 billion parameters (3B) takes about 2 GB, one of 7B about "
                 "5 GB."));
}

static char *
describe_power (const LinnetMachine *machine)
{
  g_autofree char *battery = NULL;

  if (machine->battery_percent >= 0)
    battery = g_strdup_printf (_ ("battery at %d %%"), machine->battery_percent);
  if (machine->power == LINNET_POWER_BATTERY)
    return battery != NULL ? g_steal_pointer (&battery) : g_strdup (_ ("battery"));
  if (battery != NULL)
    /* Translators: %s is “battery at 80 %”. */
    return g_strdup_printf (_ ("mains, %s"), battery);
  return g_strdup (_ ("mains"));
}

static void
print_power (const LinnetMachine *machine)
{
  static const char *const profiles[] = {
    [LINNET_POWER_PROFILE_SAVER] = N_ ("to save power"),
    [LINNET_POWER_PROFILE_BALANCED] = N_ ("balanced"),
    [LINNET_POWER_PROFILE_PERFORMANCE] = N_ ("for performance"),
  };
  g_autofree char *power = describe_power (machine);
  const char *sentence = NULL;

  if (machine->power == LINNET_POWER_BATTERY)
    sentence = _ ("Answers empty the battery, and may come more slowly than on the mains.");
  if (machine->power != LINNET_POWER_UNKNOWN)
    print_item (_ ("Power"), power, sentence);
  sentence = NULL;
  if (machine->power_profile == LINNET_POWER_PROFILE_SAVER)
    sentence = _ ("Answers come faster when the system’s power mode is another one.");
  if (machine->power_profile != LINNET_POWER_PROFILE_UNKNOWN)
    print_item (_ ("Power mode"), _ (profiles[machine->power_profile]), sentence);
}

static void
print_sensors (const LinnetMachine *machine)
{
  g_autofree char *clock = NULL;
  g_autofree char *degrees = g_strdup_printf (_ ("%.0f °C"), machine->temperature);

  if (machine->clock_hz > 0 && machine->clock_limit_hz > 0)
    clock = g_strdup_printf (_ ("%.1f GHz now, %.1f GHz at most"), machine->clock_hz * 1e-9,
                             machine->clock_limit_hz * 1e-9);
  else if (machine->clock_hz > 0)
    clock = g_strdup_printf (_ ("%.1f GHz now"), machine->clock_hz * 1e-9);
  if (clock != NULL)
    print_item (_ ("Clock"), clock, NULL);
  if (!isnan (machine->temperature))
    print_item (_ ("Temperature"), degrees,
                machine->temperature >= HOT_CELSIUS
                    ? _ ("That is hot: the processor slows down to cool off, and smaller models "
                         "keep it cooler.")
                    : NULL);
}

static void
print_machine (const LinnetMachine *machine, const char *folder)
{
  g_auto (GStrv) lines = linnet_machine_describe (machine);
  const char *cores = explain_cores (machine);

  print_item (_ ("Processor"), lines[0], explain_instructions (machine->isa));
  if (cores != NULL)
    printf ("  %s\n", cores);
  if (machine->is_virtual)
    printf ("  %s\n", _ ("It is a virtual machine, which others may share the processor with."));
  print_memory (machine, lines);
  print_swap (machine);
  print_disk (folder);
  print_power (machine);
  print_sensors (machine);
}

/* ---- Its speed ---------------------------------------------------------------------------- */

static void
print_kernels (const LinnetMeasurements *measurements)
{
  g_autoptr (CliTable) table = cli_table_new ("lrr");

  cli_table_add (table, "", _ ("writing, GB/s"), _ ("reading, GMAC/s"));
  for (guint i = 0; i < measurements->n_speeds; i++) {
    const LinnetKernelSpeed *speed = &measurements->speeds[i];
    g_autofree char *decode = g_strdup_printf ("%.1f", speed->decode * 1e-9);
    g_autofree char *prefill = g_strdup_printf ("%.1f", speed->prefill * 1e-9);

    cli_table_add (table, speed->type, decode, prefill);
  }
  printf ("%s:\n", _ ("Weights of each quantisation"));
  cli_table_print (table, 2);
}

static void
print_measurements (const LinnetMeasurements *measurements)
{
  const LinnetKernelSpeed *q4 = linnet_measurements_get_speed (measurements, "Q4_K");
  g_autofree char *memory = g_strdup_printf (_ ("%.1f GB/s"), measurements->read_bandwidth * 1e-9);
  g_autofree char *peak = g_strdup_printf (_ ("%.1f GMAC/s"), measurements->int8_peak * 1e-9);
  g_autofree char *writing = NULL;
  g_autofree char *reading = NULL;

  writing = g_strdup_printf (_ ("All of a model is read for each token (word or piece of one) that "
                                "it writes: one of 7B at "
                                "4 bits, of 4.7 GB, writes at most %.1f a second."),
                             q4->decode / EXAMPLE_BYTES);
  reading = g_strdup_printf (
      _ ("A question is read as fast as the processor multiplies: by that model, at most %.0f "
         "tokens a second."),
      q4->prefill / EXAMPLE_WEIGHTS);
  puts ("");
  print_item (_ ("Memory speed"), memory, writing);
  if (measurements->spread > 0.25)
    printf ("  %s\n", _ ("It was much slower at times: other programs, or other virtual machines, "
                         "are at work."));
  print_item (_ ("Arithmetic"), peak, reading);
  print_kernels (measurements);
}

static void
progress_cb (double fraction, const char *what, gpointer user_data)
{
  cli_show_progress (what, fraction);
}

/* What is known of an earlier time, or is measured now. NULL: nothing, status says why. */
static LinnetMeasurements *
find_measurements (const LinnetMachine *machine, gboolean no_measure, int n_threads, int *status)
{
  g_autoptr (GError) error = NULL;
  LinnetMeasurements *measurements;

  *status = CLI_OK;
  if (no_measure)
    return linnet_measurements_load (machine->processor);
  measurements = linnet_measurements_run (n_threads != CLI_UNSET ? (guint) n_threads : 0,
                                          progress_cb, NULL, NULL, &error);
  cli_show_progress ("", 1);
  if (measurements == NULL) {
    *status = cli_fail (error);
    return NULL;
  }
  /* With a number of threads of one's own it is an experiment. */
  if (n_threads == CLI_UNSET && !linnet_measurements_save (measurements, &error))
    cli_complain ("%s", error->message);
  return measurements;
}

int
cli_run_machine (char **arguments)
{
  gboolean json = FALSE, no_measure = FALSE;
  int n_threads = CLI_UNSET;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("Print everything as JSON"), NULL },
    { "no-measure", 0, 0, G_OPTION_ARG_NONE, &no_measure,
      N_ ("Measure nothing; show what was measured before, if anything was"), NULL },
    { "threads", 0, 0, G_OPTION_ARG_INT, &n_threads,
      N_ ("Threads to measure with; without it, as many as are good here"), "N" },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (LinnetMachine) machine = NULL;
  g_autoptr (LinnetMeasurements) measurements = NULL;
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "linnet", "models", NULL);
  int status;

  if (!cli_parse (arguments, entries, NULL, NULL,
                  _ ("Says what this computer is, how fast it is, and what that means for models."),
                  &status))
    return status;
  if (!cli_check_range ("machine", "--threads", n_threads, 1, MAX_THREADS))
    return CLI_USAGE;
  machine = linnet_machine_new (NULL);
  if (!json) {
    print_machine (machine, folder);
    fflush (stdout);
  }
  measurements = find_measurements (machine, no_measure, n_threads, &status);
  if (json && status == CLI_OK)
    cli_print_json (cli_machine_to_json (machine, measurements, folder));
  else if (measurements != NULL)
    print_measurements (measurements);
  return status;
}
