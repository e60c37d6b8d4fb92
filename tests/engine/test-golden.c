/* SPDX-License-Identifier: GPL-3.0-or-later
 * Agreement with llama.cpp, on golden files made by tests/data/golden/make.py: log-probabilities of
 * a text for every architecture and tensor type, and the demo model's greedy answers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "gguf/gguf.h"
#include "golden.h"
#include "level.h"
#include "synth.h"

/* On exact golden files, where neither side rounds activations, only the order of float additions
 * and the halves of the KV cache differ. */
#define MAX_MEAN_EXACT 0.002
/* Where llama.cpp rounds activations, to 16 bits for F16 weights and 8 for quantised ones. Rounding
 * moves llama.cpp itself by about as much; where it alone goes beyond the bound (compare its exact
 * golden file), we must be no further from its rounded answers than its own exact answers are. */
#define MAX_MEAN_FLOAT     0.002
#define MAX_MEAN_QUANTISED 0.02
#define NOISE              1.05
#define SAMPLING           1.25 /* four standard errors of a mean over 256 tokens, of two roundings */
#define MAX_MEAN_CACHE     0.01 /* of a cache in 8 bits alone */
#define MAX_KL             1e-3
#define MAX_GREEDY_MARGIN  0.02

static const uint32_t TYPES[] = {
  LM_TYPE_F32,     LM_TYPE_F16,    LM_TYPE_BF16,  LM_TYPE_Q4_0,    LM_TYPE_Q4_1,
  LM_TYPE_Q5_0,    LM_TYPE_Q5_1,   LM_TYPE_Q8_0,  LM_TYPE_Q2_K,    LM_TYPE_Q3_K,
  LM_TYPE_Q4_K,    LM_TYPE_Q5_K,   LM_TYPE_Q6_K,  LM_TYPE_IQ4_NL,  LM_TYPE_IQ4_XS,
  LM_TYPE_IQ2_XXS, LM_TYPE_IQ2_XS, LM_TYPE_IQ2_S, LM_TYPE_IQ3_XXS, LM_TYPE_IQ3_S,
};

/* Models that differ from the plain ones in more than the type; also listed in make.py. */
static const struct {
  const char *name;
  const char *architecture;
  uint32_t type;
  synth_options options;
} VARIANTS[] = {
  { "llama-linear", "llama", LM_TYPE_F32, { .linear_factor = 4 } },
  { "llama-factors", "llama", LM_TYPE_F32, { .has_rope_factors = true } },
  { "qwen2-yarn", "qwen2", LM_TYPE_F32, { .yarn_factor = 4, .yarn_context = 512 } },
  { "qwen2-untied", "qwen2", LM_TYPE_F16, { .is_untied = true } },
  { "qwen3-mixture",
    "qwen3",
    LM_TYPE_Q4_K,
    { .is_mixed = true,
      .types = { [SYNTH_EMBEDDING] = LM_TYPE_Q6_K,
                 [SYNTH_OUTPUT] = LM_TYPE_Q4_K,
                 [SYNTH_QUERY_KEY] = LM_TYPE_IQ4_XS,
                 [SYNTH_VALUE] = LM_TYPE_Q6_K,
                 [SYNTH_ATTENTION] = LM_TYPE_Q5_0,
                 [SYNTH_GATE_UP] = LM_TYPE_Q4_K,
                 [SYNTH_DOWN] = LM_TYPE_Q5_K } } },
};

/* What a comparison must give. */
typedef struct {
  const char *suffix; /* of the golden file's name */
  double max_mean;
  double max_kl;
  bool is_best_equal; /* every best token must be theirs */
} bounds;

static const bounds EXACT = { "-exact", MAX_MEAN_EXACT, MAX_KL, true };

