/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a model says of itself: description, metadata, tensors and memory. */
#include "model/info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/kvcache.h"
#include "model/scratch.h"
#include "sampler/sampler.h"
#include "util/cpu.h"
#include "util/error.h"

#define N_TYPES                 64
#define TOKENIZER_BYTES_A_TOKEN 96 /* measured on the vocabularies of Qwen2.5 and Llama 3 */

/* Names of general.file_type, as llama.cpp numbers them (enum llama_ftype). */
static const char *
file_type_name (uint32_t file_type)
{
  static const char *const NAMES[] = {
    [0] = "F32",      [1] = "F16",      [2] = "Q4_0",    [3] = "Q4_1",    [7] = "Q8_0",
    [8] = "Q5_0",     [9] = "Q5_1",     [10] = "Q2_K",   [11] = "Q3_K_S", [12] = "Q3_K_M",
    [13] = "Q3_K_L",  [14] = "Q4_K_S",  [15] = "Q4_K_M", [16] = "Q5_K_S", [17] = "Q5_K_M",
    [18] = "Q6_K",    [19] = "IQ2_XXS", [20] = "IQ2_XS", [21] = "Q2_K_S", [22] = "IQ3_XS",
    [23] = "IQ3_XXS", [24] = "IQ1_S",   [25] = "IQ4_NL", [26] = "IQ3_S",  [27] = "IQ3_M",
    [28] = "IQ2_S",   [29] = "IQ2_M",   [30] = "IQ4_XS", [31] = "IQ1_M",  [32] = "BF16",
  };

  return file_type < sizeof NAMES / sizeof *NAMES ? NAMES[file_type] : NULL;
}

/* The type that holds the most weights. */
static const char *
commonest_type (const lm_gguf *gguf)
{
  uint64_t bytes[N_TYPES] = { 0 };
  uint32_t best = 0;

  for (size_t i = 0; i < gguf->n_tensors; i++)
    if (gguf->tensors[i].type < N_TYPES)
      bytes[gguf->tensors[i].type] += gguf->tensors[i].bytes;
  for (uint32_t i = 1; i < N_TYPES; i++)
    best = bytes[i] > bytes[best] ? i : best;
  return bytes[best] > 0 && lm_type_get_traits (best) != NULL ? lm_type_get_traits (best)->name
                                                              : "";
}

/* A string entry as terminated UTF-8, "" where there is none; NULL: out of memory. */
static char *
copy_string (const lm_gguf *gguf, const char *key)
{
  const lm_gguf_entry *entry = lm_gguf_find (gguf, key);
  bool is_string = entry != NULL && entry->type == LM_VALUE_STRING && !entry->is_array;
  size_t length = is_string ? lm_gguf_entry_format (entry, 0, NULL, 0) : 0;
  char *copy = calloc (1, length + 1);

  if (copy != NULL && is_string)
    lm_gguf_entry_format (entry, 0, copy, length + 1);
  return copy;
}

/* 0 where they do not fit. */
static uint64_t
n_elements (const lm_gguf_tensor *tensor)
{
  uint64_t n = 1;

  for (uint32_t d = 0; d < 4; d++)
    if (!lm_mul (n, tensor->shape[d], &n))
      return 0;
  return n;
}

static uint64_t
n_parameters (const lm_gguf *gguf)
{
  uint64_t sum = 0;

  for (size_t i = 0; i < gguf->n_tensors; i++) {
    uint64_t n = n_elements (&gguf->tensors[i]);

    if (n == 0 || !lm_add (sum, n, &sum))
      return 0;
  }
  return sum;
}

bool
lm_model_fill_info (lm_model *model)
{
  const lm_gguf *gguf = model->gguf;
  lm_model_info *info = &model->info;
  const char *quantisation = NULL;
  uint32_t file_type;

  model->name = copy_string (gguf, "general.name");
  model->architecture = copy_string (gguf, "general.architecture");
  if (model->name == NULL || model->architecture == NULL)
    return false;
  if (lm_gguf_get_u32 (gguf, "general.file_type", &file_type))
    quantisation = file_type_name (file_type);
  info->name = model->name;
  info->architecture = model->architecture;
  info->quantisation = quantisation != NULL ? quantisation : commonest_type (gguf);
  info->n_parameters = n_parameters (gguf);
  info->file_bytes = gguf->file_bytes;
  if (model->has_hparams) {
    info->n_vocab = model->hparams.n_vocab;
    info->n_layers = model->hparams.n_layers;
    info->n_embd = model->hparams.n_embd;
    info->n_ctx_train = model->hparams.n_ctx_train;
    info->n_heads = model->hparams.n_heads;
    info->n_kv_heads = model->hparams.n_kv_heads;
  } else if (model->tokenizer != NULL) {
    info->n_vocab = lm_tokenizer_get_n_vocab (model->tokenizer);
  }
  info->chat_family = model->chat.family;
  info->chat_is_fallback = model->chat.is_fallback;
  info->cpu_level = model->kernels->name;
  return true;
}

