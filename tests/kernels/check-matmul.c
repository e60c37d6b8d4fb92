/* SPDX-License-Identifier: GPL-3.0-or-later
 * Matrix products of every type against sums in double precision.
 *
 * A level that rounds activations must give Σ scale_x × (scale × Σ q q_x − min × Σ q_x), with
 * lm_group's values and activations rounded as largest_activation() says, integers exact; one that
 * does not must give Σ w x, or that with x rounded to BF16. */
#include <math.h>

#include "kernels-test.h"
#include "model/products.h"
#include "util/cpu.h"
#include "util/error.h"

/* What a product should be, and how far from it float arithmetic may lead. */
typedef struct {
  double value;
  double error;
  double magnitude; /* of the terms, added */
} expectation;

/* 32 rounded activations. */
typedef struct {
  int q[LM_GROUP_LENGTH];
  int sum[2];
  float scale;
} activation;

static void
round_activations (const float *x, size_t n_groups, int steps, activation *out)
{
  for (size_t g = 0; g < n_groups; g++, x += LM_GROUP_LENGTH) {
    float largest = 0;

    for (int i = 0; i < LM_GROUP_LENGTH; i++)
      largest = fmaxf (largest, fabsf (x[i]));
    memset (&out[g], 0, sizeof out[g]);
    if (!isfinite ((float) steps / largest))
      continue;
    out[g].scale = largest / (float) steps;
    for (int i = 0; i < LM_GROUP_LENGTH; i++) {
      out[g].q[i] = (int) roundf (x[i] * ((float) steps / largest));
      out[g].sum[i / 16] += out[g].q[i];
    }
  }
}

/* Each term takes at most four roundings before it is added, and there is one rounding an addition,
 * of a partial sum no larger than the sum of magnitudes. Where a scale's product is so small that
 * it is denormal, its error is up to 2^−149 times what it is multiplied with. */
static expectation
expect_groups (const lm_group *groups, const activation *x, size_t n_groups)
{
  double denormal = 0;
  expectation e = { 0 };

  for (size_t g = 0; g < n_groups; g++)
    for (int half = 0; half < 2; half++) {
      double scale = groups[g].scale[half], min = groups[g].min[half];
      int sum = 0;

      for (int i = 16 * half; i < 16 * half + 16; i++)
        sum += groups[g].q[i] * x[g].q[i];
      e.value += (double) x[g].scale * (scale * sum - min * x[g].sum[half]);
      e.magnitude += (double) x[g].scale * (fabs (scale * sum) + fabs (min * x[g].sum[half]));
      denormal += fabs ((double) sum) + fabs (scale * sum) + fabs (min) + fabs (scale) + 2;
    }
  e.error = (4 * (double) n_groups + 4) * UNIT * e.magnitude * 1.001 + denormal * 128 * 0x1p-149;
  return e;
}

static expectation
expect_floats (const float *w, const float *x, size_t n)
{
  expectation e = { 0 };

  for (size_t i = 0; i < n; i++) {
    e.value += (double) w[i] * (double) x[i];
    e.magnitude += fabs ((double) w[i] * (double) x[i]);
  }
  e.error = ((double) n + 2) * UNIT * e.magnitude + (double) n * 0x1p-149;
  return e;
}

/* To nearest even, which does not change what is a BF16 number already; 0 for what is denormal. */
static float
round_to_bf16 (float x)
{
  uint32_t bits;

  if (fabsf (x) < 0x1p-126f)
    return 0;
  memcpy (&bits, &x, sizeof bits);
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
  memcpy (&x, &bits, sizeof x);
  return x;
}

/* Beside rounding as in expect_floats(), each sum that is denormal becomes zero. */
static expectation
expect_pairs (float *w, const float *x, size_t n)
{
  float *rounded = calloc (n, sizeof *rounded);
  expectation e;

  for (size_t i = 0; i < n; i++) {
    w[i] = round_to_bf16 (w[i]);
    rounded[i] = round_to_bf16 (x[i]);
  }
  e = expect_floats (w, rounded, n);
  e.error += (double) n * 0x1p-126;
  free (rounded);
  return e;
}

/* 0: they are not rounded. */
static int
largest_activation (uint32_t type)
{
  return kernels_level->largest_activation != NULL ? kernels_level->largest_activation (type) : 0;
}

