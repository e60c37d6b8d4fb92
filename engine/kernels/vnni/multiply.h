/* SPDX-License-Identifier: GPL-3.0-or-later
 * The loop that all types share. A type says how 32 of a panel's columns become bytes and scales;
 * everything is inlined into one function for each type. With LM_TILES many tokens are tiles'. */
#pragma once

#include "kernels/panels.h"
#include "kernels/vnni/vnni.h"

/* How a group's products become numbers; w are the bytes, q the activations. */
typedef enum {
  KIND_OFFSET_8,   /* scale × Σ (w − 8) q */
  KIND_OFFSET_128, /* scale × Σ (w − 128) q */
  KIND_MIN,        /* scale × Σ w q − min × Σ q */
  KIND_HALVES,     /* Σ over halves of scale × Σ (w − 32) q */
  KIND_HALVES_MIN, /* Σ over halves of scale × Σ w q, − dmin × Σ over halves of min × Σ q */
} group_kind;

LM_INLINE bool
kind_has_halves (const group_kind kind)
{
  return kind == KIND_HALVES || kind == KIND_HALVES_MIN;
}

/* 32 columns of a panel. */
typedef struct {
  lanes_i w[8];
  lanes_f scale[2]; /* of both halves, or the first alone */
  lanes_f min;      /* KIND_MIN; dmin with KIND_HALVES_MIN */
  lanes_i mins;     /* KIND_HALVES_MIN: of both halves, as 16-bit integers */
} group;

/* Adds Σ w q of words first … first + n − 1 to sums, of n_panels panels' groups. A word of
 * activations is spread over the lanes once for all of them: a processor may read but one vector of
 * 64 bytes at a time, and so many products would wait for as many of these. */
LM_INLINE void
dot (lanes_i *sums,
     const group *g,
     const int n_panels,
     const lm_vnni_group *x,
     const int first,
     const int n)
{
  lanes_i odd[LM_VNNI_PANELS];

  for (int p = 0; p < n_panels; p++)
    odd[p] = i_zero ();
#pragma GCC unroll 8
  for (int i = first; i < first + n; i++) {
    lanes_i q = i_spread (x->q + 4 * i);

    for (int p = 0; p < n_panels; p++) {
      lanes_i *sum = (i - first) % 2 == 0 ? &sums[p] : &odd[p];

      *sum = i_dot (*sum, g[p].w[i], q);
    }
  }
  for (int p = 0; p < n_panels; p++)
    sums[p] = i_add (sums[p], odd[p]);
}

/* sum + what the group's products, whole numbers, stand for. */
LM_INLINE lanes_f
add_products (
    lanes_f sum, lanes_i products, const group *g, const lm_vnni_group *x, const group_kind kind)
{
  if (kind == KIND_MIN) /* first, for it need not wait for the products */
    sum = f_fnma (g->min, f_set (x->scaled_sum), sum);
  return f_fma (f_int (products), f_mul (g->scale[0], f_set (x->scale)), sum);
}

/* The same with those of both halves. */
LM_INLINE lanes_f
add_half_products (lanes_f sum,
                   const lanes_i halves[2],
                   const group *g,
                   const lm_vnni_group *x,
                   const group_kind kind)
{
  lanes_f products = f_fma (f_int (halves[1]), g->scale[1], f_mul (f_int (halves[0]), g->scale[0]));

  if (kind == KIND_HALVES_MIN)
    products = f_fnma (f_int (i_madd (g->mins, i_spread (x->sum))), g->min, products);
  return f_fma (products, f_set (x->scale), sum);
}

LM_INLINE void
add_halves (lanes_f *sums,
            const group *g,
            const int n_panels,
            const lm_vnni_group *x,
            const group_kind kind)
{
  lanes_i halves[2][LM_VNNI_PANELS];

  for (int half = 0; half < 2; half++) {
    for (int p = 0; p < n_panels; p++)
      halves[half][p] = kind == KIND_HALVES_MIN ? i_zero () : i_set (x->minus_32[half]);
    dot (halves[half], g, n_panels, x, 4 * half, 4);
  }
  for (int p = 0; p < n_panels; p++) {
    const lanes_i both[2] = { halves[0][p], halves[1][p] };

    sums[p] = add_half_products (sums[p], both, &g[p], x, kind);
  }
}

