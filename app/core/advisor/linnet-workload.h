/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetWorkload: what a model makes the computer do, and how long that takes at measured speeds.
 * Plain data; pure functions. */
#pragma once

#include "advisor/linnet-catalogue.h"
#include "engine/linnet-plan.h"
#include "machine/linnet-measurements.h"

G_BEGIN_DECLS

#define LINNET_WORKLOAD_MAX_TYPES 16

/* Of the matrices with one type of weights. */
typedef struct {
  const char *type;    /* a literal, or the model's: "Q4_K" */
  double layer_bytes;  /* of the layers' matrices: every token needs them */
  double layer_macs;   /* multiply-adds with them for one token */
  double output_bytes; /* of the output matrix: a token that is written needs it, of a prompt only
                        * the last one */
} LinnetWorkloadPart;

typedef struct {
  LinnetModelShape shape; /* its strings are the catalogue's, or the model's */
  LinnetWorkloadPart parts[LINNET_WORKLOAD_MAX_TYPES];
  guint n_parts;
  guint64 memory_bytes;  /* of the weights that stay in memory */
  double kv_bytes;       /* read for a token, for each token in the context */
  double attention_macs; /* likewise multiplied */
} LinnetWorkload;

/* Of a model as the catalogue has it. FALSE: LINNET_ENGINE_ERROR. */
gboolean linnet_workload_init (LinnetWorkload *self,
                               const LinnetCatalogueModel *model,
                               const char *quantisation,
                               LinnetCacheType cache_type,
                               GError **error);

/* Of a file that is open at any level. Likewise. */
gboolean linnet_workload_init_for_model (LinnetWorkload *self,
                                         LinnetModel *model,
                                         LinnetCacheType cache_type,
                                         GError **error);

/* Seconds to write one token when depth tokens are in the context. */
double linnet_workload_time_decode (const LinnetWorkload *self,
                                    const LinnetMeasurements *measurements,
                                    double depth);

/* Seconds to read n_tokens > 0 at once behind depth others. */
double linnet_workload_time_prefill (const LinnetWorkload *self,
                                     const LinnetMeasurements *measurements,
                                     guint n_tokens,
                                     guint depth);

/* Seconds until a model whose file the system has in memory is ready. */
double linnet_workload_time_load (const LinnetWorkload *self,
                                  const LinnetMeasurements *measurements);

G_END_DECLS
