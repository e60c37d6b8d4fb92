/* SPDX-License-Identifier: GPL-3.0-or-later
 * What was found on this computer, in words. */
#include "config.h"

#include <glib/gi18n.h>
#include <math.h>

#include "wizard/linnet-wizard-check.h"

#define GB              1e9
#define GIB             1073741824.0
#define SMALL_MODEL_GB  2.0 /* what a 3B model takes at 4 bits */
#define HOT_CELSIUS     85
#define SLOW_BANDWIDTH  (20 * GB)
#define MUCH_SWAP       (2 * GIB)
#define ROOMY_DISK      (20 * GB)
#define SMALLEST_DISK   (1 * GB)
#define LOW_BATTERY     30
#define SMALLEST_MEMORY (1 * GIB)
#define ROOMY_MEMORY    (6 * GIB)
#define QUOTA_TOLERANCE 0.05
#define MATRIX_ISA                                                                                 \
  (LINNET_ISA_AVX_VNNI | LINNET_ISA_AVX512_VNNI | LINNET_ISA_AMX_INT8 | LINNET_ISA_DOTPROD |       \
   LINNET_ISA_I8MM)

void
linnet_wizard_check_clear (LinnetWizardCheck *self)
{
  g_clear_pointer (&self->title, g_free);
  g_clear_pointer (&self->meaning, g_free);
}

/* Joins sentences, of which any may be NULL, as the language does. Transfer full. */
static char *
join_sentences (const char *first, const char *second)
{
  if (first == NULL || second == NULL)
    return g_strdup (first != NULL ? first : second != NULL ? second : "");
  /* Translators: two sentences that follow each other. */
  return g_strdup_printf (C_ ("sentences", "%s %s"), first, second);
}

/* What the cores are. Transfer full. */
static char *
describe_cores (const LinnetMachine *machine)
{
  if (machine->quota > 0 && machine->quota + QUOTA_TOLERANCE < machine->n_threads)
    return g_strdup_printf (_ ("The system grants Linnet the time of %.1f of them."),
                            machine->quota);
  if (machine->n_slow_cores > 0 && machine->n_fast_cores > 0)
    /* Translators: %u fast (performance) and %u economical (efficiency) cores. */
    return g_strdup_printf (_ ("%u are fast and %u economical; the fast ones do most of the work."),
                            machine->n_fast_cores, machine->n_slow_cores);
  return g_strdup (_ ("The cores share the work on every word."));
}

void
linnet_wizard_check_processor (LinnetWizardCheck *self, const LinnetMachine *machine)
{
  g_autofree char *cores = NULL;
  const char *instructions;

  g_return_if_fail (self != NULL && machine != NULL);

  self->title = g_strdup_printf (
      /* Translators: the processor's name and how many cores it has. */
      ngettext ("%s, %u core", "%s, %u cores", machine->n_cores),
      machine->processor != NULL ? machine->processor : _ ("A processor of unknown make"),
      machine->n_cores);
  if (machine->isa & MATRIX_ISA) {
    self->state = LINNET_WIZARD_CHECK_GOOD;
    instructions = _ ("It has instructions made for a model’s sums.");
  } else if (machine->isa & (LINNET_ISA_AVX2 | LINNET_ISA_AVX512 | LINNET_ISA_NEON)) {
    self->state = LINNET_WIZARD_CHECK_GOOD;
    instructions = _ ("It can do many of a model’s sums at once.");
  } else {
    self->state = LINNET_WIZARD_CHECK_POOR;
    instructions = _ ("It is an older kind that does few sums at once, so a small model suits it.");
  }
  cores = describe_cores (machine);
  self->meaning = join_sentences (instructions, machine->n_cores > 1 ? cores : NULL);
}

void
linnet_wizard_check_memory (LinnetWizardCheck *self, const LinnetMachine *machine, guint64 limit)
{
  g_autofree char *memory = NULL;
  g_autofree char *available = NULL;
  g_autofree char *for_model = NULL;
  g_autofree char *sentence = NULL;
  const char *more = NULL;

  g_return_if_fail (self != NULL && machine != NULL);

  if (machine->memory == 0) {
    self->state = LINNET_WIZARD_CHECK_FAIR;
    self->title = g_strdup (_ ("The size of the memory is not known"));
    self->meaning = g_strdup (_ ("A small model is the safe choice."));
    return;
  }
  memory = g_format_size_full (machine->memory, G_FORMAT_SIZE_IEC_UNITS);
  available = g_format_size_full (machine->available, G_FORMAT_SIZE_IEC_UNITS);
  for_model = g_format_size_full (limit, G_FORMAT_SIZE_IEC_UNITS);
  self->title = g_strdup_printf (machine->limited ? _ ("%s granted to Linnet, %s free now")
                                                  : _ ("%s, %s of it free now"),
                                 memory, available);
  if (limit >= SMALLEST_MEMORY) {
    self->state = limit >= ROOMY_MEMORY ? LINNET_WIZARD_CHECK_GOOD : LINNET_WIZARD_CHECK_FAIR;
    sentence = g_strdup_printf (_ ("A model has to fit in as a whole. It may take up to %s without "
                                   "slowing everything else down."),
                                for_model);
  } else {
    self->state = LINNET_WIZARD_CHECK_POOR;
    sentence = g_strdup (_ ("A model has to fit in as a whole, and hardly one does. Closing other "
                            "programs makes room."));
  }
  if ((double) machine->swap_used > MUCH_SWAP) {
    self->state = MAX (self->state, LINNET_WIZARD_CHECK_FAIR);
    more = _ ("Much was already moved out to the disk, so it is short at times.");
  }
  self->meaning = join_sentences (sentence, more);
}

