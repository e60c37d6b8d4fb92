/* SPDX-License-Identifier: GPL-3.0-or-later
 * Making a model's weights ready to be computed with: loading them from the file into memory of
 * their own, in panels or as they are. Nothing that happens to the file afterwards then matters,
 * and the memory is in huge pages where the system has them. */
#include "kernels/panels.h"
#include "model/weights.h"
#include "util/error.h"
#include "util/pages.h"

#define LINEARS_A_LAYER 7
#define STEP_BYTES      (16u << 20) /* between two progress reports */

/* Bytes of rows that are read at once, whole panels: many a call of the system, few enough for the
 * second cache. */
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

/* ---- One matrix --------------------------------------------------------------------------- */

/* Loading a stretch of a matrix: a task reads some units of rows, each a panel's or else a row,
 * and leaves them where they belong. */
typedef struct {
  const lm_gguf *gguf;
  const lm_matrix *matrix;
  char *place;
  uint32_t panel_rows; /* 0: as in the file */
  size_t first;        /* unit */
  size_t end;
  char *buffers; /* a thread × buffer_bytes, for the rows of panels */
  size_t buffer_bytes;
  lm_error *errors; /* a thread each */
} loading;

/* Rows of a panel that kernels want of the matrix; 0: it stays as in the file. */
static uint32_t
wanted_panel_rows (const lm_kernels *kernels, const lm_matrix *matrix)
{
  return lm_panels_are_wanted (kernels, matrix->type) ? kernels->panel_rows : 0;
}

static size_t
unit_bytes (const lm_matrix *matrix, uint32_t panel_rows)
{
  return matrix->row_bytes * (panel_rows > 0 ? panel_rows : 1);
}

/* How many units are read at once. */
static size_t
chunk_units (const lm_matrix *matrix, uint32_t panel_rows)
{
  size_t n = CHUNK_BYTES / unit_bytes (matrix, panel_rows);

  return n > 0 ? n : 1;
}

/* Bytes of memory for a matrix, which begins at a multiple of 64. */
static uint64_t
place_bytes (const lm_matrix *matrix, uint32_t panel_rows)
{
  uint64_t bytes = panel_rows > 0 ? lm_panels_bytes (matrix, panel_rows) : file_bytes (matrix);

  return (bytes + 63) / 64 * 64;
}

static void
load_chunk (void *data, size_t index, unsigned worker)
{
  const loading *load = data;
  const lm_matrix *matrix = load->matrix;
  bool is_packed = load->panel_rows > 0;
  size_t bytes_each = unit_bytes (matrix, load->panel_rows);
  size_t n = chunk_units (matrix, load->panel_rows), first = load->first + index * n;
  size_t end = load->end - first < n ? load->end : first + n;
  uint64_t at = first * bytes_each, left = file_bytes (matrix) - at;
  uint64_t bytes = (end - first) * bytes_each < left ? (end - first) * bytes_each : left;
  char *rows = is_packed ? load->buffers + worker * load->buffer_bytes : load->place + at;

  if (load->errors[worker].code != LM_OK ||
      lm_gguf_copy (load->gguf, (const char *) matrix->data + at, (size_t) bytes, rows,
                    &load->errors[worker]) != LM_OK)
    return;
  for (size_t i = first; is_packed && i < end; i++)
    lm_panels_pack (matrix, load->panel_rows, i, rows + (i - first) * bytes_each, load->place);
}

/* Some units at a time, so that progress is told. */
static lm_status
load_matrix (work *w, loading *load, lm_matrix *matrix, lm_error *error)
{
  size_t bytes_each = unit_bytes (matrix, load->panel_rows), step = STEP_BYTES / bytes_each + 1;
  size_t n = load->panel_rows > 0 ? lm_panels_count (matrix, load->panel_rows) : matrix->n_rows;
  size_t chunk = chunk_units (matrix, load->panel_rows);

  load->matrix = matrix;
  for (load->first = 0; load->first < n; load->first = load->end) {
    uint64_t at = load->first * bytes_each, end;

    load->end = n - load->first < step ? n : load->first + step;
    lm_pool_run (w->pool, (load->end - load->first + chunk - 1) / chunk, load_chunk, load, NULL);
    for (unsigned i = 0; i < lm_pool_get_n_threads (w->pool); i++)
      if (load->errors[i].code != LM_OK) {
        if (error != NULL)
          *error = load->errors[i];
        return load->errors[i].code;
      }
    end = load->end * bytes_each;
    end = end < file_bytes (matrix) ? end : file_bytes (matrix);
    if (!report (w, end - at))
      return fail_cancelled (error);
  }
  /* With the vectors beside it some of its pages were mapped. */
  lm_pages_drop (matrix->data, file_bytes (matrix));
  matrix->data = load->place;
  matrix->panel_rows = load->panel_rows;
  return LM_OK;
}

/* ---- All matrices ------------------------------------------------------------------------- */

static size_t
n_matrices (const lm_weights *weights)
{
  return 1 + LINEARS_A_LAYER * (size_t) weights->n_layers;
}

/* Counts what is to be done, and allocates the matrices' memory and what loading them needs. */
static lm_status
plan (work *w, loading *load, lm_weights *weights, const lm_kernels *kernels, lm_error *error)
{
  unsigned n_threads = lm_pool_get_n_threads (w->pool);
  uint64_t bytes = 0;

  for (size_t i = 0; i < n_matrices (weights); i++) {
    const lm_matrix *matrix = get_matrix (weights, i);
    uint32_t panel_rows = wanted_panel_rows (kernels, matrix);
    size_t chunk = chunk_units (matrix, panel_rows) * unit_bytes (matrix, panel_rows);

    /* A file's size bounds the sum, of bytes that are there, far below 2^64. */
    w->total += file_bytes (matrix);
    bytes += place_bytes (matrix, panel_rows);
    load->buffer_bytes = load->buffer_bytes > chunk ? load->buffer_bytes : chunk;
  }
  weights->memory_bytes = bytes;
  weights->memory = lm_pages_alloc (bytes);
  load->place = weights->memory;
  load->buffers = lm_aligned_alloc (n_threads, load->buffer_bytes);
  load->errors = lm_aligned_alloc (n_threads, sizeof *load->errors);
  if (weights->memory == NULL || load->buffers == NULL || load->errors == NULL)
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
  loading load = { .gguf = gguf };
  lm_status status = plan (&w, &load, weights, kernels, error);

  if (status == LM_OK && !report (&w, 0))
    status = fail_cancelled (error);
  for (size_t i = 0; i < n_matrices (weights) && status == LM_OK; i++) {
    lm_matrix *matrix = get_matrix (weights, i);
    uint64_t bytes;

    load.panel_rows = wanted_panel_rows (kernels, matrix);
    bytes = place_bytes (matrix, load.panel_rows);
    status = load_matrix (&w, &load, matrix, error);
    load.place += bytes;
  }
  lm_aligned_free (load.buffers);
  lm_aligned_free (load.errors);
  return status;
}