/* Expectations for row r of the matrix and token x. */
static expectation
expect (const test_matrix *m, size_t r, const float *x)
{
  size_t n = m->file.n_cols, n_groups = n / LM_GROUP_LENGTH;
  const char *row = (const char *) m->file.data + r * m->file.row_bytes;
  lm_group *groups = calloc (n_groups + 1, sizeof *groups);
  activation *acts = calloc (n_groups + 1, sizeof *acts);
  float *floats = calloc (n, sizeof *floats);
  int steps = largest_activation (m->file.type);
  expectation e;

  if (steps > 0) {
    lm_quant_get_unpack (m->file.type) (row, n, groups);
    round_activations (x, n_groups, steps, acts);
    e = expect_groups (groups, acts, n_groups);
  } else {
    lm_quant_dequantise (m->file.type, row, n, groups, floats);
    e = steps == LM_ROUNDED_TO_BF16 ? expect_pairs (floats, x, n) : expect_floats (floats, x, n);
  }
  free (groups);
  free (acts);
  free (floats);
  return e;
}

/* What products are whole multiples of when scales and activations are whole. */
static double
smallest_product (uint32_t type)
{
  switch (type) {
  case LM_TYPE_IQ2_XXS:
  case LM_TYPE_IQ2_XS:
  case LM_TYPE_IQ2_S:
    return 0.125;
  case LM_TYPE_IQ3_XXS:
    return 0.25;
  default:
    return 1;
  }
}

/* What to expect is slow to find, so a brief check looks at a few of many tokens, and of their
 * products at a third. */
static bool
is_looked_at (size_t r, size_t t, size_t n_tokens)
{
  return n_tokens < 8 ||
         ((!kernels_are_brief || t % 16 < 2 || t + 2 > n_tokens) && pair_is_taken (r, t));
}

/* Multiplies m with n_tokens of x in guarded memory and compares each product. With is_whole not
 * even the last bit of those may differ whose sums fit a float's 24 bits; their number is
 * returned. */
static size_t
check_products (const test_matrix *m, const float *x, size_t n_tokens, bool is_whole)
{
  size_t n_exact = 0;
  size_t n_rows = m->file.n_rows, stride = n_rows + 3;
  guarded out = guarded_new (n_tokens * stride * sizeof (float), 4);
  float *values = (float *) out.data;

  memset (out.data, 0x5a, out.bytes);
  level_multiply (&m->level, 0, n_rows, x, n_tokens, values, stride);
  for (size_t t = 0; t < n_tokens; t++) {
    for (size_t r = 0; r < n_rows; r++) {
      double value = values[t * stride + r];
      expectation e;
      bool is_exact;

      if (!is_looked_at (r, t, n_tokens))
        continue;
      e = expect (m, r, x + t * m->file.n_cols);
      is_exact = is_whole && e.magnitude < 0x1p24 * smallest_product (m->file.type);
      n_exact += is_exact;
      CHECK (fabs (value - e.value) <= (is_exact ? 0 : e.error),
             "%s %u × %u, row %zu, token %zu of %zu: %.9g, not %.9g ± %.2g",
             type_name (m->file.type), m->file.n_rows, m->file.n_cols, r, t, n_tokens, value,
             e.value, e.error);
    }
    for (size_t i = n_rows * sizeof (float); i < stride * sizeof (float); i++)
      CHECK (out.data[t * stride * sizeof (float) + i] == 0x5a, "%s: written between tokens",
             type_name (m->file.type));
  }
  CHECK (guarded_is_intact (&out), "%s: written beyond the output", type_name (m->file.type));
  guarded_free (&out);
  return n_exact;
}

/* n floats, not aligned to a vector. */
static guarded
make_input (size_t n, double scale)
{
  guarded x = guarded_new (n * sizeof (float), 4);

  for (size_t i = 0; i < n; i++)
    ((float *) x.data)[i] = (float) (random_signed () * scale);
  return x;
}

/* Rows that fill panels, do not, and are fewer than one; blocks odd in number; tokens one, a few,
 * as many as count as few and one more, and more than a pass takes. */
