/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetForecast: what a model would take and how fast it would be here, before it is had. Plain
 * data; pure functions. */
#pragma once

#include "advisor/linnet-catalogue.h"
#include "advisor/linnet-history.h"
#include "engine/linnet-model.h"
#include "machine/linnet-machine.h"
#include "machine/linnet-measurements.h"

G_BEGIN_DECLS

/* A value and the band in which it lies nine times out of ten. */
typedef struct {
  double value, low, high;
} LinnetEstimate;

typedef struct {
  guint64 file_bytes;         /* to download and to keep on disk; computed where not stated */
  guint n_ctx;                /* tokens of context that the rest is for */
  LinnetModelMemory memory;   /* as the engine counts it */
  LinnetEstimate decode;      /* tokens a second */
  LinnetEstimate prefill;     /* tokens a second */
  LinnetEstimate first_token; /* seconds until the answer to a typical question begins */
  LinnetEstimate load;        /* seconds from the disk's cache to ready */
  LinnetEstimate answer;      /* seconds for a typical answer, from the question to its end */
  gboolean is_fitted;         /* the speeds were corrected by real ones of this computer */
} LinnetForecast;

/* Of a typical question and answer: what first_token and answer are for. */
#define LINNET_QUESTION_TOKENS 64
#define LINNET_ANSWER_TOKENS   100

/* history: NULL for none. */
void linnet_forecast_compute (LinnetForecast *self,
                              const LinnetCatalogueModel *model,
                              const char *quantisation,
                              guint n_ctx,
                              LinnetCacheType cache_type,
                              const LinnetMachine *machine,
                              const LinnetMeasurements *measurements,
                              LinnetHistory *history);

/* The same for a file that is on the disk already (opened at LINNET_MODEL_LEVEL_METADATA). FALSE:
 * LINNET_ENGINE_ERROR, as of an architecture the engine does not know. */
gboolean linnet_forecast_compute_for_model (LinnetForecast *self,
                                            LinnetModel *model,
                                            guint n_ctx,
                                            LinnetCacheType cache_type,
                                            const LinnetMachine *machine,
                                            const LinnetMeasurements *measurements,
                                            LinnetHistory *history,
                                            GError **error);

/* Translated: "about 9 words a second"; Chinese counts characters. Transfer full. */
char *linnet_forecast_describe_speed (const LinnetForecast *self);
/* Translated: "a 100-character answer in about 8 s". Transfer full. */
char *linnet_forecast_describe_answer (const LinnetForecast *self);

G_END_DECLS
