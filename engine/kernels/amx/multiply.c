/* SPDX-License-Identifier: GPL-3.0-or-later
 * Products of groups by AMX tiles: 16 tokens × 32 or 16 columns × 16 rows of the matrix at once.
 *
 * The tiles give whole numbers, the very ones that dot() gives, and what makes floats of them is
 * the same code, so this level computes the very bits of avx512-vnni. A step is two tiles of sums:
 * of both panels, or of both halves of one panel's group. Its sums are stored and made floats only
 * when the next step's instructions have been issued: tiles and vectors work at the same time, and
 * what is stored has reached the cache when it is read. */
#include "kernels/vnni/multiply.h"
#include "kernels/amx/tiles.h"

_Static_assert (LM_LANES == LM_TILE_ROWS, "a row of a tile of sums is a vector");

#define CHUNK_GROUPS (LM_SUPER_BLOCK / LM_GROUP_LENGTH)

/* What two panels have of some groups, made ready for tiles: 12 KiB, read again for every 16
 * tokens. */
typedef struct {
  group groups[2][CHUNK_GROUPS];
  size_t n_groups;
} chunk;

/* Sums of a step: those of its two tiles, a vector for each token. */
typedef struct {
  lanes_i sums[2][LM_TILE_ROWS];
} products;

/* Which step the products are of, and where they belong. */
typedef struct {
  const products *products; /* NULL: there is no such step */
  const group *weights[2];  /* of the tiles: of both panels, or twice the same, for its halves */
  const lm_vnni_group *x;   /* of the first token of the tile */
  lanes_f *sums;            /* of the same token */
  size_t first;             /* token of the tile that is not in the step before */
} step;

#define MULTIPLY(sum_0, sum_1, x_0, x_1)                                                           \
  do {                                                                                             \
    lm_tile_zero (sum_0);                                                                          \
    lm_tile_zero (sum_1);                                                                          \
    lm_tile_dot (sum_0, x_0, LM_TILE_W_0);                                                         \
    lm_tile_dot (sum_1, x_1, LM_TILE_W_1);                                                         \
    lm_tile_store (sum_0, out->sums[0], sizeof (lanes_i));                                         \
    lm_tile_store (sum_1, out->sums[1], sizeof (lanes_i));                                         \
  } while (0)

/* Multiplies 16 tokens with the weights in the tiles. Every second step uses other tiles, lest it
 * wait for the one before. */
LM_INLINE void
multiply_step (const lm_vnni_group *x, products *out, bool is_second, const bool has_halves)
{
  if (has_halves) {
    lm_tile_load (LM_TILE_X_0, x->q, sizeof *x);
    lm_tile_load (LM_TILE_X_1, x->q + LM_GROUP_LENGTH / 2, sizeof *x);
    if (is_second)
      MULTIPLY (LM_TILE_SUM_2, LM_TILE_SUM_3, LM_TILE_X_0, LM_TILE_X_1);
    else
      MULTIPLY (LM_TILE_SUM_0, LM_TILE_SUM_1, LM_TILE_X_0, LM_TILE_X_1);
  } else if (is_second) {
    lm_tile_load (LM_TILE_X_1, x->q, sizeof *x);
    MULTIPLY (LM_TILE_SUM_2, LM_TILE_SUM_3, LM_TILE_X_1, LM_TILE_X_1);
  } else {
    lm_tile_load (LM_TILE_X_0, x->q, sizeof *x);
    MULTIPLY (LM_TILE_SUM_0, LM_TILE_SUM_1, LM_TILE_X_0, LM_TILE_X_0);
  }
}

/* Adds a step's products to the sums they belong to. */
LM_INLINE void
finish_step (const step s, const group_kind kind)
{
  group first, second;

  if (s.products == NULL)
    return;
  /* Copies, of which the scales stay in registers: to the compiler any sum might be one of them. */
  first = *s.weights[0];
  second = *s.weights[1];
#pragma GCC unroll 4
  for (size_t t = s.first; t < LM_TILE_ROWS; t++) {
    const lanes_i both[2] = { s.products->sums[0][t], s.products->sums[1][t] };
    const lm_vnni_group *x = s.x + t;
    lanes_f *sums = s.sums + t * LM_VNNI_PANELS;

    if (kind_has_halves (kind)) {
      sums[0] = add_half_products (sums[0], both, &first, x, kind);
    } else {
      sums[0] = add_products (sums[0], both[0], &first, x, kind);
      sums[1] = add_products (sums[1], both[1], &second, x, kind);
    }
  }
}

