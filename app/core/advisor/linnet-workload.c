/* SPDX-License-Identifier: GPL-3.0-or-later
 * Adding up a model's work and dividing it by what this computer reaches. */
#include "advisor/linnet-workload.h"

#include "advisor/linnet-recipe.h"

/* A prompt is read in blocks of so many tokens, as the engine does. */
#define BLOCK_TOKENS 256

/* A token goes through about nine jobs of the thread pool in each layer. What lies between the
 * products took 31 µs of a layer of a 3B model on two cores; the rest, threads waiting for one
 * another, is what makes docs/forecast.md come out best. Seconds a layer. */
#define LAYER_SECONDS 60e-6

/* Attention computes in floats of 32 bits: an eighth of what 8-bit integers reach, in the kernels
 * of every level about as much. */
#define ATTENTION_SHARE (1.0 / 8)

/* Loading copies every weight into another order, into pages that the system makes zero first,
 * which is what takes long: models of 3B and 7B were opened at 1.8 GB/s where memory was read at
 * 70. */
#define LOAD_SHARE (1.0 / 38)

static LinnetWorkloadPart *
find_part (LinnetWorkload *self, const char *type)
{
  for (guint i = 0; i < self->n_parts; i++)
    if (g_str_equal (self->parts[i].type, type))
      return &self->parts[i];
  /* No file has so many types; what is beyond is counted with the last. */
  if (self->n_parts == LINNET_WORKLOAD_MAX_TYPES)
    return &self->parts[LINNET_WORKLOAD_MAX_TYPES - 1];
  self->parts[self->n_parts].type = type;
  return &self->parts[self->n_parts++];
}

static void
add_matrix (LinnetWorkload *self, const LinnetRecipeTensor *tensor, gboolean is_output)
{
  LinnetWorkloadPart *part = find_part (self, tensor->type);

  if (is_output) {
    part->output_bytes += (double) tensor->bytes;
  } else {
    part->layer_bytes += (double) tensor->bytes;
    part->layer_macs += (double) tensor->n_rows * (double) tensor->n_cols;
  }
}

static void
add_tensor (LinnetWorkload *self, const LinnetRecipeTensor *tensor, gboolean is_tied)
{
  gboolean is_output =
      tensor->part == LINNET_PART_OUTPUT || (tensor->part == LINNET_PART_EMBEDDINGS && is_tied);

  if (tensor->part != LINNET_PART_EMBEDDINGS || is_tied)
    self->memory_bytes += tensor->bytes;
  if (is_output || tensor->part == LINNET_PART_LAYER)
    add_matrix (self, tensor, is_output);
}

/* What the cache and attention cost, from the shape. */
static gboolean
finish (LinnetWorkload *self, LinnetCacheType cache_type, GError **error)
{
  const guint n_ctx = 256;
  LinnetModelMemory memory;

  if (!linnet_plan_memory (&self->shape, 0, n_ctx, cache_type, NULL, &memory, error))
    return FALSE;
  self->kv_bytes = (double) memory.kv_cache / n_ctx;
  self->attention_macs = 2.0 * self->shape.n_heads * self->shape.head_dim * self->shape.n_layers;
  return TRUE;
}

gboolean
linnet_workload_init (LinnetWorkload *self,
                      const LinnetCatalogueModel *model,
                      const char *quantisation,
                      LinnetCacheType cache_type,
                      GError **error)
{
  g_autoptr (GArray) tensors = NULL;

  g_return_val_if_fail (model != NULL && quantisation != NULL, FALSE);

  tensors = linnet_recipe_list_tensors (model, quantisation);
  *self = (LinnetWorkload) { .shape = linnet_recipe_get_shape (model) };
  for (guint i = 0; i < tensors->len; i++)
    add_tensor (self, &g_array_index (tensors, LinnetRecipeTensor, i), model->tied);
  return finish (self, cache_type, error);
}

static LinnetPart
classify (const LinnetModelTensor *tensor)
{
  if (g_str_equal (tensor->name, "token_embd.weight"))
    return LINNET_PART_EMBEDDINGS;
  if (g_str_equal (tensor->name, "output.weight"))
    return LINNET_PART_OUTPUT;
  return tensor->n_rows > 1 ? LINNET_PART_LAYER : LINNET_PART_VECTOR;
}

