/* SPDX-License-Identifier: GPL-3.0-or-later
 * What this computer can do at most, measured: what a model's speed is held against. Plain
 * functions that block: call them from a worker thread or a command-line tool, with nothing else
 * running. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct {
  int n_threads;         /* 0: one a processor */
  double seconds;        /* to measure for, at most 10; 0: one second */
  const char *cpu_level; /* of linnet_cpu_level_list(); NULL: the best; not for the bandwidth */
} LinnetProbeOptions;

/* Bytes a second at which the threads together read memory. cancellable may be NULL. FALSE on
 * failure: LINNET_ENGINE_ERROR or G_IO_ERROR_CANCELLED. */
gboolean linnet_probe_bandwidth (const LinnetProbeOptions *options,
                                 GCancellable *cancellable,
                                 double *bytes_per_second,
                                 GError **error);

/* 8-bit multiply-adds a second that the threads together do in registers. Likewise. */
gboolean linnet_probe_int8_peak (const LinnetProbeOptions *options,
                                 GCancellable *cancellable,
                                 double *macs_per_second,
                                 GError **error);

G_END_DECLS
