/* SPDX-License-Identifier: GPL-3.0-or-later
 * The probes of this computer's limits: rates that can be, errors that say so, an end in time. */
#include "check.h"
#include "lm.h"
#include "model/products.h"
#include "probe/probe.h"
#include "probe/read.h"
#include "util/measure.h"
#include "util/topology.h"

typedef struct {
  int n_calls;
  uint64_t least; /* passes that are foretold */
} stop;

static bool
stop_at_once (uint64_t done, uint64_t total, void *user_data)
{
  stop *s = user_data;

  CHECK (done == 1 && total >= s->least, "after the first pass");
  s->n_calls++;
  return false;
}

static bool
count (uint64_t done, uint64_t total, void *user_data)
{
  CHECK (done == (uint64_t) ++*(int *) user_data && done <= total, "in order");
  return true;
}

static void
test_levels (void)
{
  const char *names[8] = { NULL };
  size_t n = lm_cpu_levels (NULL, 0);

  CHECK (n >= 1 && n <= 8, "%zu", n);
  CHECK (lm_cpu_levels (names, 1) == n && names[0] != NULL && names[1] == NULL, "capacity");
  CHECK (lm_cpu_levels (names, 8) == n, "all");
  CHECK (strcmp (names[n - 1], "reference") == 0, "%s", names[n - 1]);
}

static void
test_threads (void)
{
  lm_probe_options options = { .n_threads = 0 };
  lm_threads chosen = lm_threads_choose (0, 0);
  lm_pool *pool = NULL;

  CHECK (lm_probe_begin (&options, &pool, NULL) == LM_OK, "by default");
  CHECK (lm_pool_get_n_threads (pool) == chosen.decode, "those that decode");
  lm_pool_free (pool);
  options.n_threads = 3;
  CHECK (lm_probe_begin (&options, &pool, NULL) == LM_OK, "three");
  CHECK (lm_pool_get_n_threads (pool) == 3, "as many as were asked for");
  lm_pool_free (pool);
}

/* Looks of some sizes, of which each reads what it shall and hardly more. */
static void
check_looks (lm_read_probe *probe, const char *what)
{
  static const uint64_t BYTES[] = { 0, 1, LM_PROBE_CHUNK_BYTES, 300000000, 1000000000 };

  for (size_t i = 0; i < sizeof BYTES / sizeof *BYTES; i++) {
    double took = 0, start = lm_now_seconds ();
    uint64_t bytes = lm_read_probe_look (probe, BYTES[i], &took);
    double passed = lm_now_seconds () - start, rate = (double) bytes / took;

    printf ("# %s: %llu bytes at %.1f GB/s\n", what, (unsigned long long) bytes, rate * 1e-9);
    CHECK (bytes >= BYTES[i] && bytes <= BYTES[i] + LM_PROBE_CHUNK_BYTES, "%llu",
           (unsigned long long) bytes);
    CHECK (rate > (BYTES[i] < 100000000 ? 1e7 : 1e8) && rate < 1e13, "%g", rate);
    CHECK (took > 0 && took <= passed, "%g of %g s", took, passed);
  }
}

static void
test_bandwidth (void)
{
  int n_calls = 0;
  lm_error error = { 0 };
  lm_probe_options options = { .seconds = 0.1, .progress = count, .user_data = &n_calls };
  lm_read_probe *probe = lm_read_probe_open (&options, &error);

  CHECK (probe != NULL, "%s", error.message);
  CHECK (n_calls >= LM_PROBE_TRIES, "%d", n_calls);
  if (probe != NULL)
    check_looks (probe, "read bandwidth");
  lm_read_probe_close (probe);
}

static void
test_weights (void)
{
  const char *path = getenv ("LINNET_DEMO_MODEL");
  lm_model_options tokenizer = { .level = LM_OPEN_TOKENIZER };
  lm_probe_options options = { .seconds = 0.1 };
  lm_model *model = path == NULL ? NULL : lm_model_open (path, &tokenizer, NULL);
  lm_error error = { 0 };
  lm_read_probe *probe;

  if (model == NULL) {
    check_skip ("LINNET_DEMO_MODEL is not there");
    return;
  }
  options.model = model;
  CHECK (lm_read_probe_open (&options, &error) == NULL, "no weights");
  CHECK (error.code == LM_ERROR_ARGUMENT, "%s", error.message);
  lm_model_close (model);
  model = lm_model_open (path, NULL, &error);
  CHECK (model != NULL, "%s", error.message);
  if (model == NULL)
    return;
  options.model = model;
  probe = lm_read_probe_open (&options, &error);
  CHECK (probe != NULL, "%s", error.message);
  if (probe != NULL)
    check_looks (probe, "weights, which may be in a cache");
  lm_read_probe_close (probe);
  lm_model_close (model);
}