gboolean
linnet_workload_init_for_model (LinnetWorkload *self,
                                LinnetModel *model,
                                LinnetCacheType cache_type,
                                GError **error)
{
  guint n = linnet_model_get_n_tensors (model);
  gboolean is_tied = TRUE;
  LinnetModelTensor found;

  *self = (LinnetWorkload) { 0 };
  if (!linnet_model_get_shape (model, &self->shape, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    linnet_model_get_tensor (model, i, &found);
    is_tied = is_tied && classify (&found) != LINNET_PART_OUTPUT;
  }
  for (guint i = 0; i < n; i++) {
    LinnetRecipeTensor tensor;

    linnet_model_get_tensor (model, i, &found);
    tensor = (LinnetRecipeTensor) {
      .part = classify (&found),
      .type = found.type,
      .n_cols = found.n_cols,
      .n_rows = found.n_rows,
      .bytes = found.bytes,
    };
    add_tensor (self, &tensor, is_tied);
  }
  return finish (self, cache_type, error);
}

/* ---- Time --------------------------------------------------------------------------------- */

/* Bytes a second of weights of the type; what memory gives where nothing else is known. */
static double
decode_rate (const LinnetMeasurements *measurements, const char *type)
{
  const LinnetKernelSpeed *speed = linnet_measurements_get_speed (measurements, type);
  double rate = speed != NULL && speed->decode > 0 ? speed->decode : measurements->read_bandwidth;

  return MAX (rate, 1);
}

/* Multiply-adds a second with weights of the type. */
static double
prefill_rate (const LinnetMeasurements *measurements, const char *type)
{
  const LinnetKernelSpeed *speed = linnet_measurements_get_speed (measurements, type);
  double rate = speed != NULL && speed->prefill > 0 ? speed->prefill : measurements->int8_peak / 4;

  return MAX (rate, 1);
}

double
linnet_workload_time_decode (const LinnetWorkload *self,
                             const LinnetMeasurements *measurements,
                             double depth)
{
  double seconds = self->shape.n_layers * LAYER_SECONDS;

  for (guint i = 0; i < self->n_parts; i++) {
    const LinnetWorkloadPart *part = &self->parts[i];

    seconds += (part->layer_bytes + part->output_bytes) / decode_rate (measurements, part->type);
  }
  return seconds + depth * self->kv_bytes / MAX (measurements->read_bandwidth, 1);
}

/* Every block waits once for its weights. In the rate measured with whole blocks, BLOCK_TOKENS
 * share that wait; fewer tokens share it here, so the rest of it is added. */
static double
time_block (const LinnetWorkload *self,
            const LinnetMeasurements *measurements,
            guint n_tokens,
            guint depth)
{
  double attention = n_tokens * (depth + n_tokens / 2.0) * self->attention_macs;
  double waiting = 1 - (double) n_tokens / BLOCK_TOKENS;
  double seconds = self->shape.n_layers * LAYER_SECONDS;

  for (guint i = 0; i < self->n_parts; i++) {
    const LinnetWorkloadPart *part = &self->parts[i];
    double computing = n_tokens * part->layer_macs / prefill_rate (measurements, part->type);
    double reading = part->layer_bytes / decode_rate (measurements, part->type);

    seconds += computing + waiting * reading;
  }
  return seconds + attention / MAX (measurements->int8_peak * ATTENTION_SHARE, 1);
}

double
linnet_workload_time_prefill (const LinnetWorkload *self,
                              const LinnetMeasurements *measurements,
                              guint n_tokens,
                              guint depth)
{
  double seconds = 0;

  for (guint done = 0; done < n_tokens; done += MIN (BLOCK_TOKENS, n_tokens - done))
    seconds += time_block (self, measurements, MIN (BLOCK_TOKENS, n_tokens - done), depth + done);
  for (guint i = 0; i < self->n_parts; i++)
    seconds += self->parts[i].output_bytes / decode_rate (measurements, self->parts[i].type);
  return seconds;
}

double
linnet_workload_time_load (const LinnetWorkload *self, const LinnetMeasurements *measurements)
{
  return (double) self->memory_bytes / MAX (measurements->read_bandwidth * LOAD_SHARE, 1);
}