/* All tokens (at least 16) with the weights in the tiles. The last tile begins early enough to be
 * whole; what is in the one before already is left out. s: a step but for its tokens; last: the one
 * that is to be finished first. Returns the one that is to be finished next. */
LM_INLINE step
multiply_tokens (
    step s, step last, products buffers[2], const size_t n_tokens, const group_kind kind)
{
  const lm_vnni_group *x = s.x;
  lanes_f *sums = s.sums;

  for (size_t t = 0; t < n_tokens; t += LM_TILE_ROWS) {
    size_t from = n_tokens - t < LM_TILE_ROWS ? n_tokens - LM_TILE_ROWS : t;
    products *out = last.products == buffers ? buffers + 1 : buffers;

    multiply_step (x + from, out, out != buffers, kind_has_halves (kind));
    finish_step (last, kind);
    s.products = out;
    s.x = x + from;
    s.sums = sums + from * LM_VNNI_PANELS;
    s.first = t - from;
    last = s;
  }
  return last;
}

/* A chunk times x, of its first group. */
LM_INLINE void
multiply_chunk (const chunk *weights,
                const lm_vnni_group *x,
                const lm_vnni_span *span,
                lanes_f *sums,
                const group_kind kind)
{
  const size_t n_tokens = span->n_tokens;
  products buffers[2];
  step last = { NULL };

  for (size_t i = 0; i < weights->n_groups; i++, x += span->stride) {
    const group *both[2] = { &weights->groups[0][i], &weights->groups[1][i] };

    if (!kind_has_halves (kind)) {
      step s = { .weights = { both[0], both[1] }, .x = x, .sums = sums };

      lm_tile_load (LM_TILE_W_0, both[0]->w, sizeof (lanes_i));
      lm_tile_load (LM_TILE_W_1, both[1]->w, sizeof (lanes_i));
      last = multiply_tokens (s, last, buffers, n_tokens, kind);
      continue;
    }
    for (int p = 0; p < 2; p++) {
      step s = { .weights = { both[p], both[p] }, .x = x, .sums = sums + p };

      lm_tile_load (LM_TILE_W_0, both[p]->w, sizeof (lanes_i));
      lm_tile_load (LM_TILE_W_1, both[p]->w + 4, sizeof (lanes_i));
      last = multiply_tokens (s, last, buffers, n_tokens, kind);
    }
  }
  finish_step (last, kind);
}

LM_INLINE void
multiply_span (const lm_vnni_span *span,
               lanes_f *sums,
               const tile_type *type,
               const group_kind kind)
{
  const uint8_t *blocks[2];
  chunk weights;

  for (size_t p = 0; p < 2; p++)
    blocks[p] = find_block (span, p, type->block_bytes, type->n_block_groups);
  for (size_t g = 0; g < span->n_groups; g += weights.n_groups) {
    weights.n_groups = span->n_groups - g < CHUNK_GROUPS ? span->n_groups - g : CHUNK_GROUPS;
    for (size_t p = 0; p < 2; p++) {
      type->load (blocks[p], weights.n_groups, weights.groups[p]);
      blocks[p] += weights.n_groups / type->n_block_groups * type->block_bytes * LM_LANES;
    }
    multiply_chunk (&weights, span->x + g * span->stride, span, sums, kind);
  }
}

void
LM_LEVEL (multiply_tiles) (const lm_vnni_span *span, lanes_f *sums, const tile_type *type)
{
  lm_tile_begin (kind_has_halves (type->kind) ? LM_GROUP_LENGTH / 2 : LM_GROUP_LENGTH);
  switch (type->kind) {
  case KIND_OFFSET_8:
  case KIND_OFFSET_128: /* their bytes have a sign, and there is no difference any more */
    multiply_span (span, sums, type, KIND_OFFSET_8);
    break;
  case KIND_MIN:
    multiply_span (span, sums, type, KIND_MIN);
    break;
  case KIND_HALVES:
    multiply_span (span, sums, type, KIND_HALVES);
    break;
  case KIND_HALVES_MIN:
    multiply_span (span, sums, type, KIND_HALVES_MIN);
    break;
  }
  lm_tile_end ();
}
