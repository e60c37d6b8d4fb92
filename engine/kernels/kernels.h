/* SPDX-License-Identifier: GPL-3.0-or-later
 * The contract of the arithmetic: one table of functions, held by the model.
 *
 * The reference table is plain C and is the specification; an instruction set's table overlays
 * what it does better. Every function is a pure function of its arguments: no state, no threads,
 * no allocation, and the value written for one row and one token does not depend on which other
 * rows and tokens are in the same call. That last rule is what makes logits the same for any
 * number of threads and any split of a prompt into blocks. */
#pragma once

#include "lm.h"
#include "quant/quant.h"

/* The widest panel, in rows; see panels.h. */
#define LM_MAX_PANEL_ROWS 16

/* A weight matrix, n_rows × n_cols: in the file's own layout, row after row, or in panels, for
 * levels that want those (see panels.h). */
typedef struct {
  const void *data;
  size_t row_bytes;
  uint32_t type; /* lm_type */
  uint32_t n_rows;
  uint32_t n_cols;     /* a multiple of the type's block length */
  uint32_t panel_rows; /* 0: not in panels */
} lm_matrix;

/* How weights that come from memory are asked for before they are read. A processor foresees much
 * of that by itself, and what one gains by, another loses by: it is to be measured. */
typedef enum {
  LM_PREFETCH_NONE,
  LM_PREFETCH_LINES, /* all of them, as far ahead as the level's functions do best with */
  LM_PREFETCH_PAGES, /* and of each page first lines further ahead still, see lanes_open_page() */
} lm_prefetch;
#define LM_PREFETCH_WAYS 3

/* What a matrix is multiplied with. */
typedef struct {
  const float *x;       /* n_tokens × n_cols */
  const void *prepared; /* what prepare() made of every token of x; unused where it is NULL */
  size_t n_tokens;
  size_t n_cols;
  lm_prefetch prefetch;
} lm_input;

typedef enum {
  LM_ROPE_ADJACENT, /* rotates (x[2i], x[2i+1]): llama */
  LM_ROPE_HALVES,   /* rotates (x[i], x[i+n/2]): GPT-NeoX, qwen */
} lm_rope_layout;

/* ---- Attention ---------------------------------------------------------------------------- */

#define LM_KEY_TILE       16  /* positions */
#define LM_ATTEND_CHUNK   256 /* positions of one call at most: a multiple of LM_KEY_TILE */
#define LM_ATTEND_QUERIES 8   /* queries of one call at most */
#define LM_KV_GROUP       32  /* values of a position that share a scale in a Q8_0 cache */

/* Cached keys and values of one head, from a position on that is a multiple of LM_KEY_TILE; memory
 * ends with the last one's tile. A value is a half, or an 8-bit integer times the scale, a half, of
 * its group.
 *
 *   halves    keys    [position / 16][dimension][position % 16]: a vector's lanes are positions
 *             values  [position][dimension]: a vector's lanes are dimensions
 *   integers  keys    [position / 16][dimension / 2][position % 16][dimension % 2]
 *             values  [position / 2][dimension][position % 2]
 *             scales  [position / 16][group][position % 16], of keys and of values
 *
 * Integers lie in pairs for instructions that add up two products at once. */
typedef struct {
  lm_kv_type type;
  size_t n_positions; /* 1 … LM_ATTEND_CHUNK */
  size_t head_dim;    /* a multiple of LM_KV_GROUP with LM_KV_Q8_0 */
  const void *keys;
  const void *values;
  const uint16_t *key_scales; /* NULL with LM_KV_F16 */
  const uint16_t *value_scales;
} lm_kv_span;

/* Of n items that each position has in tiles, halves or pairs, where item i of one is. */
static inline size_t
lm_find_in_tiles (size_t n, size_t position, size_t i)
{
  return (position / LM_KEY_TILE * n + i) * LM_KEY_TILE + position % LM_KEY_TILE;
}

/* Where value i of n is that each position has, of integers. */
static inline size_t
lm_find_in_pairs (size_t n, size_t position, size_t i)
{
  return (position / 2 * n + i) * 2 + position % 2;
}

/* A query and what becomes of it: out = Σ_p e^(s_p − max) · v[p], sum = Σ_p e^(s_p − max), max the
 * largest s_p = scale · q·k[p], over the positions of a span. */
typedef struct {
  const float *q; /* head_dim */
  float *out;     /* head_dim; not q */
  float max;
  float sum;
} lm_query;

/* ---- The table ---------------------------------------------------------------------------- */