void
linnet_wizard_check_speed (LinnetWizardCheck *self, const LinnetMeasurements *measurements)
{
  double bandwidth, words;

  g_return_if_fail (self != NULL && measurements != NULL);

  bandwidth = measurements->read_bandwidth;
  words = bandwidth / (SMALL_MODEL_GB * GB);
  self->state = bandwidth >= SLOW_BANDWIDTH ? LINNET_WIZARD_CHECK_GOOD : LINNET_WIZARD_CHECK_FAIR;
  /* Translators: gigabytes that are read from memory each second. */
  self->title = g_strdup_printf (_ ("%.0f GB a second from memory"), bandwidth / GB);
  if (words < 1)
    self->meaning = g_strdup (_ ("For every word the whole model is fetched from memory once, as "
                                 "books are from a library. A model of 2 GB takes more than a "
                                 "second for a word here."));
  else
    self->meaning = g_strdup_printf (
        ngettext ("For every word the whole model is fetched from memory once, as books are from a "
                  "library. A model of 2 GB can write at most about %.0f word a second here.",
                  "For every word the whole model is fetched from memory once, as books are from a "
                  "library. A model of 2 GB can write at most about %.0f words a second here.",
                  (gulong) lround (words)),
        words);
}

void
linnet_wizard_check_disk (LinnetWizardCheck *self, guint64 free_bytes)
{
  g_autofree char *size = g_format_size (free_bytes);

  g_return_if_fail (self != NULL);

  /* Translators: room on the disk. */
  self->title = g_strdup_printf (_ ("%s free"), size);
  if ((double) free_bytes >= ROOMY_DISK) {
    self->state = LINNET_WIZARD_CHECK_GOOD;
    self->meaning =
        g_strdup (_ ("There is room for several models: each is a file of 0.5 to 9 GB."));
  } else if ((double) free_bytes >= SMALLEST_DISK) {
    self->state = LINNET_WIZARD_CHECK_FAIR;
    self->meaning = g_strdup (_ ("There is room for a small model. Larger ones take up to 9 GB."));
  } else {
    self->state = LINNET_WIZARD_CHECK_POOR;
    self->meaning =
        g_strdup (_ ("Even a small model takes about 1 GB. Delete something you no longer need."));
  }
}

/* Where the power comes from. */
static void
describe_source (LinnetWizardCheck *self, const LinnetMachine *machine, const char **sentence)
{
  switch (machine->power) {
  case LINNET_POWER_BATTERY:
    self->state = machine->battery_percent >= 0 && machine->battery_percent < LOW_BATTERY
                      ? LINNET_WIZARD_CHECK_POOR
                      : LINNET_WIZARD_CHECK_FAIR;
    self->title = machine->battery_percent >= 0
                      ? g_strdup_printf (_ ("On battery, %d %% left"), machine->battery_percent)
                      : g_strdup (_ ("On battery"));
    *sentence = _ ("A model at work drains a battery quickly. Plug in for long chats.");
    break;
  case LINNET_POWER_MAINS:
    self->title = g_strdup (_ ("Plugged in"));
    *sentence = _ ("Nothing holds the processor back.");
    break;
  case LINNET_POWER_UNKNOWN:
  default:
    self->title = g_strdup (_ ("No battery to look after"));
    *sentence = _ ("The computer runs from the mains, it seems.");
  }
}

void
linnet_wizard_check_power (LinnetWizardCheck *self, const LinnetMachine *machine)
{
  const char *sentence = NULL;
  const char *more = NULL;

  g_return_if_fail (self != NULL && machine != NULL);

  self->state = LINNET_WIZARD_CHECK_GOOD;
  describe_source (self, machine, &sentence);
  if (machine->power_profile == LINNET_POWER_PROFILE_SAVER) {
    self->state = MAX (self->state, LINNET_WIZARD_CHECK_FAIR);
    if (machine->power != LINNET_POWER_BATTERY)
      sentence = NULL;
    more = _ ("The power profile is set to saving: answers come sooner with another.");
  } else if (!isnan (machine->temperature) && machine->temperature >= HOT_CELSIUS) {
    self->state = LINNET_WIZARD_CHECK_POOR;
    sentence = NULL;
    more = _ ("The processor is hot already and will slow itself down. Give it air.");
  } else if (machine->power == LINNET_POWER_MAINS)
    more = _ ("In long answers it gets warm, and a thin laptop then slows down a little.");
  self->meaning = join_sentences (sentence, more);
}
