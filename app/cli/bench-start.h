/* SPDX-License-Identifier: GPL-3.0-or-later
 * What comes before an answer: how long a model takes from its file to the first token, and how
 * much memory it has taken at its peak when the context is full. */
#pragma once

#include "engine/linnet-model.h"

G_BEGIN_DECLS

typedef struct {
  guint n_tokens;           /* of the prompt */
  GArray *seconds;          /* double: from opening the file to the prompt's logits, each run */
  guint n_ctx;              /* tokens of context, all of which were in use at the peak */
  guint64 peak_bytes;       /* of this process; 0: the system does not say */
  LinnetModelMemory memory; /* as foretold for that context */
} BenchStart;

BenchStart *bench_start_new (void);
void bench_start_free (BenchStart *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchStart, bench_start_free)

/* One run, at whose end the model is closed again. fills: whether the context is filled then, for
 * peak_bytes. On failure complains and returns FALSE, and status is what to exit with. */
gboolean bench_start_run (BenchStart *self,
                          const char *path,
                          const LinnetModelOptions *options,
                          LinnetCacheType cache_type,
                          gboolean fills,
                          GCancellable *cancellable,
                          int *status);

G_END_DECLS
