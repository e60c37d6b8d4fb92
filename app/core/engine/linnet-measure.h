/* SPDX-License-Identifier: GPL-3.0-or-later
 * Measuring a model: how fast it is here, and how well it foretells a text. Plain functions that
 * block: call them from a worker thread or a command-line tool, with nothing else running. */
#pragma once

#include "engine/linnet-model.h"

G_BEGIN_DECLS

/* Called on the measuring thread with 0…1. */
typedef void (*LinnetMeasureProgressFunc) (double fraction, gpointer user_data);

/* ---- Speed -------------------------------------------------------------------------------- */

typedef enum {
  LINNET_SPEED_PREFILL, /* reading n_tokens of text at once */
  LINNET_SPEED_DECODE,  /* writing n_tokens one by one; the choice of token is not counted */
} LinnetSpeedKind;

typedef struct {
  const guint *prefills; /* sizes in tokens, each > 0; borrowed */
  guint n_prefills;
  guint n_decode;      /* tokens; 0: decode is not measured */
  const guint *depths; /* tokens in the KV cache beforehand; borrowed; none: 0 only */
  guint n_depths;
  guint n_reps; /* of each measurement, > 0; an unmeasured warm-up comes before them */
} LinnetSpeedOptions;

/* Tokens per second. */
typedef struct {
  LinnetSpeedKind kind;
  guint n_tokens;
  guint depth;
  guint n_reps;
  double median;
  double min;
  double max;
} LinnetSpeed;

/* LinnetSpeed values, every prefill and then decode for each depth. The model must be open at
 * LINNET_MODEL_LEVEL_FULL. progress and cancellable may be NULL. Transfer full; NULL on failure:
 * LINNET_ENGINE_ERROR or G_IO_ERROR_CANCELLED. */
GArray *linnet_measure_speed (LinnetModel *model,
                              const LinnetSpeedOptions *options,
                              LinnetMeasureProgressFunc progress,
                              gpointer user_data,
                              GCancellable *cancellable,
                              GError **error);

/* ---- Perplexity --------------------------------------------------------------------------- */

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
 * of text. n_ctx: 4 at least. Otherwise as linnet_measure_speed(). FALSE on failure; a text shorter
 * than one window is LINNET_ENGINE_ERROR_FAILED. */
gboolean linnet_measure_perplexity (LinnetModel *model,
                                    const char *text,
                                    gsize length,
                                    guint n_ctx,
                                    LinnetPerplexity *result,
                                    LinnetMeasureProgressFunc progress,
                                    gpointer user_data,
                                    GCancellable *cancellable,
                                    GError **error);

G_END_DECLS
