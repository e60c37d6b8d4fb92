/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finding a model's tensors by name and checking their shapes. Names:
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#standardized-tensor-names */
#include "model/weights.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/error.h"
#include "util/pages.h"

/* Reads tensors and remembers the first failure, after which everything is skipped. */
typedef struct {
  const lm_gguf *gguf;
  lm_error *error;
  lm_status status;
  char name[64];
} reader;

static const char *
make_name (reader *r, int layer, const char *part, const char *suffix)
{
  if (layer < 0)
    snprintf (r->name, sizeof r->name, "%s.%s", part, suffix);
  else
    snprintf (r->name, sizeof r->name, "blk.%d.%s.%s", layer, part, suffix);
  return r->name;
}

/* The tensor with r->name when it has n_rows × n_cols; NULL, failing, otherwise. */
static const lm_gguf_tensor *
need_tensor (reader *r, uint64_t n_rows, uint64_t n_cols)
{
  const lm_gguf_tensor *tensor;

  if (r->status != LM_OK)
    return NULL;
  tensor = lm_gguf_find_tensor (r->gguf, r->name);
  if (tensor == NULL) {
    r->status =
        lm_fail (r->error, LM_ERROR_TENSOR, r->name, 0, "The file has no tensor \"%s\".", r->name);
    return NULL;
  }
  if (tensor->shape[0] != n_cols || tensor->shape[1] != n_rows || tensor->shape[2] != 1 ||
      tensor->shape[3] != 1) {
    r->status = lm_fail (r->error, LM_ERROR_TENSOR, r->name, 0,
                         "The tensor \"%s\" has the shape %" PRIu64 " × %" PRIu64 " where %" PRIu64
                         " × %" PRIu64 " is needed.",
                         r->name, tensor->shape[0], tensor->shape[1], n_cols, n_rows);
    return NULL;
  }
  if (tensor->data == NULL) {
    r->status = lm_fail (r->error, LM_ERROR_TYPE, r->name, tensor->type,
                         "The tensor \"%s\" has the unknown type %u.", r->name, tensor->type);
    return NULL;
  }
  return tensor;
}

static void
need_matrix (reader *r, lm_matrix *matrix, uint32_t n_rows, uint32_t n_cols)
{
  const lm_gguf_tensor *tensor = need_tensor (r, n_rows, n_cols);

  if (tensor == NULL)
    return;
  *matrix = (lm_matrix) {
    .data = tensor->data,
    .row_bytes = (size_t) (tensor->bytes / n_rows),
    .type = tensor->type,
    .n_rows = n_rows,
    .n_cols = n_cols,
  };
}

/* A copy of the vector with r->name as n floats. */
static float *
need_vector (reader *r, uint32_t n)
{
  const lm_gguf_tensor *tensor = need_tensor (r, 1, n);
  lm_group *groups;
  float *vector;

  if (tensor == NULL)
    return NULL;
  vector = lm_aligned_alloc (n, sizeof *vector);
  groups = lm_aligned_alloc (n / LM_GROUP_LENGTH + 1, sizeof *groups);
  if (vector == NULL || groups == NULL) {
    lm_aligned_free (vector);
    lm_aligned_free (groups);
    r->status = lm_fail (r->error, LM_ERROR_MEMORY, NULL, 0, "There is not enough memory.");
    return NULL;
  }
  lm_quant_dequantise (tensor->type, tensor->data, n, groups, vector);
  lm_aligned_free (groups);
  return vector;
}

static void
need_linear (
    reader *r, lm_linear *linear, int layer, const char *part, uint32_t n_rows, uint32_t n_cols)
{
  make_name (r, layer, part, "weight");
  need_matrix (r, &linear->matrix, n_rows, n_cols);
  make_name (r, layer, part, "bias");
  if (r->status == LM_OK && lm_gguf_find_tensor (r->gguf, r->name) != NULL)
    linear->bias = need_vector (r, n_rows);
}

