/* SPDX-License-Identifier: GPL-3.0-or-later
 * The sampler: penalties, then the filters, then one draw. Of the vocabulary only what top-k keeps,
 * or what top-p could keep, is sorted. */
#include "sampler/sampler.h"

#include <math.h>

#define DEFAULT_PENALTY_WINDOW 64

/* An lm_sampling with what is off, out of range or NaN made neutral. */
typedef struct {
  double temperature; /* 0: greedy */
  uint32_t top_k;     /* n_vocab: off */
  double top_p;       /* 1: off */
  double min_p;       /* 0: off */
  float repetition;   /* 1: off */
  float presence;     /* 0: off */
  float frequency;    /* 0: off */
  size_t window; /* tokens at the end of history that are penalised, 0 when all three are off */
} settings;

static settings
read_settings (const lm_sampling *sampling, uint32_t n_vocab, size_t n_history)
{
  settings set = { .top_k = n_vocab, .top_p = 1, .repetition = 1 };

  if (sampling->temperature > 0)
    set.temperature = sampling->temperature;
  if (sampling->top_k > 0 && (uint32_t) sampling->top_k < n_vocab)
    set.top_k = (uint32_t) sampling->top_k;
  if (sampling->top_p > 0 && sampling->top_p < 1)
    set.top_p = sampling->top_p;
  if (sampling->min_p > 0)
    set.min_p = sampling->min_p < 1 ? sampling->min_p : 1;
  if (sampling->repetition_penalty > 0 && isfinite (sampling->repetition_penalty))
    set.repetition = sampling->repetition_penalty;
  if (isfinite (sampling->presence_penalty))
    set.presence = sampling->presence_penalty;
  if (isfinite (sampling->frequency_penalty))
    set.frequency = sampling->frequency_penalty;
  if (set.repetition != 1 || set.presence != 0 || set.frequency != 0) {
    set.window = n_history;
    if (sampling->penalty_window == 0 && n_history > DEFAULT_PENALTY_WINDOW)
      set.window = DEFAULT_PENALTY_WINDOW;
    else if (sampling->penalty_window > 0 && n_history > (size_t) sampling->penalty_window)
      set.window = (size_t) sampling->penalty_window;
  }
  return set;
}

static float
without_nan (float logit)
{
  return isnan (logit) ? -INFINITY : logit;
}

static lm_token
find_best_logit (const float *logits, uint32_t n_vocab)
{
  uint32_t best = 0;

  for (uint32_t i = 1; i < n_vocab; i++)
    if (logits[i] > logits[best] || (isnan (logits[best]) && logits[i] > -INFINITY))
      best = i;
  /* A NaN at 0 that nothing beats is −∞ among −∞: still the lowest id. */
  return (lm_token) best;
}

/* ---- Penalties ---------------------------------------------------------------------------- */

/* A logit of a token that the window holds count > 0 times, as llama.cpp does it. */
static float
penalise (const settings *set, float logit, int32_t count)
{
  logit = logit <= 0 ? logit * set->repetition : logit / set->repetition;
  return logit - ((float) count * set->frequency + set->presence);
}

/* candidates[i] becomes token i with its penalised logit, never NaN. */
static void
load_candidates (const settings *set,
                 const float *logits,
                 uint32_t n_vocab,
                 const lm_token *window,
                 lm_candidate *candidates)
{
  /* Until the second pass, token is the number of times the window holds it. */
  for (uint32_t i = 0; i < n_vocab; i++)
    candidates[i] = (lm_candidate) { .token = 0, .value = without_nan (logits[i]) };
  for (size_t i = 0; i < set->window; i++)
    if (window[i] >= 0 && (uint32_t) window[i] < n_vocab && candidates[window[i]].token < INT32_MAX)
      candidates[window[i]].token++;
  for (uint32_t i = 0; i < n_vocab; i++) {
    lm_candidate *candidate = &candidates[i];

    if (candidate->token > 0)
      candidate->value = without_nan (penalise (set, candidate->value, candidate->token));
    candidate->token = (lm_token) i;
  }
}

/* ---- Filters ------------------------------------------------------------------------------ */

static bool
is_better (lm_candidate a, lm_candidate b)
{
  return a.value > b.value || (a.value == b.value && a.token < b.token);
}

/* Lets the candidate at index sink to its place among n in a heap with the worst on top. */
static void
sift_down (lm_candidate *heap, size_t n, size_t index)
{
  lm_candidate moving = heap[index];

  for (size_t child = index * 2 + 1; child < n; child = index * 2 + 1) {
    if (child + 1 < n && is_better (heap[child], heap[child + 1]))
      child++;
    if (!is_better (moving, heap[child]))
      break;
    heap[index] = heap[child];
    index = child;
  }
  heap[index] = moving;
}

static void
make_heap (lm_candidate *heap, size_t n)
{
  for (size_t i = n / 2; i-- > 0;)
    sift_down (heap, n, i);
}

