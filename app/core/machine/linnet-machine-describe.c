/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMachine in words. */
#include <glib/gi18n-lib.h>
#include <math.h>

#include "machine/linnet-machine.h"

/* A 4-bit model takes about 4.9 bits a weight with its scales (Q4_K_M), beside which it needs a few
 * hundred megabytes for the context and the working buffers. */
#define BYTES_PER_WEIGHT (4.9 / 8)
#define WORKING_BYTES    (600.0 * 1e6)

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

GStrv
linnet_isa_list (LinnetIsa isa)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (ISA_NAMES); i++) {
    if (isa & ISA_NAMES[i].flag)
      g_strv_builder_add (builder, ISA_NAMES[i].name);
  }
  return g_strv_builder_end (builder);
}

/* Only the strongest of each line is worth a word: the others are implied. Transfer full. */
static char *
describe_isa (LinnetIsa isa)
{
  g_auto (GStrv) names = NULL;

  if (isa & LINNET_ISA_AVX512_VNNI)
    isa &= ~(LINNET_ISA_AVX512 | LINNET_ISA_AVX_VNNI);
  if (isa & (LINNET_ISA_AVX_VNNI | LINNET_ISA_AVX512 | LINNET_ISA_AVX512_VNNI))
    isa &= ~LINNET_ISA_AVX2;
  if (isa & (LINNET_ISA_DOTPROD | LINNET_ISA_I8MM))
    isa &= ~LINNET_ISA_NEON;
  names = linnet_isa_list (isa);
  return g_strjoinv (", ", names);
}

static char *
describe_processor (const LinnetMachine *self)
{
  const char *name = self->processor != NULL ? self->processor : _ ("Processor of unknown make");
  g_autofree char *isa = describe_isa (self->isa);
  g_autoptr (GString) line = g_string_new (name);

  g_string_append_printf (line, ngettext (" · %u core", " · %u cores", self->n_cores),
                          self->n_cores);
  if (self->n_slow_cores > 0)
    /* Translators: how many of the cores just named are of which kind. */
    g_string_append_printf (line, _ (" (%u fast, %u slow)"), self->n_fast_cores,
                            self->n_slow_cores);
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
  double usable = (double) linnet_machine_get_memory_limit (self);
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

  if (self->memory == 0)
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
