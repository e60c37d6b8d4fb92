/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading and checking the numbers that shape a model. Keys:
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#llm */
#include "model/hparams.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/error.h"

/* No model is near these; they keep every later product far from overflow. */
#define MAX_DIMENSION (1u << 24)
#define MAX_LAYERS    1024u
#define MAX_HEAD_DIM  4096u

static const struct {
  const char *name;
  lm_rope_layout rope_layout;
  bool has_qk_norm;
} ARCHITECTURES[] = {
  { "llama", LM_ROPE_ADJACENT, false },
  { "qwen2", LM_ROPE_HALVES, false },
  { "qwen3", LM_ROPE_HALVES, true },
};

/* Reads keys that begin with the architecture's name, and remembers the first failure. */
typedef struct {
  const lm_gguf *gguf;
  const char *architecture;
  lm_error *error;
  lm_status status;
  char key[96];
} reader;

static const char *
make_key (reader *r, const char *suffix)
{
  snprintf (r->key, sizeof r->key, "%s.%s", r->architecture, suffix);
  return r->key;
}

static void
fail_key (reader *r, const char *what)
{
  if (r->status == LM_OK)
    r->status = lm_fail (r->error, LM_ERROR_FORMAT, r->key, 0,
                         "The model's metadata value \"%s\" %s.", r->key, what);
}

static uint32_t
need_u32 (reader *r, const char *suffix, uint32_t max)
{
  uint32_t value = 0;

  if (!lm_gguf_get_u32 (r->gguf, make_key (r, suffix), &value))
    fail_key (r, "is missing or not a number");
  else if (value == 0 || value > max)
    fail_key (r, "is out of range");
  return value;
}

static uint32_t
want_u32 (reader *r, const char *suffix, uint32_t max, uint32_t fallback)
{
  return lm_gguf_find (r->gguf, make_key (r, suffix)) == NULL ? fallback
                                                              : need_u32 (r, suffix, max);
}

static float
want_positive (reader *r, const char *suffix, float fallback)
{
  float value = fallback;

  if (lm_gguf_find (r->gguf, make_key (r, suffix)) == NULL)
    return fallback;
  if (!lm_gguf_get_f32 (r->gguf, r->key, &value) || !(value > 0) || !isfinite (value))
    fail_key (r, "is not a positive number");
  return value;
}

/* Fills in what the architecture decides; name need not be terminated. */
static lm_status
set_architecture (lm_hparams *h, const char *name, size_t length, lm_error *error)
{
  char text[64];

  for (size_t i = 0; i < sizeof ARCHITECTURES / sizeof *ARCHITECTURES; i++)
    if (strlen (ARCHITECTURES[i].name) == length &&
        memcmp (ARCHITECTURES[i].name, name, length) == 0) {
      h->architecture = ARCHITECTURES[i].name;
      h->rope_layout = ARCHITECTURES[i].rope_layout;
      h->has_qk_norm = ARCHITECTURES[i].has_qk_norm;
      return LM_OK;
    }
  snprintf (text, sizeof text, "%.*s", (int) (length < sizeof text ? length : sizeof text - 1),
            name);
  return lm_fail (error, LM_ERROR_ARCHITECTURE, text, 0,
                  "The architecture \"%s\" is not supported (llama, qwen2 and qwen3 are).", text);
}

static lm_status
find_architecture (const lm_gguf *gguf, lm_hparams *h, lm_error *error)
{
  lm_slice name;

  if (!lm_gguf_get_string (gguf, "general.architecture", &name))
    return lm_fail (error, LM_ERROR_FORMAT, "general.architecture", 0,
                    "The file does not say which architecture its model has.");
  return set_architecture (h, name.data, name.length, error);
}

static void
read_rope_scaling (reader *r, lm_hparams *h)
{
  lm_slice type;

  h->rope_factor = want_positive (r, "rope.scaling.factor", 1);
  h->rope_attn_factor = want_positive (r, "rope.scaling.attn_factor", 1);
  h->yarn_beta_fast = want_positive (r, "rope.scaling.yarn_beta_fast", 32);
  h->yarn_beta_slow = want_positive (r, "rope.scaling.yarn_beta_slow", 1);
  h->rope_original_ctx =
      want_u32 (r, "rope.scaling.original_context_length", UINT32_MAX, h->n_ctx_train);
  if (!lm_gguf_get_string (r->gguf, make_key (r, "rope.scaling.type"), &type)) {
    /* Old files give only the linear factor. */
    h->rope_factor = want_positive (r, "rope.scale_linear", h->rope_factor);
    h->rope_scaling = h->rope_factor != 1 ? LM_ROPE_SCALING_LINEAR : LM_ROPE_SCALING_NONE;
  } else if (type.length == 4 && memcmp (type.data, "none", 4) == 0) {
    h->rope_scaling = LM_ROPE_SCALING_NONE;
  } else if (type.length == 6 && memcmp (type.data, "linear", 6) == 0) {
    h->rope_scaling = LM_ROPE_SCALING_LINEAR;
  } else if (type.length == 4 && memcmp (type.data, "yarn", 4) == 0) {
    h->rope_scaling = LM_ROPE_SCALING_YARN;
  } else {
    fail_key (r, "names a kind of RoPE scaling that is not supported");
  }
}

