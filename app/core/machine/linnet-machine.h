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

/* What the computer runs from. */
typedef enum {
  LINNET_POWER_UNKNOWN, /* nothing says; a desktop computer, most often */
  LINNET_POWER_MAINS,
  LINNET_POWER_BATTERY,
} LinnetPower;

/* What the system was told to prefer. */
typedef enum {
  LINNET_POWER_PROFILE_UNKNOWN,
  LINNET_POWER_PROFILE_SAVER,
  LINNET_POWER_PROFILE_BALANCED,
  LINNET_POWER_PROFILE_PERFORMANCE,
} LinnetPowerProfile;

typedef struct {
  char *processor;     /* as the maker calls it; NULL if unknown */
  guint n_cores;       /* physical, of those this process may run on; ≥ 1 */
  guint n_fast_cores;  /* of them performance cores; 0: all are alike, or nothing says */
  guint n_slow_cores;  /* of them efficiency cores; 0 likewise */
  guint n_threads;     /* logical processors this process may run on; ≥ 1 */
  double quota;        /* processors' worth of time granted by the control group; 0: no limit */
  guint n_workers;     /* threads worth starting: n_threads, no more than the quota; ≥ 1 */
  LinnetIsa isa;       /* flags */
  gboolean is_virtual; /* a virtual machine, as far as the processor says */
  guint64 cache;       /* bytes of its last-level caches together; 0: unknown */
  guint64 memory;      /* bytes: the computer's, or the control group's limit if that is less; 0:
                          unknown */
  guint64 available;   /* bytes of it that can be had without swapping; 0: unknown */
  gboolean limited;    /* memory is the control group's limit */
  guint64 own_bytes;   /* bytes that this process holds and no file does, an open model's included:
                          what closing it would add to available */
  guint64 swap;        /* bytes of swap space or page file; 0: none */
  guint64 swap_used;   /* of them */
  LinnetPower power;
  int battery_percent; /* −1: unknown, or there is none */
  LinnetPowerProfile power_profile;
  double temperature;    /* of the processor, °C; NAN: unknown */
  double clock_hz;       /* of the fastest core now; 0: unknown */
  double clock_limit_hz; /* the highest that it can have; 0: unknown */
} LinnetMachine;

/* root: the folder to read in place of "/", for tests; NULL for this computer. Where nothing can
 * be read, what GLib knows is used. Never NULL. Any thread. */
LinnetMachine *linnet_machine_new (const char *root);
void linnet_machine_free (LinnetMachine *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetMachine, linnet_machine_free)

/* Threads to compute with where nobody says how many, for n_threads of LinnetModelOptions and
 * LinnetProbeOptions: 0, the engine's choice, unless this process is granted less than all the
 * processors that the engine sees; then as many as it is granted, one a core at most. */
int linnet_machine_choose_threads (const LinnetMachine *self);

/* Bytes that a model may take now without swapping: what is available but for a reserve. What this
 * process holds already (own_bytes) is not in it. */
guint64 linnet_machine_get_memory_limit (const LinnetMachine *self);

/* Bytes that this user can still write in folder, or in the nearest of its parents that exists.
 * G_IO_ERROR. Any thread; blocks. */
gboolean linnet_machine_get_free_disk (const char *folder, guint64 *bytes, GError **error);

/* Bytes that this process has held in memory at its peak, since its start or the last reset, with
 * those of files that it maps; 0: the system does not say. Where it cannot be reset, it stays. Any
 * thread. */
guint64 linnet_machine_get_own_peak (void);
void linnet_machine_reset_own_peak (void);

/* The names of the instructions in isa, such as "AVX2". Transfer full. */
GStrv linnet_isa_list (LinnetIsa isa);

/* Three translated lines for people: the processor, the memory, and what that means for models.
 * Transfer full. */
char **linnet_machine_describe (const LinnetMachine *self);

G_END_DECLS
