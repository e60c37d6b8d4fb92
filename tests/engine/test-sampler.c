/* SPDX-License-Identifier: GPL-3.0-or-later
 * The sampler: its distributions against exact ones, each filter and penalty on small hand-made
 * cases, and everything that a caller or a broken model could put in. */
#include "check.h"

#include <math.h>

#include "sampler/sampler.h"

#define MAX_VOCAB 64

static lm_candidate scratch[MAX_VOCAB];

/* Without penalties only the length of the history counts. */
static lm_token
choose (const lm_sampling *sampling, const float *logits, uint32_t n_vocab, size_t position)
{
  return lm_sampler_choose (sampling, logits, n_vocab, NULL, position, scratch);
}

/* ---- A plain reference -------------------------------------------------------------------- */

typedef struct {
  int token;
  double logit;
} reference_item;

static int
compare_items (const void *a, const void *b)
{
  const reference_item *x = a;
  const reference_item *y = b;

  if (x->logit != y->logit)
    return x->logit > y->logit ? -1 : 1;
  return x->token - y->token;
}

/* The probability of each token as lm.h defines it, by sorting everything. No penalties. */
static void
get_distribution (const lm_sampling *s, const float *logits, int n_vocab, double *probabilities)
{
  reference_item items[MAX_VOCAB];
  double sum = 0;
  double reached = 0;
  int n = n_vocab;
  int n_kept;

  for (int i = 0; i < n; i++)
    items[i] = (reference_item) { .token = i, .logit = logits[i] };
  qsort (items, (size_t) n, sizeof *items, compare_items);
  if (s->top_k > 0 && s->top_k < n)
    n = s->top_k;
  for (int i = 0; i < n; i++)
    sum += exp (items[i].logit - items[0].logit);
  n_kept = n;
  for (int i = 0; s->top_p > 0 && s->top_p < 1 && i < n; i++) {
    reached += exp (items[i].logit - items[0].logit) / sum;
    if (reached >= (double) s->top_p) {
      n_kept = i + 1;
      break;
    }
  }
  n = n_kept;
  while (n > 1 && exp (items[n - 1].logit - items[0].logit) < (double) s->min_p)
    n--;
  sum = 0;
  for (int i = 0; i < n; i++)
    sum += exp ((items[i].logit - items[0].logit) / (double) s->temperature);
  for (int i = 0; i < n_vocab; i++)
    probabilities[i] = 0;
  for (int i = 0; i < n; i++)
    probabilities[items[i].token] =
        exp ((items[i].logit - items[0].logit) / (double) s->temperature) / sum;
}

/* What χ² of n degrees of freedom exceeds once in a million times (Wilson and Hilferty). */
static double
chi_square_limit (int n)
{
  double part = 2.0 / (9.0 * n);

  return n * pow (1 - part + 4.753 * sqrt (part), 3);
}

/* Compares counts of n_draws with probabilities. A token of probability 0 must never come. */
static void
check_counts (const int *counts, const double *probabilities, int n, int n_draws, const char *what)
{
  double chi_square = 0;
  int n_possible = 0;

  for (int i = 0; i < n; i++) {
    double expected = probabilities[i] * n_draws;

    if (probabilities[i] == 0) {
      CHECK (counts[i] == 0, "%s: %d came %d times, but cannot", what, i, counts[i]);
      continue;
    }
    CHECK (expected >= 5, "%s: %d is too improbable for a test by χ²", what, i);
    chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
    n_possible++;
  }
  if (n_possible > 1)
    CHECK (chi_square < chi_square_limit (n_possible - 1), "%s: χ² is %g for %d tokens", what,
           chi_square, n_possible);
}

/* ---- Distributions ------------------------------------------------------------------------ */

#define SEED    20240726
#define N_DRAWS 100000

static const float eight[8] = { 0.3f, 2.0f, -1.0f, 1.1f, 0.3f, -0.4f, 1.6f, 0.9f };

