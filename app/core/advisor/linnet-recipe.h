/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is in a GGUF file of a model's shape and quantisation, tensor by tensor, before the file is
 * there. Plain functions. */
#pragma once

#include "advisor/linnet-catalogue.h"
#include "engine/linnet-plan.h"

G_BEGIN_DECLS

/* What a tensor is, as far as it matters here. */
typedef enum {
  LINNET_PART_EMBEDDINGS, /* looked up; multiplied with only where there is no output */
  LINNET_PART_OUTPUT,
  LINNET_PART_LAYER, /* a matrix of a layer */
  LINNET_PART_VECTOR,
} LinnetPart;

typedef struct {
  LinnetPart part;
  const char *type; /* a literal: "Q4_K" */
  guint64 n_cols, n_rows;
  guint64 bytes;
} LinnetRecipeTensor;

/* The quantisations that there are recipes for, from the smallest to the largest;
 * NULL-terminated. */
const char *const *linnet_recipe_list_quantisations (void);
gboolean linnet_recipe_is_known (const char *quantisation);

/* LinnetRecipeTensor of every tensor of such a file, as llama.cpp's quantisation makes it; empty:
 * the quantisation is unknown. Transfer full. */
GArray *linnet_recipe_list_tensors (const LinnetCatalogueModel *model, const char *quantisation);

/* Bytes of such a file, its vocabulary included; 0: unknown. */
guint64 linnet_recipe_get_file_bytes (const LinnetCatalogueModel *model, const char *quantisation);

/* Lives as long as model. */
LinnetModelShape linnet_recipe_get_shape (const LinnetCatalogueModel *model);

/* Weights that model's shape makes. */
guint64 linnet_recipe_count_parameters (const LinnetCatalogueModel *model);

G_END_DECLS
