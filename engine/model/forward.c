/* SPDX-License-Identifier: GPL-3.0-or-later
 * The forward pass of the llama family: RMS norm, grouped-query attention with rotary positions,
 * gated feed-forward. Every step is a job of independent tasks for the worker pool. */
#include "model/forward.h"

#include "model/attention.h"

/* Weight rows a task multiplies, a multiple of LM_MAX_PANEL_ROWS: few enough that threads end
 * together and stopping is quick, enough that handing out tasks costs nothing. With one token,
 * which is read rather than computed, it is the bytes that count: some microseconds' worth. */
#define TILE_ROWS         32
#define TILE_BYTES_DECODE (96u << 10)

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
  const lm_token *tokens;
  uint32_t n_tokens;
  uint32_t n_past;
} block;

static unsigned
get_n_threads (const block *b)
{
  const lm_model *model = b->forward->model;

  return b->n_tokens == 1 ? model->n_threads : model->n_threads_prefill;
}

static bool
run (const block *b, size_t n_tasks, lm_task_fn task, void *data)
{
  return lm_pool_run_on (b->forward->model->pool, get_n_threads (b), n_tasks, task, data,
                         b->forward->cancel);
}

/* ---- Matrix products ---------------------------------------------------------------------- */

#define MAX_LINEARS 3

/* Up to three products of the same input, so that their rows are one job. */
typedef struct {
  const block *b;
  const lm_linear *linears[MAX_LINEARS];
  float *outs[MAX_LINEARS]; /* each n_tokens × its n_rows */
  size_t n_linears;
  const float *input; /* n_tokens × n_cols; also in scratch->prepared */
} products;

/* Makes token t of x ready for products, with those of the block's other tokens. */
static void
prepare (const block *b, const float *x, size_t n_cols, size_t t)
{
  if (b->kernels->prepare != NULL)
    b->kernels->prepare (x, n_cols, b->n_tokens, t, 0, n_cols, b->m->prepared);
}

static size_t
tile_rows (const products *p, const lm_linear *linear)
{
  size_t n;

  if (p->b->n_tokens > 1)
    return TILE_ROWS;
  n = TILE_BYTES_DECODE / linear->matrix.row_bytes / LM_MAX_PANEL_ROWS * LM_MAX_PANEL_ROWS;
  return n > LM_MAX_PANEL_ROWS ? n : LM_MAX_PANEL_ROWS;
}

static size_t
n_tiles (const products *p, const lm_linear *linear)
{
  size_t n = tile_rows (p, linear);

  return (linear->matrix.n_rows + n - 1) / n;
}

static void
multiply_tile (void *data, size_t index, unsigned worker)
{
  const products *p = data;
  const lm_scratch *m = p->b->m;
  const lm_linear *linear;
  size_t i = 0, first, n, n_left;
  lm_input input = { .x = p->input, .prepared = m->prepared, .n_tokens = p->b->n_tokens };
  float *out;

  while (index >= n_tiles (p, p->linears[i]))
    index -= n_tiles (p, p->linears[i++]);
  linear = p->linears[i];
  n = tile_rows (p, linear);
  first = index * n;
  n_left = linear->matrix.n_rows - first;
  n = n < n_left ? n : n_left;
  out = p->outs[i] + first;
  input.n_cols = linear->matrix.n_cols;
  p->b->kernels->matmul (&linear->matrix, first, n, &input, out, linear->matrix.n_rows,
                         m->matmul + worker * m->matmul_bytes);
  if (linear->bias != NULL)
    for (size_t t = 0; t < p->b->n_tokens; t++)
      p->b->kernels->add (out + t * linear->matrix.n_rows, linear->bias + first, n);
}

static bool
multiply (products *p)
{
  size_t n = 0;

  for (size_t i = 0; i < p->n_linears; i++)
    n += n_tiles (p, p->linears[i]);
  return run (p->b, n, multiply_tile, p);
}

/* ---- Tasks, one a token but for the gate --------------------------------------------------- */

static void
embed (void *data, size_t t, unsigned worker)
{
  const block *b = data;
  const lm_matrix *e = &b->forward->model->weights.embeddings;
  const char *row = (const char *) e->data + (size_t) b->tokens[t] * e->row_bytes;

  lm_quant_dequantise (e->type, row, e->n_cols,
                       (lm_group *) (b->m->matmul + worker * b->m->matmul_bytes),
                       b->m->x + t * b->h->n_embd);
  lm_rope_angles (&b->forward->model->rope, b->n_past + (uint32_t) t,
                  b->m->cosines + t * (b->h->n_rot / 2), b->m->sines + t * (b->h->n_rot / 2));
}

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
  products qkv = {
    .b = b,
    .linears = { &b->layer->q, &b->layer->k, &b->layer->v },
    .outs = { m->q, m->k, m->v },
    .n_linears = 3,
    .input = m->normed,
  };

  return run (b, b->n_tokens, norm_for_attention, (void *) b) && multiply (&qkv) &&
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
  products output = {
    .b = b,
    .linears = { &b->layer->attn_output },
    .outs = { m->delta },
    .n_linears = 1,
    .input = m->attended,
  };

  return lm_attention_run (&attention, b->forward->model->pool, get_n_threads (b),
                           b->forward->cancel) &&
         run (b, b->n_tokens, prepare_attended, (void *) b) && multiply (&output);
}

static bool
run_ffn (const block *b)
{
  const lm_scratch *m = b->m;
  products gate_up = {
    .b = b,
    .linears = { &b->layer->gate, &b->layer->up },
    .outs = { m->gate, m->up },
    .n_linears = 2,
    .input = m->normed,
  };
  products down = {
    .b = b,
    .linears = { &b->layer->down },
    .outs = { m->delta },
    .n_linears = 1,
    .input = m->gate,
  };

  return run (b, b->n_tokens, norm_for_ffn, (void *) b) && multiply (&gate_up) &&
         run (b, b->n_tokens * gate_tasks (b), gate_ffn, (void *) b) && multiply (&down) &&
         run (b, b->n_tokens, add_ffn, (void *) b);
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

bool
lm_forward_run (const lm_forward *forward,
                const lm_token *tokens,
                uint32_t n_tokens,
                uint32_t n_past,
                uint32_t n_states)
{
  const lm_model *model = forward->model;
  uint32_t n_layers = model->hparams.n_layers;
  lm_scratch last_scratch;
  block last, b = {
    .forward = forward,
    .kernels = model->kernels,
    .h = &model->hparams,
    .m = forward->scratch,
    .tokens = tokens,
    .n_tokens = n_tokens,
    .n_past = n_past,
  };

  if (!run (&b, n_tokens, embed, &b))
    return false;
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
  products logits = {
    .b = &b,
    .linears = { &model->weights.output },
    .outs = { m->logits },
    .n_linears = 1,
    .input = m->normed,
  };

  for (uint32_t t = 0; t < n; t++) {
    model->kernels->rms_norm (m->x + (first + t) * width, model->weights.output_norm, width,
                              model->hparams.norm_epsilon, m->normed + t * width);
    prepare (&b, m->normed, width, t);
  }
  return multiply (&logits);
}