/* Memory of any size is read whole, but for less than a step. */
static void
test_reading (void)
{
  static const struct {
    uint64_t bytes;
    size_t n_chunks;
    size_t chunk_bytes;
  } cases[] = {
    { LM_READ_STEP, 1, LM_READ_STEP },
    { 3 * LM_READ_STEP + 1, 1, 3 * LM_READ_STEP },
    { LM_PROBE_CHUNK_BYTES, 1, LM_PROBE_CHUNK_BYTES },
    { 5 * LM_PROBE_CHUNK_BYTES - 1, 4, LM_PROBE_CHUNK_BYTES },
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lm_reading r = lm_reading_make (NULL, 1, NULL, cases[i].bytes);

    CHECK (r.n_chunks == cases[i].n_chunks && r.chunk_bytes == cases[i].chunk_bytes, "%zu × %zu",
           r.n_chunks, r.chunk_bytes);
    CHECK (r.n_ways >= 1, "a way to read");
  }
}

#define N_TRIES (3 * LM_PROBE_TRIES)

/* What way 0 … 2 was asked for in each pass of a probe whose second way does most in a time. */
typedef struct {
  size_t ways[LM_PROBE_PASSES];
  size_t n;
} asked;

_Static_assert (N_TRIES <= LM_PROBE_PASSES, "there is room for either");

static uint64_t
do_some (void *data, size_t way, double pass_seconds)
{
  asked *a = data;
  double end = lm_now_seconds () + pass_seconds;

  if (a->n < LM_PROBE_PASSES)
    a->ways[a->n++] = way;
  while (lm_now_seconds () < end)
    ;
  return way == 1 ? 5000000 : 1000000;
}

static bool
go_on (void *data)
{
  (void) data;
  return true;
}

static void
test_choice (void)
{
  asked a = { .n = 0 };

  CHECK (lm_probe_find_way (3, do_some, &a, 0.06, go_on, NULL) == 1, "the fastest");
  CHECK (a.n == N_TRIES, "%zu", a.n);
  for (size_t i = 0; i < a.n; i++)
    CHECK (a.ways[i] == i % 3, "pass %zu: way %zu", i, a.ways[i]);
}

static void
test_passes (void)
{
  asked a = { .n = 0 };
  double rate = 0;
  lm_probe_options options = { .seconds = 0.12 };
  double most = 1e6 / (options.seconds / LM_PROBE_PASSES);

  CHECK (lm_probe_run (&options, do_some, &a, &rate, NULL) == LM_OK, "runs");
  CHECK (a.n == LM_PROBE_PASSES, "%zu", a.n);
  for (size_t i = 0; i < a.n; i++)
    CHECK (a.ways[i] == 0, "pass %zu: way %zu", i, a.ways[i]);
  CHECK (rate > most / 4 && rate <= most, "%g of %g", rate, most);
}

static bool
stop_finding (void *data)
{
  return ++*(int *) data < 4;
}

static void
test_stopped_choice (void)
{
  asked a = { .n = 0 };
  int n_told = 0;

  CHECK (lm_probe_find_way (3, do_some, &a, 0.01, stop_finding, &n_told) == 3, "none is found");
  CHECK (n_told == 4 && a.n == 4, "%d told of %zu", n_told, a.n);
}

static void
test_quantile (void)
{
  double rates[] = { 3, 1, 5, 2, 4 };

  CHECK (lm_find_quantile (rates, 5, 0.5) == 3, "the median");
  CHECK (lm_find_quantile (rates, 5, 1) == 5, "the largest");
  CHECK (lm_find_quantile (rates, 5, 0) == 1, "the smallest");
  CHECK (lm_find_quantile (rates, 0, 0.5) == 0, "none");
}

/* Multiplies nothing, on a computer that reads faster in one way, and now and then is held up. */
static lm_prefetch liked;
static unsigned n_multiplied;

