/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random data, guarded buffers and matrices for the kernel checks. */
#include "kernels-test.h"

#include <float.h>
#include <stddef.h>

#include "kernels/panels.h"
#include "quant/blocks.h"
#include "synth-weights.h"
#include "util/error.h"
#include "util/half.h"

#define CANARY_BYTES 64
#define CANARY       0xc5

const uint32_t KERNEL_TYPES[] = {
  LM_TYPE_F32,     LM_TYPE_F16,    LM_TYPE_BF16,  LM_TYPE_Q4_0,    LM_TYPE_Q4_1,
  LM_TYPE_Q5_0,    LM_TYPE_Q5_1,   LM_TYPE_Q8_0,  LM_TYPE_Q2_K,    LM_TYPE_Q3_K,
  LM_TYPE_Q4_K,    LM_TYPE_Q5_K,   LM_TYPE_Q6_K,  LM_TYPE_IQ4_NL,  LM_TYPE_IQ4_XS,
  LM_TYPE_IQ2_XXS, LM_TYPE_IQ2_XS, LM_TYPE_IQ2_S, LM_TYPE_IQ3_XXS, LM_TYPE_IQ3_S,
};
const size_t N_KERNEL_TYPES = sizeof KERNEL_TYPES / sizeof *KERNEL_TYPES;

size_t
random_below (size_t n)
{
  return (size_t) (synth_random (&kernels_random) >> 11) % n;
}

double
random_signed (void)
{
  return (double) (int64_t) synth_random (&kernels_random) * 0x1p-63;
}

bool
pair_is_taken (size_t i, size_t j)
{
  return !kernels_are_brief || (i + j) % 3 == 0;
}

const char *
type_name (uint32_t type)
{
  return lm_type_get_traits (type)->name;
}

guarded
guarded_new (size_t bytes, size_t offset)
{
  size_t all = bytes + 2 * CANARY_BYTES + 64;
  guarded buffer = { .memory = lm_aligned_alloc (all, 1), .bytes = bytes };

  if (buffer.memory == NULL)
    abort ();
  memset (buffer.memory, CANARY, all);
  buffer.data = buffer.memory + CANARY_BYTES + offset;
  return buffer;
}

bool
guarded_is_intact (const guarded *buffer)
{
  for (const unsigned char *p = buffer->memory; p < buffer->data; p++)
    if (*p != CANARY)
      return false;
  for (size_t i = 0; i < CANARY_BYTES; i++)
    if (buffer->data[buffer->bytes + i] != CANARY)
      return false;
  return true;
}

void
guarded_free (guarded *buffer)
{
  lm_aligned_free (buffer->memory);
}

/* Where a block has its one or two halves. */
static size_t
find_halves (uint32_t type, size_t offsets[2])
{
  static const struct {
    uint32_t type;
    size_t offsets[2];
    size_t n;
  } OTHERS[] = {
    { LM_TYPE_Q4_1, { 0, 2 }, 2 },
    { LM_TYPE_Q5_1, { 0, 2 }, 2 },
    { LM_TYPE_Q4_K, { 0, 2 }, 2 },
    { LM_TYPE_Q5_K, { 0, 2 }, 2 },
    { LM_TYPE_Q2_K, { offsetof (lm_block_q2_k, d), offsetof (lm_block_q2_k, dmin) }, 2 },
    { LM_TYPE_Q3_K, { offsetof (lm_block_q3_k, d) }, 1 },
    { LM_TYPE_Q6_K, { offsetof (lm_block_q6_k, d) }, 1 },
  };

  for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
    if (OTHERS[i].type == type) {
      memcpy (offsets, OTHERS[i].offsets, sizeof OTHERS[i].offsets);
      return OTHERS[i].n;
    }
  offsets[0] = 0;
  return 1;
}

static void
fill_block (uint32_t type, fill how, unsigned char *block)
{
  static const uint16_t HALVES[] = { 0x3c00, 0xbc00, 0x0001, 0x8001, 0x7bff, 0xfbff, 0, 0x2e66 };
  static const unsigned char BYTES[] = { 0x00, 0xff, 0x80, 0x7f };
  size_t size = lm_type_get_traits (type)->block_bytes, offsets[2], n;
  size_t kind = random_below (6);

  for (size_t i = 0; i < size; i++) {
    unsigned char any = (unsigned char) random_below (256);

    block[i] = how == FILL_WHOLE || kind == 5 ? any : BYTES[kind < 4 ? kind : random_below (4)];
  }
  n = find_halves (type, offsets);
  for (size_t i = 0; i < n; i++) {
    uint16_t half = how == FILL_WHOLE ? 0x3c00 : HALVES[random_below (8)];

    memcpy (block + offsets[i], &half, sizeof half);
  }
}

/* How many bits of a float type are behind its exponent. */
static unsigned
fraction_bits (uint32_t type)
{
  return type == LM_TYPE_F32 ? 23 : type == LM_TYPE_F16 ? 10 : 7;
}

/* The bits of a float type for a value ≥ 0, or its largest finite one. */
static uint32_t
float_bits (uint32_t type, double value)
{
  float x = value < FLT_MAX ? (float) value : FLT_MAX;

  if (type == LM_TYPE_F16)
    return x < 65504 ? lm_float_to_half (x) : 0x7bff;
  return lm_float_to_bits (x) >> (type == LM_TYPE_BF16 ? 16 : 0);
}

typedef enum {
  FLOATS_ZERO,
  FLOATS_DENORMAL,
  FLOATS_SMALLEST, /* that are normal */
  FLOATS_ONE,      /* up to two */
  FLOATS_LARGEST,  /* that there may be, and down to half of that */
  FLOATS_MIXED,
} float_kind;

