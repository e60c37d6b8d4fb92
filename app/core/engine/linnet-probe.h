/* SPDX-License-Identifier: GPL-3.0-or-later
 * What this computer can do, measured: what a model's speed is held against. Plain
 * functions that block: call them from a worker thread or a command-line tool, with nothing else
 * running. */
#pragma once

#include "engine/linnet-model.h"

G_BEGIN_DECLS

typedef struct {
  int n_threads;         /* 0: those that the engine would write with */
  double seconds;        /* to measure for, at most 10; 0: one second */
  const char *cpu_level; /* of linnet_cpu_level_list(); NULL: the best; not for the bandwidth */
  LinnetModel *model; /* for the bandwidth alone, open in full, computing nothing: reads the memory
                         that its weights are in; NULL: other memory */
} LinnetProbeOptions;

/* How fast the threads together read memory, whenever it is asked: what is held against it can be
 * measured in the same moments. */
typedef struct _LinnetReadProbe LinnetReadProbe;

/* Takes the options' seconds to find out how memory is read fastest. cancellable may be NULL. NULL
 * on failure: LINNET_ENGINE_ERROR or G_IO_ERROR_CANCELLED. */
LinnetReadProbe *linnet_read_probe_new (const LinnetProbeOptions *options,
                                        GCancellable *cancellable,
                                        GError **error);
void linnet_read_probe_free (LinnetReadProbe *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetReadProbe, linnet_read_probe_free)

/* Reads as many bytes, or a few more. Returns how many; took: the seconds that it was. */
guint64 linnet_read_probe_look (LinnetReadProbe *self, guint64 bytes, double *took);

/* 8-bit multiply-adds a second that the threads together do in registers. cancellable may be NULL.
 * FALSE on failure: LINNET_ENGINE_ERROR or G_IO_ERROR_CANCELLED. */
gboolean linnet_probe_int8_peak (const LinnetProbeOptions *options,
                                 GCancellable *cancellable,
                                 double *macs_per_second,
                                 GError **error);

/* Of matrices with weights of one type. */
typedef struct {
  const char *type; /* a literal: "Q4_K", as GGUF names tensor types */
  double decode;    /* bytes of weights a second, one token at a time, from memory */
  double prefill;   /* multiply-adds a second, many tokens at once */
} LinnetKernelSpeed;

/* Called while it works with 0…1; the first fifth is the memory's alone. */
typedef void (*LinnetProbeProgressFunc) (double fraction, gpointer user_data);

typedef struct {
  guint64 memory_bytes;      /* in: to take for made-up weights, more than the caches hold; 0: the
                                engine's choice */
  LinnetKernelSpeed *speeds; /* in: n_speeds types; out: their speeds */
  guint n_speeds;
  double read_bandwidth; /* out: bytes a second that the threads read from memory meanwhile */
  double spread;         /* out: by what part of it that was at times less, 0…1 */
  guint n_threads;       /* out: that decoding used */
} LinnetKernelProbe;

/* How fast a model of such weights would be computed, with made-up ones. progress: NULL allowed.
 * Likewise. */
gboolean linnet_probe_kernels (const LinnetProbeOptions *options,
                               LinnetKernelProbe *probe,
                               LinnetProbeProgressFunc progress,
                               gpointer user_data,
                               GCancellable *cancellable,
                               GError **error);

G_END_DECLS