static float *
need_norm (reader *r, int layer, const char *part, uint32_t n)
{
  make_name (r, layer, part, "weight");
  return need_vector (r, n);
}

static void
read_layer (reader *r, const lm_hparams *h, lm_layer *layer, int i)
{
  uint32_t q_rows = h->n_heads * h->head_dim;
  uint32_t kv_rows = h->n_kv_heads * h->head_dim;

  layer->attn_norm = need_norm (r, i, "attn_norm", h->n_embd);
  need_linear (r, &layer->q, i, "attn_q", q_rows, h->n_embd);
  need_linear (r, &layer->k, i, "attn_k", kv_rows, h->n_embd);
  need_linear (r, &layer->v, i, "attn_v", kv_rows, h->n_embd);
  if (h->has_qk_norm) {
    layer->q_norm = need_norm (r, i, "attn_q_norm", h->head_dim);
    layer->k_norm = need_norm (r, i, "attn_k_norm", h->head_dim);
  }
  need_linear (r, &layer->attn_output, i, "attn_output", h->n_embd, q_rows);
  layer->ffn_norm = need_norm (r, i, "ffn_norm", h->n_embd);
  need_linear (r, &layer->gate, i, "ffn_gate", h->n_ff, h->n_embd);
  need_linear (r, &layer->up, i, "ffn_up", h->n_ff, h->n_embd);
  need_linear (r, &layer->down, i, "ffn_down", h->n_embd, h->n_ff);
}

static void
read_outer (reader *r, const lm_hparams *h, lm_weights *weights)
{
  make_name (r, -1, "token_embd", "weight");
  need_matrix (r, &weights->embeddings, h->n_vocab, h->n_embd);
  weights->output_norm = need_norm (r, -1, "output_norm", h->n_embd);
  if (lm_gguf_find_tensor (r->gguf, make_name (r, -1, "output", "weight")) != NULL)
    need_linear (r, &weights->output, -1, "output", h->n_vocab, h->n_embd);
  else
    weights->output.matrix = weights->embeddings;
  if (lm_gguf_find_tensor (r->gguf, make_name (r, -1, "rope_freqs", "weight")) != NULL)
    weights->rope_factors = need_vector (r, h->n_rot / 2);
}

lm_status
lm_weights_read (const lm_gguf *gguf, const lm_hparams *h, lm_weights *weights, lm_error *error)
{
  lm_weights zero = { 0 };
  reader r = { .gguf = gguf, .error = error };

  *weights = zero;
  weights->layers = calloc (h->n_layers, sizeof *weights->layers);
  if (weights->layers == NULL)
    return lm_fail (error, LM_ERROR_MEMORY, NULL, 0, "There is not enough memory.");
  weights->n_layers = h->n_layers;
  read_outer (&r, h, weights);
  for (uint32_t i = 0; i < h->n_layers && r.status == LM_OK; i++)
    read_layer (&r, h, &weights->layers[i], (int) i);
  if (r.status != LM_OK)
    lm_weights_clear (weights);
  return r.status;
}

void
lm_weights_clear (lm_weights *weights)
{
  lm_weights zero = { 0 };

  for (uint32_t i = 0; i < weights->n_layers; i++) {
    lm_layer *layer = &weights->layers[i];
    lm_linear *linears[] = { &layer->q,    &layer->k,  &layer->v,   &layer->attn_output,
                             &layer->gate, &layer->up, &layer->down };

    lm_aligned_free (layer->attn_norm);
    lm_aligned_free (layer->q_norm);
    lm_aligned_free (layer->k_norm);
    lm_aligned_free (layer->ffn_norm);
    for (size_t j = 0; j < sizeof linears / sizeof *linears; j++)
      lm_aligned_free (linears[j]->bias);
  }
  free (weights->layers);
  lm_aligned_free (weights->output.bias);
  lm_aligned_free (weights->output_norm);
  lm_aligned_free (weights->rope_factors);
  lm_pages_free (weights->memory, weights->memory_bytes);
  *weights = zero;
}
