/* SPDX-License-Identifier: GPL-3.0-or-later
 * The forward pass of the llama family: RMS norm, grouped-query attention with rotary positions,
 * gated feed-forward. Every step but reading the embeddings is a job of independent tasks for the
 * worker pool. */
#include "model/forward.h"

#include "model/attention.h"
#include "model/products.h"

/* Columns of the gate that a task works on. */
#define GATE_COLS 1024

/* Everything the tasks of one block read. */
typedef struct {
  const lm_forward *forward;
  const lm_kernels *kernels;
  const lm_hparams *h;
  const lm_scratch *m;
  const lm_layer *layer;
  uint32_t layer_index;
  uint32_t n_tokens;
  uint32_t n_past;
} block;

static unsigned
get_n_threads (const block *b)
{
  const lm_model *model = b->forward->model;

  return b->n_tokens == 1 ? model->threads.decode : model->threads.prefill;
}

static bool
run (const block *b, size_t n_tasks, lm_task_fn task, void *data)
{
  return lm_pool_run_on (b->forward->model->pool, get_n_threads (b), n_tasks, task, data,
                         b->forward->cancel);
}

/* ---- Matrix products ---------------------------------------------------------------------- */

/* Makes token t of x ready for products, with those of the block's other tokens. */
static void
prepare (const block *b, const float *x, size_t n_cols, size_t t)
{
  if (b->kernels->prepare != NULL)
    b->kernels->prepare (x, n_cols, b->n_tokens, t, 0, n_cols, b->m->prepared);
}

/* Multiplies up to three matrices with the same input, which is also in scratch->prepared. */
static bool
multiply (const block *b,
          const float *input,
          size_t n_linears,
          const lm_linear *const linears[],
          float *const outs[])
{
  lm_products products = {
    .kernels = b->kernels,
    .n_linears = n_linears,
    .x = input,
    .prepared = b->m->prepared,
    .n_tokens = b->n_tokens,
    .prefetch = b->forward->model->prefetch,
    .n_threads = get_n_threads (b),
    .scratch = b->m->matmul,
    .scratch_bytes = b->m->matmul_bytes,
  };

  for (size_t i = 0; i < n_linears; i++) {
    products.linears[i] = linears[i];
    products.outs[i] = outs[i];
  }
  return lm_products_run (&products, b->forward->model->pool, b->forward->cancel);
}

/* ---- Tasks, one a token but for the gate --------------------------------------------------- */

static void
norm_for_attention (void *data, size_t t, unsigned worker)
{
  const block *b = data;
  size_t n = b->h->n_embd;
  float *normed = b->m->normed + t * n;

  (void) worker;
  b->kernels->rms_norm (b->m->x + t * n, b->layer->attn_norm, n, b->h->norm_epsilon, normed);
  prepare (b, b->m->normed, n, t);
}

/* Normalises (qwen3) and rotates the heads of token t. */
static void
place_heads (const block *b, float *x, uint32_t n_heads, const float *norm, size_t t)
{
  size_t n_pairs = b->h->n_rot / 2;

  for (uint32_t i = 0; i < n_heads; i++) {
    float *head = x + (t * n_heads + i) * b->h->head_dim;

    if (norm != NULL)
      b->kernels->rms_norm (head, norm, b->h->head_dim, b->h->norm_epsilon, head);
    b->kernels->rope (head, b->m->cosines + t * n_pairs, b->m->sines + t * n_pairs, n_pairs,
                      b->h->rope_layout);
  }
}

static void
place_and_cache (void *data, size_t t, unsigned worker)
{
  const block *b = data;
  const lm_hparams *h = b->h;
  lm_kv_cache *cache = b->forward->cache;

  (void) worker;
  place_heads (b, b->m->q, h->n_heads, b->layer->q_norm, t);
  place_heads (b, b->m->k, h->n_kv_heads, b->layer->k_norm, t);
  for (uint32_t i = 0; i < h->n_kv_heads; i++) {
    size_t from = (t * h->n_kv_heads + i) * h->head_dim;

    lm_kv_cache_store (cache, b->kernels, b->layer_index, i, b->n_past + t, b->m->k + from,
                       b->m->v + from);
  }
}

static void
prepare_attended (void *data, size_t t, unsigned worker)
{
  const block *b = data;

  (void) worker;
  prepare (b, b->m->attended, (size_t) b->h->n_heads * b->h->head_dim, t);
}

static void
norm_for_ffn (void *data, size_t t, unsigned worker)
{
  const block *b = data;
  size_t n = b->h->n_embd;
  float *x = b->m->x + t * n;

  (void) worker;
  b->kernels->add (x, b->m->delta + t * n, n);
  b->kernels->rms_norm (x, b->layer->ffn_norm, n, b->h->norm_epsilon, b->m->normed + t * n);
  prepare (b, b->m->normed, n, t);
}

static size_t
gate_tasks (const block *b)
{
  return (b->h->n_ff + GATE_COLS - 1) / GATE_COLS;
}

/* A stretch of one token's columns: there are enough of them to share one token's. */
static void
gate_ffn (void *data, size_t index, unsigned worker)
{
  const block *b = data;
  size_t n_cols = b->h->n_ff, t = index / gate_tasks (b);
  size_t first = index % gate_tasks (b) * GATE_COLS, at = t * n_cols + first;
  size_t n = n_cols - first < GATE_COLS ? n_cols - first : GATE_COLS;

  (void) worker;
  b->kernels->silu_mul (b->m->gate + at, b->m->up + at, n);
  if (b->kernels->prepare != NULL)
    b->kernels->prepare (b->m->gate, n_cols, b->n_tokens, t, first, n, b->m->prepared);
}

