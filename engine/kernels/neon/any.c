/* SPDX-License-Identifier: GPL-3.0-or-later
 * ARM products of any quantised type from the file's layout, by way of lm_group. */
#include "kernels/neon/multiply.h"

#define CHUNK_GROUPS (LM_SUPER_BLOCK / LM_GROUP_LENGTH)

/* The same 32 columns of four rows, half by half, and their minima. */
typedef struct {
  group g;
  float32x4_t min[2];
} any_group;

static any_group
gather (const lm_group *const rows[4])
{
  int32_t words[8][4];
  float scales[2][4], mins[2][4];
  any_group any;

  for (int r = 0; r < 4; r++) {
    for (int i = 0; i < 8; i++)
      memcpy (&words[i][r], rows[r]->q + 4 * i, 4);
    for (int half = 0; half < 2; half++) {
      scales[half][r] = rows[r]->scale[half];
      mins[half][r] = rows[r]->min[half];
    }
  }
  for (int i = 0; i < 8; i++)
    any.g.w[i] = vreinterpretq_u8_s32 (vld1q_s32 (words[i]));
  for (int half = 0; half < 2; half++) {
    any.g.scale[half] = vld1q_f32 (scales[half]);
    any.min[half] = vld1q_f32 (mins[half]);
  }
  return any;
}

LM_INLINE float32x4_t
add_any (float32x4_t sum, const any_group *any, const lm_neon_group *x)
{
#pragma GCC unroll 2
  for (int half = 0; half < 2; half++) {
    int32x4_t p =
        dot_half (vdupq_n_s32 (0), any->g.w + 4 * half, vld1q_s8 (x->q + 16 * half), false);

    sum = vfmaq_f32 (sum, vcvtq_f32_s32 (p), vmulq_n_f32 (any->g.scale[half], x->scale));
    sum = vfmsq_n_f32 (sum, any->min[half], x->scale * (float) x->sum[half]);
  }
  return sum;
}

/* The same columns of all rows, times the span's tokens. */
static void
multiply_columns (const lm_neon_span *span,
                  const lm_group *const rows[LM_NEON_ROWS],
                  const lm_neon_group *x,
                  lm_neon_sums *sums)
{
  for (int part = 0; part < 2; part++) {
    any_group any = gather (rows + 4 * part);

    for (size_t t = 0; t < span->n_tokens; t++)
      sums[t].part[part] = add_any (sums[t].part[part], &any, x + t);
  }
}

void
LM_LEVEL (multiply_any) (const lm_neon_span *span, lm_neon_sums *sums)
{
  const lm_matrix *matrix = span->matrix;
  const lm_type_traits *traits = lm_type_get_traits (matrix->type);
  lm_unpack_fn unpack = lm_quant_get_unpack (matrix->type);
  lm_group groups[LM_NEON_ROWS][CHUNK_GROUPS];
  size_t left_rows = matrix->n_rows - span->first_row;
  const char *rows[LM_NEON_ROWS];

  /* Rows that are not there are computed as the last one, and not stored. */
  for (size_t r = 0; r < LM_NEON_ROWS; r++)
    rows[r] = (const char *) matrix->data +
              (span->first_row + (r < left_rows ? r : left_rows - 1)) * matrix->row_bytes +
              span->first_group * LM_GROUP_LENGTH / traits->block_length * traits->block_bytes;
  for (size_t g = 0; g < span->n_groups; g += CHUNK_GROUPS) {
    size_t n = span->n_groups - g < CHUNK_GROUPS ? span->n_groups - g : CHUNK_GROUPS;

    for (size_t r = 0; r < LM_NEON_ROWS; r++) {
      unpack (rows[r], n * LM_GROUP_LENGTH, groups[r]);
      rows[r] += n * LM_GROUP_LENGTH / traits->block_length * traits->block_bytes;
    }
    for (size_t i = 0; i < n; i++) {
      const lm_group *same[LM_NEON_ROWS];

      for (size_t r = 0; r < LM_NEON_ROWS; r++)
        same[r] = &groups[r][i];
      multiply_columns (span, same, span->x + (g + i) * span->stride, sums);
    }
  }
}
