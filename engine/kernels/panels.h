/* SPDX-License-Identifier: GPL-3.0-or-later
 * Weights repacked for vector registers whose lanes are rows.
 *
 * A panel is some rows, as many as the registers have lanes, block by block. The blocks of its rows
 * are first put into an order in which they can be read from end to end, for memory is only as fast
 * as the processor foresees what is read next. Then come, where a block is not whole 32-bit words,
 * its half d of every row; then the first word of every row, the second of every row, … So a panel
 * is one stretch of memory, has the bytes its rows had, and a vector of words holds the same word
 * of all its rows. Rows missing from the last panel are zero, which is weight zero in every type.
 *
 * The order: short blocks are as in the file. A K block has d (and dmin), its scales, and then
 * group by group of 32 columns what is there of nibbles    4 words: byte i has columns i (low) and
 * i + 16 (high), as in Q4_0 two bits   2 words: bits 2 j and 2 j + 1 of byte k of word h are column
 * 16 h + 4 j + k's one bit    1 word: bit j of byte k is column 4 j + k's so that Q4_K has nibbles,
 * Q5_K nibbles and one bit, Q6_K nibbles and two bits, Q2_K two bits, and Q3_K two bits and one. */
#pragma once

#include "kernels/kernels.h"

/* Whether a model's matrices of the type are repacked for kernels; else they stay as in the file.
 */
bool lm_panels_are_wanted (const lm_kernels *kernels, uint32_t type);

/* Bytes of matrix, which is in the file's layout, in panels of panel_rows (≤ LM_MAX_PANEL_ROWS)
 * rows; 0: its type has none. */
uint64_t lm_panels_bytes (const lm_matrix *matrix, uint32_t panel_rows);

size_t lm_panels_count (const lm_matrix *matrix, uint32_t panel_rows);

/* Writes panel index of matrix to its place in panels, lm_panels_bytes() of memory. */
void lm_panels_pack (const lm_matrix *matrix, uint32_t panel_rows, size_t index, void *panels);