static void
read_attention (reader *r, lm_hparams *h)
{
  uint32_t value_dim;

  h->n_heads = need_u32 (r, "attention.head_count", MAX_DIMENSION);
  h->n_kv_heads = want_u32 (r, "attention.head_count_kv", MAX_DIMENSION, h->n_heads);
  if (r->status != LM_OK)
    return;
  if (h->n_heads % h->n_kv_heads != 0)
    fail_key (r, "does not divide the number of heads");
  h->head_dim = want_u32 (r, "attention.key_length", MAX_HEAD_DIM,
                          h->n_embd / h->n_heads ? h->n_embd / h->n_heads : 1);
  value_dim = want_u32 (r, "attention.value_length", MAX_HEAD_DIM, h->head_dim);
  if (value_dim != h->head_dim)
    fail_key (r, "differs from the key length");
  h->n_rot = want_u32 (r, "rope.dimension_count", h->head_dim, h->head_dim);
  if (h->n_rot % 2 != 0)
    fail_key (r, "is odd");
}

lm_status
lm_hparams_read (const lm_gguf *gguf, lm_hparams *h, lm_error *error)
{
  lm_hparams zero = { 0 };
  reader r = { .gguf = gguf, .error = error };
  const lm_gguf_tensor *embeddings = lm_gguf_find_tensor (gguf, "token_embd.weight");
  uint32_t n_experts = 0;
  lm_status status;

  *h = zero;
  status = find_architecture (gguf, h, error);
  if (status != LM_OK)
    return status;
  r.architecture = h->architecture;

  if (lm_gguf_get_u32 (gguf, make_key (&r, "expert_count"), &n_experts) && n_experts > 0)
    return lm_fail (error, LM_ERROR_ARCHITECTURE, h->architecture, n_experts,
                    "Models with experts (mixture of %u experts) are not supported.", n_experts);
  if (embeddings == NULL)
    return lm_fail (error, LM_ERROR_TENSOR, "token_embd.weight", 0,
                    "The file has no tensor \"token_embd.weight\": it holds no usable model.");
  if (embeddings->shape[1] > MAX_DIMENSION)
    return lm_fail (error, LM_ERROR_TENSOR, "token_embd.weight", 0,
                    "The tensor \"token_embd.weight\" has a senseless shape.");

  h->n_vocab = (uint32_t) embeddings->shape[1];
  h->n_ctx_train = need_u32 (&r, "context_length", UINT32_MAX);
  h->n_embd = need_u32 (&r, "embedding_length", MAX_DIMENSION);
  h->n_layers = need_u32 (&r, "block_count", MAX_LAYERS);
  h->n_ff = need_u32 (&r, "feed_forward_length", MAX_DIMENSION);
  h->norm_epsilon = want_positive (&r, "attention.layer_norm_rms_epsilon", 1e-5f);
  h->rope_base = want_positive (&r, "rope.freq_base", 10000);
  if (r.status == LM_OK)
    read_attention (&r, h);
  if (r.status == LM_OK)
    read_rope_scaling (&r, h);
  return r.status;
}

static bool
is_dimension (uint32_t n)
{
  return n > 0 && n <= MAX_DIMENSION;
}

lm_status
lm_hparams_plan (const lm_shape *shape, lm_hparams *h, lm_error *error)
{
  lm_status status;

  *h = (lm_hparams) { 0 };
  status = set_architecture (h, shape->architecture, strlen (shape->architecture), error);
  if (status != LM_OK)
    return status;
  if (!is_dimension (shape->n_vocab) || !is_dimension (shape->n_embd) ||
      !is_dimension (shape->n_ff) || !is_dimension (shape->n_heads) || shape->n_layers == 0 ||
      shape->n_layers > MAX_LAYERS || shape->n_kv_heads == 0 ||
      shape->n_heads % shape->n_kv_heads != 0 || shape->head_dim == 0 ||
      shape->head_dim > MAX_HEAD_DIM || shape->head_dim % 2 != 0)
    return lm_fail (error, LM_ERROR_ARGUMENT, "shape", 0, "No model has such a shape.");
  h->n_vocab = shape->n_vocab;
  h->n_embd = shape->n_embd;
  h->n_layers = shape->n_layers;
  h->n_ff = shape->n_ff;
  h->n_heads = shape->n_heads;
  h->n_kv_heads = shape->n_kv_heads;
  h->head_dim = shape->head_dim;
  h->n_rot = shape->head_dim;
  return LM_OK;
}
