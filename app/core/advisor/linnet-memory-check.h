/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMemoryCheck: whether a model can be loaded now without the computer beginning to swap. */
#pragma once

#include "engine/linnet-engine.h"

G_BEGIN_DECLS

typedef struct {
  gboolean fits;
  guint n_ctx;          /* tokens of context that needed is for */
  guint64 needed;       /* bytes */
  guint64 limit;        /* bytes that can be had now without swapping */
  guint smaller_n_ctx;  /* that would fit; 0: none does */
  LinnetCacheType type; /* that needed is for */
} LinnetMemoryCheck;

/* Looks at the file and the computer. options: as for the load. machine_root: as for
 * linnet_machine_new(). A file that cannot be opened fits: what is wrong with it is for the load to
 * say. */
void linnet_memory_check_run (const char *path,
                              const LinnetLoadOptions *options,
                              const char *machine_root,
                              GCancellable *cancellable,
                              LinnetMemoryCheck *check);

/* The same on a thread. */
void linnet_memory_check_async (const char *path,
                                const LinnetLoadOptions *options,
                                const char *machine_root,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
/* FALSE: G_IO_ERROR_CANCELLED. */
gboolean
linnet_memory_check_finish (GAsyncResult *result, LinnetMemoryCheck *check, GError **error);

G_END_DECLS