/* Adds the products of n_panels panels' groups with the activations to their sums. */
LM_INLINE void
add_groups (lanes_f *sums,
            const group *g,
            const int n_panels,
            const lm_vnni_group *x,
            const group_kind kind)
{
  lanes_i products[LM_VNNI_PANELS];

  if (kind_has_halves (kind)) {
    add_halves (sums, g, n_panels, x, kind);
    return;
  }
  for (int p = 0; p < n_panels; p++)
    products[p] = kind == KIND_OFFSET_8     ? i_set (x->minus_8)
                  : kind == KIND_OFFSET_128 ? i_set (x->minus_128)
                                            : i_zero ();
  dot (products, g, n_panels, x, 0, 8);
  for (int p = 0; p < n_panels; p++)
    sums[p] = add_products (sums[p], products[p], &g[p], x, kind);
}

/* Columns of group i of a block of n, in panels of LM_LANES rows. Short blocks that lie together
 * are one block here; the last of a span may be fewer than LM_PANEL_BLOCKS. i and n are constants
 * where it matters. */
typedef group (*load_group_fn) (const uint8_t *block, size_t i, size_t n);

LM_INLINE lm_short_block
find_short (size_t i, size_t n, const size_t block_bytes)
{
  return lm_panels_find_short (i, n, LM_LANES, block_bytes);
}

/* The span's first block, or, with panel 1, that of the next panel. */
LM_INLINE const uint8_t *
find_block (const lm_vnni_span *span,
            const size_t panel,
            const size_t block_bytes,
            const size_t n_block_groups)
{
  return (const uint8_t *) span->matrix->data +
         lm_panels_find (span->matrix, LM_LANES, span->first_row + panel * LM_LANES,
                         span->first_group, block_bytes, n_block_groups);
}

/* One panel's weights are read so many groups a turn of the loop, which first asks for what comes:
 * nearer than 4 KiB would be too late. What was fastest on Zen 5. Of several panels each is asked
 * for by so much less ahead. */
#define GROUPS_A_TURN (LM_LANES == 16 ? 1 : 2)
#define LINES_AHEAD   6144 /* bytes */

/* Asks for what lies so far behind the bytes at p, in the span's way: for no other cache than the
 * innermost. */
LM_INLINE void
ask_ahead (const lm_vnni_span *span, const uint8_t *p, const size_t bytes, const size_t ahead)
{
  if (span->prefetch == LM_PREFETCH_NONE)
    return;
  for (size_t at = 0; at < bytes; at += 64)
    _mm_prefetch ((const char *) p + ahead + at, _MM_HINT_NTA);
  if (span->prefetch == LM_PREFETCH_PAGES)
    lanes_open_page (p, bytes, LANES_PAGES_AHEAD);
}

/* Scale and minimum of group i of a block. */
typedef void (*load_scales_fn) (const uint8_t *block, size_t i, group *g);

/* What stays the same from block to block. */
typedef struct {
  load_group_fn load_group;
  group_kind kind;
  size_t block_bytes; /* of one row */
  size_t n_block_groups;
  /* NULL: load_group does that as well. All of a block's come first, so that its groups need not go
   * back to its head. */
  load_scales_fn load_scales;
} panel_type;

/* Groups that are left of a span behind its whole blocks: only short ones can be. */
LM_INLINE size_t
find_left (size_t n, const panel_type type)
{
  return type.n_block_groups == LM_PANEL_BLOCKS ? n : 0;
}

/* Those of a block's groups. */
typedef struct {
  lanes_f scale[LM_SUPER_BLOCK / LM_GROUP_LENGTH];
  lanes_f min[LM_SUPER_BLOCK / LM_GROUP_LENGTH];
} block_scales;

/* Nothing, where the type has none beforehand. */
LM_INLINE void
load_block_scales (const uint8_t *block, block_scales *out, const panel_type type)
{
#pragma GCC unroll 8
  for (size_t i = 0; i < type.n_block_groups && type.load_scales != NULL; i++) {
    group g;

    type.load_scales (block, i, &g);
    out->scale[i] = g.scale[0];
    out->min[i] = g.min;
  }
}

/* Group i of a block of n. scales: the block's, where the type has them beforehand. */
LM_INLINE group
load_scaled_group (
    const uint8_t *block, size_t i, size_t n, const block_scales *scales, const panel_type type)
{
  group g = type.load_group (block, i, n);

  if (type.load_scales != NULL) {
    g.scale[0] = scales->scale[i];
    g.min = scales->min[i];
  }
  return g;
}

/* Adds the products of one panel's group with n_tokens tokens. */
LM_INLINE void
add_group (
    lanes_f *sums, const group *g, const lm_vnni_group *x, size_t n_tokens, const group_kind kind)
{
#pragma GCC unroll 2
  for (size_t t = 0; t < n_tokens; t++)
    add_groups (sums + t * LM_VNNI_PANELS, g, 1, x + t, kind);
}

