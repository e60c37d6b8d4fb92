/* SPDX-License-Identifier: GPL-3.0-or-later
 * Weights repacked for vector registers whose lanes are rows.
 *
 * A panel is LM_PANEL_ROWS rows, block by block. Of a block of the file come first, where its bytes
 * are not a multiple of four, the half d of every row; then its other bytes, taken as 32-bit words:
 * the first word of every row, the second of every row, … So a panel is one stretch of memory, has
 * the bytes its rows had, and a vector of eight words holds the same word of eight rows. Rows
 * missing from the last panel are zero, which is weight zero in every type. */
#pragma once

#include "kernels/kernels.h"

/* Bytes of matrix, which is in the file's layout, in panels; 0: its type has none. */
uint64_t lm_panels_bytes (const lm_matrix *matrix);

size_t lm_panels_count (const lm_matrix *matrix);

/* Writes panel index of matrix to its place in panels, lm_panels_bytes() of memory. */
void lm_panels_pack (const lm_matrix *matrix, size_t index, void *panels);