void
fill_extremes (uint32_t type, size_t n_rows, size_t n_cols, double largest, void *floats)
{
  unsigned char *out = floats;
  size_t size = lm_type_get_traits (type)->block_bytes;
  uint32_t fractions = UINT32_C (1) << fraction_bits (type);

  for (size_t r = 0; r < n_rows; r++) {
    size_t of_row = random_below (FLOATS_MIXED + 1);

    for (size_t i = 0; i < n_cols; i++, out += size) {
      size_t kind = of_row == FLOATS_MIXED ? random_below (FLOATS_MIXED) : of_row;
      uint32_t fraction = (uint32_t) random_below (fractions), bits = 0;

      if (kind == FLOATS_DENORMAL)
        bits = fraction;
      else if (kind == FLOATS_SMALLEST)
        bits = fractions + fraction;
      else if (kind == FLOATS_ONE)
        bits = float_bits (type, 1) + fraction;
      else if (kind == FLOATS_LARGEST)
        bits = float_bits (type, largest) - fraction;
      bits |= (uint32_t) random_below (2) << (8 * size - 1);
      memcpy (out, &bits, size); /* the lower bytes come first, as in a file */
    }
  }
}

static void
fill_matrix (const lm_matrix *m, fill how, double largest, unsigned char *out)
{
  const lm_type_traits *traits = lm_type_get_traits (m->type);
  size_t n = (size_t) m->n_rows * m->n_cols;

  if (how == FILL_EXTREME && traits->block_length == 1) {
    fill_extremes (m->type, m->n_rows, m->n_cols, largest, out);
    return;
  }
  if (how == FILL_RANDOM || traits->block_length == 1) {
    synth_fill_weights (m->type, &kernels_random, 1, n, out);
    return;
  }
  for (size_t i = 0; i < n / traits->block_length; i++)
    fill_block (m->type, how, out + i * traits->block_bytes);
}

/* Panels of the matrix, in as much memory as the engine takes for them. */
static guarded
make_panels (const lm_matrix *matrix)
{
  uint32_t panel_rows = kernels_level->panel_rows;
  guarded panels = guarded_new ((size_t) lm_panels_bytes (matrix, panel_rows), 0);

  for (size_t i = 0; i < lm_panels_count (matrix, panel_rows); i++)
    lm_panels_pack (matrix, panel_rows, i,
                    (const char *) matrix->data + i * panel_rows * matrix->row_bytes, panels.data);
  CHECK (guarded_is_intact (&panels), "%s %u × %u: written beyond the panels",
         type_name (matrix->type), matrix->n_rows, matrix->n_cols);
  return panels;
}

test_matrix
test_matrix_new_for (uint32_t type, uint32_t n_rows, uint32_t n_cols, fill how, double scale)
{
  const lm_type_traits *traits = lm_type_get_traits (type);
  test_matrix m = {
    .file = { .row_bytes = n_cols / traits->block_length * traits->block_bytes,
              .type = type,
              .n_rows = n_rows,
              .n_cols = n_cols },
  };

  m.weights = guarded_new (m.file.row_bytes * n_rows, type == LM_TYPE_F32 ? 4 : 2);
  m.file.data = m.weights.data;
  /* A quarter leaves room for what is rounded up. */
  fill_matrix (&m.file, how, FLT_MAX / 4 / (scale * n_cols), m.weights.data);
  m.level = m.file;
  if (!lm_panels_are_wanted (kernels_level, type))
    return m;
  m.panels = make_panels (&m.file);
  m.level.data = m.panels.data;
  m.level.panel_rows = kernels_level->panel_rows;
  return m;
}

test_matrix
test_matrix_new (uint32_t type, uint32_t n_rows, uint32_t n_cols, fill how)
{
  return test_matrix_new_for (type, n_rows, n_cols, how, 1);
}

void
test_matrix_free (test_matrix *matrix)
{
  guarded_free (&matrix->weights);
  guarded_free (&matrix->panels);
}

void
level_multiply (const lm_matrix *w,
                size_t first_row,
                size_t n_rows,
                const float *x,
                size_t n_tokens,
                float *out,
                size_t stride)
{
  size_t bytes =
      kernels_level->prepare != NULL ? kernels_level->prepared_bytes (w->n_cols) * n_tokens : 0;
  guarded scratch = guarded_new (lm_matmul_scratch_bytes (w->n_cols), 0);
  guarded prepared = guarded_new (bytes, 0);
  lm_input input = { .x = x,
                     .prepared = prepared.data,
                     .n_tokens = n_tokens,
                     .n_cols = w->n_cols,
                     .prefetch = (lm_prefetch) random_below (LM_PREFETCH_WAYS) };

  for (size_t t = 0; kernels_level->prepare != NULL && t < n_tokens; t++) {
    /* In two pieces, as threads share it, and the latter first. */
    size_t half = w->n_cols / 2 / LM_GROUP_LENGTH * LM_GROUP_LENGTH;

    kernels_level->prepare (x, w->n_cols, n_tokens, t, half, w->n_cols - half, prepared.data);
    kernels_level->prepare (x, w->n_cols, n_tokens, t, 0, half, prepared.data);
  }
  CHECK (guarded_is_intact (&prepared), "%u columns: written beyond what is prepared", w->n_cols);
  kernels_level->matmul (w, first_row, n_rows, &input, out, stride, scratch.data);
  CHECK (guarded_is_intact (&scratch) && guarded_is_intact (&prepared),
         "%s, %u columns: written beyond the scratch", type_name (w->type), w->n_cols);
  guarded_free (&scratch);
  guarded_free (&prepared);
}
