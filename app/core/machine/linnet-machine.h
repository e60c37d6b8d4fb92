/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMachine: what this computer is, as far as this process may use it. Read once; plain data.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Instructions that make a difference to the engine's arithmetic. */
typedef enum {
  LINNET_ISA_AVX2 = 1 << 0,        /* with FMA and F16C */
  LINNET_ISA_AVX_VNNI = 1 << 1,    /* 8-bit dot products, 256 bits wide */
  LINNET_ISA_AVX512 = 1 << 2,      /* F, BW, DQ and VL */
  LINNET_ISA_AVX512_VNNI = 1 << 3, /* 8-bit dot products, 512 bits wide */
  LINNET_ISA_AMX_INT8 = 1 << 4,    /* 8-bit matrix tiles */
  LINNET_ISA_NEON = 1 << 5,
  LINNET_ISA_DOTPROD = 1 << 6,
  LINNET_ISA_I8MM = 1 << 7,
} LinnetIsa;

typedef struct {
  char *processor;   /* as the maker calls it; NULL if unknown */
  guint n_cores;     /* physical, of those this process may run on; ≥ 1 */
  guint n_threads;   /* logical processors this process may run on; ≥ 1 */
  double quota;      /* processors' worth of time granted by the control group; 0: no limit */
  guint n_workers;   /* threads worth starting: n_threads, no more than the quota; ≥ 1 */
  LinnetIsa isa;     /* flags */
  guint64 memory;    /* bytes: the computer's, or the control group's limit if that is less; 0:
                        unknown */
  guint64 available; /* bytes of it that can be had without swapping; 0: unknown */
  gboolean limited;  /* memory is the control group's limit */
} LinnetMachine;

/* root: the folder to read in place of "/", for tests; NULL for this computer. Where nothing can
 * be read, what GLib knows is used. Never NULL. Any thread. */
LinnetMachine *linnet_machine_new (const char *root);
void linnet_machine_free (LinnetMachine *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetMachine, linnet_machine_free)

/* Three translated lines for people: the processor, the memory, and what that means for models.
 * Transfer full. */
char **linnet_machine_describe (const LinnetMachine *self);

G_END_DECLS