static void
multiply_nothing (const lm_matrix *w,
                  size_t first_row,
                  size_t n_rows,
                  const lm_input *input,
                  float *out,
                  size_t stride,
                  void *scratch)
{
  double seconds = input->prefetch == liked ? 100e-6 : 200e-6, start = lm_now_seconds ();

  seconds += n_multiplied++ % 5 == 0 ? 1e-3 : 0;
  while (lm_now_seconds () < start + seconds)
    ;
}

static void
test_prefetch (void)
{
  static const lm_kernels kernels = { .matmul = multiply_nothing, .prefetches = true };
  lm_linear linears[LM_PREFETCH_TRIALS];
  lm_products products = { .kernels = &kernels, .n_linears = 1, .n_tokens = 1, .n_threads = 1 };
  lm_pool *pool = lm_pool_new (1);

  for (size_t i = 0; i < LM_PREFETCH_TRIALS; i++)
    linears[i] = (lm_linear) { .matrix = { .n_rows = 16, .n_cols = 32, .row_bytes = 34 } };
  for (int way = 0; way < LM_PREFETCH_WAYS; way++) {
    liked = (lm_prefetch) way;
    CHECK (lm_products_find_prefetch (&products, linears, pool) == liked, "%d", way);
  }
  lm_pool_free (pool);
}

/* Were a way's reads left out by the compiler, it would be faster than any memory, even in cache.
 */
static void
test_ways (void)
{
  enum { BYTES = 1 << 20 };
  static _Alignas (64) uint8_t memory[BYTES];
  lm_read_fn ways[LM_MAX_READ_WAYS];
  size_t n = lm_read_list_ways (ways);

  CHECK (n >= 2 && n <= LM_MAX_READ_WAYS, "%zu", n);
  memset (memory, 1, sizeof memory);
  for (size_t i = 0; i < n; i++) {
    double start, took;

    ways[i](memory, BYTES);
    start = lm_now_seconds ();
    for (int j = 0; j < 64; j++)
      ways[i](memory, BYTES);
    took = lm_now_seconds () - start;
    CHECK (64.0 * BYTES / took < 1e12, "way %zu reads %g bytes a second", i, 64.0 * BYTES / took);
  }
}

static void
test_peak (void)
{
  const char *names[8];
  size_t n = lm_cpu_levels (names, 8);
  double slowest = 0, fastest = 0;
  lm_error error = { 0 };

  for (size_t i = 0; i < n; i++) {
    double rate = 0;
    lm_probe_options options = { .seconds = 0.1, .n_threads = 1, .cpu_level = names[i] };

    CHECK (lm_probe_int8_peak (&options, &rate, &error) == LM_OK, "%s", error.message);
    printf ("# %s: %.1f G multiply-adds/s\n", names[i], rate * 1e-9);
    /* 10 GHz × 2 units × 64 bytes, and nothing the compiler has thrown away. */
    CHECK (rate > 1e7 && rate < 1.3e12, "%s: %g", names[i], rate);
    fastest = i == 0 ? rate : fastest;
    slowest = rate;
  }
  CHECK (n == 1 || fastest > slowest, "the best level is slower than plain C");
}

/* Every level computes every type; what is told can be. */
static void
test_kernels (void)
{
  enum { N_TYPES = 8 };
  static const char *const TYPES[N_TYPES] = { "Q4_0", "Q4_K", "Q5_K", "Q6_K",
                                              "Q8_0", "Q2_K", "Q3_K", "F16" };
  const char *names[8];
  size_t n = lm_cpu_levels (names, 8);

  for (size_t i = 0; i < n; i++) {
    lm_kernel_speed speeds[N_TYPES] = { 0 };
    lm_memory_speed memory;
    lm_error error = { 0 };
    lm_probe_options options = { .seconds = 0.8, .cpu_level = names[i] };
    double start = lm_now_seconds ();

    for (size_t j = 0; j < N_TYPES; j++)
      speeds[j].type = TYPES[j];
    CHECK (lm_probe_kernels (&options, LM_PROBE_LEAST_BYTES, speeds, N_TYPES, &memory, &error) ==
               LM_OK,
           "%s", error.message);
    printf ("# %s in %.2f s: memory %.1f GB/s ± %.0f %%\n", names[i], lm_now_seconds () - start,
            memory.read_bandwidth * 1e-9, memory.spread * 100);
    CHECK (memory.read_bandwidth > 1e8 && memory.read_bandwidth < 1e13, "%g",
           memory.read_bandwidth);
    CHECK (memory.spread >= 0 && memory.spread < 1, "%g", memory.spread);
    for (size_t j = 0; j < N_TYPES; j++) {
      printf ("#   %s: %.1f GB/s, %.1f G multiply-adds/s\n", TYPES[j], speeds[j].decode * 1e-9,
              speeds[j].prefill * 1e-9);
      CHECK (speeds[j].decode > 1e6 && speeds[j].decode < 1e13, "%g", speeds[j].decode);
      CHECK (speeds[j].prefill > 1e6 && speeds[j].prefill < 1e15, "%g", speeds[j].prefill);
    }
  }
}

