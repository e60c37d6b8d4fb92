/* SPDX-License-Identifier: GPL-3.0-or-later
 * Comparing a model's log-probabilities with a golden file. */
#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIN_MARGIN 0.01f

typedef struct {
  uint32_t n_vocab, first, n_positions, stride;
  lm_token *tokens;        /* first + n_positions + 1 */
  float *log_probability;  /* n_positions */
  float *margin;           /* n_positions */
  uint16_t *best;          /* n_positions */
  uint16_t *distributions; /* n_positions / stride × n_vocab */
  golden_result *result;
} golden;

static bool
read_fields (FILE *file, golden *g)
{
  char magic[4];
  uint32_t head[4];
  uint16_t *tokens;
  size_t n, n_tokens, n_rows;
  bool ok;

  if (fread (magic, 1, 4, file) != 4 || memcmp (magic, "LGLD", 4) != 0 ||
      fread (head, sizeof *head, 4, file) != 4 || head[0] > 65536 || head[1] > 65536 ||
      head[2] > 65536 || head[3] == 0)
    return false;
  g->n_vocab = head[0];
  g->first = head[1];
  g->n_positions = head[2];
  g->stride = head[3];
  n = g->n_positions;
  n_tokens = g->first + n + 1;
  n_rows = (n + g->stride - 1) / g->stride;
  tokens = malloc (n_tokens * sizeof *tokens);
  g->tokens = malloc (n_tokens * sizeof *g->tokens);
  g->log_probability = malloc (n * sizeof (float));
  g->margin = malloc (n * sizeof (float));
  g->best = malloc (n * sizeof (uint16_t));
  g->distributions = malloc (n_rows * g->n_vocab * sizeof (uint16_t));
  ok =
      fread (tokens, sizeof *tokens, n_tokens, file) == n_tokens &&
      fread (g->log_probability, sizeof (float), n, file) == n &&
      fread (g->margin, sizeof (float), n, file) == n &&
      fread (g->best, sizeof (uint16_t), n, file) == n &&
      fread (g->distributions, sizeof (uint16_t), n_rows * g->n_vocab, file) == n_rows * g->n_vocab;
  for (size_t i = 0; ok && i < n_tokens; i++)
    g->tokens[i] = tokens[i];
  free (tokens);
  /* An emulator takes long over each of them, and half are enough to see a wrong instruction. */
  if (getenv ("LINNET_TEST_EMULATED") != NULL)
    g->n_positions /= 2;
  return ok;
}

/* log Σ exp of n logits, and the index of the greatest. */
static double
log_sum (const float *logits, uint32_t n, uint32_t *best)
{
  double sum = 0;

  *best = 0;
  for (uint32_t i = 1; i < n; i++)
    if (logits[i] > logits[*best])
      *best = i;
  for (uint32_t i = 0; i < n; i++)
    sum += exp ((double) logits[i] - logits[*best]);
  return logits[*best] + log (sum);
}

/* KL (theirs ‖ ours) at one position; theirs is normalised, having been rounded. */
static double
divergence (const uint16_t *theirs, const float *logits, uint32_t n, double log_total)
{
  double sum = 0, kl = 0;

  for (uint32_t i = 0; i < n; i++)
    sum += exp (-theirs[i] / 2000.0);
  for (uint32_t i = 0; i < n; i++) {
    double log_p = -theirs[i] / 2000.0 - log (sum);

    kl += exp (log_p) * (log_p - (logits[i] - log_total));
  }
  return kl;
}

static void
compare_with (const golden *g, size_t position, const float *logits)
{
  golden_result *r = g->result;
  size_t i = position - g->first;
  uint32_t best;
  double log_total, difference;

  if (position < g->first || i >= g->n_positions)
    return;
  log_total = log_sum (logits, g->n_vocab, &best);
  difference = fabs (logits[g->tokens[position + 1]] - log_total - g->log_probability[i]);
  r->mean_difference += difference / g->n_positions;
  r->max_difference = fmax (r->max_difference, difference);
  if (g->margin[i] > MIN_MARGIN) {
    r->n_best_checked++;
    r->n_best_equal += best == g->best[i];
  }
  if (i % g->stride == 0) {
    size_t n_rows = (g->n_positions + g->stride - 1) / g->stride;

    r->mean_kl +=
        divergence (g->distributions + i / g->stride * g->n_vocab, logits, g->n_vocab, log_total) /
        n_rows;
  }
}

typedef struct {
  golden goldens[GOLDEN_MAX];
  size_t n;
} comparison;

static bool
compare_position (size_t position, const float *logits, void *user_data)
{
  const comparison *c = user_data;

  for (size_t i = 0; i < c->n; i++)
    compare_with (&c->goldens[i], position, logits);
  return true;
}

static void
clear_golden (golden *g)
{
  free (g->tokens);
  free (g->log_probability);
  free (g->margin);
  free (g->best);
  free (g->distributions);
}

