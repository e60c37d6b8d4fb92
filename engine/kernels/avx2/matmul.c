/* SPDX-License-Identifier: GPL-3.0-or-later
 * AVX2 matrix products: activations made ready, and the order in which spans are worked through so
 * that what is read again is still in the cache. */
#include "kernels/avx2/avx2.h"
#include "kernels/x86/round.h"

#define MAX_TOKENS 64 /* tokens of one pass */
#define MAX_PANELS 16 /* panels of one pass: 32 KiB of sums */

/* The largest activations, as integers of 8 and of 14 bits. */
#define LARGEST      127
#define LARGEST_WIDE 8191

static const lm_avx2_span_fn panel_functions[] = {
  [LM_TYPE_Q4_0] = lm_avx2_q4_0,     [LM_TYPE_Q4_1] = lm_avx2_q4_1,
  [LM_TYPE_Q5_0] = lm_avx2_q5_0,     [LM_TYPE_Q5_1] = lm_avx2_q5_1,
  [LM_TYPE_Q8_0] = lm_avx2_q8_0,     [LM_TYPE_Q2_K] = lm_avx2_q2_k,
  [LM_TYPE_Q3_K] = lm_avx2_q3_k,     [LM_TYPE_Q4_K] = lm_avx2_q4_k,
  [LM_TYPE_Q5_K] = lm_avx2_q5_k,     [LM_TYPE_Q6_K] = lm_avx2_q6_k,
  [LM_TYPE_IQ4_NL] = lm_avx2_iq4_nl, [LM_TYPE_IQ4_XS] = lm_avx2_iq4_xs,
};

bool
lm_avx2_wants_panels (uint32_t type)
{
  return type < sizeof panel_functions / sizeof *panel_functions && panel_functions[type] != NULL;
}

int
lm_avx2_largest_activation (uint32_t type)
{
  if (lm_quant_get_unpack (type) == NULL)
    return 0;
  switch (type) {
  case LM_TYPE_Q4_0:
  case LM_TYPE_Q4_1:
  case LM_TYPE_Q5_0:
  case LM_TYPE_Q5_1:
  case LM_TYPE_Q2_K:
  case LM_TYPE_Q3_K:
  case LM_TYPE_Q4_K:
  case LM_TYPE_Q5_K:
  case LM_TYPE_Q6_K:
  case LM_TYPE_IQ2_XXS:
  case LM_TYPE_IQ2_XS:
  case LM_TYPE_IQ2_S:
  case LM_TYPE_IQ3_XXS:
  case LM_TYPE_IQ3_S:
    return LARGEST;
  default:
    return LARGEST_WIDE;
  }
}

/* ---- Activations -------------------------------------------------------------------------- */

size_t
lm_avx2_prepared_bytes (size_t n_cols)
{
  return n_cols / LM_GROUP_LENGTH * (sizeof (lm_avx2_wide) + sizeof (lm_avx2_group));
}

static const lm_avx2_group *
find_groups (const void *prepared, size_t n_cols, size_t n_tokens)
{
  const lm_avx2_wide *wide = prepared;

  return (const lm_avx2_group *) (wide + n_cols / LM_GROUP_LENGTH * n_tokens);
}

static void
prepare_bytes (const float *x, float largest, lm_avx2_group *out)
{
  float inverse = find_inverse (largest, LARGEST, &out->scale);

  if (inverse == 0) {
    memset (out->q, 0, sizeof out->q);
    out->sum[0] = out->sum[1] = 0;
  }
  for (int half = 0; half < 2 && inverse != 0; half++) {
    __m256i q = round_sixteen (x + 16 * half, inverse);

    out->sum[half] = (int16_t) add_up_words (q);
    _mm_storeu_si128 (
        (__m128i *) (out->q + 16 * half),
        _mm_packs_epi16 (_mm256_castsi256_si128 (q), _mm256_extracti128_si256 (q, 1)));
  }
  out->sum_8 = 8 * (out->sum[0] + out->sum[1]);
  out->scaled_sum = out->scale * (float) (out->sum[0] + out->sum[1]);
}

static void
prepare_words (const float *x, float largest, lm_avx2_wide *out)
{
  const __m256i order = _mm256_broadcastsi128_si256 (
      _mm_setr_epi8 (0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15));
  float inverse = find_inverse (largest, LARGEST_WIDE, &out->scale);

  for (int half = 0; half < 2; half++) {
    __m256i q = inverse != 0 ? round_sixteen (x + 16 * half, inverse) : _mm256_setzero_si256 ();

    _mm256_storeu_si256 ((__m256i *) (out->q + 16 * half), _mm256_shuffle_epi8 (q, order));
  }
}

void
lm_avx2_prepare (const float *x,
                 size_t n_cols,
                 size_t n_tokens,
                 size_t t,
                 size_t first,
                 size_t n,
                 void *prepared)
{
  lm_avx2_wide *wide = prepared;
  lm_avx2_group *groups = (lm_avx2_group *) find_groups (prepared, n_cols, n_tokens);

  x += t * n_cols + first;
  for (size_t g = first / LM_GROUP_LENGTH; g < (first + n) / LM_GROUP_LENGTH; g++) {
    float largest = find_largest (x, LM_GROUP_LENGTH);

    prepare_bytes (x, largest, &groups[g * n_tokens + t]);
    prepare_words (x, largest, &wide[g * n_tokens + t]);
    x += LM_GROUP_LENGTH;
  }
}

/* ---- Products ----------------------------------------------------------------------------- */