static void
test_distributions (void)
{
  static const lm_sampling settings[] = {
    { .temperature = 1 },
    { .temperature = 0.5f },
    { .temperature = 3 },
    { .temperature = 1, .top_k = 3 },
    { .temperature = 1, .top_k = 5 },
    { .temperature = 1, .top_p = 0.7f },
    { .temperature = 2, .top_p = 0.9f },
    { .temperature = 1, .min_p = 0.3f },
    { .temperature = 2, .top_k = 6, .top_p = 0.8f, .min_p = 0.1f },
  };

  printf ("# seed %d\n", SEED);
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    lm_sampling sampling = settings[i];
    double probabilities[8];
    int by_position[8] = { 0 };
    int by_seed[8] = { 0 };
    char what[64];

    sampling.seed = SEED + i;
    get_distribution (&sampling, eight, 8, probabilities);
    for (size_t k = 0; k < N_DRAWS; k++)
      by_position[choose (&sampling, eight, 8, k)]++;
    snprintf (what, sizeof what, "setting %zu, positions", i);
    check_counts (by_position, probabilities, 8, N_DRAWS, what);
    for (uint64_t k = 0; k < N_DRAWS; k++) {
      sampling.seed = k;
      by_seed[choose (&sampling, eight, 8, 7)]++;
    }
    snprintf (what, sizeof what, "setting %zu, seeds", i);
    check_counts (by_seed, probabilities, 8, N_DRAWS, what);
  }
}

/* Two draws must not depend on each other: neither at positions side by side nor under seeds side
 * by side. */
static void
test_independence (void)
{
  lm_sampling sampling = { .temperature = 1 };
  double one[8];
  double both[64];
  int positions[64] = { 0 };
  int seeds[64] = { 0 };

  get_distribution (&sampling, eight, 8, one);
  for (int i = 0; i < 64; i++)
    both[i] = one[i / 8] * one[i % 8];
  for (size_t k = 0; k < N_DRAWS; k++) {
    lm_token first;

    sampling.seed = SEED;
    first = choose (&sampling, eight, 8, k * 2);
    positions[first * 8 + choose (&sampling, eight, 8, k * 2 + 1)]++;
    sampling.seed = k * 2;
    first = choose (&sampling, eight, 8, 100);
    sampling.seed = k * 2 + 1;
    seeds[first * 8 + choose (&sampling, eight, 8, 100)]++;
  }
  check_counts (positions, both, 64, N_DRAWS, "positions");
  check_counts (seeds, both, 64, N_DRAWS, "seeds");
}

/* ---- Filters ------------------------------------------------------------------------------ */

/* The tokens that can come, as bits: nearly equally likely at such a temperature, 2000 draws miss
 * one of eight once in 10¹¹⁵ times. */
static unsigned
get_support (lm_sampling sampling, const float *logits, uint32_t n_vocab)
{
  unsigned support = 0;

  sampling.temperature = 1e6f;
  sampling.seed = SEED;
  for (size_t i = 0; i < 2000; i++)
    support |= 1u << choose (&sampling, logits, n_vocab, i);
  return support;
}

/* Token 3: 1/2, token 1: 1/4, token 4: 1/8, tokens 0 and 2: 1/16 each. */
static const float halves[5] = { -2.7725887f, -1.3862944f, -2.7725887f, -0.6931472f, -2.0794415f };

static void
check_support (lm_sampling sampling, unsigned expected, const char *what)
{
  unsigned support = get_support (sampling, halves, 5);

  CHECK (support == expected, "%s keeps %#x, not %#x", what, support, expected);
}

static void
test_filters (void)
{
  check_support ((lm_sampling) { 0 }, 0x1f, "no filter");
  check_support ((lm_sampling) { .top_k = 1 }, 0x08, "top-k 1");
  check_support ((lm_sampling) { .top_k = 2 }, 0x0a, "top-k 2");
  check_support ((lm_sampling) { .top_k = 3 }, 0x1a, "top-k 3");
  check_support ((lm_sampling) { .top_k = 4 }, 0x1b, "top-k 4, a tie,");
  check_support ((lm_sampling) { .top_k = 5 }, 0x1f, "top-k of all");
  check_support ((lm_sampling) { .top_k = 6 }, 0x1f, "top-k of more");
  check_support ((lm_sampling) { .top_p = 1e-9f }, 0x08, "top-p of almost nothing");
  check_support ((lm_sampling) { .top_p = 0.49f }, 0x08, "top-p 0.49");
  check_support ((lm_sampling) { .top_p = 0.51f }, 0x0a, "top-p 0.51");
  check_support ((lm_sampling) { .top_p = 0.76f }, 0x1a, "top-p 0.76");
  check_support ((lm_sampling) { .top_p = 0.93f }, 0x1b, "top-p 0.93, a tie,");
  check_support ((lm_sampling) { .top_p = 0.94f }, 0x1f, "top-p 0.94");
  check_support ((lm_sampling) { .min_p = 0.51f }, 0x08, "min-p 0.51");
  check_support ((lm_sampling) { .min_p = 0.49f }, 0x0a, "min-p 0.49");
  check_support ((lm_sampling) { .min_p = 0.24f }, 0x1a, "min-p 0.24");
  check_support ((lm_sampling) { .min_p = 0.12f }, 0x1f, "min-p 0.12");
  check_support ((lm_sampling) { .min_p = 1 }, 0x08, "min-p 1");
  /* Top-k comes first: of its three, 4/7 and 2/7 make more than 0.8. */
  check_support ((lm_sampling) { .top_p = 0.8f }, 0x1a, "top-p 0.8");
  check_support ((lm_sampling) { .top_k = 3, .top_p = 0.8f }, 0x0a, "top-k 3, top-p 0.8");
  check_support ((lm_sampling) { .top_k = 4, .top_p = 0.9f, .min_p = 0.3f }, 0x0a, "all three");
}