static void
check_result (const char *name, const golden_result *r, const bounds *b)
{
  printf ("# %s%s: mean |Δlogp| %.6f  max %.4f  KL %.2e  best %zu/%zu\n", name, b->suffix,
          r->mean_difference, r->max_difference, r->mean_kl, r->n_best_equal, r->n_best_checked);
  CHECK (r->n_positions == (getenv ("LINNET_TEST_EMULATED") != NULL ? 128 : 256), "%zu",
         r->n_positions);
  CHECK (r->mean_difference <= b->max_mean, "%s%s: %f", name, b->suffix, r->mean_difference);
  CHECK (r->mean_kl <= b->max_kl, "%s%s: %g", name, b->suffix, r->mean_kl);
  CHECK (!b->is_best_equal || r->n_best_equal == r->n_best_checked, "%s%s: %zu of %zu", name,
         b->suffix, r->n_best_equal, r->n_best_checked);
}

/* Compares the model at path with the n golden files of that name. results: GOLDEN_MAX. */
static void
check_agreement (const char *path,
                 const char *name,
                 lm_kv_type kv_type,
                 const bounds *b,
                 size_t n,
                 golden_result *results)
{
  const lm_session_options options = { .n_ctx = 1024, .kv_type = kv_type };
  lm_error error = { 0 };
  lm_model *model =
      lm_model_open (path, &(lm_model_options) { .cpu_level = level_name () }, &error);
  lm_session *session = model != NULL ? lm_session_new (model, &options, &error) : NULL;
  char golden_paths[GOLDEN_MAX][512], message[256] = "";
  const char *paths[GOLDEN_MAX];
  bool compared;

  CHECK (session != NULL, "%s: %s", name, error.message);
  for (size_t i = 0; i < n; i++) {
    paths[i] = golden_paths[i];
    snprintf (golden_paths[i], sizeof golden_paths[i], "%s/golden/%s%s.golden",
              getenv ("LINNET_TEST_DATA"), name, b[i].suffix);
  }
  if (session != NULL) {
    compared = golden_compare (session, paths, n, results, message);
    CHECK (compared, "%s: %s", name, message);
    for (size_t i = 0; compared && i < n; i++)
      check_result (name, &results[i], &b[i]);
  }
  lm_session_free (session);
  lm_model_close (model);
}

/* What rounding activations does to llama.cpp itself on the model of that name. */
static golden_result
own_rounding (const char *name)
{
  const char *data = getenv ("LINNET_TEST_DATA");
  char exact_path[512], path[512], message[256] = "";
  golden_result own = { 0 };
  bool measured;

  snprintf (exact_path, sizeof exact_path, "%s/golden/%s-exact.golden", data, name);
  snprintf (path, sizeof path, "%s/golden/%s.golden", data, name);
  measured = golden_distance (exact_path, path, &own, message);
  CHECK (measured, "%s", message);
  return own;
}

/* Means of all models whose activations the level rounds as coarsely as llama.cpp, added: ours and
 * its distance from its exact answers. */
static double coarse_ours, coarse_own;

/* Compares a model of a type that llama.cpp rounds activations for. A level that rounds them as
 * coarsely must be as near to llama.cpp's exact answers as its own rounded ones are: within what
 * chance explains for one model, and without that for all of them together. From the rounded ones
 * it is then further by the square root of two, two roundings being independent. */
static void
check_rounded (const char *path, const char *name, bool is_coarse)
{
  double own = own_rounding (name).mean_difference;
  double max_mean = own * NOISE > MAX_MEAN_QUANTISED ? own * NOISE : MAX_MEAN_QUANTISED;
  const bounds sharp[] = { { "", max_mean, MAX_KL, false }, EXACT };
  const bounds coarse[] = { { "", sqrt (2) * max_mean, MAX_KL, false },
                            { "-exact", own * SAMPLING, MAX_KL, false } };
  golden_result results[GOLDEN_MAX];

  check_agreement (path, name, LM_KV_F16, is_coarse ? coarse : sharp, 2, results);
  if (is_coarse) {
    coarse_ours += results[1].mean_difference;
    coarse_own += own;
  }
}

static void
test_coarse (void)
{
  if (coarse_own == 0)
    return;
  printf ("# %.4f of llama.cpp's own distance from its exact answers\n", coarse_ours / coarse_own);
  CHECK (coarse_ours <= coarse_own, "%f", coarse_ours / coarse_own);
}

