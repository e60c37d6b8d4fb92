/* SPDX-License-Identifier: GPL-3.0-or-later
 * Another engine to compare with: llama.cpp's llama-bench, run as a program. */
#pragma once

#include "engine/linnet-model.h"

G_BEGIN_DECLS

typedef struct {
  char **command; /* the program and its first arguments */
  guint timeout_seconds;
} BenchPeer;

void bench_peer_free (BenchPeer *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchPeer, bench_peer_free)

/* From one of these, or else llama-bench on the PATH: a program, or a command line as a shell would
 * read it. NULL: error says what is wrong with them. */
BenchPeer *
bench_peer_new (const char *program, const char *command, guint timeout_seconds, GError **error);

/* One run of the peer: every prefill size and n_decode tokens (0: none) at one depth. */
typedef struct {
  const char *model; /* path */
  const guint *prefills;
  guint n_prefills;
  guint n_decode;
  guint depth;
  int n_threads;
  LinnetCacheType cache_type;
} BenchPeerRun;

/* Runs it and waits. rates: n_prefills + (n_decode > 0) of them, in tokens a second. version: what
 * it calls itself, if NULL so far; transfer full. FALSE on failure: G_IO_ERROR_CANCELLED, or a
 * sentence for people. */
gboolean bench_peer_measure (const BenchPeer *self,
                             const BenchPeerRun *run,
                             GCancellable *cancellable,
                             double *rates,
                             char **version,
                             GError **error);

G_END_DECLS