static bool
stop_later (uint64_t done, uint64_t total, void *user_data)
{
  CHECK (done < total, "%llu", (unsigned long long) done);
  return ++*(int *) user_data < 20;
}

static void
test_kernel_errors (void)
{
  int n_calls = 0;
  lm_error error = { 0 };
  lm_memory_speed memory;
  lm_kernel_speed good = { .type = "Q4_0" }, bad = { .type = "Q4_X" };
  lm_probe_options stopped = { .seconds = 5, .progress = stop_later, .user_data = &n_calls };
  lm_probe_options abacus = { .cpu_level = "abacus" };

  CHECK (lm_probe_kernels (&stopped, 0, &good, 1, &memory, NULL) == LM_ERROR_CANCELLED, "stopped");
  CHECK (n_calls == 20 && good.decode == 0, "%d", n_calls);
  CHECK (lm_probe_kernels (NULL, 0, &bad, 1, &memory, &error) == LM_ERROR_TYPE, "a type");
  CHECK (strcmp (error.subject, "Q4_X") == 0, "%s", error.subject);
  CHECK (lm_probe_kernels (&abacus, 0, &good, 1, &memory, NULL) == LM_ERROR_ARGUMENT, "a level");
  CHECK (lm_probe_kernels (NULL, 1, &good, 1, &memory, NULL) == LM_ERROR_ARGUMENT, "memory");
  CHECK (lm_probe_kernels (NULL, 0, &good, 0, &memory, NULL) == LM_ERROR_ARGUMENT, "nothing");
}

static void
test_errors (void)
{
  double rate = 7;
  stop s = { .least = LM_PROBE_TRIES };
  lm_error error = { 0 };
  lm_probe_options stopped = { .seconds = 5, .progress = stop_at_once, .user_data = &s };
  lm_probe_options abacus = { .cpu_level = "abacus" };
  lm_probe_options endless = { .seconds = 1e9 };
  lm_probe_options negative = { .n_threads = -1 };

  CHECK (lm_read_probe_open (&stopped, &error) == NULL, "stopped");
  s.least = LM_PROBE_PASSES;
  CHECK (lm_probe_int8_peak (&stopped, &rate, NULL) == LM_ERROR_CANCELLED, "stopped");
  CHECK (s.n_calls == 2 && error.code == LM_ERROR_CANCELLED, "%d", s.n_calls);
  CHECK (lm_probe_int8_peak (&abacus, &rate, &error) == LM_ERROR_ARGUMENT, "an unknown level");
  CHECK (strcmp (error.subject, "abacus") == 0, "%s", error.subject);
  CHECK (lm_probe_int8_peak (&endless, &rate, NULL) == LM_ERROR_ARGUMENT, "too long");
  CHECK (lm_read_probe_open (&negative, &error) == NULL, "threads");
  CHECK (error.code == LM_ERROR_ARGUMENT, "%s", error.message);
  CHECK (lm_read_probe_open (&endless, NULL) == NULL, "too long");
}

int
main (void)
{
  static const check_test TESTS[] = {
    { "levels are listed", test_levels },
    { "as many threads measure as decode", test_threads },
    { "the read bandwidth is measured", test_bandwidth },
    { "the weights of a model are read", test_weights },
    { "memory of any size is read", test_reading },
    { "the fastest way is found", test_choice },
    { "a rate is the median of passes", test_passes },
    { "finding a way can be stopped", test_stopped_choice },
    { "part of the rates lie below a quantile", test_quantile },
    { "weights are asked for as they are read fastest", test_prefetch },
    { "every way of reading does read", test_ways },
    { "the peak of every level is measured", test_peak },
    { "stops and mistakes are errors", test_errors },
    { "every kind of weights is measured at every level", test_kernels },
    { "stops and mistakes of that are errors", test_kernel_errors },
  };

  return check_main (TESTS, sizeof TESTS / sizeof *TESTS);
}