/* Writes a synthetic model and compares it. */
static void
check_synth (const char *name,
             const char *architecture,
             uint32_t type,
             const synth_options *options)
{
  bool is_float = type == LM_TYPE_F32 || type == LM_TYPE_F16;
  char path[] = "/tmp/linnet-golden-XXXXXX";
  golden_result results[GOLDEN_MAX];
  int fd = mkstemp (path);

  CHECK (fd >= 0, "mkstemp");
  if (fd < 0)
    return;
  close (fd);
  CHECK (synth_write (path, architecture, type, options), "%s", name);
  if (is_float)
    check_agreement (path, name, LM_KV_F16, &(const bounds) { "", MAX_MEAN_FLOAT, MAX_KL, true }, 1,
                     results);
  else
    check_rounded (path, name,
                   level_rounds_coarsely (type) || (options != NULL && options->is_mixed &&
                                                    level_rounds_coarsely (LM_TYPE_Q4_K)));
  unlink (path);
}

/* In an emulator a level has a third of what is numbered so, and other levels the rest. */
static bool
is_left_out (size_t number)
{
  const char *third = getenv ("LINNET_TEST_THIRD");

  return third != NULL && number % 3 != strtoul (third, NULL, 10);
}

/* Under a sanitizer, which slows it down tenfold, each architecture has a third of the types. Of
 * those every level has some, such as differ much. */
static void
check_architecture (const char *architecture, size_t index)
{
  bool is_brief = getenv ("LINNET_TEST_BRIEF") != NULL;

  for (size_t i = is_brief ? index : 0; i < sizeof TYPES / sizeof *TYPES; i += is_brief ? 3 : 1) {
    char name[64];

    if (is_left_out (i / 3 + 2 * index))
      continue;
    snprintf (name, sizeof name, "%s-%s", architecture, lm_type_get_traits (TYPES[i])->name);
    check_synth (name, architecture, TYPES[i], NULL);
  }
}

static void
test_llama (void)
{
  check_architecture ("llama", 0);
}

static void
test_qwen2 (void)
{
  check_architecture ("qwen2", 1);
}

static void
test_qwen3 (void)
{
  check_architecture ("qwen3", 2);
}

static void
test_variants (void)
{
  for (size_t i = 0; i < sizeof VARIANTS / sizeof *VARIANTS; i++)
    check_synth (VARIANTS[i].name, VARIANTS[i].architecture, VARIANTS[i].type,
                 &VARIANTS[i].options);
}

/* The demo model is so sensitive that rounding moves llama.cpp itself beyond the bounds above, and
 * as much between two of its own instruction sets: from its rounded answers we must be no further
 * than its own exact answers are. */
static void
test_demo (void)
{
  golden_result own = own_rounding ("demo-Q8_0"), results[GOLDEN_MAX];
  const bounds sharp[] = { { "", own.mean_difference * NOISE, own.mean_kl * NOISE, false }, EXACT };
  const bounds coarse[] = {
    { "", sqrt (2) * own.mean_difference * NOISE, 2 * own.mean_kl * NOISE, false },
    { "-exact", own.mean_difference * SAMPLING, own.mean_kl * SAMPLING * SAMPLING, false },
  };

  printf ("# its own rounding: mean |Δlogp| %.6f, KL %.2e\n", own.mean_difference, own.mean_kl);
  check_agreement (getenv ("LINNET_DEMO_MODEL"), "demo-Q8_0", LM_KV_F16,
                   level_rounds_coarsely (LM_TYPE_Q8_0) ? coarse : sharp, 2, results);
}

/* ---- A cache in 8 bits -------------------------------------------------------------------- */

/* Where the cache is all that is rounded, and with 8-bit weights, at every level and compared with
 * llama.cpp's cache of halves. In brief, one architecture. */
