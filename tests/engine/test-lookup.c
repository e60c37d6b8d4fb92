/* SPDX-License-Identifier: GPL-3.0-or-later
 * Prompt lookup: what is predicted, when it is worth computing, and that it never changes what is
 * written. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "gguf/gguf.h"
#include "level.h"
#include "lm.h"
#include "model/lookup.h"
#include "synth-weights.h"
#include "synth.h"

#define N_CTX 320

/* ---- Matches ------------------------------------------------------------------------------ */

/* The token predicted after text, whose characters are the tokens; 0 if none is. */
static char
predict (const char *text)
{
  lm_token tokens[128];
  size_t n = strlen (text);
  lm_lookup lookup;

  for (size_t i = 0; i < n; i++)
    tokens[i] = text[i];
  lm_lookup_init (&lookup);
  lm_lookup_follow (&lookup, tokens, n);
  return lookup.match == 0 ? 0 : (char) tokens[lookup.match];
}

static void
test_matches (void)
{
  CHECK (predict ("a") == 0, "nothing stands before");
  CHECK (predict ("abcdefg") == 0, "nothing is repeated");
  CHECK (predict ("abcxb") == 0, "one token is no match");
  CHECK (predict ("abc__ab") == 'c', "two are");
  CHECK (predict ("abc_abd_ab") == 'd', "the latest of equal matches");
  CHECK (predict ("xabc_yabd_xab") == 'c', "the longest rather than the latest");
  CHECK (predict ("aa") == 0, "it must stand there twice");
  CHECK (predict ("aaa") == 'a', "the two may overlap");
  CHECK (predict ("ababab") == 'a', "a period goes on");
}

/* Followed token by token, a match is kept as long as it holds, and then looked for anew. */
static void
test_follow (void)
{
  static const char text[] = "the cat sat. the cat ran. the cow";
  lm_token tokens[sizeof text];
  lm_lookup lookup;
  size_t n = strlen (text);

  for (size_t i = 0; i < n; i++)
    tokens[i] = text[i];
  lm_lookup_init (&lookup);
  for (size_t i = 1; i <= n; i++) {
    lm_lookup_follow (&lookup, tokens, i);
    CHECK (lookup.match < i, "at %zu", i);
    for (size_t k = 1; lookup.match > 0 && k <= 2; k++)
      CHECK (tokens[lookup.match - k] == tokens[i - k], "at %zu, %zu back", i, k);
    if (i == 21)
      CHECK (tokens[lookup.match] == 's' && lookup.length >= 8, "after “the cat ”");
    if (i == 22)
      CHECK (lookup.match == 0, "nothing began with “ r”");
    if (i == 31)
      CHECK (tokens[lookup.match] == 'a', "after “the c”");
  }
  lm_lookup_forget (&lookup);
  CHECK (lookup.match == 0, "forgotten");
}

/* ---- What it costs ------------------------------------------------------------------------- */

typedef struct {
  double plain; /* time that the text takes token by token */
  double spent; /* that it took */
  uint32_t n_drafted;
} race;

/* Writes n tokens of a text, where a block of tokens takes 1 + slope × (tokens − 1), and is
 * measured as ten times that where the computer was busy: once in so many blocks, 0 for never. */
static race
run_race (const lm_token *text, size_t n, double slope, unsigned busy)
{
  race r = { 0 };
  uint64_t state = 5;
  lm_lookup lookup;
  lm_token *tokens = malloc ((n + 16) * sizeof *tokens);
  size_t at = 1;

  lm_lookup_init (&lookup);
  tokens[0] = text[0];
  while (at < n) {
    uint32_t n_drafted = 0, n_kept = 1, n_chosen;

    tokens[at] = text[at];
    lm_lookup_follow (&lookup, tokens, at + 1);
    while (lookup.match > 0 && n_drafted < LM_LOOKUP_MAX_DRAFT) {
      tokens[at + 1 + n_drafted] = tokens[lookup.match + n_drafted];
      n_drafted++;
    }
    n_chosen = lm_lookup_choose (&lookup, n_drafted);
    CHECK (n_chosen <= n_drafted, "%u of %u", n_chosen, n_drafted);
    at++;
    for (uint32_t i = 0; i < n_chosen && at < n; i++) {
      if (tokens[at] != text[at]) {
        lm_lookup_judge (&lookup, false);
        break;
      }
      at++;
      n_kept++;
      lm_lookup_follow (&lookup, tokens, at);
    }
    lm_lookup_measure (&lookup, n_chosen + 1, n_kept,
                       (1 + slope * n_chosen) *
                           (busy > 0 && synth_random (&state) % busy == 0 ? 10 : 1));
    r.plain += n_kept;
    r.spent += 1 + slope * n_chosen;
    r.n_drafted += n_chosen;
  }
  free (tokens);
  return r;
}

