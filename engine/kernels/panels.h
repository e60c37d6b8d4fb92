/* SPDX-License-Identifier: GPL-3.0-or-later
 * Weights repacked for vector registers whose lanes are rows.
 *
 * A panel is some rows, as many as the registers have lanes, block by block. Of a block of the file
 * come first, where its bytes are not a multiple of four, the half d of every row; then its other
 * bytes, taken as 32-bit words: the first word of every row, the second of every row, … So a panel
 * is one stretch of memory, has the bytes its rows had, and a vector of words holds the same word
 * of all its rows. Rows missing from the last panel are zero, which is weight zero in every type.
 */
#pragma once

#include "kernels/kernels.h"

/* Bytes of matrix, which is in the file's layout, in panels of panel_rows (≤ LM_MAX_PANEL_ROWS)
 * rows; 0: its type has none. */
uint64_t lm_panels_bytes (const lm_matrix *matrix, uint32_t panel_rows);

size_t lm_panels_count (const lm_matrix *matrix, uint32_t panel_rows);

/* Writes panel index of matrix to its place in panels, lm_panels_bytes() of memory. */
void lm_panels_pack (const lm_matrix *matrix, uint32_t panel_rows, size_t index, void *panels);
