/* SPDX-License-Identifier: GPL-3.0-or-later
 * VNNI matrix products: activations made ready, and the order in which spans are worked through so
 * that what is read again is still in the cache. */
#include "kernels/panels.h"
#include "kernels/vnni/vnni.h"
#include "kernels/x86/round.h"
#include "kernels/x86/x86.h"

/* What multiplies weights that are no whole numbers. */
#if defined(LM_PAIRS)
#define MATMUL_FLOAT lm_bf16_matmul_float
#elif LM_LANES == 16
#define MATMUL_FLOAT lm_avx512_matmul_float
#else
#define MATMUL_FLOAT lm_avx2_matmul_float
#endif

#define MAX_PANELS (128 / LM_LANES) /* panels of one pass: 64 KiB of sums */
#define LARGEST    127              /* activation */

static lm_vnni_type
find_type (uint32_t type)
{
  lm_vnni_type found = LM_LEVEL (find_legacy) (type);

  return found.panel != NULL ? found : LM_LEVEL (find_k) (type);
}

bool
LM_LEVEL (wants_panels) (uint32_t type)
{
  return find_type (type).panel != NULL;
}

int
LM_LEVEL (largest_activation) (uint32_t type)
{
#ifdef LM_PAIRS
  if (type == LM_TYPE_BF16)
    return LM_ROUNDED_TO_BF16;
#endif
  return lm_quant_get_unpack (type) != NULL ? LARGEST : 0;
}

/* ---- Activations -------------------------------------------------------------------------- */

size_t
LM_LEVEL (prepared_bytes) (size_t n_cols)
{
  return n_cols / LM_GROUP_LENGTH * sizeof (lm_vnni_group);
}

static void
prepare_group (const float *x, lm_vnni_group *out)
{
  float inverse = find_inverse (find_largest (x, LM_GROUP_LENGTH), LARGEST, &out->scale);
  int sums[2] = { 0 };

  if (inverse == 0)
    memset (out->q, 0, sizeof out->q);
  for (int half = 0; half < 2 && inverse != 0; half++) {
    __m256i q = round_sixteen (x + 16 * half, inverse);

    sums[half] = add_up_words (q);
    _mm_storeu_si128 (
        (__m128i *) (void *) (out->q + 16 * half),
        _mm_packs_epi16 (_mm256_castsi256_si128 (q), _mm256_extracti128_si256 (q, 1)));
  }
  out->scaled_sum = out->scale * (float) (sums[0] + sums[1]);
  out->minus_8 = -8 * (sums[0] + sums[1]);
  out->minus_128 = -128 * (sums[0] + sums[1]);
  for (int half = 0; half < 2; half++) {
    out->minus_32[half] = -32 * sums[half];
    out->sum[half] = (int16_t) sums[half];
  }
  out->unused = 0;
}

void
LM_LEVEL (prepare) (const float *x,
                    size_t n_cols,
                    size_t n_tokens,
                    size_t t,
                    size_t first,
                    size_t n,
                    void *prepared)
{
  lm_vnni_group *groups = prepared;

  x += t * n_cols + first;
  for (size_t g = first / LM_GROUP_LENGTH; g < (first + n) / LM_GROUP_LENGTH; g++) {
    prepare_group (x, &groups[g * n_tokens + t]);
    x += LM_GROUP_LENGTH;
  }
}

/* ---- Products ----------------------------------------------------------------------------- */

/* What one call works on. */
typedef struct {
  const lm_matrix *matrix;
  lm_vnni_type type;
  const lm_input *input;
  float *out; /* of the call's first row */
  size_t stride;
  size_t first_row;
  size_t n_rows;
} task;

/* One span of a single panel. */
static void
multiply_single (const task *k, const lm_vnni_span *span, lanes_f *sums)
{
  if (k->type.panel != NULL)
    k->type.panel (span, sums);
  else
    LM_LEVEL (multiply_iq) (span, sums);
}

/* One span of n_panels panels from row on, in as few calls as the type allows. */
static void
multiply_span (const task *k,
               lm_vnni_span *span,
               size_t row,
               size_t n_panels,
               lanes_f sums[][LM_VNNI_TOKENS * LM_VNNI_PANELS])
{
  size_t n = k->type.panels != NULL ? LM_VNNI_PANELS : 1;

  for (size_t p = 0; p < n_panels; p += n) {
    lanes_f *first = sums[p / LM_VNNI_PANELS] + p % LM_VNNI_PANELS;

    n = n_panels - p >= n ? n : 1;
    span->first_row = k->first_row + row + p * LM_LANES;
    if (n == LM_VNNI_PANELS && k->type.panels != NULL)
      k->type.panels (span, first);
    else
      multiply_single (k, span, first);
  }
}

/* Up to MAX_PANELS panels from row on (counted from the call's first), up to LM_VNNI_TOKENS
 * tokens. */
