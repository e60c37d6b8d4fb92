/* SPDX-License-Identifier: GPL-3.0-or-later
 * Weights repacked for vector registers whose lanes are rows.
 *
 * A panel is some rows, as many as the registers have lanes, block by block. The blocks of its rows
 * are first put into an order in which they can be read from end to end, for memory is only as fast
 * as the processor foresees what is read next. Then come, where a block is not whole 32-bit words,
 * its half d of every row; then the first word of every row, the second of every row, … So a vector
 * of words holds the same word of all its rows. Rows missing from the last panel are zero, which is
 * weight zero in every type.
 *
 * LM_PANEL_GROUP panels are one stretch of memory, and have the bytes their rows had; the last ones
 * of a matrix may be fewer. In it comes span after span of columns, and in a span panel after
 * panel: whoever multiplies a few tokens reads the stretch from end to end, and the activations of
 * a span are still in the innermost cache when the next panel needs them, which those of many
 * columns are not.
 *
 * The order: of short blocks, those of 32 columns, LM_PANEL_BLOCKS lie together, first the heads of
 * all, which are what comes before a block's words of columns (16 or 32 bytes), then all the words.
 * So the words of every block begin where a line of the cache begins; behind each its own head,
 * every other block's vectors would lie across two lines. The last ones of a span may be fewer. A K
 * block has d (and dmin), its scales, and then
 * group by group of 32 columns what is there of
 *
 * - nibbles, 4 words: byte i has columns i (low) and i + 16 (high), as in Q4_0;
 * - two bits, 2 words: bits 2 j and 2 j + 1 of byte k of word h are column 16 h + 4 j + k's;
 * - one bit, 1 word: bit j of byte k is column 4 j + k's;
 *
 * so that Q4_K has nibbles, Q5_K nibbles and one bit, Q6_K nibbles and two bits, Q2_K two bits, and
 * Q3_K two bits and one. */
#pragma once

#include "kernels/kernels.h"

#define LM_PANEL_GROUP  4  /* panels that share a stretch of memory; even */
#define LM_SPAN_GROUPS  64 /* groups of columns of a span, whole blocks; the last may have fewer */
#define LM_PANEL_BLOCKS 4  /* short blocks whose heads lie side by side */

/* So few tokens are rather read than computed: panel by panel, in the order of memory. */
#define LM_FEW_TOKENS 15

/* Where, in bytes from the beginning of matrix, whose panels have panel_rows, the blocks of the
 * panel of row lie from a group of columns on (at the beginning of a block, or of short blocks that
 * lie together) to the end of its span.
 * block_bytes: of one row. */
static inline size_t
lm_panels_find (const lm_matrix *matrix,
                const size_t panel_rows,
                size_t row,
                size_t group,
                const size_t block_bytes,
                const size_t n_block_groups)
{
  size_t n_groups = matrix->n_cols / LM_GROUP_LENGTH;
  size_t n_padded = (matrix->n_rows + panel_rows - 1) / panel_rows * panel_rows;
  size_t first_row = row - row % (LM_PANEL_GROUP * panel_rows);
  size_t n_rows = n_padded - first_row, first = group - group % LM_SPAN_GROUPS;
  size_t n = n_groups - first < LM_SPAN_GROUPS ? n_groups - first : LM_SPAN_GROUPS;
  size_t before; /* groups of columns, of one row, in front of these blocks in the stretch */

  n_rows = n_rows < LM_PANEL_GROUP * panel_rows ? n_rows : LM_PANEL_GROUP * panel_rows;
  before = n_rows * first + (row - first_row) * n + panel_rows * (group - first);
  return first_row * matrix->row_bytes + before / n_block_groups * block_bytes;
}

/* Where a short block's head and its words are. */
typedef struct {
  size_t head;
  size_t words;
} lm_short_block;

/* Bytes of one row's head. */
static inline size_t
lm_panels_head_bytes (const size_t block_bytes)
{
  return block_bytes % 16;
}

/* Block i of n, of which the last is the last of its span or of LM_PANEL_BLOCKS, in bytes from
 * where the first one's head is. block_bytes: of one row. */
static inline lm_short_block
lm_panels_find_short (size_t i, size_t n, const size_t panel_rows, const size_t block_bytes)
{
  const size_t head = lm_panels_head_bytes (block_bytes) * panel_rows;
  const size_t words = block_bytes * panel_rows - head;
  size_t at = i % LM_PANEL_BLOCKS, first = i - at;
  size_t n_heads = n - first < LM_PANEL_BLOCKS ? n - first : LM_PANEL_BLOCKS;
  size_t start = first * (head + words);

  return (lm_short_block) { start + at * head, start + n_heads * head + at * words };
}

/* Of the n_rows rows from row on, where a panel begins that has panel_rows: panels that one stretch
 * holds one behind the other; in the file's layout, one. */
static inline size_t
lm_panels_together (const lm_matrix *matrix, const size_t panel_rows, size_t row, size_t n_rows)
{
  size_t n = (n_rows + panel_rows - 1) / panel_rows;
  size_t most = matrix->panel_rows > 0 ? LM_PANEL_GROUP - row / panel_rows % LM_PANEL_GROUP : 1;

  return n < most ? n : most;
}

/* Rows a multiple of which is to be multiplied with few tokens in a call, so that it reads from end
 * to end: those of a stretch, if it has several spans. A multiple of LM_MAX_PANEL_ROWS. */
static inline size_t
lm_panels_step (const lm_matrix *matrix)
{
  size_t n = (size_t) LM_PANEL_GROUP * matrix->panel_rows;

  if (matrix->n_cols <= LM_SPAN_GROUPS * LM_GROUP_LENGTH || n < LM_MAX_PANEL_ROWS)
    return LM_MAX_PANEL_ROWS;
  return n;
}

/* Whether a model's matrices of the type are repacked for kernels; else they stay as in the file.
 */
bool lm_panels_are_wanted (const lm_kernels *kernels, uint32_t type);

/* Bytes of matrix, which is in the file's layout, in panels of panel_rows (LM_MAX_PANEL_ROWS or
 * half as many) rows; 0: its type has none. */
uint64_t lm_panels_bytes (const lm_matrix *matrix, uint32_t panel_rows);

size_t lm_panels_count (const lm_matrix *matrix, uint32_t panel_rows);

/* Writes panel index of matrix to its place in panels, lm_panels_bytes() of memory. rows: the
 * panel's, or those that there are, in the file's layout; the matrix's own data is not read. */
void lm_panels_pack (
    const lm_matrix *matrix, uint32_t panel_rows, size_t index, const void *rows, void *panels);