static void
test_gain (void)
{
  enum { N = 2000, PERIOD = 200 };
  static lm_token text[N];
  race cheap, dear, busy;

  for (int i = 0; i < N; i++)
    text[i] = i < PERIOD ? i * 7919 % 1009 : text[i - PERIOD];
  cheap = run_race (text, N, 0.1, 0);
  dear = run_race (text, N, 1.0, 0);
  printf ("# a text that repeats itself: %.2f and %.2f times as fast\n", cheap.plain / cheap.spent,
          dear.plain / dear.spent);
  busy = run_race (text, N, 0.5, 5);
  printf ("# and %.2f times on a busy computer\n", busy.plain / busy.spent);
  CHECK (busy.plain / busy.spent > 1.3, "%.2f", busy.plain / busy.spent);
  CHECK (cheap.plain / cheap.spent > 3, "%.2f", cheap.plain / cheap.spent);
  CHECK (dear.plain / dear.spent > 0.99, "%.2f", dear.plain / dear.spent);
}

/* Text that looks as if it repeated itself and does not costs at most two in a hundred, whatever a
 * block costs, and what the first tries cost. */
static void
test_loss (void)
{
  enum { N = 4000 };
  static lm_token text[N];
  uint64_t state = 7;

  for (int n_symbols = 2; n_symbols <= 50; n_symbols = n_symbols * 3 / 2 + 1) {
    for (int slope = 0; slope <= 10; slope++) {
      race r;

      for (int i = 0; i < N; i++)
        text[i] = (lm_token) (synth_random (&state) % (uint64_t) n_symbols);
      r = run_race (text, N, slope / 10.0, 0);
      CHECK (r.spent <= r.plain * 1.02 + 8, "%d symbols, slope %.1f: %.0f for %.0f (%u drafted)",
             n_symbols, slope / 10.0, r.spent, r.plain, r.n_drafted);
    }
  }
}

/* A text that learns to deceive: it repeats itself until it is believed, then breaks off. */
static void
test_deceit (void)
{
  enum { N = 4000 };
  static lm_token text[N];
  uint64_t state = 11;

  for (int stretch = 4; stretch <= 64; stretch *= 2) {
    race r;

    for (int i = 0; i < N; i++) {
      bool repeats = i > 2 * stretch && i / stretch % 2 == 1;

      text[i] = repeats ? text[i - stretch] : (lm_token) (synth_random (&state) % 500);
    }
    r = run_race (text, N, 0.6, 0);
    CHECK (r.spent <= r.plain * 1.02 + 8, "%d: %.0f for %.0f", stretch, r.spent, r.plain);
  }
}

/* ---- In a session -------------------------------------------------------------------------- */

typedef struct {
  lm_token tokens[N_CTX + 1];
  size_t n;
  float logits[384]; /* after the last */
  lm_session_stats stats;
} writing;

/* Writes until the context is full or something ends the answer; capacity: how much may come at
 * once, in turn 0 … 7 where it is negative. */
static void
write_text (lm_model *model,
            lm_session *session,
            const lm_token *prompt,
            size_t n_prompt,
            const lm_sampling *sampling,
            int capacity,
            writing *w)
{
  lm_error error = { 0 };
  size_t n_more, n_timeline;

  w->n = 0;
  CHECK (lm_session_sync (session, prompt, n_prompt, &error) == LM_OK, "%s", error.message);
  lm_session_reset_stats (session);
  for (size_t round = 0; n_prompt + w->n < N_CTX; round++) {
    size_t most = capacity < 0 ? round % 8 : (size_t) capacity;
    lm_token *token = &w->tokens[w->n];
    lm_status status;

    most = most < N_CTX - n_prompt - w->n - 1 ? most : N_CTX - n_prompt - w->n - 1;
    CHECK (lm_session_sample (session, sampling, token, &error) == LM_OK, "%s", error.message);
    if (lm_token_is_end (model, *token))
      break;
    status = lm_session_advance (session, *token, sampling, token + 1, most, &n_more, &error);
    CHECK (status == LM_OK, "%s", error.message);
    CHECK (n_more <= most, "%zu, not %zu", n_more, most);
    for (size_t i = 1; i <= n_more; i++)
      CHECK (!lm_token_is_end (model, token[i]), "an end among them");
    w->n += 1 + n_more;
    lm_session_get_tokens (session, &n_timeline);
    CHECK (n_timeline == n_prompt + w->n, "%zu", n_timeline);
  }
  memcpy (w->logits, lm_session_get_logits (session), sizeof w->logits);
  lm_session_get_stats (session, &w->stats);
  CHECK (w->stats.decode_tokens == w->n, "%d", (int) w->stats.decode_tokens);
  CHECK (w->stats.accepted_tokens <= w->stats.drafted_tokens, "accepted");
}

