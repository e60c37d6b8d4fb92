/* SPDX-License-Identifier: GPL-3.0-or-later
 * Measuring a model: how fast it is here, and how well it foretells a text. Plain functions that
 * block: call them from a worker thread or a command-line tool, with nothing else running. */
#pragma once

#include "engine/linnet-model.h"

G_BEGIN_DECLS

/* ---- Speed -------------------------------------------------------------------------------- */

typedef enum {
  LINNET_SPEED_PREFILL, /* reading n_tokens of text at once */
  LINNET_SPEED_DECODE,  /* writing n_tokens one by one; the choice of token is not counted */
} LinnetSpeedKind;

/* A model that is being measured, on a timeline of its own. What measures when is for the caller:
 * two programs are compared fairly only by turns. */
typedef struct _LinnetSpeedMeter LinnetSpeedMeter;

/* model must be open at LINNET_MODEL_LEVEL_FULL. n_ctx: tokens of the longest depth and run
 * together. cache_type: of the timeline. cancellable may be NULL. NULL on failure:
 * LINNET_ENGINE_ERROR. */
LinnetSpeedMeter *linnet_speed_meter_new (LinnetModel *model,
                                          guint64 n_ctx,
                                          LinnetCacheType cache_type,
                                          GCancellable *cancellable,
                                          GError **error);
void linnet_speed_meter_free (LinnetSpeedMeter *self); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LinnetSpeedMeter, linnet_speed_meter_free)

/* What is done after each token that is written, and not counted. */
typedef void (*LinnetSpeedBetweenFunc) (gpointer user_data);

/* One run of n_tokens > 0, with depth tokens in the KV cache beforehand; those stay there, so that
 * only the first run of a depth computes them. between: NULL allowed. rate: tokens a second. FALSE
 * on failure: LINNET_ENGINE_ERROR or G_IO_ERROR_CANCELLED. */
gboolean linnet_speed_meter_run (LinnetSpeedMeter *self,
                                 LinnetSpeedKind kind,
                                 guint n_tokens,
                                 guint depth,
                                 LinnetSpeedBetweenFunc between,
                                 gpointer user_data,
                                 double *rate,
                                 GError **error);

/* ---- Perplexity --------------------------------------------------------------------------- */

/* Called on the measuring thread with 0…1. */
typedef void (*LinnetMeasureProgressFunc) (double fraction, gpointer user_data);

typedef struct {
  guint n_ctx; /* tokens of a window, 4 at least */
  LinnetCacheType cache_type;
} LinnetPerplexityOptions;

typedef struct {
  guint64 n_text_tokens; /* of the whole text */
  guint64 n_windows;     /* of n_ctx tokens; what is left over at the end is not used */
  guint64 n_scored;      /* tokens */
  double mean_nll;       /* natural logarithm, per scored token */
  double perplexity;     /* exp (mean_nll) */
  double uncertainty;    /* standard error of perplexity */
  double seconds;
} LinnetPerplexity;

/* The protocol of llama-perplexity: the text is cut into windows of n_ctx tokens, each begins with
 * BOS if the model wants one, and of each the tokens of the second half are scored. length: bytes
 * of text. progress and cancellable may be NULL. FALSE on failure:
 * LINNET_ENGINE_ERROR (_FAILED for a text shorter than one window) or G_IO_ERROR_CANCELLED. */
gboolean linnet_measure_perplexity (LinnetModel *model,
                                    const char *text,
                                    gsize length,
                                    const LinnetPerplexityOptions *options,
                                    LinnetPerplexity *result,
                                    LinnetMeasureProgressFunc progress,
                                    gpointer user_data,
                                    GCancellable *cancellable,
                                    GError **error);

G_END_DECLS
