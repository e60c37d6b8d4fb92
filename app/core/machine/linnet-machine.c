/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMachine: putting together what the readers found, and saying it to people. */
#include <glib/gi18n-lib.h>
#include <math.h>

#include "machine/linnet-machine-private.h"

/* A 4-bit model takes about 4.9 bits a weight with its scales (Q4_K_M), beside which it needs a few
 * hundred megabytes for the context and the working buffers. */
#define BYTES_PER_WEIGHT (4.9 / 8)
#define WORKING_BYTES    (600.0 * 1e6)

/* Part of the free memory that a model may take, so that the computer stays usable. */
#define USABLE_SHARE 0.8

/* The usual sizes of models, in billions of parameters. */
static const double MODEL_SIZES[] = { 0.5, 1.5, 3, 7, 14, 32, 70 };

static const struct {
  LinnetIsa flag;
  const char *name;
} ISA_NAMES[] = {
  { LINNET_ISA_AVX2, "AVX2" },       { LINNET_ISA_AVX_VNNI, "AVX-VNNI" },
  { LINNET_ISA_AVX512, "AVX-512" },  { LINNET_ISA_AVX512_VNNI, "AVX-512 VNNI" },
  { LINNET_ISA_AMX_INT8, "AMX" },    { LINNET_ISA_NEON, "NEON" },
  { LINNET_ISA_DOTPROD, "dotprod" }, { LINNET_ISA_I8MM, "i8mm" },
};

static guint
count_workers (const LinnetMachine *self)
{
  guint granted;

  if (self->quota <= 0)
    return self->n_threads;
  granted = (guint) CLAMP (ceil (self->quota), 1, G_MAXINT);
  return MIN (self->n_threads, granted);
}

LinnetMachine *
linnet_machine_new (const char *root)
{
  LinnetMachine *self = g_new0 (LinnetMachine, 1);

  if (root == NULL)
    root = "/";
  self->battery_percent = -1;
  self->temperature = NAN;
  linnet_machine_read_processor (self, root);
  linnet_machine_read_memory (self, root);
  linnet_machine_apply_cgroup (self, root);
  if (self->n_threads == 0)
    self->n_threads = MAX (g_get_num_processors (), 1);
  if (self->n_cores == 0 || self->n_cores > self->n_threads)
    self->n_cores = self->n_threads;
  self->available = MIN (self->available, self->memory);
  self->n_workers = count_workers (self);
  return self;
}

void
linnet_machine_free (LinnetMachine *self)
{
  if (self == NULL)
    return;
  g_free (self->processor);
  g_free (self);
}

/* Only the strongest of each line is worth a word: the others are implied. Transfer full. */
static char *
describe_isa (LinnetIsa isa)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  if (isa & LINNET_ISA_AVX512_VNNI)
    isa &= ~(LINNET_ISA_AVX512 | LINNET_ISA_AVX_VNNI);
  if (isa & (LINNET_ISA_AVX_VNNI | LINNET_ISA_AVX512 | LINNET_ISA_AVX512_VNNI))
    isa &= ~LINNET_ISA_AVX2;
  if (isa & (LINNET_ISA_DOTPROD | LINNET_ISA_I8MM))
    isa &= ~LINNET_ISA_NEON;
  for (guint i = 0; i < G_N_ELEMENTS (ISA_NAMES); i++) {
    if (isa & ISA_NAMES[i].flag)
      g_ptr_array_add (names, (gpointer) ISA_NAMES[i].name);
  }
  g_ptr_array_add (names, NULL);
  return g_strjoinv (", ", (char **) names->pdata);
}

static char *
describe_processor (const LinnetMachine *self)
{
  const char *name = self->processor != NULL ? self->processor : _ ("Processor of unknown make");
  g_autofree char *isa = describe_isa (self->isa);
  g_autoptr (GString) line = g_string_new (name);

  g_string_append_printf (line, ngettext (" · %u core", " · %u cores", self->n_cores),
                          self->n_cores);
  if (self->n_threads > self->n_cores)
    g_string_append_printf (line, ngettext (", %u thread", ", %u threads", self->n_threads),
                            self->n_threads);
  if (self->n_workers < self->n_threads)
    /* Translators: the system grants this program only part of the processors' time. */
    g_string_append_printf (line, _ (", of which %.1f may be used"), self->quota);
  if (isa[0] != '\0')
    g_string_append_printf (line, " · %s", isa);
  return g_string_free (g_steal_pointer (&line), FALSE);
}

static char *
describe_memory (const LinnetMachine *self)
{
  g_autofree char *memory = NULL;
  g_autofree char *available = NULL;

  if (self->memory == 0)
    return g_strdup (_ ("The size of the memory could not be found out"));
  memory = g_format_size_full (self->memory, G_FORMAT_SIZE_IEC_UNITS);
  available = g_format_size_full (self->available, G_FORMAT_SIZE_IEC_UNITS);
  if (self->limited)
    return g_strdup_printf (_ ("%s of memory granted to this program, %s of it free now"), memory,
                            available);
  return g_strdup_printf (_ ("%s of memory, %s of it free now"), memory, available);
}

/* In billions of parameters, at 4 bits a weight; 0: not even the smallest fits. */
static double
largest_model (const LinnetMachine *self)
{
  double usable = (double) self->available * USABLE_SHARE;
  double largest = 0;

  for (guint i = 0; i < G_N_ELEMENTS (MODEL_SIZES); i++) {
    if (MODEL_SIZES[i] * 1e9 * BYTES_PER_WEIGHT + WORKING_BYTES <= usable)
      largest = MODEL_SIZES[i];
  }
  return largest;
}

static char *
describe_meaning (const LinnetMachine *self)
{
  double largest = largest_model (self);

  if (self->available == 0)
    return g_strdup (_ ("Start with a small model, of 1.5 billion parameters (1.5B)"));
  if (largest == 0)
    return g_strdup (
        _ ("Too little memory is free for a useful model: close other programs first"));
  /* Translators: %g is a number such as 1.5 or 7; B stands for billions, as in names of models. */
  return g_strdup_printf (_ ("The free memory holds models of up to %gB parameters at 4 bits each"),
                          largest);
}

char **
linnet_machine_describe (const LinnetMachine *self)
{
  char **lines;

  g_return_val_if_fail (self != NULL, NULL);

  lines = g_new0 (char *, 4);
  lines[0] = describe_processor (self);
  lines[1] = describe_memory (self);
  lines[2] = describe_meaning (self);
  return lines;
}
