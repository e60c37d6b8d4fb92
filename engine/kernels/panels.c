/* SPDX-License-Identifier: GPL-3.0-or-later
 * Repacking rows of blocks into panels. */
#include "kernels/panels.h"

#include <string.h>

#include "util/error.h"

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

/* Where a block has the half that is not part of a word: at its end in two types. */
static size_t
half_offset (uint32_t type, size_t block_bytes)
{
  return type == LM_TYPE_Q6_K || type == LM_TYPE_Q3_K ? block_bytes - 2 : 0;
}

/* The words of one block of each row, word by word. */
static void
pack_words (const char *const *rows, uint32_t n_rows, size_t n_words, char *out)
{
  for (size_t i = 0; i < n_words; i++)
    for (uint32_t r = 0; r < n_rows; r++, out += 4)
      memcpy (out, rows[r] + 4 * i, 4);
}

void
lm_panels_pack (const lm_matrix *matrix, uint32_t panel_rows, size_t index, void *panels)
{
  const lm_type_traits *traits = lm_type_get_traits (matrix->type);
  size_t block_bytes = traits->block_bytes;
  size_t half_bytes = block_bytes % 4;
  size_t offset = half_offset (matrix->type, block_bytes);
  size_t first = index * panel_rows;
  size_t n_rows = matrix->n_rows - first < panel_rows ? matrix->n_rows - first : panel_rows;
  const char *data = (const char *) matrix->data + first * matrix->row_bytes;
  char *out = (char *) panels + first * matrix->row_bytes;
  static const char zeros[256] = { 0 };

  for (size_t at = 0; at < matrix->row_bytes; at += block_bytes) {
    const char *rows[LM_MAX_PANEL_ROWS];

    for (uint32_t r = 0; r < panel_rows; r++)
      rows[r] = r < n_rows ? data + r * matrix->row_bytes + at : zeros;
    for (uint32_t r = 0; half_bytes > 0 && r < panel_rows; r++, out += 2)
      memcpy (out, rows[r] + offset, 2);
    for (uint32_t r = 0; r < panel_rows; r++)
      rows[r] += offset == 0 ? half_bytes : 0;
    pack_words (rows, panel_rows, block_bytes / 4, out);
    out += block_bytes / 4 * 4 * panel_rows;
  }
}