/* What one call works on. */
typedef struct {
  const lm_matrix *matrix;
  lm_avx2_span_fn multiply;
  const lm_input *input;
  float *out; /* of the call's first row */
  size_t stride;
  size_t first_row;
  size_t n_rows;
} task;

static void
store_rows (const task *k, size_t row, size_t first_token, size_t n_tokens, const __m256 *sums)
{
  for (size_t t = 0; t < n_tokens; t++)
    lanes_store (k->out + (first_token + t) * k->stride + row, k->n_rows - row, sums[t]);
}

/* Up to MAX_PANELS panels from row on (counted from the call's first), up to MAX_TOKENS tokens. */
static void
multiply_panels (const task *k, size_t row, size_t n_panels, size_t first_token, size_t n_tokens)
{
  __m256 sums[MAX_PANELS][MAX_TOKENS];
  const lm_avx2_wide *wide = k->input->prepared;
  const lm_avx2_group *x = find_groups (k->input->prepared, k->input->n_cols, k->input->n_tokens);
  size_t n_groups = k->input->n_cols / LM_GROUP_LENGTH;

  for (size_t p = 0; p < n_panels; p++)
    for (size_t t = 0; t < n_tokens; t++)
      sums[p][t] = _mm256_setzero_ps ();
  for (size_t g = 0; g < n_groups; g += LM_SPAN_GROUPS) { /* ≤ 192 KiB of activations */
    lm_avx2_span span = {
      .matrix = k->matrix,
      .first_group = g,
      .n_groups = n_groups - g < LM_SPAN_GROUPS ? n_groups - g : LM_SPAN_GROUPS,
      .x = x + g * k->input->n_tokens + first_token,
      .wide = wide + g * k->input->n_tokens + first_token,
      .stride = k->input->n_tokens,
      .n_tokens = n_tokens,
      .prefetch = first_token == 0 ? k->input->prefetch : LM_PREFETCH_NONE,
    };

    for (size_t p = 0; p < n_panels; p++) {
      span.first_row = k->first_row + row + p * LM_AVX2_ROWS;
      k->multiply (&span, sums[p]);
    }
  }
  for (size_t p = 0; p < n_panels; p++)
    store_rows (k, row + p * LM_AVX2_ROWS, first_token, n_tokens, sums[p]);
}

/* Few tokens, panels from row on (counted from the call's first) that lie in one stretch of memory:
 * in its order. Rows in the file's layout are each read from end to end. */
static void
multiply_together (const task *k, size_t row, size_t n_panels)
{
  __m256 sums[LM_PANEL_GROUP][LM_FEW_TOKENS];
  const lm_avx2_wide *wide = k->input->prepared;
  size_t n_tokens = k->input->n_tokens, n_groups = k->input->n_cols / LM_GROUP_LENGTH;
  const lm_avx2_group *x = find_groups (k->input->prepared, k->input->n_cols, n_tokens);
  size_t span_groups = k->matrix->panel_rows > 0 ? LM_SPAN_GROUPS : n_groups;

  for (size_t p = 0; p < n_panels; p++)
    for (size_t t = 0; t < n_tokens; t++)
      sums[p][t] = _mm256_setzero_ps ();
  for (size_t g = 0; g < n_groups; g += span_groups) {
    lm_avx2_span span = {
      .matrix = k->matrix,
      .first_group = g,
      .n_groups = n_groups - g < span_groups ? n_groups - g : span_groups,
      .x = x + g * n_tokens,
      .wide = wide + g * n_tokens,
      .stride = n_tokens,
      .n_tokens = n_tokens,
      .prefetch = k->input->prefetch,
    };

    for (size_t p = 0; p < n_panels; p++) {
      span.first_row = k->first_row + row + p * LM_AVX2_ROWS;
      k->multiply (&span, sums[p]);
    }
  }
  for (size_t p = 0; p < n_panels; p++)
    store_rows (k, row + p * LM_AVX2_ROWS, 0, n_tokens, sums[p]);
}

static void
multiply_few (const task *k)
{
  size_t n;

  for (size_t row = 0; row < k->n_rows; row += n * LM_AVX2_ROWS) {
    n = lm_panels_together (k->matrix, LM_AVX2_ROWS, k->first_row + row, k->n_rows - row);
    multiply_together (k, row, n);
  }
}

void
lm_avx2_matmul (const lm_matrix *matrix,
                size_t first_row,
                size_t n_rows,
                const lm_input *input,
                float *out,
                size_t stride,
                void *scratch)
{
  task k = { .matrix = matrix,
             .multiply =
                 matrix->panel_rows > 0 ? panel_functions[matrix->type] : lm_avx2_multiply_iq,
             .input = input,
             .out = out,
             .stride = stride,
             .first_row = first_row,
             .n_rows = n_rows };

  (void) scratch;
  if (lm_quant_get_unpack (matrix->type) == NULL) {
    lm_avx2_matmul_float (matrix, first_row, n_rows, input, out, stride);
    return;
  }
  if (input->n_tokens <= LM_FEW_TOKENS) {
    multiply_few (&k);
    return;
  }
  for (size_t row = 0; row < n_rows; row += MAX_PANELS * LM_AVX2_ROWS) {
    size_t left = (n_rows - row + LM_AVX2_ROWS - 1) / LM_AVX2_ROWS;
    size_t n_panels = left < MAX_PANELS ? left : MAX_PANELS;

    for (size_t t = 0; t < input->n_tokens; t += MAX_TOKENS)
      multiply_panels (&k, row, n_panels, t,
                       input->n_tokens - t < MAX_TOKENS ? input->n_tokens - t : MAX_TOKENS);
  }
}
