/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random data, guarded buffers and matrices for the kernel checks. */
#include "kernels-test.h"

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

static void
fill_matrix (uint32_t type, fill how, size_t n, unsigned char *out)
{
  const lm_type_traits *traits = lm_type_get_traits (type);

  if (how == FILL_RANDOM || traits->block_length == 1) {
    synth_fill_weights (type, &kernels_random, 1, n, out);
    return;
  }
  for (size_t i = 0; i < n / traits->block_length; i++)
    fill_block (type, how, out + i * traits->block_bytes);
}

test_matrix
test_matrix_new (uint32_t type, uint32_t n_rows, uint32_t n_cols, fill how)
{
  const lm_type_traits *traits = lm_type_get_traits (type);
  size_t offset = type == LM_TYPE_F32 ? 4 : 2;
  test_matrix m = {
    .file = { .row_bytes = n_cols / traits->block_length * traits->block_bytes,
              .type = type,
              .n_rows = n_rows,
              .n_cols = n_cols },
  };

  m.memory = lm_aligned_alloc (m.file.row_bytes * n_rows + offset, 1);
  if (m.memory == NULL)
    abort ();
  m.file.data = m.memory + offset;
  fill_matrix (type, how, (size_t) n_rows * n_cols, m.memory + offset);
  m.level = m.file;
  if (kernels_level->wants_panels == NULL || !kernels_level->wants_panels (type))
    return m;
  m.panels = lm_aligned_alloc (lm_panels_bytes (&m.file, kernels_level->panel_rows), 1);
  if (m.panels == NULL)
    abort ();
  for (size_t i = 0; i < lm_panels_count (&m.file, kernels_level->panel_rows); i++)
    lm_panels_pack (&m.file, kernels_level->panel_rows, i,
                    (const char *) m.file.data + i * kernels_level->panel_rows * m.file.row_bytes,
                    m.panels);
  m.level.data = m.panels;
  m.level.panel_rows = kernels_level->panel_rows;
  return m;
}

void
test_matrix_free (test_matrix *matrix)
{
  lm_aligned_free (matrix->memory);
  lm_aligned_free (matrix->panels);
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
  void *scratch = lm_aligned_alloc (lm_matmul_scratch_bytes (w->n_cols), 1);
  void *prepared = lm_aligned_alloc (bytes + 1, 1);
  lm_input input = { .x = x, .prepared = prepared, .n_tokens = n_tokens, .n_cols = w->n_cols };

  if (scratch == NULL || prepared == NULL)
    abort ();
  for (size_t t = 0; kernels_level->prepare != NULL && t < n_tokens; t++) {
    /* In two pieces, as threads share it, and the latter first. */
    size_t half = w->n_cols / 2 / LM_GROUP_LENGTH * LM_GROUP_LENGTH;

    kernels_level->prepare (x, w->n_cols, n_tokens, t, half, w->n_cols - half, prepared);
    kernels_level->prepare (x, w->n_cols, n_tokens, t, 0, half, prepared);
  }
  kernels_level->matmul (w, first_row, n_rows, &input, out, stride, scratch);
  lm_aligned_free (scratch);
  lm_aligned_free (prepared);
}