/* One panel, so many of the span's tokens. */
LM_INLINE void
multiply_panel (const lm_vnni_span *span, lanes_f *sums, size_t n_tokens, const panel_type type)
{
  const size_t n = type.n_block_groups, bytes = type.block_bytes * LM_LANES;
  const uint8_t *block = find_block (span, 0, type.block_bytes, n);
  const lm_vnni_group *x = span->x;
  size_t left = span->n_groups;
  block_scales scales;

  for (; left >= n; left -= n, block += bytes) {
    load_block_scales (block, &scales, type);
#pragma GCC unroll 1
    for (size_t first = 0; first < n; first += GROUPS_A_TURN) {
      ask_ahead (span, block + bytes / n * first, bytes / n * GROUPS_A_TURN, LINES_AHEAD);
#pragma GCC unroll 2
      for (size_t i = first; i < first + GROUPS_A_TURN; i++, x += span->stride) {
        group g = load_scaled_group (block, i, n, &scales, type);

        add_group (sums, &g, x, n_tokens, type.kind);
      }
    }
  }
  left = find_left (left, type);
  for (size_t i = 0; i < left; i++, x += span->stride) {
    group g = load_scaled_group (block, i, left, &scales, type);

    add_group (sums, &g, x, n_tokens, type.kind);
  }
}

/* LM_VNNI_PANELS panels, the next one so many bytes further on, the span's tokens: group i of a
 * block of n. */
LM_INLINE void
multiply_panel_groups (const uint8_t *block,
                       const size_t to_second,
                       size_t i,
                       size_t n,
                       const lm_vnni_span *span,
                       const lm_vnni_group *x,
                       lanes_f *sums,
                       const block_scales *scales,
                       const panel_type type)
{
  const size_t bytes = type.block_bytes * LM_LANES / type.n_block_groups;
  group g[LM_VNNI_PANELS];

  for (size_t p = 0; p < LM_VNNI_PANELS; p++) {
    ask_ahead (span, block + p * to_second + bytes * i, bytes, LINES_AHEAD / LM_VNNI_PANELS);
    g[p] = load_scaled_group (block + p * to_second, i, n, &scales[p], type);
  }
  LM_FOR_TOKENS (t, span)
    add_groups (sums + t * LM_VNNI_PANELS, g, LM_VNNI_PANELS, x + t, type.kind);
}

/* LM_VNNI_PANELS panels, the span's tokens. */
LM_INLINE void
multiply_panels (const lm_vnni_span *span, lanes_f *sums, const panel_type type)
{
  const size_t n = type.n_block_groups, bytes = type.block_bytes * LM_LANES;
  const uint8_t *block = find_block (span, 0, type.block_bytes, n);
  const size_t to_second =
      LM_VNNI_PANELS > 1 ? (size_t) (find_block (span, 1, type.block_bytes, n) - block) : 0;
  const lm_vnni_group *x = span->x;
  size_t left = span->n_groups;
  block_scales scales[LM_VNNI_PANELS];

  for (; left >= n; left -= n, block += bytes) {
    for (size_t p = 0; p < LM_VNNI_PANELS; p++)
      load_block_scales (block + p * to_second, &scales[p], type);
#pragma GCC unroll 8
    for (size_t i = 0; i < n; i++, x += span->stride)
      multiply_panel_groups (block, to_second, i, n, span, x, sums, scales, type);
  }
  left = find_left (left, type);
  for (size_t i = 0; i < left; i++, x += span->stride)
    multiply_panel_groups (block, to_second, i, left, span, x, sums, scales, type);
}

/* ---- Tiles -------------------------------------------------------------------------------- */

/* The tokens from which on AMX multiplies: fewer leave its tiles half empty. */
#define TILE_TOKENS 16

/* What tiles must know of a type. */
typedef struct {
  group_kind kind;
  size_t block_bytes; /* of one row */
  size_t n_block_groups;
  /* Groups of one panel, whole blocks, their bytes with a sign: what products begin with otherwise,
   * see add_groups(), is in w. */
  void (*load) (const uint8_t *block, size_t n_groups, group *out);
} tile_type;

/* As multiply_panels(), for at least TILE_TOKENS tokens; see amx/multiply.c. */
void LM_LEVEL (multiply_tiles) (const lm_vnni_span *span, lanes_f *sums, const tile_type *type);

LM_INLINE void
make_signed (lanes_i w[8], const group_kind kind)
{
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) {
    if (kind == KIND_OFFSET_8)
      w[i] = i_sub8 (w[i], i_set8 (8));
    else if (kind == KIND_OFFSET_128)
      w[i] = i_xor (w[i], i_set8 ((char) 0x80));
    else if (kind == KIND_HALVES)
      w[i] = i_sub8 (w[i], i_set8 (32));
  }
}

