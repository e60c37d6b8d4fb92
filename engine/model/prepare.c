/* SPDX-License-Identifier: GPL-3.0-or-later
 * Making a model's weights ready to be computed with: repacking and reading ahead. */
#include "kernels/panels.h"
#include "model/weights.h"
#include "util/error.h"
#include "util/pages.h"

#define LINEARS_A_LAYER 7
#define PAGE_BYTES      4096
#define STEP_BYTES      (16u << 20) /* between two progress reports */

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

/* ---- Panels ------------------------------------------------------------------------------- */

typedef struct {
  const lm_matrix *matrix;
  void *panels;
  uint32_t panel_rows;
  size_t first;
} packing;

static void
pack (void *data, size_t index, unsigned worker)
{
  const packing *p = data;

  (void) worker;
  lm_panels_pack (p->matrix, p->panel_rows, p->first + index, p->panels);
}

/* Some panels at a time, so that progress is told and no more than a few pages of the file are held
 * beside their copy. */
static bool
repack (work *w, lm_matrix *matrix, uint32_t panel_rows, void *panels)
{
  size_t panel_bytes = matrix->row_bytes * panel_rows;
  size_t n_panels = lm_panels_count (matrix, panel_rows), n;
  size_t step = STEP_BYTES / panel_bytes + 1;
  packing p = { .matrix = matrix, .panels = panels, .panel_rows = panel_rows };

  for (; p.first < n_panels; p.first += n) {
    uint64_t at = p.first * panel_bytes, end;

    n = n_panels - p.first < step ? n_panels - p.first : step;
    lm_pool_run (w->pool, n, pack, &p, NULL);
    end = (p.first + n) * panel_bytes;
    end = end < file_bytes (matrix) ? end : file_bytes (matrix);
    lm_pages_drop ((const char *) matrix->data + at, end - at);
    if (!report (w, end - at))
      return false;
  }
  lm_pages_drop (matrix->data, file_bytes (matrix));
  matrix->data = panels;
  matrix->panel_rows = panel_rows;
  return true;
}

/* ---- The file's own layout ---------------------------------------------------------------- */

static bool
read_ahead (work *w, const lm_matrix *matrix)
{
  const volatile unsigned char *bytes = matrix->data;
  uint64_t n = file_bytes (matrix), step;

  for (uint64_t at = 0; at < n; at += step) {
    step = n - at < STEP_BYTES ? n - at : STEP_BYTES;
    for (uint64_t i = 0; i < step; i += PAGE_BYTES)
      (void) bytes[at + i];
    if (!report (w, step))
      return false;
  }
  return true;
}

lm_status
lm_weights_prepare (lm_weights *weights,
                    const lm_kernels *kernels,
                    lm_pool *pool,
                    lm_progress_fn progress,
                    void *user_data,
                    lm_error *error)
{
  size_t n = 1 + LINEARS_A_LAYER * (size_t) weights->n_layers;
  work w = { .pool = pool, .progress = progress, .user_data = user_data };
  uint64_t bytes = 0, at = 0;
  bool goes_on;

  for (size_t i = 0; i < n; i++) {
    const lm_matrix *matrix = get_matrix (weights, i);

    /* A file's size bounds the sum, of bytes that are there, far below 2^64. */
    w.total += file_bytes (matrix);
    if (lm_panels_are_wanted (kernels, matrix->type))
      bytes += round_up (lm_panels_bytes (matrix, kernels->panel_rows));
  }
  weights->panels_bytes = bytes;
  weights->panels = bytes > 0 ? lm_pages_alloc (bytes) : NULL;
  if (bytes > 0 && weights->panels == NULL)
    return lm_fail (error, LM_ERROR_MEMORY, NULL, (int64_t) bytes, "There is not enough memory.");
  goes_on = report (&w, 0);
  for (size_t i = 0; i < n && goes_on; i++) {
    lm_matrix *matrix = get_matrix (weights, i);

    if (lm_panels_are_wanted (kernels, matrix->type)) {
      uint64_t size = round_up (lm_panels_bytes (matrix, kernels->panel_rows));

      goes_on = repack (&w, matrix, kernels->panel_rows, (char *) weights->panels + at);
      at += size;
    } else {
      goes_on = read_ahead (&w, matrix);
    }
  }
  if (!goes_on)
    return lm_fail (error, LM_ERROR_CANCELLED, NULL, 0, "Loading was cancelled.");
  return LM_OK;
}
