/* SPDX-License-Identifier: GPL-3.0-or-later
 * The probe of matrix products: how fast a model's weights of each type would be multiplied. */
#include <stdlib.h>
#include <string.h>

#include "kernels/panels.h"
#include "model/products.h"
#include "model/scratch.h"
#include "probe/probe.h"
#include "util/cpu.h"
#include "util/error.h"
#include "util/measure.h"
#include "util/pages.h"
#include "util/topology.h"

/* A matrix such as a model of some billions of parameters has, and how many at least are gone
 * through in turn. */
#define N_COLS 2048
#define N_ROWS 6144

#define SIZE_TRIES    3  /* of a product, to see how long it takes */
#define FIRST_ROWS    64 /* of a matrix, a thread, while nothing is known of the speed */
#define FEW_TOKENS    32 /* of a block on a computer for which a whole one is long */
#define MAX_ROUNDS    64
#define MAX_TYPES     32
#define CHUNKS_A_FILL 8   /* between two reports */
#define MEMORY_PART   0.2 /* of the time, for the memory alone */

/* Of a pass: a thousand times as long as starting the threads, and cancelled soon. */
#define DECODE_SECONDS  4e-3
#define PREFILL_SECONDS 8e-3
#define READ_SECONDS    3e-3
#define LONGEST_SECONDS 20e-3

/* Of the passes of one kind that were made, the part that may be slower than the rate told. */
#define QUANTILE 0.9

typedef struct {
  double values[MAX_ROUNDS];
  size_t n;
} rates;

/* A type of weights. */
typedef struct {
  lm_linear linear; /* the next matrix */
  size_t at;        /* of it, in the memory */
  size_t n_rows;    /* of a product, for prefill */
  size_t n_tokens;  /* likewise */
  lm_prefetch prefetch;
  rates decode, prefill;
} subject;

typedef struct {
  const lm_kernels *kernels;
  lm_threads threads;
  lm_pool *pool;
  uint8_t *memory; /* owned; see fill_chunk() */
  uint64_t memory_bytes;
  lm_reading reading;
  size_t way; /* the fastest to read */
  rates reads;
  float *x;       /* LM_BLOCK_TOKENS × N_COLS */
  float *out;     /* LM_BLOCK_TOKENS × N_ROWS */
  void *prepared; /* of all tokens of x; NULL where kernels want none */
  char *scratch;  /* a thread × scratch_bytes */
  size_t scratch_bytes;
  size_t n_tokens; /* of this product */
  subject *subjects;
  size_t n_subjects;
  double start, seconds; /* of all passes */
  const lm_probe_options *options;
} probe;

/* ---- Memory ------------------------------------------------------------------------------- */

/* Any two bytes are a half of a size between 2^-7 and 2^-3, so that wherever a type has its scales
 * there are some that can be computed with, and the same memory serves as weights of any type, in
 * the file's layout and in panels. */
static void
fill_chunk (void *data, size_t index, unsigned worker)
{
  const probe *p = data;
  uint8_t *chunk = p->memory + (p->reading.first + index) * LM_PROBE_CHUNK_BYTES;
  uint64_t state = p->reading.first + index + 1;

  (void) worker;
  for (size_t i = 0; i < LM_PROBE_CHUNK_BYTES; i += sizeof state) {
    uint64_t word;

    state = state * UINT64_C (0x5851f42d4c957f2d) + UINT64_C (0x14057b7ef767814f);
    word = ((state ^ state >> 29) & UINT64_C (0x8f8f8f8f8f8f8f8f)) | UINT64_C (0x2020202020202020);
    memcpy (chunk + i, &word, sizeof word);
  }
}

static bool
allocate (probe *p)
{
  size_t prepared =
      p->kernels->prepare != NULL ? LM_BLOCK_TOKENS * p->kernels->prepared_bytes (N_COLS) : 0;

  p->memory = lm_pages_alloc (p->memory_bytes);
  p->x = lm_aligned_alloc ((size_t) LM_BLOCK_TOKENS * N_COLS, sizeof *p->x);
  p->out = lm_aligned_alloc ((size_t) LM_BLOCK_TOKENS * N_ROWS, sizeof *p->out);
  p->scratch_bytes = (lm_matmul_scratch_bytes (N_COLS) + 63) & ~(size_t) 63;
  p->scratch = lm_aligned_alloc (p->threads.most, p->scratch_bytes);
  if (prepared > 0)
    p->prepared = lm_aligned_alloc (prepared, 1);
  return p->memory != NULL && p->x != NULL && p->out != NULL && p->scratch != NULL &&
         (prepared == 0 || p->prepared != NULL);
}