static void
add_ffn (void *data, size_t t, unsigned worker)
{
  const block *b = data;
  size_t n = b->h->n_embd;

  (void) worker;
  b->kernels->add (b->m->x + t * n, b->m->delta + t * n, n);
}

/* ---- Layers ------------------------------------------------------------------------------- */

/* Makes queries, keys and values of the block's tokens, and keeps the latter two. */
static bool
run_projections (const block *b)
{
  const lm_scratch *m = b->m;
  const lm_linear *const linears[] = { &b->layer->q, &b->layer->k, &b->layer->v };
  float *const outs[] = { m->q, m->k, m->v };

  return run (b, b->n_tokens, norm_for_attention, (void *) b) &&
         multiply (b, m->normed, 3, linears, outs) &&
         run (b, b->n_tokens, place_and_cache, (void *) b);
}

static bool
run_attention (const block *b)
{
  const lm_scratch *m = b->m;
  const lm_attention attention = {
    .hparams = b->h,
    .kernels = b->kernels,
    .cache = b->forward->cache,
    .layer = b->layer_index,
    .n_tokens = b->n_tokens,
    .n_past = b->n_past,
    .q = m->q,
    .out = m->attended,
    .scratch = m->attend,
    .parts = m->parts,
  };
  const lm_linear *const output[] = { &b->layer->attn_output };
  float *const delta[] = { m->delta };

  return lm_attention_run (&attention, b->forward->model->pool, get_n_threads (b),
                           b->forward->cancel) &&
         run (b, b->n_tokens, prepare_attended, (void *) b) &&
         multiply (b, m->attended, 1, output, delta);
}

static bool
run_ffn (const block *b)
{
  const lm_scratch *m = b->m;
  const lm_linear *const gate_up[] = { &b->layer->gate, &b->layer->up };
  const lm_linear *const down[] = { &b->layer->down };
  float *const halves[] = { m->gate, m->up };
  float *const delta[] = { m->delta };

  return run (b, b->n_tokens, norm_for_ffn, (void *) b) &&
         multiply (b, m->normed, 2, gate_up, halves) &&
         run (b, b->n_tokens * gate_tasks (b), gate_ffn, (void *) b) &&
         multiply (b, m->gate, 1, down, delta) && run (b, b->n_tokens, add_ffn, (void *) b);
}

/* Makes a block of b's last n tokens, whose rows stay where they are. m: what its scratch becomes.
 */
static block
narrow (const block *b, uint32_t n, lm_scratch *m)
{
  const lm_hparams *h = b->h;
  size_t first = b->n_tokens - n, q = (size_t) h->n_heads * h->head_dim;
  block last = *b;

  *m = *b->m;
  m->x += first * h->n_embd;
  m->normed += first * h->n_embd;
  m->delta += first * h->n_embd;
  m->q += first * q;
  m->attended += first * q;
  m->gate += first * h->n_ff;
  m->up += first * h->n_ff;
  last.m = m;
  last.n_tokens = n;
  last.n_past += (uint32_t) first;
  return last;
}

lm_status
lm_forward_embed (const lm_forward *forward,
                  const lm_token *tokens,
                  uint32_t n_tokens,
                  uint32_t n_past,
                  lm_error *error)
{
  const lm_model *model = forward->model;
  const lm_matrix *e = &model->weights.embeddings;
  size_t n_pairs = model->hparams.n_rot / 2;
  lm_scratch *m = forward->scratch;

  for (uint32_t t = 0; t < n_tokens; t++) {
    const char *row = (const char *) e->data + (size_t) tokens[t] * e->row_bytes;
    lm_status status = lm_gguf_copy (model->gguf, row, e->row_bytes, m->row, error);

    if (status != LM_OK)
      return status;
    lm_quant_dequantise (e->type, m->row, e->n_cols, (lm_group *) m->matmul,
                         m->x + (size_t) t * e->n_cols);
    lm_rope_angles (&model->rope, n_past + t, m->cosines + t * n_pairs, m->sines + t * n_pairs);
  }
  return LM_OK;
}

bool
lm_forward_run (const lm_forward *forward, uint32_t n_tokens, uint32_t n_past, uint32_t n_states)
{
  const lm_model *model = forward->model;
  uint32_t n_layers = model->hparams.n_layers;
  lm_scratch last_scratch;
  block last, b = {
    .forward = forward,
    .kernels = model->kernels,
    .h = &model->hparams,
    .m = forward->scratch,
    .n_tokens = n_tokens,
    .n_past = n_past,
  };

  for (uint32_t i = 0; i < n_layers; i++) {
    b.layer = &model->weights.layers[i];
    b.layer_index = i;
    if (!run_projections (&b))
      return false;
    if (i + 1 < n_layers && (!run_attention (&b) || !run_ffn (&b)))
      return false;
  }
  /* Of the last layer, the other tokens leave nothing behind but their keys and values. */
  last = narrow (&b, n_states, &last_scratch);
  return n_states == 0 || (run_attention (&last) && run_ffn (&last));
}

bool
lm_forward_logits (const lm_forward *forward, uint32_t first, uint32_t n)
{
  const lm_model *model = forward->model;
  size_t width = model->hparams.n_embd;
  lm_scratch *m = forward->scratch;
  block b = {
    .forward = forward,
    .kernels = model->kernels,
    .h = &model->hparams,
    .m = m,
    .n_tokens = n,
  };
  const lm_linear *const output[] = { &model->weights.output };
  float *const logits[] = { m->logits };

  for (uint32_t t = 0; t < n; t++) {
    model->kernels->rms_norm (m->x + (first + t) * width, model->weights.output_norm, width,
                              model->hparams.norm_epsilon, m->normed + t * width);
    prepare (&b, m->normed, width, t);
  }
  return multiply (&b, m->normed, 1, output, logits);
}
