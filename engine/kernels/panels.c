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

/* The two bits at shift of 32 bytes, one a column. Two words are moved at a time: the upper one's
 * bits go beside the lower one's. */
static inline uint8_t *
put_two_bits (const uint8_t *columns, int shift, uint8_t *out)
{
  const uint64_t low = 0x0303030303030303;
  uint64_t words = 0;

  for (int half = 0; half < 2; half++) {
    uint64_t a = load_8 (columns + 16 * half) >> shift & low;
    uint64_t b = load_8 (columns + 16 * half + 8) >> shift & low;

    words |= (uint64_t) ((uint32_t) (a | a >> 30) | (uint32_t) (b | b >> 30) << 4) << 32 * half;
  }
  memcpy (out, &words, sizeof words);
  return out + sizeof words;
}

/* The bit at shift of 32 bytes, one a column; likewise. */
static inline uint8_t *
put_bits (const uint8_t *columns, int shift, uint8_t *out)
{
  uint32_t word = 0;

  for (int j = 0; j < 8; j += 2) {
    uint64_t bits = load_8 (columns + 4 * j) >> shift & 0x0101010101010101;

    word |= (uint32_t) (bits | bits >> 31) << j;
  }
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
order_q2_k (const void *block, uint8_t *out)
{
  const lm_block_q2_k *b = block;

  out = put (&b->d, 2 * sizeof b->d, out);
  out = put (b->scales, sizeof b->scales, out);
#pragma GCC unroll 8
  for (int g = 0; g < N_GROUPS; g++)
    out = put_two_bits (b->qs + 32 * (g / 4), 2 * (g % 4), out);
}

static void
order_q3_k (const void *block, uint8_t *out)
{
  const lm_block_q3_k *b = block;

  out = put (&b->d, sizeof b->d, out);
  out = put (b->scales, sizeof b->scales, out);
#pragma GCC unroll 8
  for (int g = 0; g < N_GROUPS; g++) {
    out = put_two_bits (b->qs + 32 * (g / 4), 2 * (g % 4), out);
    out = put_bits (b->hmask, g, out);
  }
}

static void
order_q4_k (const void *block, uint8_t *out)
{
  const lm_block_q4_k *b = block;

  out = put (&b->d, 2 * sizeof b->d, out);
  out = put (b->scales, sizeof b->scales, out);
#pragma GCC unroll 8
  for (int g = 0; g < N_GROUPS; g++)
    out = put_nibbles (b->qs + 32 * (g / 2), 4 * (g % 2), out);
}

static void
order_q5_k (const void *block, uint8_t *out)
{
  const lm_block_q5_k *b = block;

  out = put (&b->d, 2 * sizeof b->d, out);
  out = put (b->scales, sizeof b->scales, out);
#pragma GCC unroll 8
  for (int g = 0; g < N_GROUPS; g++) {
    out = put_nibbles (b->qs + 32 * (g / 2), 4 * (g % 2), out);
    out = put_bits (b->qh, g, out);
  }
}

/* See lm_unpack_q6_k() for where the file has a group's bits. */
static void
order_q6_k (const void *block, uint8_t *out)
{
  const lm_block_q6_k *b = block;

  out = put (&b->d, sizeof b->d, out);
  out = put (b->scales, sizeof b->scales, out);
#pragma GCC unroll 8
  for (int g = 0; g < N_GROUPS; g++) {
    out = put_nibbles (b->ql + 64 * (g / 4) + 32 * (g % 2), g % 4 < 2 ? 0 : 4, out);
    out = put_two_bits (b->qh + 32 * (g / 4), 2 * (g % 4), out);
  }
}

/* Puts a block's words into the order of panels. NULL: they are in it. */
typedef void (*order_fn) (const void *block, uint8_t *out);

static order_fn
find_order (uint32_t type)
{
  static const order_fn orders[] = {
    [LM_TYPE_Q2_K] = order_q2_k, [LM_TYPE_Q3_K] = order_q3_k, [LM_TYPE_Q4_K] = order_q4_k,
    [LM_TYPE_Q5_K] = order_q5_k, [LM_TYPE_Q6_K] = order_q6_k,
  };

  return type < sizeof orders / sizeof *orders ? orders[type] : NULL;
}

/* ---- Rows side by side -------------------------------------------------------------------- */

/* So many bytes of each row, the rows stride bytes apart: the half, if there is one, then word by
 * word, which are moved by two from two rows at a time. */
static inline uint8_t *
put_rows (const uint8_t *rows, size_t stride, const uint32_t n_rows, size_t n_bytes, uint8_t *out)
{
  const uint64_t low = 0xffffffff;
  size_t at = n_bytes % 4;

  for (uint32_t r = 0; at > 0 && r < n_rows; r++)
    out = put (rows + r * stride, at, out);
  for (; at + 8 <= n_bytes; at += 8, out += 8 * n_rows) {
#pragma GCC unroll 8
    for (uint32_t r = 0; r < n_rows; r += 2) {
      uint64_t a = load_8 (rows + r * stride + at), b = load_8 (rows + (r + 1) * stride + at);
      uint64_t first = (a & low) | b << 32, second = a >> 32 | (b & ~low);

      memcpy (out + 4 * r, &first, sizeof first);
      memcpy (out + 4 * (n_rows + r), &second, sizeof second);
    }
  }
  for (uint32_t r = 0; at < n_bytes && r < n_rows; r++)
    out = put (rows + r * stride + at, 4, out);
  return out;
}

/* put_rows() with a number of rows that the compiler knows. */
static uint8_t *
put_panel (const uint8_t *rows, size_t stride, uint32_t n_rows, size_t n_bytes, uint8_t *out)
{
  if (n_rows == LM_MAX_PANEL_ROWS)
    return put_rows (rows, stride, LM_MAX_PANEL_ROWS, n_bytes, out);
  return put_rows (rows, stride, LM_MAX_PANEL_ROWS / 2, n_bytes, out);
}

/* What of a panel lies together: whole blocks of a span's columns. */
typedef struct {
  uint32_t n_rows;
  size_t block_bytes;
  size_t n_groups; /* of the span */
  uint8_t *out;    /* where its first block is */
} panel_span;

/* Short block i of each row, the rows stride bytes apart. */
static void
put_short_block (const panel_span *span, size_t i, const uint8_t *rows, size_t stride)
{
  lm_short_block place = lm_panels_find_short (i, span->n_groups, span->n_rows, span->block_bytes);
  size_t head = lm_panels_head_bytes (span->block_bytes);

  put_panel (rows, stride, span->n_rows, head, span->out + place.head);
  put_panel (rows + head, stride, span->n_rows, span->block_bytes - head, span->out + place.words);
}

void
lm_panels_pack (
    const lm_matrix *matrix, uint32_t panel_rows, size_t index, const void *rows, void *panels)
{
  const lm_type_traits *traits = lm_type_get_traits (matrix->type);
  size_t block_bytes = traits->block_bytes, n_groups = matrix->n_cols / LM_GROUP_LENGTH;
  size_t n_block_groups = traits->block_length / LM_GROUP_LENGTH;
  size_t first = index * panel_rows;
  size_t n_rows = matrix->n_rows - first < panel_rows ? matrix->n_rows - first : panel_rows;
  order_fn order = find_order (matrix->type);
  uint8_t ordered[LM_MAX_PANEL_ROWS][MAX_BLOCK_BYTES] = { 0 }; /* missing rows stay zero */
  const uint8_t *block = rows;
  panel_span span = { .n_rows = panel_rows, .block_bytes = block_bytes };

  for (size_t group = 0; group < n_groups; group += n_block_groups, block += block_bytes) {
    size_t i = group % LM_SPAN_GROUPS, stride = matrix->row_bytes;
    const uint8_t *from = block;

    if (i == 0) {
      span.n_groups = n_groups - group < LM_SPAN_GROUPS ? n_groups - group : LM_SPAN_GROUPS;
      span.out = (uint8_t *) panels +
                 lm_panels_find (matrix, panel_rows, first, group, block_bytes, n_block_groups);
    }
    if (order != NULL || n_rows < panel_rows) {
      for (size_t r = 0; r < n_rows; r++)
        if (order != NULL)
          order (block + r * stride, ordered[r]);
        else
          memcpy (ordered[r], block + r * stride, block_bytes);
      from = ordered[0];
      stride = sizeof ordered[0];
    }
    if (n_block_groups == 1)
      put_short_block (&span, i, from, stride);
    else
      put_panel (from, stride, panel_rows, block_bytes,
                 span.out + i / n_block_groups * block_bytes * panel_rows);
  }
}
