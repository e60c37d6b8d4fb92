/* SPDX-License-Identifier: GPL-3.0-or-later
 * Repacking rows of blocks into panels. */
#include "kernels/panels.h"

#include <string.h>

#include "quant/blocks.h"
#include "util/error.h"

#define N_GROUPS        (LM_SUPER_BLOCK / LM_GROUP_LENGTH)
#define MAX_BLOCK_BYTES 256 /* of any type that has panels */

bool
lm_panels_are_wanted (const lm_kernels *kernels, uint32_t type)
{
  return kernels->wants_panels != NULL && kernels->wants_panels (type);
}

size_t
lm_panels_count (const lm_matrix *matrix, uint32_t panel_rows)
{
  return ((size_t) matrix->n_rows + panel_rows - 1) / panel_rows;
}

uint64_t
lm_panels_bytes (const lm_matrix *matrix, uint32_t panel_rows)
{
  uint64_t bytes;

  if (lm_quant_get_unpack (matrix->type) == NULL ||
      !lm_mul (lm_panels_count (matrix, panel_rows) * panel_rows, matrix->row_bytes, &bytes))
    return 0;
  return bytes;
}

/* ---- The order in a block ----------------------------------------------------------------- */

static inline uint64_t
load_8 (const uint8_t *bytes)
{
  uint64_t value;

  memcpy (&value, bytes, sizeof value);
  return value;
}

static inline uint32_t
load_4 (const uint8_t *bytes)
{
  uint32_t value;

  memcpy (&value, bytes, sizeof value);
  return value;
}

/* The nibbles at shift (0 or 4) of 32 bytes, one a column. */
static inline uint8_t *
put_nibbles (const uint8_t *columns, int shift, uint8_t *out)
{
  const uint64_t low = 0x0f0f0f0f0f0f0f0f;

  for (int i = 0; i < 16; i += 8) {
    uint64_t both =
        (load_8 (columns + i) >> shift & low) | (load_8 (columns + 16 + i) >> shift & low) << 4;

    memcpy (out + i, &both, sizeof both);
  }
  return out + 16;
}

/* The two bits at shift of 32 bytes, one a column. */
static inline uint8_t *
put_two_bits (const uint8_t *columns, int shift, uint8_t *out)
{
  for (int half = 0; half < 2; half++, out += 4) {
    uint32_t word = 0;

    for (int j = 0; j < 4; j++)
      word |= (load_4 (columns + 16 * half + 4 * j) >> shift & 0x03030303) << 2 * j;
    memcpy (out, &word, sizeof word);
  }
  return out;
}

/* The bit at shift of 32 bytes, one a column. */
static inline uint8_t *
put_bits (const uint8_t *columns, int shift, uint8_t *out)
{
  uint32_t word = 0;

  for (int j = 0; j < 8; j++)
    word |= (load_4 (columns + 4 * j) >> shift & 0x01010101) << j;
  memcpy (out, &word, sizeof word);
  return out + 4;
}

static inline uint8_t *
put (const void *bytes, size_t n, uint8_t *out)
{
  memcpy (out, bytes, n);
  return out + n;
}

static void
order_q2_k (const lm_block_q2_k *b, uint8_t *out)
{
  out = put (&b->d, 2 * sizeof b->d, out);
  out = put (b->scales, sizeof b->scales, out);
  for (int g = 0; g < N_GROUPS; g++)
    out = put_two_bits (b->qs + 32 * (g / 4), 2 * (g % 4), out);
}

static void
order_q3_k (const lm_block_q3_k *b, uint8_t *out)
{
  out = put (&b->d, sizeof b->d, out);
  out = put (b->scales, sizeof b->scales, out);
  for (int g = 0; g < N_GROUPS; g++) {
    out = put_two_bits (b->qs + 32 * (g / 4), 2 * (g % 4), out);
    out = put_bits (b->hmask, g, out);
  }
}