const lm_model_info *
lm_model_get_info (const lm_model *model)
{
  return &model->info;
}

size_t
lm_model_get_n_metadata (const lm_model *model)
{
  return model->gguf->n_entries;
}

void
lm_model_get_metadata (const lm_model *model, size_t index, lm_metadata *metadata)
{
  const lm_gguf_entry *entry = &model->gguf->entries[index];

  *metadata = (lm_metadata) {
    .key = entry->key,
    .type = lm_gguf_entry_type_name (entry),
    .n_elements = entry->n_elements,
  };
}

size_t
lm_model_format_metadata (
    const lm_model *model, size_t index, uint64_t element, char *buffer, size_t size)
{
  return lm_gguf_entry_format (&model->gguf->entries[index], element, buffer, size);
}

size_t
lm_model_get_n_tensors (const lm_model *model)
{
  return model->gguf->n_tensors;
}

void
lm_model_get_tensor (const lm_model *model, size_t index, lm_tensor_info *info)
{
  const lm_gguf_tensor *tensor = &model->gguf->tensors[index];
  const lm_type_traits *traits = lm_type_get_traits (tensor->type);

  *info = (lm_tensor_info) {
    .name = tensor->name,
    .type = traits != NULL ? traits->name : "?",
    .n_dims = tensor->n_dims,
    .bytes = tensor->bytes,
  };
  for (int i = 0; i < 4; i++)
    info->shape[i] = tensor->shape[i];
}

/* Before the tokenizer is made its size is estimated from the number of tokens. */
static uint64_t
tokenizer_bytes (const lm_model *model)
{
  const lm_gguf_entry *tokens = lm_gguf_find (model->gguf, "tokenizer.ggml.tokens");

  if (model->tokenizer != NULL)
    return lm_tokenizer_get_bytes_used (model->tokenizer);
  return tokens != NULL ? tokens->n_elements * TOKENIZER_BYTES_A_TOKEN : 0;
}

static lm_status
check_kv_type (const lm_hparams *hparams, lm_kv_type kv_type, lm_error *error)
{
  if (lm_kv_cache_can_be (hparams, kv_type))
    return LM_OK;
  return lm_fail (error, LM_ERROR_ARGUMENT, "kv_type", hparams->head_dim,
                  "This model's heads, of %u values, cannot be cached in 8 bits.",
                  hparams->head_dim);
}

static bool
is_tied (const lm_gguf *gguf)
{
  return lm_gguf_find_tensor (gguf, "output.weight") == NULL;
}

/* ---- Memory ------------------------------------------------------------------------------- */

/* What memory depends on, of a model that is open and of one that is planned. */
typedef struct {
  const lm_hparams *hparams;
  const lm_kernels *kernels;
  unsigned n_threads;
  uint64_t weight_bytes;
  uint64_t tokenizer_bytes;
} needs;

static lm_status
sum_memory (const needs *n, uint32_t n_ctx, lm_kv_type kv_type, lm_memory *memory, lm_error *error)
{
  lm_memory sum = { .weights = n->weight_bytes };

  if (check_kv_type (n->hparams, kv_type, error) != LM_OK)
    return LM_ERROR_ARGUMENT;
  sum.kv_cache = lm_kv_cache_bytes (n->hparams, n_ctx, kv_type);
  sum.scratch = lm_scratch_bytes (n->hparams, n->kernels, n_ctx, n->n_threads);
  if (n_ctx == 0 || sum.kv_cache == 0 || sum.scratch == 0)
    return lm_fail (error, LM_ERROR_ARGUMENT, NULL, n_ctx,
                    "A context of %u tokens is not possible with this model.", n_ctx);
  sum.scratch += n->tokenizer_bytes;
  sum.scratch += (uint64_t) n->hparams->n_vocab * sizeof (lm_candidate); /* to sample from */
  sum.scratch += (uint64_t) n_ctx * sizeof (lm_token);
  sum.total = sum.weights + sum.kv_cache + sum.scratch;
  *memory = sum;
  return LM_OK;
}

