/* SPDX-License-Identifier: GPL-3.0-or-later
 * ARM matrix products: the order in which spans are worked through so that what is read again is
 * still in the cache. */
#include "kernels/neon/neon.h"
#include "kernels/panels.h"

#define MAX_PANELS 16 /* panels of one pass: 32 KiB of sums */

static lm_neon_type
find_type (uint32_t type)
{
  lm_neon_type found = LM_LEVEL (find_legacy) (type);

  return found.one != NULL ? found : LM_LEVEL (find_k) (type);
}

bool
LM_LEVEL (wants_panels) (uint32_t type)
{
  return find_type (type).one != NULL;
}

/* What one call works on. */
typedef struct {
  const lm_matrix *matrix;
  lm_neon_type type;
  const lm_input *input;
  float *out; /* of the call's first row */
  size_t stride;
  size_t first_row;
  size_t n_rows;
} task;

static void
store_rows (
    const task *k, size_t row, size_t first_token, size_t n_tokens, const lm_neon_sums *sums)
{
  size_t n = k->n_rows - row < LM_NEON_ROWS ? k->n_rows - row : LM_NEON_ROWS;

  for (size_t t = 0; t < n_tokens; t++)
    memcpy (k->out + (first_token + t) * k->stride + row, &sums[t], n * sizeof (float));
}

/* Up to MAX_PANELS panels from row on (counted from the call's first), up to LM_NEON_TOKENS
 * tokens. */
static void
multiply_panels (const task *k, size_t row, size_t n_panels, size_t first_token, size_t n_tokens)
{
  lm_neon_sums sums[MAX_PANELS][LM_NEON_TOKENS];
  const lm_neon_group *x = k->input->prepared;
  size_t n_groups = k->input->n_cols / LM_GROUP_LENGTH;

  for (size_t p = 0; p < n_panels; p++)
    memset (sums[p], 0, n_tokens * sizeof *sums[p]);
  for (size_t g = 0; g < n_groups; g += LM_SPAN_GROUPS) { /* ≤ 256 KiB of activations */
    lm_neon_span span = {
      .matrix = k->matrix,
      .first_group = g,
      .n_groups = n_groups - g < LM_SPAN_GROUPS ? n_groups - g : LM_SPAN_GROUPS,
      .x = x + g * k->input->n_tokens + first_token,
      .stride = k->input->n_tokens,
      .n_tokens = n_tokens,
    };

    for (size_t p = 0; p < n_panels; p++) {
      span.first_row = k->first_row + row + p * LM_NEON_ROWS;
      k->type.many (&span, sums[p]);
    }
  }
  for (size_t p = 0; p < n_panels; p++)
    store_rows (k, row + p * LM_NEON_ROWS, first_token, n_tokens, sums[p]);
}

/* One token, panels from row on (counted from the call's first) that lie in one stretch of memory:
 * in its order. Rows in the file's layout are each read from end to end. */
static void
multiply_together (const task *k, size_t row, size_t n_panels)
{
  lm_neon_sums sums[LM_PANEL_GROUP];
  const lm_neon_group *x = k->input->prepared;
  size_t n_groups = k->input->n_cols / LM_GROUP_LENGTH;
  size_t span_groups = k->matrix->panel_rows > 0 ? LM_SPAN_GROUPS : n_groups;

  memset (sums, 0, n_panels * sizeof *sums);
  for (size_t g = 0; g < n_groups; g += span_groups) {
    lm_neon_span span = {
      .matrix = k->matrix,
      .first_group = g,
      .n_groups = n_groups - g < span_groups ? n_groups - g : span_groups,
      .x = x + g,
      .stride = 1,
      .n_tokens = 1,
    };

    for (size_t p = 0; p < n_panels; p++) {
      span.first_row = k->first_row + row + p * LM_NEON_ROWS;
      k->type.one (&span, sums + p);
    }
  }
  for (size_t p = 0; p < n_panels; p++)
    store_rows (k, row + p * LM_NEON_ROWS, 0, 1, sums + p);
}

static void
multiply_token (const task *k)
{
  size_t n;

  for (size_t row = 0; row < k->n_rows; row += n * LM_NEON_ROWS) {
    n = lm_panels_together (k->matrix, LM_NEON_ROWS, k->first_row + row, k->n_rows - row);
    multiply_together (k, row, n);
  }
}

void
LM_LEVEL (matmul) (const lm_matrix *matrix,
                   size_t first_row,
                   size_t n_rows,
                   const lm_input *input,
                   float *out,
                   size_t stride,
                   void *scratch)
{
  const lm_neon_type any = { LM_LEVEL (multiply_any), LM_LEVEL (multiply_any) };
  task k = { .matrix = matrix,
             .type = matrix->panel_rows > 0 ? find_type (matrix->type) : any,
             .input = input,
             .out = out,
             .stride = stride,
             .first_row = first_row,
             .n_rows = n_rows };

  (void) scratch;
  if (lm_quant_get_unpack (matrix->type) == NULL) {
    lm_neon_matmul_float (matrix, first_row, n_rows, input, out, stride);
    return;
  }
  if (input->n_tokens == 1) {
    multiply_token (&k);
    return;
  }
  for (size_t row = 0; row < n_rows; row += MAX_PANELS * LM_NEON_ROWS) {
    size_t left = (n_rows - row + LM_NEON_ROWS - 1) / LM_NEON_ROWS;
    size_t n_panels = left < MAX_PANELS ? left : MAX_PANELS;

    for (size_t t = 0; t < input->n_tokens; t += LM_NEON_TOKENS)
      multiply_panels (&k, row, n_panels, t,
                       input->n_tokens - t < LM_NEON_TOKENS ? input->n_tokens - t : LM_NEON_TOKENS);
  }
}