static const lm_sampling SAMPLINGS[] = {
  { 0 },
  { .repetition_penalty = 1.3f, .penalty_window = 20 },
  { .presence_penalty = 0.5f, .frequency_penalty = 0.2f, .penalty_window = -1 },
  { .temperature = 0.15f, .seed = 3 },
  { .temperature = 0.5f, .top_k = 4, .seed = 4 },
  { .temperature = 0.7f,
    .top_k = 40,
    .top_p = 0.9f,
    .min_p = 0.05f,
    .repetition_penalty = 1.05f,
    .seed = 5 },
};
enum { N_SAMPLINGS = sizeof SAMPLINGS / sizeof *SAMPLINGS };

/* A prompt that says the same again and again, with faults. */
static size_t
make_prompt (uint64_t *state, lm_token *prompt)
{
  size_t n = 20 + synth_random (state) % 80;
  size_t period = 1 + synth_random (state) % 12;

  for (size_t i = 0; i < n; i++) {
    prompt[i] = (lm_token) (synth_random (state) % 256);
    if (i >= period && synth_random (state) % 16 > 0)
      prompt[i] = prompt[i - period];
  }
  return n;
}

/* Every mode writes the same tokens and ends with the same logits, bit for bit. */
static void
compare_modes (lm_model *model, lm_session *session, uint64_t *state, uint64_t accepted[])
{
  static writing plain, other;
  lm_token prompt[N_CTX];

  for (int i = 0; i < N_SAMPLINGS; i++) {
    size_t n_prompt = make_prompt (state, prompt);

    lm_session_set_lookup (session, LM_LOOKUP_OFF);
    write_text (model, session, prompt, n_prompt, &SAMPLINGS[i], 7, &plain);
    CHECK (plain.stats.drafted_tokens == 0, "off is off");
    for (int round = 0; round < 3; round++) {
      lm_session_set_lookup (session, round == 0 ? LM_LOOKUP_ADAPTIVE : LM_LOOKUP_ALWAYS);
      write_text (model, session, prompt, n_prompt, &SAMPLINGS[i], round == 2 ? -1 : 7, &other);
      CHECK (other.n == plain.n, "%d/%d: %zu, not %zu", i, round, other.n, plain.n);
      CHECK (memcmp (other.tokens, plain.tokens, plain.n * sizeof (lm_token)) == 0, "%d/%d", i,
             round);
      CHECK (memcmp (other.logits, plain.logits, sizeof plain.logits) == 0, "%d/%d: logits", i,
             round);
      if (round > 0)
        accepted[i] += other.stats.accepted_tokens;
    }
  }
}

static void
test_identical (void)
{
  static const struct {
    const char *architecture;
    lm_type type;
  } MODELS[] = {
    { "llama", LM_TYPE_Q8_0 },
    { "qwen2", LM_TYPE_Q4_K },
    { "qwen3", LM_TYPE_F16 },
    { "qwen2", LM_TYPE_Q4_0 },
  };
  size_t n_models = getenv ("LINNET_TEST_BRIEF") != NULL ? 1 : sizeof MODELS / sizeof *MODELS;
  uint64_t state = 2026, accepted[N_SAMPLINGS] = { 0 };

  for (size_t i = 0; i < n_models; i++) {
    char path[] = "/tmp/linnet-lookup-XXXXXX";
    lm_error error = { 0 };
    lm_model *model;
    lm_session *session = NULL;

    close (mkstemp (path));
    CHECK (synth_write (path, MODELS[i].architecture, MODELS[i].type,
                        &(synth_options) { .seed = 40 + i }),
           "synth");
    model = lm_model_open (
        path, &(lm_model_options) { .n_threads = 1 + (int) i % 2, .cpu_level = level_name () },
        &error);
    if (model != NULL)
      session = lm_session_new (model, &(lm_session_options) { .n_ctx = N_CTX }, &error);
    CHECK (session != NULL, "%s", error.message);
    if (session != NULL)
      compare_modes (model, session, &state, accepted);
    lm_session_free (session);
    lm_model_close (model);
    unlink (path);
  }
  for (int i = 0; i < N_SAMPLINGS; i++)
    printf ("# sampling %d: %d drafted tokens were right\n", i, (int) accepted[i]);
  CHECK (accepted[0] > 50, "drafts were hardly used: %d", (int) accepted[0]);
}