static void
test_cache (void)
{
  static const char *const ARCHITECTURES[] = { "llama", "qwen2", "qwen3" };
  static const bounds ALONE = { "", MAX_MEAN_CACHE, MAX_KL, false };
  static const bounds QUANTISED[] = { { "", MAX_MEAN_QUANTISED, MAX_KL, false },
                                      { "-exact", MAX_MEAN_QUANTISED, MAX_KL, false } };
  golden_result results[GOLDEN_MAX];

  for (size_t i = getenv ("LINNET_TEST_BRIEF") != NULL ? 4 : 0; i < 6; i++) {
    const char *architecture = ARCHITECTURES[i / 2];
    uint32_t type = i % 2 == 0 ? LM_TYPE_F32 : LM_TYPE_Q8_0;
    char name[64], path[] = "/tmp/linnet-golden-XXXXXX";
    int fd;

    if (is_left_out (i))
      continue;
    fd = mkstemp (path);
    CHECK (fd >= 0, "mkstemp");
    if (fd < 0)
      return;
    close (fd);
    snprintf (name, sizeof name, "%s-%s", architecture, lm_type_get_traits (type)->name);
    CHECK (synth_write (path, architecture, type, NULL), "%s", name);
    if (type == LM_TYPE_F32)
      check_agreement (path, name, LM_KV_Q8_0, &ALONE, 1, results);
    else
      check_agreement (path, name, LM_KV_Q8_0, QUANTISED, 2, results);
    unlink (path);
  }
}

/* The demo model with one cache and with the other, which are to be no further apart than other
 * models are from llama.cpp. Where activations are rounded to 8 bits, whatever changes them at all
 * has them rounded otherwise, to which this model is sensitive: there the two are to be no further
 * apart than that rounding puts llama.cpp from itself. */
static void
test_demo_cache (void)
{
  golden_result own = own_rounding ("demo-Q8_0"), r;
  bool is_rounded = level_rounds_coarsely (LM_TYPE_Q8_0);
  const bounds b = { " with one cache and the other",
                     is_rounded ? own.mean_difference * SAMPLING : MAX_MEAN_QUANTISED,
                     is_rounded ? own.mean_kl * SAMPLING * SAMPLING : MAX_KL, false };
  lm_error error = { 0 };
  lm_model *model = lm_model_open (getenv ("LINNET_DEMO_MODEL"),
                                   &(lm_model_options) { .cpu_level = level_name () }, &error);
  lm_session_options options = { .n_ctx = 1024 };
  lm_session *halves = model != NULL ? lm_session_new (model, &options, &error) : NULL;
  lm_session *bytes;
  char path[512], message[256] = "";
  bool compared;

  options.kv_type = LM_KV_Q8_0;
  bytes = model != NULL ? lm_session_new (model, &options, &error) : NULL;
  CHECK (halves != NULL && bytes != NULL, "%s", error.message);
  snprintf (path, sizeof path, "%s/golden/demo-Q8_0.golden", getenv ("LINNET_TEST_DATA"));
  if (halves != NULL && bytes != NULL) {
    compared = golden_compare_sessions (halves, bytes, path, &r, message);
    CHECK (compared, "%s", message);
    if (compared)
      check_result ("demo-Q8_0", &r, &b);
  }
  lm_session_free (halves);
  lm_session_free (bytes);
  lm_model_close (model);
}

/* ---- Greedy answers ----------------------------------------------------------------------- */

/* The rendered and tokenised question equals the golden line of ids; it is put into tokens. */
static size_t
check_prompt (lm_model *model, const char *question, const char *ids, lm_token *tokens)
{
  lm_message message = { LM_ROLE_USER, question, strlen (question) };
  lm_error error = { 0 };
  size_t n = 0, i = 0;
  char *end;
  lm_status status = lm_chat_tokenize (model, &message, 1, true, tokens, 512, &n, &error);

  CHECK (status == LM_OK, "%s", error.message);
  for (long id = strtol (ids, &end, 10); end != ids; id = strtol (ids = end, &end, 10), i++)
    CHECK (i < n && tokens[i] == id, "%s: token %zu is not %ld", question, i, id);
  CHECK (i == n, "%s: %zu tokens, not %zu", question, n, i);
  return n;
}