static void
clear (probe *p)
{
  lm_pages_free (p->memory, p->memory_bytes);
  lm_aligned_free (p->x);
  lm_aligned_free (p->out);
  lm_aligned_free (p->prepared);
  lm_aligned_free (p->scratch);
  free (p->subjects);
  lm_pool_free (p->pool);
}

/* What is written to is touched, too: getting pages is not what is to be measured. */
static void
fill_tokens (probe *p)
{
  memset (p->out, 0, (size_t) LM_BLOCK_TOKENS * N_ROWS * sizeof *p->out);
  for (size_t i = 0; i < (size_t) LM_BLOCK_TOKENS * N_COLS; i++)
    p->x[i] = (float) ((i * 2654435761u >> 8 & 0xffff) / 32768.0 - 1);
}

/* ---- Subjects ----------------------------------------------------------------------------- */

static bool
find_type (const char *name, uint32_t *type)
{
  for (*type = 0; *type < 256; ++*type) {
    const lm_type_traits *traits = lm_type_get_traits (*type);

    if (traits != NULL && strcmp (traits->name, name) == 0)
      return true;
  }
  return false;
}

static bool
init_subject (const probe *p, const char *name, subject *s)
{
  const lm_type_traits *traits;
  lm_matrix *m = &s->linear.matrix;

  if (name == NULL || !find_type (name, &m->type))
    return false;
  traits = lm_type_get_traits (m->type);
  m->data = p->memory;
  m->n_cols = N_COLS;
  m->n_rows = N_ROWS;
  m->row_bytes = N_COLS / traits->block_length * traits->block_bytes;
  if (lm_panels_are_wanted (p->kernels, m->type))
    m->panel_rows = p->kernels->panel_rows;
  return true;
}

/* The next n_rows of the memory: what was read long ago is in no cache any more. */
static void
go_on (const probe *p, subject *s, size_t n_rows)
{
  lm_matrix *m = &s->linear.matrix;
  size_t bytes = n_rows * m->row_bytes;

  m->n_rows = (uint32_t) n_rows;
  if (p->memory_bytes - s->at < bytes)
    s->at = 0;
  m->data = p->memory + s->at;
  s->at += (bytes + 63) & ~(size_t) 63;
  s->at = s->at < p->memory_bytes ? s->at : 0;
}

/* ---- Passes ------------------------------------------------------------------------------- */

static void
prepare_token (void *data, size_t t, unsigned worker)
{
  const probe *p = data;

  (void) worker;
  p->kernels->prepare (p->x, N_COLS, p->n_tokens, t, 0, N_COLS, p->prepared);
}

/* Prepares the tokens for a product. */
static lm_products
begin_product (probe *p, const subject *s, size_t n_tokens)
{
  lm_products products = {
    .kernels = p->kernels,
    .linears = { &s->linear },
    .outs = { p->out },
    .n_linears = 1,
    .x = p->x,
    .prepared = p->prepared,
    .n_tokens = n_tokens,
    .prefetch = s->prefetch,
    .n_threads = n_tokens == 1 ? p->threads.decode : p->threads.prefill,
    .scratch = p->scratch,
    .scratch_bytes = p->scratch_bytes,
  };

  p->n_tokens = n_tokens;
  if (p->kernels->prepare != NULL)
    lm_pool_run_on (p->pool, products.n_threads, n_tokens, prepare_token, p, NULL);
  return products;
}

/* One product, its tokens' preparation included. */
static void
multiply (probe *p, subject *s, size_t n_rows, size_t n_tokens)
{
  lm_products products;

  go_on (p, s, n_rows);
  products = begin_product (p, s, n_tokens);
  lm_products_run (&products, p->pool, NULL);
}

/* Weights multiplied with a token a second. */
static double
multiply_pass (probe *p, subject *s, size_t n_rows, size_t n_tokens, double pass_seconds)
{
  double start = lm_now_seconds (), took;
  double n_weights = 0;

  do {
    multiply (p, s, n_rows, n_tokens);
    n_weights += (double) n_rows * N_COLS * (double) n_tokens;
    took = lm_now_seconds () - start;
  } while (took < pass_seconds);
  return n_weights / took;
}

