/* SPDX-License-Identifier: GPL-3.0-or-later
 * What prompt lookup brings with a model when it writes a given text:
 *
 *   bench-lookup MODEL PROMPT TEXT [TOKENS [TURNS]]
 *
 * PROMPT and TEXT are files, PROMPT may be /dev/null; the first TOKENS (400) of TEXT are written.
 * The model computes everything, but the choice of each token is the text's: how often a guess
 * holds depends on the text and not on how good the model is. Without lookup and with it by turns,
 * TURNS (3) of each; medians. */
#include "check.h"
#include "lm.h"
#include "median.h"
#include "sampler/sampler.h"

#define MAX_TURNS  99
#define MAX_TOKENS 32768 /* of prompt and text together */

static lm_token written[MAX_TOKENS];

/* In place of the engine's own, which is not linked: a static library gives only what is missing.
 */
lm_token
lm_sampler_choose (const lm_sampling *sampling,
                   const float *logits,
                   uint32_t n_vocab,
                   const lm_token *history,
                   size_t n_history,
                   lm_candidate *candidates)
{
  (void) sampling;
  (void) logits;
  (void) n_vocab;
  (void) history;
  (void) candidates;
  return written[n_history];
}

static void
stop (const char *what)
{
  fprintf (stderr, "%s\n", what);
  exit (1);
}

/* The tokens of a file, behind the n that are there already; returns how many there are then. */
static size_t
add_file (const lm_model *model, const char *path, size_t n)
{
  static char text[MAX_TOKENS * 4];
  lm_error error = { 0 };
  FILE *file = fopen (path, "rb");
  size_t length, n_tokens;

  if (file == NULL)
    stop (path);
  length = fread (text, 1, sizeof text, file);
  fclose (file);
  if (lm_tokenize (model, text, length, 0, written + n, MAX_TOKENS - n, &n_tokens, &error) != LM_OK)
    stop (error.message);
  if (n_tokens > MAX_TOKENS - n)
    stop ("That is too much text.");
  return n + n_tokens;
}

/* Writes what follows the first n_prompt tokens, up to n. */
static void
write_text (
    lm_session *session, size_t n_prompt, size_t n, lm_lookup_mode mode, lm_session_stats *stats)
{
  lm_token more[16];
  lm_error error = { 0 };
  size_t n_more;

  lm_session_set_lookup (session, mode);
  if (lm_session_sync (session, written, n_prompt, &error) != LM_OK)
    stop (error.message);
  lm_session_reset_stats (session);
  for (size_t at = n_prompt; at < n; at += 1 + n_more) {
    size_t capacity = n - at - 1 < 16 ? n - at - 1 : 16;

    if (lm_session_advance (session, written[at], NULL, more, capacity, &n_more, &error) != LM_OK)
      stop (error.message);
  }
  lm_session_get_stats (session, stats);
}

int
main (int argc, char **argv)
{
  lm_error error = { 0 };
  lm_model *model = argc > 3 ? lm_model_open (argv[1], NULL, &error) : NULL;
  size_t n_tokens = argc > 4 ? strtoul (argv[4], NULL, 10) : 400, n_prompt, n;
  int n_turns = argc > 5 ? atoi (argv[5]) : 3;
  double rates[2][MAX_TURNS], off, on;
  lm_session_stats stats;
  lm_session *session;

  if (model == NULL || n_turns < 1 || n_turns > MAX_TURNS)
    stop (argc > 3 ? error.message : "usage: bench-lookup MODEL PROMPT TEXT [TOKENS [TURNS]]");
  n_prompt = add_file (model, argv[2], 0);
  /* One token has to be there before the first can be written. */
  n_prompt = n_prompt > 0 ? n_prompt : 1;
  n = add_file (model, argv[3], n_prompt);
  n = n - n_prompt < n_tokens ? n : n_prompt + n_tokens;
  session = lm_session_new (model, &(lm_session_options) { .n_ctx = (uint32_t) n }, &error);
  if (session == NULL)
    stop (error.message);
  for (int turn = 0; turn < n_turns; turn++) {
    const lm_lookup_mode modes[] = { LM_LOOKUP_OFF, LM_LOOKUP_ADAPTIVE };

    for (int i = 0; i < 2; i++) {
      write_text (session, n_prompt, n, modes[i], &stats);
      rates[i][turn] = (double) stats.decode_tokens / stats.decode_seconds;
    }
  }
  off = get_median (rates[0], (size_t) n_turns);
  on = get_median (rates[1], (size_t) n_turns);
  printf ("%zu tokens after %zu: %.1f tokens/s without lookup, %.1f with it: %.2f times; "
          "%.0f of %.0f guesses held\n",
          n - n_prompt, n_prompt, off, on, on / off, (double) stats.accepted_tokens,
          (double) stats.drafted_tokens);
  lm_session_free (session);
  lm_model_close (model);
  return 0;
}