#define N_SHAPES 7
static const uint32_t N_ROWS[N_SHAPES] = { 8, 1, 7, 35, 9, 67, 40 };
static const uint32_t N_BLOCKS[N_SHAPES] = { 1, 3, 2, 9, 5, 3, 4 };
static const size_t N_TOKENS[N_SHAPES] = { 1, 2, 5, 67, 64, 15, 16 };

static void
check_types (fill how, double scale)
{
  for (size_t i = 0; i < N_KERNEL_TYPES; i++)
    for (size_t j = 0; j < N_SHAPES; j++) {
      uint32_t length = lm_type_get_traits (KERNEL_TYPES[i])->block_length;
      uint32_t n_cols = N_BLOCKS[j] * (length == 1 ? 37 : length);
      test_matrix m;
      guarded x;

      if (!pair_is_taken (i, j + (size_t) how))
        continue;
      m = test_matrix_new_for (KERNEL_TYPES[i], N_ROWS[j], n_cols, how, scale);
      x = make_input (n_cols * N_TOKENS[j], scale);
      check_products (&m, (const float *) x.data, N_TOKENS[j], false);
      guarded_free (&x);
      test_matrix_free (&m);
    }
}

void
check_matmul_random (void)
{
  check_types (FILL_RANDOM, 3);
}

void
check_matmul_extreme (void)
{
  check_types (FILL_EXTREME, 1);
  check_types (FILL_EXTREME, 1e-38);
  check_types (FILL_EXTREME, 0);
  check_types (FILL_EXTREME, 1e20);
}

/* Activations that are whole and reach the largest in every group have the scale one, so there is
 * nothing to round while sums fit 24 bits. Every second round has one group that is not zero, or
 * types with large weights would not stay there. */
void
check_matmul_whole (void)
{
  for (size_t i = 0; i < N_KERNEL_TYPES; i++) {
    uint32_t length = lm_type_get_traits (KERNEL_TYPES[i])->block_length;
    uint32_t n_cols = length == 1 ? 32 : length;
    static const int LARGEST[] = { 127, 15, 3 };
    int rounded = largest_activation (KERNEL_TYPES[i]), largest = rounded > 0 ? rounded : 127;
    const size_t n_tokens = 18; /* more than a tile has */
    const int n_rounds = kernels_are_brief ? 6 : 12;
    size_t n_exact = 0;

    for (int round = 0; round < n_rounds; round++) {
      test_matrix m = test_matrix_new (KERNEL_TYPES[i], 24, n_cols, FILL_WHOLE);
      guarded x = make_input (n_cols * n_tokens, 0);
      float *values = (float *) x.data;
      size_t n_groups = n_cols / LM_GROUP_LENGTH, first = random_below (n_groups);

      for (size_t j = 0; j < n_cols * n_tokens; j++)
        values[j] =
            (float) random_below (2 * (size_t) LARGEST[round % 3] + 1) - (float) LARGEST[round % 3];
      for (size_t j = 5; j < n_cols * n_tokens; j += LM_GROUP_LENGTH)
        values[j] = (float) -largest;
      for (size_t j = 0; round % 2 == 1 && j < n_cols * n_tokens; j++)
        values[j] = j % n_cols / LM_GROUP_LENGTH == first ? values[j] : 0;
      n_exact += check_products (&m, values, n_tokens, length > 1);
      guarded_free (&x);
      test_matrix_free (&m);
    }
    CHECK (length == 1 || n_exact > (kernels_are_brief ? 10 : 100),
           "%s: only %zu products were whole", type_name (KERNEL_TYPES[i]), n_exact);
  }
}

/* The same bits whatever else is in the call: every token alone or with the next, and rows from a
 * panel on. */
static void
check_parts (const test_matrix *m, const float *x, size_t n_tokens)
{
  size_t rows = m->file.n_rows, cols = m->file.n_cols;
  size_t n_firsts = (rows + LM_MAX_PANEL_ROWS - 1) / LM_MAX_PANEL_ROWS;
  float *all = calloc (n_tokens * rows, sizeof *all), *part = calloc (2 * rows, sizeof *part);

  level_multiply (&m->level, 0, rows, x, n_tokens, all, rows);
  for (size_t t = 0; t < n_tokens; t += 1 + random_below (5)) {
    size_t n = 1 + (t + 1 < n_tokens && random_below (3) == 0);
    size_t first = random_below (n_firsts) * LM_MAX_PANEL_ROWS;
    size_t n_rows = 1 + random_below (rows - first);

    level_multiply (&m->level, first, n_rows, x + t * cols, n, part, rows);
    for (size_t i = 0; i < n; i++)
      CHECK (memcmp (part + i * rows, all + (t + i) * rows + first, n_rows * sizeof *part) == 0,
             "%s %zu × %zu: token %zu of %zu from %zu on, rows %zu + %zu", type_name (m->file.type),
             rows, cols, i, n, t, first, n_rows);
  }
  free (all);
  free (part);
}

