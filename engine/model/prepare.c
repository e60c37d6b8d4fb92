/* SPDX-License-Identifier: GPL-3.0-or-later
 * Making a model's weights ready to be computed with: repacking and reading ahead. */
#include "kernels/panels.h"
#include "model/weights.h"
#include "util/error.h"
#include "util/pages.h"

#define LINEARS_A_LAYER 7
#define PAGE_BYTES      4096
#define STEP_BYTES      (16u << 20) /* between two progress reports */

/* Bytes of rows that are read at once to be repacked, whole panels: many a call of the system, few
 * enough for the second cache. */
#define CHUNK_BYTES (128u << 10)

/* What is done, and who wants to know. */
typedef struct {
  lm_pool *pool;
  lm_progress_fn progress;
  void *user_data;
  uint64_t done;
  uint64_t total;
} work;

static lm_matrix *
get_matrix (lm_weights *weights, size_t index)
{
  lm_layer *layer;

  if (index == 0)
    return &weights->output.matrix;
  layer = &weights->layers[(index - 1) / LINEARS_A_LAYER];
  switch ((index - 1) % LINEARS_A_LAYER) {
  case 0:
    return &layer->q.matrix;
  case 1:
    return &layer->k.matrix;
  case 2:
    return &layer->v.matrix;
  case 3:
    return &layer->attn_output.matrix;
  case 4:
    return &layer->gate.matrix;
  case 5:
    return &layer->up.matrix;
  default:
    return &layer->down.matrix;
  }
}

static uint64_t
file_bytes (const lm_matrix *matrix)
{
  return (uint64_t) matrix->n_rows * matrix->row_bytes;
}

/* Bytes of panels, each matrix beginning at a multiple of 64. */
static uint64_t
round_up (uint64_t bytes)
{
  return (bytes + 63) / 64 * 64;
}

static bool
report (work *w, uint64_t bytes)
{
  w->done += bytes;
  return w->progress == NULL || w->progress (w->done, w->total, w->user_data);
}

static lm_status
fail_cancelled (lm_error *error)
{
  return lm_fail (error, LM_ERROR_CANCELLED, NULL, 0, "Loading was cancelled.");
}

/* ---- Panels ------------------------------------------------------------------------------- */

/* Repacking a stretch of a matrix: a task reads a chunk of panels' rows and writes the panels. */
typedef struct {
  const lm_gguf *gguf;
  const lm_matrix *matrix;
  void *panels;
  uint32_t panel_rows;
  size_t first; /* panel */
  size_t end;
  char *buffers; /* a thread × buffer_bytes */
  size_t buffer_bytes;
  lm_error *errors; /* a thread each */
} packing;

/* How many panels are read at once. */
static size_t
chunk_panels (const lm_matrix *matrix, uint32_t panel_rows)
{
  size_t n = CHUNK_BYTES / (matrix->row_bytes * panel_rows);

  return n > 0 ? n : 1;
}

static void
pack (void *data, size_t index, unsigned worker)
{
  const packing *p = data;
  const lm_matrix *matrix = p->matrix;
  size_t panel_bytes = matrix->row_bytes * p->panel_rows, n = chunk_panels (matrix, p->panel_rows);
  size_t first = p->first + index * n, end = p->end - first < n ? p->end : first + n;
  uint64_t at = first * panel_bytes, left = file_bytes (matrix) - at;
  char *rows = p->buffers + worker * p->buffer_bytes;
  uint64_t bytes = (end - first) * panel_bytes < left ? (end - first) * panel_bytes : left;

  if (p->errors[worker].code != LM_OK ||
      lm_gguf_copy (p->gguf, (const char *) matrix->data + at, (size_t) bytes, rows,
                    &p->errors[worker]) != LM_OK)
    return;
  for (size_t i = first; i < end; i++)
    lm_panels_pack (matrix, p->panel_rows, i, rows + (i - first) * panel_bytes, p->panels);
}