LM_INLINE group
load_whole_group (const uint8_t *block, size_t i, size_t n, const panel_type type)
{
  group g = type.load_group (block, i, n);

  if (type.load_scales != NULL)
    type.load_scales (block, i, &g);
  return g;
}

LM_INLINE void
load_signed (const uint8_t *block, size_t n_groups, group *out, const panel_type type)
{
  const size_t bytes = type.block_bytes * LM_LANES;

  for (; n_groups >= type.n_block_groups; n_groups -= type.n_block_groups, block += bytes)
#pragma GCC unroll 8
    for (size_t i = 0; i < type.n_block_groups; i++, out++) {
      *out = load_whole_group (block, i, type.n_block_groups, type);
      make_signed (out->w, type.kind);
    }
  for (size_t i = 0; i < find_left (n_groups, type); i++, out++) {
    *out = load_whole_group (block, i, n_groups, type);
    make_signed (out->w, type.kind);
  }
}

#ifdef LM_TILES
#define DEFINE_LOAD(name, type)                                                                    \
  static void name##_load (const uint8_t *block, size_t n_groups, group *out)                      \
  {                                                                                                \
    load_signed (block, n_groups, out, type);                                                      \
  }
#define USE_TILES(name, type)                                                                      \
  if (span->n_tokens >= TILE_TOKENS) {                                                             \
    const panel_type t = type;                                                                     \
    const tile_type tiles = { t.kind, t.block_bytes, t.n_block_groups, name##_load };              \
                                                                                                   \
    LM_LEVEL (multiply_tiles) (span, sums, &tiles);                                                \
    return;                                                                                        \
  }
#else
#define DEFINE_LOAD(name, type)
#define USE_TILES(name, type)
#endif

/* Defines both functions of a type, named after it. */
#define DEFINE_TYPE(name, type)                                                                    \
  DEFINE_LOAD (name, type)                                                                         \
                                                                                                   \
  static void name##_panel (const lm_vnni_span *span, lanes_f *sums)                               \
  {                                                                                                \
    if (span->n_tokens > 1) {                                                                      \
      multiply_panel (span, sums, span->n_tokens, type);                                           \
    } else {                                                                                       \
      lanes_f sum = sums[0];                                                                       \
                                                                                                   \
      multiply_panel (span, &sum, 1, type);                                                        \
      sums[0] = sum;                                                                               \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  static void name##_panels (const lm_vnni_span *span, lanes_f *sums)                              \
  {                                                                                                \
    USE_TILES (name, type)                                                                         \
    multiply_panels (span, sums, type);                                                            \
  }

/* Those of a type with blocks of 256 weights, and with short ones. */
#define DEFINE_SUPER_TYPE(name, kind)                                                              \
  DEFINE_TYPE (name, ((panel_type) { load_##name, kind, sizeof (lm_block_##name),                  \
                                     LM_SUPER_BLOCK / LM_GROUP_LENGTH }))
#define DEFINE_SHORT_TYPE(name, kind)                                                              \
  DEFINE_TYPE (name,                                                                               \
               ((panel_type) { load_##name, kind, LM_PANEL_BLOCKS * sizeof (lm_block_##name),      \
                               LM_PANEL_BLOCKS }))

/* Word i of a block's head, which all its groups read again; see touch_head(). */
LM_INLINE lanes_i
load_head_word (const uint8_t *words, size_t i)
{
  return i_load (words + 4 * LM_LANES * i);
}

/* With group 0, reads the head of so many bytes a row in turn. */
LM_INLINE void
touch_head (const uint8_t *block, size_t bytes, size_t i)
{
  if (i == 0)
    lanes_touch (block, bytes * LM_LANES);
}

/* A word of two halves for each row: the first ones and the second ones as floats. */
LM_INLINE void
load_two (const uint8_t *words, lanes_f *first, lanes_f *second)
{
#if LM_LANES == 16
  __m512i both = i_load (words);

  *first = _mm512_cvtph_ps (_mm512_cvtepi32_epi16 (both));
  *second = _mm512_cvtph_ps (_mm512_cvtepi32_epi16 (_mm512_srli_epi32 (both, 16)));
#else
  const __m256i split = _mm256_setr_epi8 (0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15, 0,
                                          1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
  __m256i both = _mm256_permute4x64_epi64 (_mm256_shuffle_epi8 (i_load (words), split), 0xd8);

  *first = _mm256_cvtph_ps (_mm256_castsi256_si128 (both));
  *second = _mm256_cvtph_ps (_mm256_extracti128_si256 (both, 1));
#endif
}