void
check_matmul_split (void)
{
  for (size_t i = 0; i < N_KERNEL_TYPES; i++) {
    enum { N = 70, ROWS = 45, COLS = 2304 };
    test_matrix m = test_matrix_new (KERNEL_TYPES[i], ROWS, COLS, FILL_RANDOM);
    guarded x = make_input (N * COLS, 2);

    check_parts (&m, (const float *) x.data, N);
    guarded_free (&x);
    test_matrix_free (&m);
  }
}

/* A product of n_tokens, cut into tasks, gives the bits of one call. */
static void
check_tasks (const test_matrix *m, const float *x, size_t n_tokens, lm_pool *pool)
{
  size_t rows = m->file.n_rows, cols = m->file.n_cols, bytes = n_tokens * rows * sizeof (float);
  size_t scratch = (lm_matmul_scratch_bytes (cols) + 63) & ~(size_t) 63;
  lm_linear linear = { .matrix = m->level };
  float *out = calloc (1, bytes), *tasks = calloc (1, bytes);
  guarded prepared = guarded_new (n_tokens * kernels_level->prepared_bytes (cols), 0);
  guarded memory = guarded_new (2 * scratch, 0);
  lm_products products = { .kernels = kernels_level,
                           .linears = { &linear },
                           .outs = { tasks },
                           .n_linears = 1,
                           .x = x,
                           .prepared = prepared.data,
                           .n_tokens = n_tokens,
                           .n_threads = 2,
                           .scratch = (char *) memory.data,
                           .scratch_bytes = scratch };

  for (size_t t = 0; t < n_tokens; t++)
    kernels_level->prepare (x, cols, n_tokens, t, 0, cols, prepared.data);
  lm_products_run (&products, pool, NULL);
  level_multiply (&m->level, 0, rows, x, n_tokens, out, rows);
  CHECK (memcmp (out, tasks, bytes) == 0, "%s %zu × %zu: %zu tokens cut into tasks",
         type_name (m->file.type), rows, cols, n_tokens);
  CHECK (guarded_is_intact (&prepared) && guarded_is_intact (&memory),
         "%s: written beyond the scratch of two tasks", type_name (m->file.type));
  guarded_free (&memory);
  guarded_free (&prepared);
  free (out);
  free (tasks);
}

const char *
why_no_stretches (void)
{
  return kernels_level->wants_panels == NULL ? "it has no panels" : NULL;
}

/* Columns of several spans, the last of them whole and not; rows of stretches of panels that are
 * whole and not. */
void
check_matmul_stretches (void)
{
  static const struct {
    uint32_t n_rows, n_cols;
  } SHAPES[] = { { 16, 11008 }, { 80, 2304 },  { 48, 4096 },  { 64, 4352 },
                 { 23, 18944 }, { 141, 6144 }, { 1000, 2304 } };
  size_t n = sizeof SHAPES / sizeof *SHAPES - (kernels_are_brief ? 2 : 0);
  lm_pool *pool = lm_pool_new (2);

  for (size_t i = 0; i < N_KERNEL_TYPES; i++)
    for (size_t j = 0; kernels_level->wants_panels (KERNEL_TYPES[i]) && j < n; j++) {
      enum { N = 18 };
      test_matrix m;
      guarded x;
      const float *values;

      if (!pair_is_taken (i, j))
        continue;
      m = test_matrix_new (KERNEL_TYPES[i], SHAPES[j].n_rows, SHAPES[j].n_cols, FILL_RANDOM);
      x = make_input ((size_t) N * SHAPES[j].n_cols, 2);
      values = (const float *) x.data;
      check_products (&m, values, 1, false);
      check_products (&m, values, 7, false);
      check_parts (&m, values, N);
      check_tasks (&m, values, 1, pool);
      check_tasks (&m, values, N, pool);
      guarded_free (&x);
      test_matrix_free (&m);
    }
  lm_pool_free (pool);
}