/* Some panels at a time, so that progress is told. */
static lm_status
repack (work *w, packing *p, lm_matrix *matrix, void *panels, lm_error *error)
{
  size_t panel_bytes = matrix->row_bytes * p->panel_rows;
  size_t n_panels = lm_panels_count (matrix, p->panel_rows);
  size_t chunk = chunk_panels (matrix, p->panel_rows), step = STEP_BYTES / panel_bytes + 1;

  p->matrix = matrix;
  p->panels = panels;
  for (p->first = 0; p->first < n_panels; p->first = p->end) {
    uint64_t at = p->first * panel_bytes, end;

    p->end = n_panels - p->first < step ? n_panels : p->first + step;
    lm_pool_run (w->pool, (p->end - p->first + chunk - 1) / chunk, pack, p, NULL);
    for (unsigned i = 0; i < lm_pool_get_n_threads (w->pool); i++)
      if (p->errors[i].code != LM_OK) {
        if (error != NULL)
          *error = p->errors[i];
        return p->errors[i].code;
      }
    end = p->end * panel_bytes;
    end = end < file_bytes (matrix) ? end : file_bytes (matrix);
    if (!report (w, end - at))
      return fail_cancelled (error);
  }
  /* With the vectors beside it some of its pages were mapped. */
  lm_pages_drop (matrix->data, file_bytes (matrix));
  matrix->data = panels;
  matrix->panel_rows = p->panel_rows;
  return LM_OK;
}

/* ---- The file's own layout ---------------------------------------------------------------- */

static lm_status
read_ahead (work *w, const lm_matrix *matrix, lm_error *error)
{
  const volatile unsigned char *bytes = matrix->data;
  uint64_t n = file_bytes (matrix), step;

  for (uint64_t at = 0; at < n; at += step) {
    step = n - at < STEP_BYTES ? n - at : STEP_BYTES;
    for (uint64_t i = 0; i < step; i += PAGE_BYTES)
      (void) bytes[at + i];
    if (!report (w, step))
      return fail_cancelled (error);
  }
  return LM_OK;
}

/* ---- All matrices ------------------------------------------------------------------------- */

static size_t
n_matrices (const lm_weights *weights)
{
  return 1 + LINEARS_A_LAYER * (size_t) weights->n_layers;
}

/* Counts what is to be done, and allocates the panels and what packing needs. */
static lm_status
plan (work *w, packing *p, lm_weights *weights, const lm_kernels *kernels, lm_error *error)
{
  unsigned n_threads = lm_pool_get_n_threads (w->pool);
  uint64_t bytes = 0;

  for (size_t i = 0; i < n_matrices (weights); i++) {
    const lm_matrix *matrix = get_matrix (weights, i);
    size_t chunk;

    /* A file's size bounds the sum, of bytes that are there, far below 2^64. */
    w->total += file_bytes (matrix);
    if (!lm_panels_are_wanted (kernels, matrix->type))
      continue;
    bytes += round_up (lm_panels_bytes (matrix, kernels->panel_rows));
    chunk = chunk_panels (matrix, p->panel_rows) * p->panel_rows * matrix->row_bytes;
    p->buffer_bytes = p->buffer_bytes > chunk ? p->buffer_bytes : chunk;
  }
  if (bytes == 0)
    return LM_OK;
  weights->panels_bytes = bytes;
  weights->panels = lm_pages_alloc (bytes);
  p->buffers = lm_aligned_alloc (n_threads, p->buffer_bytes);
  p->errors = lm_aligned_alloc (n_threads, sizeof *p->errors);
  if (weights->panels == NULL || p->buffers == NULL || p->errors == NULL)
    return lm_fail (error, LM_ERROR_MEMORY, NULL, (int64_t) bytes, "There is not enough memory.");
  return LM_OK;
}

lm_status
lm_weights_prepare (lm_weights *weights,
                    const lm_gguf *gguf,
                    const lm_kernels *kernels,
                    lm_pool *pool,
                    lm_progress_fn progress,
                    void *user_data,
                    lm_error *error)
{
  work w = { .pool = pool, .progress = progress, .user_data = user_data };
  packing p = { .gguf = gguf, .panel_rows = kernels->panel_rows };
  lm_status status = plan (&w, &p, weights, kernels, error);
  uint64_t at = 0;

  if (status == LM_OK && !report (&w, 0))
    status = fail_cancelled (error);
  for (size_t i = 0; i < n_matrices (weights) && status == LM_OK; i++) {
    lm_matrix *matrix = get_matrix (weights, i);

    if (lm_panels_are_wanted (kernels, matrix->type)) {
      uint64_t size = round_up (lm_panels_bytes (matrix, kernels->panel_rows));

      status = repack (&w, &p, matrix, (char *) weights->panels + at, error);
      at += size;
    } else {
      status = read_ahead (&w, matrix, error);
    }
  }
  lm_aligned_free (p.buffers);
  lm_aligned_free (p.errors);
  return status;
}