/* Seconds that one product for prefill takes when nothing comes in between. */
static double
time_product (probe *p, subject *s)
{
  double least = LONGEST_SECONDS * 2;

  for (int i = 0; i < SIZE_TRIES; i++) {
    double start = lm_now_seconds (), took;

    multiply (p, s, s->n_rows, s->n_tokens);
    took = lm_now_seconds () - start;
    least = took < least ? took : least;
  }
  return least;
}

/* Sets how much is multiplied at once: as a model would, unless that is long here. Tokens are
 * prepared once for thousands of rows, so with few rows it would be the preparing that is
 * measured. */
static void
choose_size (probe *p, subject *s)
{
  size_t step = FIRST_ROWS * (size_t) p->threads.prefill;
  double took;

  s->n_rows = step < N_ROWS ? step : N_ROWS;
  s->n_tokens = FEW_TOKENS;
  if (time_product (p, s) * LM_BLOCK_TOKENS > LONGEST_SECONDS * FEW_TOKENS)
    return;
  s->n_tokens = LM_BLOCK_TOKENS;
  took = time_product (p, s);
  while (took < PREFILL_SECONDS / 2 && s->n_rows < N_ROWS) {
    s->n_rows = 2 * s->n_rows < N_ROWS ? 2 * s->n_rows : N_ROWS;
    took = time_product (p, s);
  }
}

/* As a model does when it is opened. */
static void
choose_prefetch (probe *p, subject *s)
{
  lm_linear linears[LM_PREFETCH_TRIALS];
  lm_products products = begin_product (p, s, 1);

  for (int i = 0; i < LM_PREFETCH_TRIALS; i++) {
    go_on (p, s, N_ROWS / 2);
    linears[i] = s->linear;
  }
  s->prefetch = lm_products_find_prefetch (&products, linears, p->pool);
}

/* ---- Rates -------------------------------------------------------------------------------- */

static void
add_rate (rates *r, double value)
{
  if (r->n < MAX_ROUNDS)
    r->values[r->n++] = value;
}

/* The rate that part of them lie below. */
static double
get_quantile (rates *r, double part)
{
  return lm_find_quantile (r->values, r->n, part);
}

/* ---- The probe ---------------------------------------------------------------------------- */

#define PROGRESS_STEPS 1000

static bool
report (void *data)
{
  const probe *p = data;
  double part = (lm_now_seconds () - p->start) / p->seconds;

  part = part < 1 ? part : 1;
  return lm_probe_tell (p->options, (uint64_t) (part * (PROGRESS_STEPS - 1)), PROGRESS_STEPS);
}

static double
read_pass (probe *p)
{
  double start = lm_now_seconds ();
  uint64_t bytes = lm_reading_pass (&p->reading, p->way, READ_SECONDS);

  return (double) bytes / (lm_now_seconds () - start);
}

/* A system that hands out pages slowly can take its time over this. */
static bool
fill_memory (probe *p)
{
  lm_reading *r = &p->reading;
  size_t n;

  for (; r->first < r->n_chunks; r->first += n) {
    n = r->n_chunks - r->first < CHUNKS_A_FILL ? r->n_chunks - r->first : CHUNKS_A_FILL;
    lm_pool_run (p->pool, n, fill_chunk, p, NULL);
    if (!report (p))
      return false;
  }
  r->first = 0;
  return true;
}

/* Finds the fastest way to read. */
static bool
choose_way (probe *p)
{
  lm_reading *r = &p->reading;
  double left = p->start + p->seconds * MEMORY_PART - lm_now_seconds ();

  left = left > 0 ? left : 0;
  p->way = lm_probe_find_way (r->n_ways, lm_reading_pass, r, left, report, p);
  return p->way < r->n_ways;
}

static bool
measure_subject (probe *p, subject *s)
{
  double bytes_a_weight = (double) s->linear.matrix.row_bytes / N_COLS;

  if (s->n_rows == 0) {
    choose_size (p, s);
    if (p->kernels->prefetches)
      choose_prefetch (p, s);
  }
  add_rate (&s->decode, multiply_pass (p, s, N_ROWS, 1, DECODE_SECONDS) * bytes_a_weight);
  if (!report (p))
    return false;
  add_rate (&s->prefill, multiply_pass (p, s, s->n_rows, s->n_tokens, PREFILL_SECONDS));
  return report (p);
}