static uint32_t
next_random (uint32_t *state)
{
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

/* Random settings and logits, many of them equal, against the reference. */
static void
test_filters_random (void)
{
  uint32_t state = SEED;

  for (int round = 0; round < 200; round++) {
    float logits[8];
    double probabilities[8];
    unsigned expected = 0;
    unsigned support;
    uint32_t n_vocab = 1 + next_random (&state) % 8;
    lm_sampling sampling = {
      .temperature = 1,
      .top_k = (int32_t) (next_random (&state) % 10),
      .top_p = (float) (next_random (&state) % 1000) / 900,
      .min_p = next_random (&state) % 2 ? (float) (next_random (&state) % 1000) / 1500 : 0,
    };

    for (uint32_t i = 0; i < n_vocab; i++)
      logits[i] = (float) (next_random (&state) % 12) * 0.37f - 2;
    get_distribution (&sampling, logits, (int) n_vocab, probabilities);
    for (uint32_t i = 0; i < n_vocab; i++)
      expected |= probabilities[i] > 0 ? 1u << i : 0;
    support = get_support (sampling, logits, n_vocab);
    CHECK (support == expected, "round %d: top-k %d, top-p %g, min-p %g of %u keep %#x, not %#x",
           round, (int) sampling.top_k, (double) sampling.top_p, (double) sampling.min_p, n_vocab,
           support, expected);
  }
}

/* ---- Penalties ---------------------------------------------------------------------------- */

/* The greedy choice between token 0, penalised, and token 1, whose logit is rival: the penalised
 * logit lies between the rivals that win and lose. */
static void
check_penalised (lm_sampling sampling,
                 float logit,
                 const lm_token *history,
                 size_t n_history,
                 float expected,
                 const char *what)
{
  float logits[2] = { logit, expected + 1e-3f };

  CHECK (lm_sampler_choose (&sampling, logits, 2, history, n_history, scratch) == 1,
         "%s: more than %g", what, (double) expected);
  logits[1] = expected - 1e-3f;
  CHECK (lm_sampler_choose (&sampling, logits, 2, history, n_history, scratch) == 0,
         "%s: less than %g", what, (double) expected);
}

static void
test_penalties (void)
{
  static const lm_token once[3] = { 5, 0, 5 };
  static const lm_token thrice[5] = { 0, 5, 0, 0, 5 };
  static const lm_token odd[4] = { -1, INT32_MAX, INT32_MIN, 2 };
  lm_sampling all = { .repetition_penalty = 1.25f,
                      .presence_penalty = 0.5f,
                      .frequency_penalty = 0.25f };

  check_penalised ((lm_sampling) { .repetition_penalty = 1.25f }, 2, once, 3, 1.6f, "repetition");
  check_penalised ((lm_sampling) { .repetition_penalty = 1.25f }, 2, thrice, 5, 1.6f,
                   "repetition, three times");
  check_penalised ((lm_sampling) { .repetition_penalty = 1.25f }, -2, once, 3, -2.5f,
                   "repetition of a negative logit");
  check_penalised ((lm_sampling) { .repetition_penalty = 0.5f }, 2, once, 3, 4,
                   "repetition below 1");
  check_penalised ((lm_sampling) { .presence_penalty = 0.5f }, 2, thrice, 5, 1.5f, "presence");
  check_penalised ((lm_sampling) { .presence_penalty = -0.5f }, 2, once, 3, 2.5f,
                   "presence below 0");
  check_penalised ((lm_sampling) { .frequency_penalty = 0.5f }, 2, once, 3, 1.5f,
                   "frequency, once");
  check_penalised ((lm_sampling) { .frequency_penalty = 0.5f }, 2, thrice, 5, 0.5f,
                   "frequency, three times");
  check_penalised (all, 2, thrice, 5, 2 / 1.25f - 0.5f - 0.75f, "all penalties");
  check_penalised (all, 2, NULL, 0, 2, "no history");
  check_penalised (all, 2, odd, 4, 2, "history out of range");
}

static void
test_penalty_window (void)
{
  lm_token history[200];
  lm_sampling sampling = { .frequency_penalty = 0.01f };

  for (size_t i = 0; i < 200; i++)
    history[i] = 0;
  check_penalised (sampling, 2, history, 200, 2 - 0.64f, "the window of 64");
  check_penalised (sampling, 2, history, 63, 2 - 0.63f, "less than the window");
  sampling.penalty_window = 10;
  check_penalised (sampling, 2, history, 200, 2 - 0.1f, "a window of 10");
  sampling.penalty_window = 1000;
  check_penalised (sampling, 2, history, 200, 0, "a window of 1000");
  sampling.penalty_window = -1;
  check_penalised (sampling, 2, history, 200, 0, "the whole timeline");
  for (size_t i = 100; i < 200; i++)
    history[i] = 5;
  sampling.penalty_window = 100;
  check_penalised (sampling, 2, history, 200, 2, "only what is before the window");
  sampling.penalty_window = 101;
  check_penalised (sampling, 2, history, 200, 2 - 0.01f, "one in the window");
}

/* Penalties come before the filters and shape the distribution. */
static void
test_penalties_first (void)
{
  static const lm_token history[2] = { 3, 3 };
  lm_sampling sampling = { .temperature = 1, .top_k = 2, .frequency_penalty = 1.2f };
  float penalised[5];
  double probabilities[5];
  int counts[5] = { 0 };

  memcpy (penalised, halves, sizeof penalised);
  penalised[3] -= 2.4f;
  get_distribution (&sampling, penalised, 5, probabilities);
  for (uint64_t i = 0; i < N_DRAWS; i++) {
    sampling.seed = i;
    counts[lm_sampler_choose (&sampling, halves, 5, history, 2, scratch)]++;
  }
  check_counts (counts, probabilities, 5, N_DRAWS, "two penalised");
  CHECK (probabilities[3] == 0 && probabilities[1] > 0, "the test proves nothing");
}

/* ---- Determinism -------------------------------------------------------------------------- */

static void
test_determinism (void)
{
  static const lm_token history[100] = { 1, 2, 3 };
  lm_sampling sampling = { .temperature = 1, .top_p = 0.95f, .repetition_penalty = 1.1f };
  float logits[MAX_VOCAB];
  float copy[MAX_VOCAB];
  lm_candidate other[MAX_VOCAB];
  int n_differ = 0;
  uint32_t state = SEED;

  for (int i = 0; i < MAX_VOCAB; i++)
    logits[i] = (float) (next_random (&state) % 1000) / 250;
  memcpy (copy, logits, sizeof copy);
  memset (other, 0xa5, sizeof other);
  for (size_t i = 0; i < 100; i++) {
    lm_token first;

    sampling.seed = i * 77;
    first = lm_sampler_choose (&sampling, logits, MAX_VOCAB, history, i, scratch);
    CHECK (lm_sampler_choose (&sampling, logits, MAX_VOCAB, history, i, other) == first,
           "another token at %zu", i);
    sampling.seed++;
    n_differ += lm_sampler_choose (&sampling, logits, MAX_VOCAB, history, i, other) != first;
  }
  CHECK (memcmp (copy, logits, sizeof copy) == 0, "logits were changed");
  CHECK (n_differ > 50, "only %d of 100 differ under another seed", n_differ);
}

/* The same seed must give the same answer in every release. Of 16 tokens equally likely the choice
 * is the upper four bits of the random number: the first eight of the SplitMix64 sequence that
 * begins at the first number of the sequence that begins at seed, worked out apart from the engine.
 */
static void
test_stream (void)
{
  static const float flat[16] = { 0 };
  static const lm_token expected[2][8] = { { 10, 11, 6, 10, 12, 2, 12, 4 },
                                           { 13, 4, 3, 4, 2, 0, 4, 1 } };
  lm_sampling sampling = { .temperature = 1 };

  for (size_t k = 0; k < 2; k++) {
    sampling.seed = k * SEED;
    for (size_t i = 0; i < 8; i++) {
      lm_token token = choose (&sampling, flat, 16, i);

      CHECK (token == expected[k][i], "seed %zu, position %zu: %d", k * SEED, i, (int) token);
    }
  }
}

/* ---- Greedy and extremes ------------------------------------------------------------------ */

static void
check_best (const float *logits, uint32_t n_vocab, lm_token expected, const char *what)
{
  static const lm_token history[1] = { 60 };
  lm_sampling greedy = { 0 };
  lm_sampling penalised = { .presence_penalty = 1 };
  lm_sampling narrow = { .temperature = 1, .top_k = 1 };
  lm_sampling cold = { .temperature = 1e-30f };

  CHECK (lm_sampler_choose (&greedy, logits, n_vocab, NULL, 0, NULL) == expected, "%s", what);
  CHECK (lm_sampler_choose (&penalised, logits, n_vocab, history, 1, scratch) == expected,
         "%s, penalties", what);
  CHECK (lm_sampler_choose (&narrow, logits, n_vocab, NULL, 0, scratch) == expected, "%s, top-k 1",
         what);
  for (size_t i = 0; i < 20; i++) {
    lm_token token = choose (&cold, logits, n_vocab, i);

    CHECK (logits[token] == logits[expected] || isnan (logits[expected]), "%s, cold: %d", what,
           (int) token);
  }
}

static void
test_greedy (void)
{
  check_best (eight, 8, 1, "the best");
  check_best ((float[]) { 1, 3, 2, 3 }, 4, 1, "a tie");
  check_best ((float[]) { -5 }, 1, 0, "one token");
  check_best ((float[]) { NAN, -1, NAN, -2 }, 4, 1, "NaN first");
  check_best ((float[]) { -2, NAN, -1, NAN }, 4, 2, "NaN later");
  check_best ((float[]) { NAN, NAN }, 2, 0, "nothing but NaN");
  check_best ((float[]) { -INFINITY, -INFINITY, -INFINITY }, 3, 0, "nothing but −∞");
  check_best ((float[]) { NAN, -INFINITY, NAN }, 3, 0, "NaN and −∞");
  check_best ((float[]) { -INFINITY, -3e38f, -INFINITY }, 3, 1, "one finite");
  check_best ((float[]) { 3e38f, INFINITY, INFINITY }, 3, 1, "+∞");
}

static void
test_extremes (void)
{
  static const float odd[6] = { NAN, 1, -INFINITY, 1, 3e38f, -3e38f };
  static const float nowhere[3] = { -INFINITY, NAN, -INFINITY };
  static const float infinite[4] = { 2, INFINITY, -INFINITY, INFINITY };
  const lm_sampling everything = { .temperature = 1, .top_k = INT32_MAX, .top_p = 2, .min_p = -1 };
  const lm_sampling nothing = { .temperature = NAN,
                                .top_k = INT32_MIN,
                                .top_p = NAN,
                                .min_p = NAN,
                                .repetition_penalty = NAN,
                                .presence_penalty = NAN,
                                .frequency_penalty = INFINITY,
                                .penalty_window = INT32_MIN };
  lm_sampling sampling = { .temperature = INFINITY };
  unsigned support = 0;

  CHECK (get_support (everything, halves, 5) == 0x1f, "settings out of range filter");
  CHECK (get_support ((lm_sampling) { .min_p = 7 }, halves, 5) == 0x08, "min-p above 1");
  CHECK (get_support ((lm_sampling) { .top_p = -1 }, halves, 5) == 0x1f, "top-p below 0");
  CHECK (choose (&nothing, eight, 8, 50) == 1, "settings that are no numbers are not greedy");
  sampling.temperature = -1;
  CHECK (choose (&sampling, eight, 8, 50) == 1, "a negative temperature is not greedy");
  sampling.temperature = INFINITY;
  for (size_t i = 0; i < 2000; i++)
    support |= 1u << choose (&sampling, odd, 6, i);
  CHECK (support == 0x3a, "at infinite temperature %#x come", support);
  support = 0;
  for (size_t i = 0; i < 100; i++) {
    support |= 1u << choose (&sampling, infinite, 4, i);
    CHECK (choose (&everything, nowhere, 3, i) == 0, "a draw from nothing but −∞");
  }
  CHECK (support == 0x0a, "+∞ does not win at infinite temperature: %#x", support);
  CHECK (get_support ((lm_sampling) { 0 }, infinite, 4) == 0x0a, "+∞ does not win");
  CHECK (get_support ((lm_sampling) { .top_k = 3, .top_p = 0.9f, .min_p = 0.1f }, infinite, 4) ==
             0x0a,
         "+∞ does not win after filters");
}

int
main (void)
{
  static const check_test tests[] = {
    { "distributions are exact", test_distributions },
    { "draws do not depend on each other", test_independence },
    { "each filter keeps what it should", test_filters },
    { "filters together, at random", test_filters_random },
    { "penalties by their formulas", test_penalties },
    { "the window of penalties", test_penalty_window },
    { "penalties come before filters", test_penalties_first },
    { "the same prefix and seed give the same token", test_determinism },
    { "a seed means the same in every release", test_stream },
    { "greedy takes the best, ties the lower id", test_greedy },
    { "settings and logits out of range", test_extremes },
  };

  return check_main (tests, sizeof tests / sizeof *tests);
}