#define LM_ROUNDED_TO_BF16 (-1) /* see largest_activation() */

typedef struct {
  const char *name;

  /* Rows of its panels, and whether matrices of the type are to be repacked into them; NULL:
   * none. */
  uint32_t panel_rows;
  bool (*wants_panels) (uint32_t type);

  /* What activations are rounded to for products with the type, 32 at a time: q × scale with |q| at
   * most the result, scale = max|x| / result, to nearest, halves away from zero, or all zero where
   * the inverse of the scale is not finite; LM_ROUNDED_TO_BF16: each to BF16, to nearest even, and
   * to zero what is denormal; 0, or the function NULL: they are not rounded. */
  int (*largest_activation) (uint32_t type);

  /* Makes of columns first … first + n − 1 (both multiples of LM_GROUP_LENGTH, except at the end of
   * a row) of token t of x, n_tokens × n_cols, the form that matmul() reads, and writes it to its
   * place in prepared, which has n_tokens × prepared_bytes (n_cols) bytes, 64-byte aligned.
   * NULL, both: matmul() reads the floats. */
  size_t (*prepared_bytes) (size_t n_cols);
  void (*prepare) (const float *x,
                   size_t n_cols,
                   size_t n_tokens,
                   size_t t,
                   size_t first,
                   size_t n,
                   void *prepared);

  /* Whether matmul() reads faster or slower by an input's prefetch. */
  bool prefetches;

  /* out[t × stride + r] = Σ_c w[first_row + r][c] · x[t × n_cols + c], r < n_rows, t < n_tokens.
   * first_row is a multiple of LM_MAX_PANEL_ROWS. scratch: lm_matmul_scratch_bytes(). */
  void (*matmul) (const lm_matrix *w,
                  size_t first_row,
                  size_t n_rows,
                  const lm_input *input,
                  float *out,
                  size_t stride,
                  void *scratch);

  /* out[i] = weight[i] · x[i] / √(mean(x²) + epsilon). out may be x.
   * Zhang & Sennrich 2019, arXiv:1910.07467. */
  void (*rms_norm) (const float *x, const float *weight, size_t n, float epsilon, float *out);

  /* Rotates the first 2 · n_pairs values of a head by the angles whose cosines and sines are given.
   * Su et al. 2021, arXiv:2104.09864. */
  void (*rope) (
      float *x, const float *cosines, const float *sines, size_t n_pairs, lm_rope_layout layout);

  /* gate[i] = silu(gate[i]) · up[i], silu(x) = x / (1 + e^−x). */
  void (*silu_mul) (float *gate, const float *up, size_t n);

  /* x[i] += y[i]. */
  void (*add) (float *x, const float *y, size_t n);

  /* n_queries (≤ LM_ATTEND_QUERIES) queries over one span; fills their out, max and sum. scores:
   * LM_ATTEND_QUERIES × LM_ATTEND_CHUNK floats of scratch, 64-byte aligned. */
  void (*attend) (
      const lm_kv_span *kv, lm_query *queries, size_t n_queries, float scale, float *scores);

  /* Floats to halves, rounded to nearest even: rows for the KV cache. */
  void (*to_half) (const float *x, size_t n, uint16_t *out);

  /* Multiplies 8-bit integers in registers n_iterations times and returns how many multiply-adds
   * that were: for lm_probe_int8_peak(). */
  uint64_t (*peak) (uint64_t n_iterations);
} lm_kernels;

/* The best table that has name ("reference"; "avx2", "avx-vnni", "avx512-vnni", "avx512-bf16",
 * "amx-int8"; "neon", "dotprod", "i8mm"; NULL: any) and needs no more than features (LM_CPU_…);
 * NULL: there is none. Tables live for ever. */
const lm_kernels *lm_kernels_select (const char *name, uint32_t features);

/* The tables; those of other instruction sets than the build's are not there. */
extern const lm_kernels lm_kernels_ref;
extern const lm_kernels lm_kernels_avx2;
extern const lm_kernels lm_avxvnni_kernels;
extern const lm_kernels lm_avxvnni_evex_kernels; /* the same, as AVX-512 encodes it */
extern const lm_kernels lm_avx512_kernels;
extern const lm_kernels lm_bf16_kernels;
extern const lm_kernels lm_neon_kernels;
extern const lm_kernels lm_dotprod_kernels;
extern const lm_kernels lm_i8mm_kernels;
extern const lm_kernels lm_amx_kernels;

/* Bytes of scratch that matmul needs for rows of n_cols, for any type and level. */
size_t lm_matmul_scratch_bytes (size_t n_cols);