/* Sorts a heap, best first. */
static void
sort_heap (lm_candidate *heap, size_t n)
{
  while (n > 1) {
    lm_candidate worst = heap[0];

    heap[0] = heap[--n];
    heap[n] = worst;
    sift_down (heap, n, 0);
  }
}

/* exp ((value − best) / temperature), right for infinities too. */
static double
get_weight (float value, float best, double temperature)
{
  if (value == best)
    return 1;
  if (value == -INFINITY || best == INFINITY)
    return 0;
  return expf ((float) (((double) value - (double) best) / temperature));
}

static double
sum_weights (const lm_candidate *candidates, size_t n, float best, double temperature)
{
  double sum = 0;

  for (size_t i = 0; i < n; i++)
    sum += get_weight (candidates[i].value, best, temperature);
  return sum;
}

/* Moves the top_k best to the front, best first. */
static void
keep_top_k (lm_candidate *candidates, size_t n, size_t top_k)
{
  make_heap (candidates, top_k);
  for (size_t i = top_k; i < n; i++) {
    if (is_better (candidates[i], candidates[0])) {
      candidates[0] = candidates[i];
      sift_down (candidates, top_k, 0);
    }
  }
  sort_heap (candidates, top_k);
}

/* Moves the fewest, best first, whose probability reaches top_p to the front and returns how many
 * they are. */
static size_t
keep_top_p (double top_p, lm_candidate *candidates, size_t n, float best, bool is_sorted)
{
  double sum = sum_weights (candidates, n, best, 1);
  double reached = 0;
  size_t n_left = 0;

  /* Even n of the candidates below this weight have less than 1 − top_p together: they are not
   * needed, and are most of a vocabulary. */
  if (!is_sorted) {
    double least = (1 - top_p) * sum / (double) n;

    for (size_t i = 0; i < n; i++)
      if (get_weight (candidates[i].value, best, 1) >= least)
        candidates[n_left++] = candidates[i];
    make_heap (candidates, n_left);
    sort_heap (candidates, n_left);
    n = n_left;
  }
  for (size_t i = 0; i < n; i++) {
    reached += get_weight (candidates[i].value, best, 1);
    if (reached >= top_p * sum)
      return i + 1;
  }
  return n;
}

/* Moves what is at least min_p as probable as the best to the front, in the order it has. */
static size_t
keep_probable (double min_p, lm_candidate *candidates, size_t n, float best)
{
  size_t n_kept = 0;

  for (size_t i = 0; i < n; i++)
    if (get_weight (candidates[i].value, best, 1) >= min_p)
      candidates[n_kept++] = candidates[i];
  return n_kept;
}

/* ---- The draw ----------------------------------------------------------------------------- */

/* The finaliser of SplitMix64 (Steele, Lea and Flood 2014). */
static uint64_t
mix (uint64_t x)
{
  x = (x ^ (x >> 30)) * UINT64_C (0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C (0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* Uniform in [0, 1): number position of the SplitMix64 sequence that begins at a hash of seed. */
static double
draw_uniform (uint64_t seed, uint64_t position)
{
  const uint64_t golden = UINT64_C (0x9e3779b97f4a7c15);
  uint64_t bits = mix (mix (seed + golden) + (position + 1) * golden);

  return (double) (bits >> 11) * 0x1p-53;
}

/* Chooses by probability. best: the highest value among the candidates, above −∞. */
static lm_token
draw (const lm_candidate *candidates, size_t n, float best, double temperature, double uniform)
{
  double target = uniform * sum_weights (candidates, n, best, temperature);
  double reached = 0;
  lm_token last = candidates[0].token;

  for (size_t i = 0; i < n; i++) {
    double weight = get_weight (candidates[i].value, best, temperature);

    if (weight == 0)
      continue;
    last = candidates[i].token;
    reached += weight;
    if (reached > target)
      break;
  }
  return last;
}

lm_token
lm_sampler_choose (const lm_sampling *sampling,
                   const float *logits,
                   uint32_t n_vocab,
                   const lm_token *history,
                   size_t n_history,
                   lm_candidate *candidates)
{
  settings set = read_settings (sampling, n_vocab, n_history);
  lm_candidate best;
  size_t n = n_vocab;

  if (set.temperature == 0 && set.window == 0)
    return find_best_logit (logits, n_vocab);

  if (set.window > 0)
    history += n_history - set.window;
  load_candidates (&set, logits, n_vocab, history, candidates);
  best = candidates[0];
  for (uint32_t i = 1; i < n_vocab; i++)
    if (is_better (candidates[i], best))
      best = candidates[i];
  if (set.temperature == 0 || best.value == -INFINITY)
    return best.token;

  if (set.top_k < n_vocab) {
    n = set.top_k;
    keep_top_k (candidates, n_vocab, n);
  }
  if (set.top_p < 1)
    n = keep_top_p (set.top_p, candidates, n, best.value, set.top_k < n_vocab);
  if (set.min_p > 0)
    n = keep_probable (set.min_p, candidates, n, best.value);
  return draw (candidates, n, best.value, set.temperature,
               draw_uniform (sampling->seed, n_history));
}