lm_status
lm_model_memory (
    const lm_model *model, uint32_t n_ctx, lm_kv_type kv_type, lm_memory *memory, lm_error *error)
{
  needs n = {
    .hparams = &model->hparams,
    .kernels = model->kernels,
    .n_threads = model->threads.most,
    .tokenizer_bytes = tokenizer_bytes (model),
  };
  bool tied = is_tied (model->gguf);

  *memory = (lm_memory) { 0 };
  if (!model->has_hparams) {
    if (error != NULL)
      *error = model->hparams_error;
    return model->hparams_error.code;
  }
  for (size_t i = 0; i < model->gguf->n_tensors; i++)
    if (tied || strcmp (model->gguf->tensors[i].name, "token_embd.weight") != 0)
      n.weight_bytes += model->gguf->tensors[i].bytes;
  return sum_memory (&n, n_ctx, kv_type, memory, error);
}

lm_status
lm_model_get_shape (const lm_model *model, lm_shape *shape, lm_error *error)
{
  const lm_hparams *h = &model->hparams;

  *shape = (lm_shape) { 0 };
  if (!model->has_hparams) {
    if (error != NULL)
      *error = model->hparams_error;
    return model->hparams_error.code;
  }
  *shape = (lm_shape) {
    .architecture = h->architecture,
    .n_vocab = h->n_vocab,
    .n_embd = h->n_embd,
    .n_layers = h->n_layers,
    .n_ff = h->n_ff,
    .n_heads = h->n_heads,
    .n_kv_heads = h->n_kv_heads,
    .head_dim = h->head_dim,
  };
  return LM_OK;
}

uint64_t
lm_type_row_bytes (const char *type, uint64_t n_cols)
{
  for (uint32_t i = 0; i < N_TYPES; i++) {
    const lm_type_traits *traits = lm_type_get_traits (i);
    uint64_t bytes;

    if (traits == NULL || strcmp (traits->name, type) != 0)
      continue;
    if (n_cols % traits->block_length != 0 ||
        !lm_mul (n_cols / traits->block_length, traits->block_bytes, &bytes))
      return 0;
    return bytes;
  }
  return 0;
}

lm_status
lm_plan_memory (const lm_shape *shape,
                uint64_t weight_bytes,
                uint32_t n_ctx,
                lm_kv_type kv_type,
                const lm_model_options *options,
                lm_memory *memory,
                lm_error *error)
{
  static const lm_model_options defaults = { 0 };
  lm_hparams hparams;
  needs n = { .hparams = &hparams, .weight_bytes = weight_bytes };
  lm_status status = lm_hparams_plan (shape, &hparams, error);

  *memory = (lm_memory) { 0 };
  if (status != LM_OK)
    return status;
  options = options != NULL ? options : &defaults;
  n.n_threads = lm_threads_choose (options->n_threads, options->n_threads_prefill).most;
  n.kernels = lm_kernels_select (options->cpu_level, lm_cpu_get_features ());
  if (n.kernels == NULL)
    return lm_fail (error, LM_ERROR_ARGUMENT, options->cpu_level, 0,
                    "This computer cannot compute with \"%s\".", options->cpu_level);
  n.tokenizer_bytes = (uint64_t) hparams.n_vocab * TOKENIZER_BYTES_A_TOKEN;
  return sum_memory (&n, n_ctx, kv_type, memory, error);
}

/* ---- Work --------------------------------------------------------------------------------- */

/* Token embeddings are looked up, and are multiplied with only where the file has no output matrix
 * of its own; the output is needed once a prompt. */
lm_status
lm_model_get_work (const lm_model *model, lm_kv_type kv_type, lm_model_work *work, lm_error *error)
{
  const lm_gguf *gguf = model->gguf;
  bool tied = is_tied (gguf);

  *work = (lm_model_work) { 0 };
  if (!model->has_hparams) {
    if (error != NULL)
      *error = model->hparams_error;
    return model->hparams_error.code;
  }
  if (check_kv_type (&model->hparams, kv_type, error) != LM_OK)
    return LM_ERROR_ARGUMENT;
  for (size_t i = 0; i < gguf->n_tensors; i++) {
    const lm_gguf_tensor *tensor = &gguf->tensors[i];
    bool is_embeddings = strcmp (tensor->name, "token_embd.weight") == 0;
    bool is_output = strcmp (tensor->name, "output.weight") == 0;

    if (tensor->n_dims < 2)
      continue;
    if (!is_embeddings || tied)
      work->weight_bytes += tensor->bytes;
    if (!is_embeddings && !is_output)
      work->prefill_macs += n_elements (tensor);
  }
  work->kv_bytes = lm_kv_cache_bytes (&model->hparams, LM_KEY_TILE, kv_type) / LM_KEY_TILE;
  return LM_OK;
}