/* Greedy decoding gives the golden tokens, or leaves them where the peer's own top two were
 * closer than max_margin. */
static void
check_answer (lm_session *session,
              const lm_token *prompt,
              size_t n_prompt,
              const char *pairs,
              double max_margin)
{
  lm_error error = { 0 };
  lm_status status = lm_session_sync (session, prompt, n_prompt, &error);
  size_t n_equal = 0;
  char *end;

  CHECK (status == LM_OK, "%s", error.message);
  for (long id = strtol (pairs, &end, 10); end != pairs; id = strtol (pairs, &end, 10)) {
    double margin = strtod (end + 1, &end);
    lm_token token;

    pairs = end;
    CHECK (lm_session_sample (session, &(lm_sampling) { 0 }, &token, &error) == LM_OK, "sample");
    if (token != id) {
      CHECK (margin <= max_margin, "token %zu is %d, the peer's %ld leads by %f", n_equal,
             (int) token, id, margin);
      printf ("# differs from token %zu on, where the peer's margin is %f\n", n_equal, margin);
      return;
    }
    n_equal++;
    CHECK (lm_session_append (session, token, &error) == LM_OK, "%s", error.message);
  }
  CHECK (n_equal > 3, "only %zu tokens", n_equal);
  printf ("# %zu tokens equal\n", n_equal);
}

/* Rounding to 8 bits moves log-probabilities, and so answers, as it does the peer's. */
static void
test_greedy (void)
{
  double max_margin = level_rounds_coarsely (LM_TYPE_Q8_0)
                          ? own_rounding ("demo-Q8_0").max_difference
                          : MAX_GREEDY_MARGIN;
  static char line[16384], question[1024];
  lm_token prompt[512];
  char path[512];
  lm_error error = { 0 };
  lm_model *model = lm_model_open (getenv ("LINNET_DEMO_MODEL"),
                                   &(lm_model_options) { .cpu_level = level_name () }, &error);
  lm_session *session = model != NULL ? lm_session_new (model, NULL, &error) : NULL;
  size_t n_prompt = 0, n_answers = 0;
  FILE *file;

  snprintf (path, sizeof path, "%s/golden/greedy.golden", getenv ("LINNET_TEST_DATA"));
  file = fopen (path, "r");
  CHECK (session != NULL && file != NULL, "%s", error.message);
  while (session != NULL && file != NULL && fgets (line, sizeof line, file) != NULL) {
    line[strcspn (line, "\n")] = '\0';
    if (line[0] == 'Q') {
      snprintf (question, sizeof question, "%.1000s", line + 2);
    } else if (line[0] == 'T') {
      n_prompt = check_prompt (model, question, line + 2, prompt);
    } else {
      check_answer (session, prompt, n_prompt, line + 2, max_margin);
      n_answers++;
    }
  }
  CHECK (n_answers == 10, "%zu answers", n_answers);
  if (file != NULL)
    fclose (file);
  lm_session_free (session);
  lm_model_close (model);
}

int
main (void)
{
  static const check_test TESTS[] = {
    { "demo model agrees with llama.cpp", test_demo, .is_portable = true },
    { "demo model's greedy answers equal llama.cpp's", test_greedy, .is_portable = true },
    { "llama agrees for every type", test_llama },
    { "qwen2 agrees for every type", test_qwen2 },
    { "qwen3 agrees for every type", test_qwen3 },
    { "RoPE scalings, untied output and mixtures agree", test_variants, .is_portable = true },
    { "a cache in 8 bits is within the bounds of a quantised model", test_cache },
    { "demo model says much the same with either cache", test_demo_cache, .is_portable = true },
    { "coarse roundings together are no coarser than llama.cpp's", test_coarse },
  };

  if (level_is_missing ())
    return 0;
  return check_main (TESTS, sizeof TESTS / sizeof *TESTS);
}