static void
multiply_panels (const task *k, size_t row, size_t n_panels, size_t first_token, size_t n_tokens)
{
  lanes_f sums[MAX_PANELS / LM_VNNI_PANELS][LM_VNNI_TOKENS * LM_VNNI_PANELS];
  const lm_vnni_group *x = k->input->prepared;
  size_t n_groups = k->input->n_cols / LM_GROUP_LENGTH;

  for (size_t p = 0; p < (n_panels + LM_VNNI_PANELS - 1) / LM_VNNI_PANELS; p++)
    for (size_t t = 0; t < n_tokens * LM_VNNI_PANELS; t++)
      sums[p][t] = f_zero ();
  for (size_t g = 0; g < n_groups; g += LM_SPAN_GROUPS) { /* ≤ 512 KiB of activations */
    lm_vnni_span span = {
      .matrix = k->matrix,
      .first_group = g,
      .n_groups = n_groups - g < LM_SPAN_GROUPS ? n_groups - g : LM_SPAN_GROUPS,
      .x = x + g * k->input->n_tokens + first_token,
      .stride = k->input->n_tokens,
      .n_tokens = n_tokens,
      .prefetch = first_token == 0 ? k->input->prefetch : LM_PREFETCH_NONE,
    };

    multiply_span (k, &span, row, n_panels, sums);
  }
  for (size_t t = 0; t < n_tokens; t++) { /* a token's rows lie side by side */
    float *out = k->out + (first_token + t) * k->stride;

    for (size_t p = 0, at = row; p < n_panels; p++, at += LM_LANES)
      lanes_store (out + at, k->n_rows - at,
                   sums[p / LM_VNNI_PANELS][t * LM_VNNI_PANELS + p % LM_VNNI_PANELS]);
  }
}

/* Few tokens, panels from row on (counted from the call's first) that lie in one stretch of memory:
 * in its order. Rows in the file's layout are each read from end to end. */
static void
multiply_together (const task *k, size_t row, size_t n_panels)
{
  lanes_f sums[LM_PANEL_GROUP][LM_FEW_TOKENS * LM_VNNI_PANELS];
  const lm_vnni_group *x = k->input->prepared;
  size_t n_tokens = k->input->n_tokens, n_groups = k->input->n_cols / LM_GROUP_LENGTH;
  size_t span_groups = k->matrix->panel_rows > 0 ? LM_SPAN_GROUPS : n_groups;

  for (size_t p = 0; p < n_panels; p++)
    for (size_t t = 0; t < n_tokens; t++)
      sums[p][t * LM_VNNI_PANELS] = f_zero ();
  for (size_t g = 0; g < n_groups; g += span_groups) {
    lm_vnni_span span = {
      .matrix = k->matrix,
      .first_group = g,
      .n_groups = n_groups - g < span_groups ? n_groups - g : span_groups,
      .x = x + g * n_tokens,
      .stride = n_tokens,
      .n_tokens = n_tokens,
      .prefetch = k->input->prefetch,
    };

    for (size_t p = 0; p < n_panels; p++) {
      span.first_row = k->first_row + row + p * LM_LANES;
      multiply_single (k, &span, sums[p]);
    }
  }
  for (size_t p = 0; p < n_panels; p++, row += LM_LANES)
    for (size_t t = 0; t < n_tokens; t++)
      lanes_store (k->out + t * k->stride + row, k->n_rows - row, sums[p][t * LM_VNNI_PANELS]);
}

static void
multiply_few (const task *k)
{
  size_t n;

  for (size_t row = 0; row < k->n_rows; row += n * LM_LANES) {
    n = lm_panels_together (k->matrix, LM_LANES, k->first_row + row, k->n_rows - row);
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
  task k = { .matrix = matrix,
             .type =
                 matrix->panel_rows > 0 ? find_type (matrix->type) : (lm_vnni_type) { NULL, NULL },
             .input = input,
             .out = out,
             .stride = stride,
             .first_row = first_row,
             .n_rows = n_rows };

  (void) scratch;
  if (lm_quant_get_unpack (matrix->type) == NULL) {
    MATMUL_FLOAT (matrix, first_row, n_rows, input, out, stride);
    return;
  }
  if (input->n_tokens <= LM_FEW_TOKENS) {
    multiply_few (&k);
    return;
  }
  for (size_t row = 0; row < n_rows; row += MAX_PANELS * LM_LANES) {
    size_t left = (n_rows - row + LM_LANES - 1) / LM_LANES;
    size_t n_panels = left < MAX_PANELS ? left : MAX_PANELS;

    for (size_t t = 0; t < input->n_tokens; t += LM_VNNI_TOKENS)
      multiply_panels (&k, row, n_panels, t,
                       input->n_tokens - t < LM_VNNI_TOKENS ? input->n_tokens - t : LM_VNNI_TOKENS);
  }
}