/* A token that is not finite spoils itself only. */
void
check_matmul_not_finite (void)
{
  for (size_t i = 0; i < N_KERNEL_TYPES; i++) {
    enum { ROWS = 16, COLS = 512 };
    test_matrix m = test_matrix_new (KERNEL_TYPES[i], ROWS, COLS, FILL_RANDOM);
    guarded x = make_input (3 * COLS, 2);
    float *values = (float *) x.data, out[3 * ROWS];

    values[COLS + 77] = NAN;
    values[2 * COLS + 300] = INFINITY;
    level_multiply (&m.level, 0, ROWS, values, 3, out, ROWS);
    for (size_t r = 0; r < ROWS; r++) {
      expectation e = expect (&m, r, values);

      CHECK (fabs (out[r] - e.value) <= e.error, "%s: row %zu", type_name (KERNEL_TYPES[i]), r);
      CHECK (!isfinite (out[ROWS + r]) && !isfinite (out[2 * ROWS + r]), "%s: row %zu is finite",
             type_name (KERNEL_TYPES[i]), r);
    }
    guarded_free (&x);
    test_matrix_free (&m);
  }
}

/* What one level computes of random weights and activations, n_tokens × n_rows; the caller frees.
 */
static float *
multiply_at (const lm_kernels *level, uint64_t seed, uint32_t type, size_t n_rows, size_t n_tokens)
{
  enum { COLS = 4 * 256 + 2304 };
  const lm_kernels *before = kernels_level;
  float *out = calloc (n_tokens * n_rows, sizeof *out);
  test_matrix m;
  guarded x;

  kernels_level = level;
  kernels_random = seed;
  m = test_matrix_new (type, (uint32_t) n_rows, COLS, FILL_RANDOM);
  x = make_input (COLS * n_tokens, 2);
  level_multiply (&m.level, 0, n_rows, (const float *) x.data, n_tokens, out, n_rows);
  guarded_free (&x);
  test_matrix_free (&m);
  kernels_level = before;
  return out;
}

/* Another level that this computer has and that multiplies bytes with vpdpbusd; NULL: none. */
static const lm_kernels *
find_other (void)
{
  const lm_kernels *other = lm_kernels_select ("avx-vnni", lm_cpu_get_features ());

  if (other == NULL || kernels_level == other)
    other = lm_kernels_select ("avx512-vnni", lm_cpu_get_features ());
  return other;
}

const char *
why_not_same (void)
{
  const char *name = kernels_level->name;

  if (strstr (name, "vnni") == NULL && strstr (name, "bf16") == NULL &&
      strstr (name, "amx") == NULL)
    return "it is neither";
  return find_other () == NULL ? "this computer has no other that is one" : NULL;
}

/* Such levels sum up whole numbers, which are exact, and then do the same with floats: their
 * answers do not differ. */
void
check_matmul_same (void)
{
  static const size_t TOKENS[] = { 1, 15, 16, 17, 33, 64, 91 };
  const lm_kernels *other = find_other ();

  for (size_t i = 0; i < N_KERNEL_TYPES; i++)
    /* Sums of floats come in vectors of either length, and differ. */
    for (size_t j = 0;
         lm_quant_get_unpack (KERNEL_TYPES[i]) != NULL && j < sizeof TOKENS / sizeof *TOKENS; j++) {
      size_t n_rows = 16 * (1 + random_below (5)) + random_below (16);
      uint64_t seed = kernels_random;
      float *a, *b;

      if (!pair_is_taken (i, j))
        continue;
      a = multiply_at (kernels_level, seed, KERNEL_TYPES[i], n_rows, TOKENS[j]);
      b = multiply_at (other, seed, KERNEL_TYPES[i], n_rows, TOKENS[j]);
      CHECK (memcmp (a, b, TOKENS[j] * n_rows * sizeof *a) == 0, "%s: %zu rows, %zu tokens",
             type_name (KERNEL_TYPES[i]), n_rows, TOKENS[j]);
      free (a);
      free (b);
    }
}