/* g is to be cleared in any case. */
static bool
read_golden (const char *path, golden *g, char *message)
{
  FILE *file = fopen (path, "rb");
  bool ok = file != NULL && read_fields (file, g);

  if (file != NULL)
    fclose (file);
  if (!ok)
    snprintf (message, 256, "%s cannot be read", path);
  return ok;
}

static bool
same_text (const golden *a, const golden *b)
{
  return a->first == b->first && a->n_positions == b->n_positions && a->n_vocab == b->n_vocab &&
         memcmp (a->tokens, b->tokens, (a->first + a->n_positions + 1) * sizeof *a->tokens) == 0;
}

bool
golden_compare (
    lm_session *session, const char *const *paths, size_t n, golden_result *results, char *message)
{
  comparison c = { .n = n };
  const golden *first = &c.goldens[0];
  lm_error error = { 0 };
  bool ok = n > 0 && n <= GOLDEN_MAX;

  for (size_t i = 0; ok && i < n; i++) {
    memset (&results[i], 0, sizeof results[i]);
    c.goldens[i].result = &results[i];
    ok = read_golden (paths[i], &c.goldens[i], message);
    results[i].n_positions = c.goldens[i].n_positions;
    if (ok && !same_text (first, &c.goldens[i])) {
      ok = false;
      snprintf (message, 256, "%s is of another text", paths[i]);
    }
  }
  if (ok && lm_session_score (session, first->tokens, (size_t) first->first + first->n_positions,
                              compare_position, &c, &error) != LM_OK) {
    ok = false;
    snprintf (message, 256, "%s", error.message);
  }
  for (size_t i = 0; i < n && i < GOLDEN_MAX; i++)
    clear_golden (&c.goldens[i]);
  return ok;
}

/* Puts a session's own answers in the place of llama.cpp's. */
static bool
take_answers (size_t position, const float *logits, void *user_data)
{
  golden *g = user_data;
  size_t i = position - g->first;
  float second = -INFINITY;
  uint32_t best;
  double log_total = log_sum (logits, g->n_vocab, &best);

  if (position < g->first || i >= g->n_positions)
    return true;
  for (uint32_t j = 0; j < g->n_vocab; j++)
    if (j != best)
      second = fmaxf (second, logits[j]);
  g->log_probability[i] = (float) (logits[g->tokens[position + 1]] - log_total);
  g->margin[i] = logits[best] - second;
  g->best[i] = (uint16_t) best;
  if (i % g->stride == 0)
    for (uint32_t j = 0; j < g->n_vocab; j++)
      g->distributions[i / g->stride * g->n_vocab + j] =
          (uint16_t) fmin (round ((log_total - logits[j]) * 2000), UINT16_MAX);
  return true;
}

bool
golden_compare_sessions (
    lm_session *theirs, lm_session *ours, const char *path, golden_result *result, char *message)
{
  comparison c = { .n = 1, .goldens[0].result = result };
  golden *g = &c.goldens[0];
  bool ok = read_golden (path, g, message);
  size_t n_tokens = ok ? (size_t) g->first + g->n_positions : 0;
  lm_error error = { 0 };

  memset (result, 0, sizeof *result);
  result->n_positions = g->n_positions;
  if (ok && (lm_session_score (theirs, g->tokens, n_tokens, take_answers, g, &error) != LM_OK ||
             lm_session_score (ours, g->tokens, n_tokens, compare_position, &c, &error) != LM_OK)) {
    ok = false;
    snprintf (message, 256, "%s", error.message);
  }
  clear_golden (g);
  return ok;
}

bool
golden_distance (const char *exact_path, const char *path, golden_result *result, char *message)
{
  golden exact = { 0 }, other = { 0 };
  bool ok = read_golden (exact_path, &exact, message) && read_golden (path, &other, message) &&
            exact.n_positions == other.n_positions && exact.n_vocab == other.n_vocab;
  size_t n_rows = ok && exact.stride == other.stride
                      ? (exact.n_positions + exact.stride - 1) / exact.stride
                      : 0;
  float *logits = ok ? malloc (exact.n_vocab * sizeof *logits) : NULL;

  memset (result, 0, sizeof *result);
  for (size_t i = 0; ok && i < exact.n_positions; i++) {
    double difference = fabs (exact.log_probability[i] - other.log_probability[i]);

    result->mean_difference += difference / exact.n_positions;
    result->max_difference = fmax (result->max_difference, difference);
  }
  for (size_t row = 0; row < n_rows; row++) {
    uint32_t best;

    for (uint32_t i = 0; i < exact.n_vocab; i++)
      logits[i] = -exact.distributions[row * exact.n_vocab + i] / 2000.0f;
    result->mean_kl += divergence (other.distributions + row * exact.n_vocab, logits, exact.n_vocab,
                                   log_sum (logits, exact.n_vocab, &best)) /
                       n_rows;
  }
  result->n_positions = exact.n_positions;
  free (logits);
  clear_golden (&exact);
  clear_golden (&other);
  return ok;
}