static lm_session *
open_session (lm_model **model)
{
  char path[] = "/tmp/linnet-lookup-XXXXXX";
  lm_error error = { 0 };
  lm_session *session = NULL;

  close (mkstemp (path));
  CHECK (synth_write (path, "qwen2", LM_TYPE_Q8_0, NULL), "synth");
  *model = lm_model_open (path, &(lm_model_options) { .n_threads = 2, .cpu_level = level_name () },
                          &error);
  if (*model != NULL)
    session = lm_session_new (*model, &(lm_session_options) { .n_ctx = 16 }, &error);
  CHECK (session != NULL, "%s", error.message);
  if (session == NULL)
    exit (1);
  lm_session_set_lookup (session, LM_LOOKUP_ALWAYS);
  unlink (path);
  return session;
}

/* What ends an answer and what the context has no room for is not drafted. */
static void
test_bounds (void)
{
  static const lm_token text[] = { 1, 2, 3, 4, 258, 1, 9, 2, 3, 4 };
  static const lm_token period[] = { 7, 8, 7, 8, 7, 8, 7, 8, 7, 8, 7, 8, 7 };
  lm_model *model;
  lm_session *session = open_session (&model);
  const lm_sampling greedy = { 0 };
  lm_session_stats stats;
  lm_token more[7];
  lm_error error = { 0 };
  size_t n_more = 99;

  CHECK (lm_session_sync (session, text, 7, NULL) == LM_OK, "sync");
  CHECK (lm_session_append (session, 2, NULL) == LM_OK, "append");
  CHECK (lm_session_advance (session, 3, &greedy, more, 7, &n_more, NULL) == LM_OK, "advance");
  lm_session_get_stats (session, &stats);
  CHECK (stats.drafted_tokens == 1, "%d drafted before an end", (int) stats.drafted_tokens);

  lm_session_reset_stats (session);
  CHECK (lm_session_sync (session, period, 13, NULL) == LM_OK, "sync");
  CHECK (lm_session_advance (session, 8, &greedy, more, 7, &n_more, NULL) == LM_OK, "advance");
  lm_session_get_stats (session, &stats);
  CHECK (stats.drafted_tokens == 2, "%d drafted for two places", (int) stats.drafted_tokens);

  CHECK (lm_session_sync (session, text, 10, NULL) == LM_OK, "sync");
  while (lm_session_advance (session, 3, &greedy, more, 7, &n_more, &error) == LM_OK)
    ;
  CHECK (error.code == LM_ERROR_CONTEXT && error.number == 1, "%d", error.code);
  CHECK (n_more == 0, "%zu", n_more);
  CHECK (lm_session_advance (session, 384, &greedy, more, 7, &n_more, &error) == LM_ERROR_ARGUMENT,
         "no such token");
  lm_session_free (session);
  lm_model_close (model);
}

/* A cancelled step leaves the timeline as it was. */
static void
test_cancel (void)
{
  static const lm_token period[] = { 7, 8, 9, 7, 8, 9, 7 };
  lm_model *model;
  lm_session *session = open_session (&model);
  const lm_sampling greedy = { 0 };
  lm_token more[7];
  size_t n_more = 99, n;

  CHECK (lm_session_sync (session, period, 7, NULL) == LM_OK, "sync");
  lm_session_cancel (session);
  CHECK (lm_session_advance (session, 8, &greedy, more, 7, &n_more, NULL) == LM_ERROR_CANCELLED,
         "cancelled");
  lm_session_get_tokens (session, &n);
  CHECK (n == 7 && n_more == 0, "%zu tokens, %zu more", n, n_more);
  lm_session_resume (session);
  CHECK (lm_session_advance (session, 8, &greedy, more, 7, &n_more, NULL) == LM_OK, "resumed");
  lm_session_get_tokens (session, &n);
  CHECK (n == 8 + n_more, "%zu tokens, %zu more", n, n_more);
  lm_session_free (session);
  lm_model_close (model);
}

int
main (void)
{
  static const check_test TESTS[] = {
    { "what followed the longest match is predicted", test_matches },
    { "a match is followed while it holds", test_follow },
    { "repetition pays where blocks are cheap", test_gain },
    { "text without repetition loses next to nothing", test_loss },
    { "nor does text that breaks off its repetitions", test_deceit },
    { "the same is written with and without", test_identical },
    { "ends and the context bound a draft", test_bounds },
    { "a step can be cancelled", test_cancel },
  };

  if (level_is_missing ())
    return 0;
  return check_main (TESTS, sizeof TESTS / sizeof *TESTS);
}