static void
order_q4_k (const lm_block_q4_k *b, uint8_t *out)
{
  out = put (&b->d, 2 * sizeof b->d, out);
  out = put (b->scales, sizeof b->scales, out);
  for (int g = 0; g < N_GROUPS; g++)
    out = put_nibbles (b->qs + 32 * (g / 2), 4 * (g % 2), out);
}

static void
order_q5_k (const lm_block_q5_k *b, uint8_t *out)
{
  out = put (&b->d, 2 * sizeof b->d, out);
  out = put (b->scales, sizeof b->scales, out);
  for (int g = 0; g < N_GROUPS; g++) {
    out = put_nibbles (b->qs + 32 * (g / 2), 4 * (g % 2), out);
    out = put_bits (b->qh, g, out);
  }
}

/* See lm_unpack_q6_k() for where the file has a group's bits. */
static void
order_q6_k (const lm_block_q6_k *b, uint8_t *out)
{
  out = put (&b->d, sizeof b->d, out);
  out = put (b->scales, sizeof b->scales, out);
  for (int g = 0; g < N_GROUPS; g++) {
    out = put_nibbles (b->ql + 64 * (g / 4) + 32 * (g % 2), g % 4 < 2 ? 0 : 4, out);
    out = put_two_bits (b->qh + 32 * (g / 4), 2 * (g % 4), out);
  }
}

static void
order_block (uint32_t type, const void *block, size_t block_bytes, uint8_t *out)
{
  switch (type) {
  case LM_TYPE_Q2_K:
    order_q2_k (block, out);
    break;
  case LM_TYPE_Q3_K:
    order_q3_k (block, out);
    break;
  case LM_TYPE_Q4_K:
    order_q4_k (block, out);
    break;
  case LM_TYPE_Q5_K:
    order_q5_k (block, out);
    break;
  case LM_TYPE_Q6_K:
    order_q6_k (block, out);
    break;
  default:
    memcpy (out, block, block_bytes);
  }
}

/* ---- Rows side by side -------------------------------------------------------------------- */

/* One block of each row: the half, if there is one, then word by word. */
static void
put_rows (uint8_t rows[][MAX_BLOCK_BYTES], uint32_t n_rows, size_t block_bytes, char *out)
{
  size_t half_bytes = block_bytes % 4;

  for (uint32_t r = 0; half_bytes > 0 && r < n_rows; r++, out += half_bytes)
    memcpy (out, rows[r], half_bytes);
  for (size_t at = half_bytes; at < block_bytes; at += 4)
    for (uint32_t r = 0; r < n_rows; r++, out += 4)
      memcpy (out, rows[r] + at, 4);
}

void
lm_panels_pack (const lm_matrix *matrix, uint32_t panel_rows, size_t index, void *panels)
{
  const lm_type_traits *traits = lm_type_get_traits (matrix->type);
  size_t block_bytes = traits->block_bytes;
  size_t n_block_groups = traits->block_length / LM_GROUP_LENGTH;
  size_t first = index * panel_rows;
  size_t n_rows = matrix->n_rows - first < panel_rows ? matrix->n_rows - first : panel_rows;
  const char *data = (const char *) matrix->data + first * matrix->row_bytes;
  char *out = panels;
  uint8_t rows[LM_MAX_PANEL_ROWS][MAX_BLOCK_BYTES] = { 0 };

  for (size_t at = 0, group = 0; at < matrix->row_bytes; at += block_bytes) {
    if (group % LM_SPAN_GROUPS == 0)
      out = (char *) panels +
            lm_panels_find (matrix, panel_rows, first, group, block_bytes, n_block_groups);
    for (size_t r = 0; r < n_rows; r++)
      order_block (matrix->type, data + r * matrix->row_bytes + at, block_bytes, rows[r]);
    put_rows (rows, panel_rows, block_bytes, out);
    out += block_bytes * panel_rows;
    group += n_block_groups;
  }
}