/* Once at least, and once more only if there is time for as long a round as the last. */
static bool
measure_rounds (probe *p)
{
  double round = 0;

  for (int i = 0; i < MAX_ROUNDS; i++) {
    double start = lm_now_seconds ();

    if (i > 0 && start + round * 0.5 > p->start + p->seconds)
      break;
    for (size_t j = 0; j < p->n_subjects; j++) {
      if (j % 2 == 0)
        add_rate (&p->reads, read_pass (p));
      if (!measure_subject (p, &p->subjects[j]))
        return false;
    }
    round = lm_now_seconds () - start;
  }
  return true;
}

static lm_status
set_up (probe *p, const lm_kernel_speed *speeds, lm_error *error)
{
  const lm_probe_options *options = p->options;
  lm_status status = lm_probe_check (options, error);

  if (status != LM_OK)
    return status;
  p->kernels = lm_kernels_select (options->cpu_level, lm_cpu_get_features ());
  if (p->kernels == NULL)
    return lm_fail (error, LM_ERROR_ARGUMENT, options->cpu_level, 0,
                    "This computer cannot compute with \"%s\".", options->cpu_level);
  p->threads = lm_threads_choose (options->n_threads, 0);
  p->pool = lm_pool_new (p->threads.most);
  p->subjects = calloc (p->n_subjects, sizeof *p->subjects);
  if (p->pool == NULL || p->subjects == NULL || !allocate (p))
    return lm_fail (error, LM_ERROR_MEMORY, NULL, (int64_t) p->memory_bytes,
                    "There is not enough memory.");
  for (size_t i = 0; i < p->n_subjects; i++)
    if (!init_subject (p, speeds[i].type, &p->subjects[i]))
      return lm_fail (error, LM_ERROR_TYPE, speeds[i].type, 0, "There is no type \"%s\".",
                      speeds[i].type != NULL ? speeds[i].type : "");
  p->reading = lm_reading_make (p->pool, p->threads.decode, p->memory, p->memory_bytes);
  fill_tokens (p);
  return LM_OK;
}

static void
tell (probe *p, lm_kernel_speed *speeds, lm_memory_speed *memory)
{
  double fast = get_quantile (&p->reads, QUANTILE), slow = get_quantile (&p->reads, 1 - QUANTILE);

  for (size_t i = 0; i < p->n_subjects; i++) {
    speeds[i].decode = get_quantile (&p->subjects[i].decode, QUANTILE);
    speeds[i].prefill = get_quantile (&p->subjects[i].prefill, QUANTILE);
  }
  memory->read_bandwidth = fast;
  memory->spread = 1 - slow / fast;
  memory->n_threads = p->threads.decode;
}

lm_status
lm_probe_kernels (const lm_probe_options *options,
                  uint64_t memory_bytes,
                  lm_kernel_speed *speeds,
                  size_t n_speeds,
                  lm_memory_speed *memory,
                  lm_error *error)
{
  static const lm_probe_options defaults = { 0 };
  probe p = { .n_subjects = n_speeds, .seconds = 1 };
  lm_status status;

  options = options != NULL ? options : &defaults;
  *memory = (lm_memory_speed) { 0 };
  if (n_speeds == 0 || n_speeds > MAX_TYPES ||
      (memory_bytes != 0 && memory_bytes < LM_PROBE_LEAST_BYTES))
    return lm_fail (error, LM_ERROR_ARGUMENT, NULL, 0, "That is nothing that can be measured.");
  p.memory_bytes = memory_bytes > 0 ? memory_bytes : 2 * LM_PROBE_LEAST_BYTES;
  p.memory_bytes -= p.memory_bytes % LM_PROBE_CHUNK_BYTES;
  p.start = lm_now_seconds ();
  p.seconds = options->seconds > 0 ? options->seconds : p.seconds;
  p.options = options;
  status = set_up (&p, speeds, error);
  if (status == LM_OK && (!fill_memory (&p) || !choose_way (&p) || !measure_rounds (&p)))
    status = lm_probe_fail_stopped (error);
  if (status == LM_OK)
    tell (&p, speeds, memory);
  clear (&p);
  return status;
}
