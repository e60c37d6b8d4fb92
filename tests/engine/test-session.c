/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sessions: syncing to a prefix, threads, cancelling, limits, and models that cannot be opened. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "gguf/gguf.h"
#include "level.h"
#include "lm.h"
#include "synth.h"
#include "util/measure.h"

#define N_TOKENS 800 /* some blocks of prefill, some chunks of attention */
#define N_BRIEF  300 /* two of each, where an emulator or a sanitizer makes it slow */
#define N_CTX    1024

static char model_path[] = "/tmp/linnet-session-XXXXXX";
static lm_token text[N_TOKENS];
static size_t n_text = N_TOKENS;       /* of them, or N_BRIEF */
static lm_kv_type kv_type = LM_KV_F16; /* of every session that is opened */

/* A model on n_threads and a session of n_ctx tokens on it. */
static lm_session *
open_session (const char *path, int n_threads, uint32_t n_ctx, lm_model **model)
{
  lm_error error = { 0 };
  lm_session *session = NULL;

  *model = lm_model_open (
      path, &(lm_model_options) { .n_threads = n_threads, .cpu_level = level_name () }, &error);
  if (*model != NULL)
    session = lm_session_new (*model, &(lm_session_options) { .n_ctx = n_ctx, .kv_type = kv_type },
                              &error);
  CHECK (session != NULL, "%s", error.message);
  if (session == NULL)
    exit (1);
  return session;
}

static void
close_session (lm_session *session, lm_model *model)
{
  lm_session_free (session);
  lm_model_close (model);
}

/* Logits after the first n tokens of the text, computed from nothing. */
static float *
cold_logits (const char *path, int n_threads, size_t n)
{
  lm_model *model;
  lm_session *session = open_session (path, n_threads, N_CTX, &model);
  size_t bytes = lm_model_get_info (model)->n_vocab * sizeof (float);
  float *logits = malloc (bytes);

  CHECK (lm_session_sync (session, text, n, NULL) == LM_OK, "sync");
  memcpy (logits, lm_session_get_logits (session), bytes);
  close_session (session, model);
  return logits;
}

static bool
same_logits (const lm_session *session, const float *expected, size_t n_vocab)
{
  const float *logits = lm_session_get_logits (session);

  return logits != NULL && memcmp (logits, expected, n_vocab * sizeof *logits) == 0;
}

/* However the timeline came to be, its logits are those of a cold run, bit for bit. */
static void
test_sync (void)
{
  lm_model *model;
  lm_session *session = open_session (model_path, 2, N_CTX, &model);
  const size_t most = n_text * 11 / 16, some = n_text / 3, few = n_text * 3 / 10;
  float *expected = cold_logits (model_path, 2, most);
  size_t n_vocab = lm_model_get_info (model)->n_vocab, n;
  lm_token other[N_TOKENS];
  lm_session_stats stats;

  CHECK (lm_session_sync (session, text, some, NULL) == LM_OK, "first part");
  CHECK (lm_session_sync (session, text, most, NULL) == LM_OK, "extend");
  CHECK (same_logits (session, expected, n_vocab), "extended");
  lm_session_get_stats (session, &stats);
  CHECK (stats.prefill_tokens == most, "%d", (int) stats.prefill_tokens);
  CHECK (stats.reused_tokens == some, "%d", (int) stats.reused_tokens);

  memcpy (other, text, sizeof other);
  other[100] = (other[100] + 1) % 256;
  CHECK (lm_session_sync (session, other, n_text, NULL) == LM_OK, "diverge");
  CHECK (!same_logits (session, expected, n_vocab), "a different text");
  CHECK (lm_session_sync (session, text, most, NULL) == LM_OK, "roll back");
  CHECK (same_logits (session, expected, n_vocab), "rolled back");
  CHECK (lm_session_sync (session, text, most, NULL) == LM_OK, "nothing to do");
  CHECK (same_logits (session, expected, n_vocab), "kept");
  CHECK (lm_session_sync (session, text, n_text, NULL) == LM_OK, "further");
  CHECK (lm_session_sync (session, text, most, NULL) == LM_OK, "shorten");
  CHECK (same_logits (session, expected, n_vocab), "shortened");
  lm_session_get_tokens (session, &n);
  CHECK (n == most, "%zu", n);

  CHECK (lm_session_sync (session, text, few, NULL) == LM_OK, "short");
  for (size_t i = few; i < most; i++)
    CHECK (lm_session_append (session, text[i], NULL) == LM_OK, "append %zu", i);
  CHECK (same_logits (session, expected, n_vocab), "decoded one by one");
  free (expected);
  close_session (session, model);
}

static void
test_threads (void)
{
  float *expected = cold_logits (model_path, 1, n_text);

  for (int n = 2; n <= 5; n += n_text == N_BRIEF ? 3 : 1) {
    float *logits = cold_logits (model_path, n, n_text);

    CHECK (memcmp (logits, expected, 384 * sizeof *logits) == 0, "%d threads", n);
    free (logits);
  }
  free (expected);
}

/* Prefill and decoding with threads of their own number, one of which the pool is made for. */
static void
test_two_thread_counts (void)
{
  static const int COUNTS[][2] = { { 1, 3 }, { 3, 1 }, { 2, 0 }, { 0, 0 }, { 1000000, 2 } };
  float *expected = cold_logits (model_path, 1, n_text);
  lm_error error = { 0 };

  for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i += n_text == N_BRIEF ? 3 : 1) {
    lm_model_options options = { .n_threads = COUNTS[i][0],
                                 .n_threads_prefill = COUNTS[i][1],
                                 .cpu_level = level_name () };
    lm_model *model = lm_model_open (model_path, &options, &error);
    lm_session *session = NULL;
    int status = -1;

    if (model != NULL)
      session = lm_session_new (model, &(lm_session_options) { .n_ctx = N_CTX }, &error);
    if (session != NULL) {
      status = lm_session_sync (session, text, n_text - 2, &error);
      lm_session_append (session, text[n_text - 2], &error);
      if (status == LM_OK)
        status = lm_session_append (session, text[n_text - 1], &error);
    }
    CHECK (status == LM_OK && same_logits (session, expected, 384), "%d and %d threads: %s",
           COUNTS[i][0], COUNTS[i][1], error.message);
    close_session (session, model);
  }
  free (expected);
}

/* The same with a cache in 8 bits, which are other logits than those with 16. */
static void
test_eight_bits (void)
{
  float *halves = cold_logits (model_path, 2, n_text), *bytes;

  kv_type = LM_KV_Q8_0;
  bytes = cold_logits (model_path, 2, n_text);
  CHECK (memcmp (halves, bytes, 384 * sizeof *bytes) != 0, "as with 16 bits");
  free (halves);
  free (bytes);
  if (getenv ("LINNET_TEST_EMULATED") == NULL) {
    test_sync ();
    test_threads ();
  }
  kv_type = LM_KV_F16;
}

typedef struct {
  float *logits; /* N_TOKENS × 384 */
  size_t n;
} scored;

static bool
keep_logits (size_t position, const float *logits, void *user_data)
{
  scored *s = user_data;

  CHECK (position == s->n, "%zu, not %zu", position, s->n);
  memcpy (s->logits + position * 384, logits, 384 * sizeof *logits);
  s->n++;
  return s->n < n_text;
}

static void
test_score (void)
{
  lm_model *model;
  lm_session *session = open_session (model_path, 2, N_CTX, &model);
  scored s = { .logits = malloc (N_TOKENS * 384 * sizeof (float)) };
  lm_status status = lm_session_score (session, text, n_text, keep_logits, &s, NULL);

  CHECK (status == LM_ERROR_CANCELLED, "the callback stopped it at the end: %d", status);
  CHECK (s.n == n_text, "%zu", s.n);
  for (size_t i = 0; i < n_text; i += 113) {
    float *expected = cold_logits (model_path, 2, i + 1);

    CHECK (memcmp (expected, s.logits + i * 384, 384 * sizeof *expected) == 0, "%zu", i);
    free (expected);
  }
  free (s.logits);
  close_session (session, model);
}

static void
test_limits (void)
{
  lm_model *model;
  lm_session *session = open_session (model_path, 2, 32, &model);
  lm_error error = { 0 };
  lm_token bad[] = { 1, 384 }, negative = -1;
  lm_memory memory;

  CHECK (lm_session_get_logits (session) == NULL, "none yet");
  CHECK (lm_session_sync (session, text, 0, &error) == LM_ERROR_ARGUMENT, "nothing");
  CHECK (lm_session_sync (session, bad, 2, &error) == LM_ERROR_ARGUMENT, "out of range");
  CHECK (lm_session_append (session, negative, &error) == LM_ERROR_ARGUMENT, "negative");
  CHECK (lm_session_sync (session, text, 20, &error) == LM_OK, "%s", error.message);
  CHECK (lm_session_sync (session, text, 40, &error) == LM_ERROR_CONTEXT, "too long");
  CHECK (error.number == 8, "%d over", (int) error.number);
  CHECK (lm_session_get_logits (session) != NULL, "what was there is still there");
  CHECK (lm_session_sync (session, text, 32, &error) == LM_OK, "just fits");
  CHECK (lm_session_append (session, text[0], &error) == LM_ERROR_CONTEXT, "full");
  CHECK (error.number == 1, "%d over", (int) error.number);
  CHECK (lm_model_memory (model, 0, LM_KV_F16, &memory, &error) == LM_ERROR_ARGUMENT, "no context");
  CHECK (lm_model_memory (model, UINT32_MAX, LM_KV_F16, &memory, &error) == LM_OK, "%s",
         error.message);
  CHECK (memory.kv_cache == 2ull * 2 * 2 * 64 * 2 * (UINT32_MAX + 1ull), "%llu",
         (unsigned long long) memory.kv_cache);
  close_session (session, model);
}

/* ---- Cancelling --------------------------------------------------------------------------- */

typedef struct {
  lm_session *session;
  double delay;
  double when;
} canceller;

static void *
cancel_later (void *data)
{
  canceller *c = data;

  usleep ((useconds_t) (c->delay * 1e6));
  c->when = lm_now_seconds ();
  lm_session_cancel (c->session);
  return NULL;
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* A prefill of the demo model takes seconds here; stopping it at any moment takes next to none.
 * Where a sanitizer slows everything down tenfold, the prefill takes as much longer. */
static void
test_cancel (void)
{
  enum { N = 9, LONG = 3000 };
  lm_model *model;
  lm_session *session = open_session (getenv ("LINNET_DEMO_MODEL"), 2, LONG, &model);
  lm_token *tokens = malloc (LONG * sizeof *tokens);
  double latencies[N], limit = getenv ("LINNET_TEST_BRIEF") != NULL ? 0.5 : 0.05;

  for (int i = 0; i < LONG; i++)
    tokens[i] = 10 + i * 7 % 5000;
  for (int i = 0; i < N; i++) {
    canceller c = { .session = session, .delay = 0.05 + 0.04 * i };
    pthread_t thread;
    lm_status status;

    tokens[0] = 10 + i; /* from the beginning each time */
    pthread_create (&thread, NULL, cancel_later, &c);
    status = lm_session_sync (session, tokens, LONG, NULL);
    latencies[i] = lm_now_seconds ();
    pthread_join (thread, NULL);
    latencies[i] -= c.when;
    CHECK (status == LM_ERROR_CANCELLED, "%d", status);
    CHECK (lm_session_sync (session, tokens, LONG, NULL) == LM_ERROR_CANCELLED, "until resumed");
    lm_session_resume (session);
  }
  qsort (latencies, N, sizeof *latencies, compare_doubles);
  printf ("# cancelling a prefill took %.1f ms (median), %.1f ms at most\n", latencies[N / 2] * 1e3,
          latencies[N - 1] * 1e3);
  CHECK (latencies[N / 2] < limit, "%.3f s", latencies[N / 2]);
  CHECK (lm_session_sync (session, tokens, n_text / 8, NULL) == LM_OK, "and goes on afterwards");
  free (tokens);
  close_session (session, model);
}

typedef struct {
  uint64_t last;
  uint64_t total;
  int n_calls;
  int stop_at;
} progress_log;

static bool
log_progress (uint64_t done, uint64_t total, void *user_data)
{
  progress_log *log = user_data;

  CHECK (done >= log->last && done <= total, "%d of %d", (int) done, (int) total);
  log->last = done;
  log->total = total;
  return ++log->n_calls != log->stop_at;
}

static void
test_progress (void)
{
  lm_model *model;
  lm_session *session = open_session (model_path, 2, N_CTX, &model);
  progress_log log = { 0 };
  float *expected = cold_logits (model_path, 2, n_text);
  lm_error error = { 0 };

  lm_session_set_progress (session, log_progress, &log);
  CHECK (lm_session_sync (session, text, n_text, NULL) == LM_OK, "sync");
  CHECK (log.last == n_text && log.total == n_text, "%d", (int) log.last);
  CHECK (log.n_calls >= (int) (n_text + 255) / 256, "%d calls", log.n_calls);

  log = (progress_log) { .stop_at = 2 };
  text[0]++;
  CHECK (lm_session_sync (session, text, n_text, NULL) == LM_ERROR_CANCELLED, "stopped");
  text[0]--;
  log = (progress_log) { 0 };
  CHECK (lm_session_sync (session, text, n_text, NULL) == LM_OK, "again");
  CHECK (same_logits (session, expected, 384), "as if nothing had happened");

  log = (progress_log) { .stop_at = 1 };
  CHECK (lm_model_open (model_path,
                        &(lm_model_options) { .cpu_level = level_name (),
                                              .progress = log_progress,
                                              .user_data = &log },
                        &error) == NULL,
         "loading was to stop");
  CHECK (error.code == LM_ERROR_CANCELLED, "%d", error.code);
  free (expected);
  close_session (session, model);
}

static bool
cut_file (uint64_t done, uint64_t total, void *user_data)
{
  (void) total;
  return done > 0 || truncate (user_data, 200000) == 0;
}

static void
check_shortened (uint32_t type)
{
  char path[] = "/tmp/linnet-shorter-XXXXXX";
  lm_error error = { 0 };
  lm_session *session;
  lm_model *model;
  size_t n;

  close (mkstemp (path));
  synth_write (path, "qwen2", type, NULL);
  CHECK (lm_model_open (path,
                        &(lm_model_options) { .cpu_level = level_name (),
                                              .n_threads = 2,
                                              .progress = cut_file,
                                              .user_data = path },
                        &error) == NULL,
         "half a model was opened");
  CHECK (error.code == LM_ERROR_TRUNCATED && error.number > 0, "%d: %s", error.code, error.message);
  synth_write (path, "qwen2", type, NULL);
  session = open_session (path, 2, N_CTX, &model);
  CHECK (lm_session_sync (session, text, 20, NULL) == LM_OK, "while it is whole");
  CHECK (truncate (path, 1) == 0, "truncate");
  CHECK (lm_session_sync (session, text, 30, &error) == LM_ERROR_TRUNCATED, "%s", error.message);
  CHECK (lm_session_append (session, text[20], &error) == LM_ERROR_TRUNCATED, "%s", error.message);
  lm_session_get_tokens (session, &n);
  CHECK (n == 20, "what was there is still there: %zu", n);
  close_session (session, model);
  unlink (path);
}

/* A file that somebody shortens after it was looked through, and a disk that fails, must not kill
 * the program, whether weights are repacked or not. */
static void
test_file_becomes_shorter (void)
{
  check_shortened (LM_TYPE_Q8_0);
  check_shortened (LM_TYPE_F16);
  check_shortened (LM_TYPE_IQ3_S);
}

/* Two sessions on one model from two threads: each gets what it would get alone. */
static void *
run_alone (void *data)
{
  lm_session *session = data;

  for (int i = 0; i < (n_text == N_BRIEF ? 4 : 20); i++)
    CHECK (lm_session_sync (session, text + i % 2, 60 + (size_t) i, NULL) == LM_OK, "sync");
  CHECK (lm_session_sync (session, text, 120, NULL) == LM_OK, "sync");
  return NULL;
}

static void
test_shared_model (void)
{
  lm_model *model;
  lm_session *first = open_session (model_path, 3, N_CTX, &model);
  lm_session *second = lm_session_new (model, NULL, NULL);
  float *expected = cold_logits (model_path, 1, 120);
  pthread_t thread;

  pthread_create (&thread, NULL, run_alone, first);
  run_alone (second);
  pthread_join (thread, NULL);
  CHECK (same_logits (first, expected, 384), "first");
  CHECK (same_logits (second, expected, 384), "second");
  free (expected);
  lm_session_free (second);
  close_session (first, model);
}

/* ---- Models that cannot be opened ---------------------------------------------------------- */

/* Some bytes and others of the same number that are to replace them where they are found first. */
typedef struct {
  const char *from, *to;
  size_t length;
} patch;

/* The file at original with patches made. */
static lm_model *
open_with_patches (const char *original,
                   const patch *patches,
                   size_t n_patches,
                   lm_open_level level,
                   lm_error *error)
{
  char path[] = "/tmp/linnet-patched-XXXXXX";
  FILE *in = fopen (original, "rb");
  FILE *out = fdopen (mkstemp (path), "wb");
  size_t n;
  char *bytes = malloc (64 << 20);
  lm_model *model;

  n = fread (bytes, 1, 64 << 20, in);
  for (size_t i = 0; i < n_patches; i++) {
    const patch *p = &patches[i];
    size_t at = 0;

    while (at + p->length <= n && memcmp (bytes + at, p->from, p->length) != 0)
      at++;
    CHECK (at + p->length <= n, "%s is not in the file", p->from);
    memcpy (bytes + at, p->to, p->length);
  }
  fwrite (bytes, 1, n, out);
  fclose (in);
  fclose (out);
  free (bytes);
  memset (error, 0, sizeof *error);
  model = lm_model_open (path, &(lm_model_options) { .level = level }, error);
  unlink (path);
  return model;
}

/* The file at model_path with the first occurrence of from overwritten by to, of equal length. */
static lm_model *
open_patched (const char *from, const char *to, lm_open_level level, lm_error *error)
{
  return open_with_patches (model_path, &(patch) { from, to, strlen (from) }, 1, level, error);
}

/* The demo model with its heads of 64 cut into four: a model with which 8 bits cannot be. */
static void
test_small_heads (void)
{
  static const patch PATCHES[] = {
    { "attention.head_count\4\0\0\0\10", "attention.head_count\4\0\0\0\40", 25 },
    { "attention.head_count_kv\4\0\0\0\2", "attention.head_count_kv\4\0\0\0\10", 28 },
    { "rope.dimension_count\4\0\0\0\100", "rope.dimension_count\4\0\0\0\20", 25 },
  };
  lm_session_options options = { .n_ctx = 64, .kv_type = LM_KV_Q8_0 };
  lm_error error = { 0 };
  lm_model *model =
      open_with_patches (getenv ("LINNET_DEMO_MODEL"), PATCHES, 3, LM_OPEN_FULL, &error);
  lm_session *session = model != NULL ? lm_session_new (model, NULL, &error) : NULL;
  lm_memory memory;
  lm_model_work work;

  CHECK (session != NULL && lm_session_sync (session, text, 20, &error) == LM_OK, "%s",
         error.message);
  lm_session_free (session);
  if (model == NULL)
    return;
  CHECK (lm_session_new (model, &options, &error) == NULL, "no session");
  CHECK (error.code == LM_ERROR_ARGUMENT && error.number == 16, "%d: %d", error.code,
         (int) error.number);
  CHECK (strcmp (error.subject, "kv_type") == 0, "%s", error.subject);
  CHECK (lm_model_memory (model, 64, LM_KV_Q8_0, &memory, NULL) == LM_ERROR_ARGUMENT, "memory");
  CHECK (memory.total == 0, "no estimate");
  CHECK (lm_model_get_work (model, LM_KV_Q8_0, &work, NULL) == LM_ERROR_ARGUMENT, "work");
  CHECK (lm_model_get_work (model, LM_KV_F16, &work, &error) == LM_OK, "%s", error.message);
  lm_model_close (model);
}

static void
test_refused (void)
{
  static const struct {
    const char *from, *to;
    lm_status code;
    const char *subject;
  } CASES[] = {
    { "qwen2", "gwen2", LM_ERROR_ARCHITECTURE, "gwen2" },
    { "blk.1.ffn_up.weight", "blk.1.ffn_UP.weight", LM_ERROR_TENSOR, "blk.1.ffn_up.weight" },
    { "output_norm.weight", "Output_norm.weight", LM_ERROR_TENSOR, "output_norm.weight" },
    { "token_embd.weight", "token_emb_.weight", LM_ERROR_TENSOR, "token_embd.weight" },
    { "block_count", "bl0ck_count", LM_ERROR_FORMAT, "qwen2.block_count" },
  };
  lm_error error;
  lm_memory memory;
  lm_model_work work;
  lm_model *model;

  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    model = open_patched (CASES[i].from, CASES[i].to, LM_OPEN_FULL, &error);
    CHECK (model == NULL, "%s", CASES[i].to);
    CHECK (error.code == CASES[i].code, "%s: code %d", CASES[i].to, error.code);
    CHECK (strcmp (error.subject, CASES[i].subject) == 0, "%s: %s", CASES[i].to, error.subject);
    CHECK (strstr (error.message, CASES[i].subject) != NULL, "%s", error.message);
    lm_model_close (model);
  }

  /* Such a file can still be inspected. */
  model = open_patched ("qwen2", "gwen2", LM_OPEN_METADATA, &error);
  CHECK (model != NULL, "%s", error.message);
  if (model == NULL)
    return;
  CHECK (strcmp (lm_model_get_info (model)->architecture, "gwen2") == 0, "architecture");
  CHECK (lm_model_memory (model, 100, LM_KV_F16, &memory, &error) == LM_ERROR_ARCHITECTURE,
         "no estimate");
  CHECK (lm_model_get_work (model, LM_KV_F16, &work, &error) == LM_ERROR_ARCHITECTURE, "no work");
  CHECK (lm_session_new (model, NULL, &error) == NULL, "no session");
  lm_model_close (model);
}

static void
test_level (void)
{
  const char *wanted = level_name ();
  lm_error error = { 0 };
  lm_model *model =
      lm_model_open (model_path, &(lm_model_options) { .cpu_level = "abacus" }, &error);

  CHECK (model == NULL && error.code == LM_ERROR_ARGUMENT, "an unknown level is refused");
  CHECK (strcmp (error.subject, "abacus") == 0, "%s", error.subject);
  lm_model_close (model);
  model = lm_model_open (model_path, &(lm_model_options) { .cpu_level = wanted }, &error);
  CHECK (model != NULL, "%s", error.message);
  if (model != NULL && wanted != NULL)
    CHECK (strcmp (lm_model_get_info (model)->cpu_level, wanted) == 0, "%s",
           lm_model_get_info (model)->cpu_level);
  lm_model_close (model);

  /* The processor that an emulator plays has no better one. */
  wanted = getenv ("LINNET_TEST_BEST");
  model = lm_model_open (model_path, NULL, &error);
  CHECK (model != NULL, "%s", error.message);
  if (model != NULL && wanted != NULL)
    CHECK (strcmp (lm_model_get_info (model)->cpu_level, wanted) == 0, "the best is %s",
           lm_model_get_info (model)->cpu_level);
  lm_model_close (model);
}

/* The demo model: 8 layers of 512, of which the keys and values have 128, and 1408 in between; its
 * output is the embeddings. A block of 32 weights takes 34 bytes. */
static void
test_work (void)
{
  const uint64_t n_layer = 2 * 512 * 512 + 2 * 512 * 128 + 3 * 512 * 1408;
  lm_model_options options = { .level = LM_OPEN_METADATA };
  lm_model_work work;
  lm_error error = { 0 };
  lm_model *model = lm_model_open (getenv ("LINNET_DEMO_MODEL"), &options, &error);

  CHECK (model != NULL, "%s", error.message);
  if (model == NULL)
    return;
  CHECK (lm_model_get_work (model, LM_KV_F16, &work, &error) == LM_OK, "%s", error.message);
  CHECK (work.prefill_macs == 8 * n_layer, "%llu", (unsigned long long) work.prefill_macs);
  CHECK (work.weight_bytes == (8 * n_layer + 6400 * 512) / 32 * 34, "%llu",
         (unsigned long long) work.weight_bytes);
  CHECK (work.kv_bytes == 8 * 2 * 128 * 2, "%llu", (unsigned long long) work.kv_bytes);
  CHECK (lm_model_get_work (model, LM_KV_Q8_0, &work, &error) == LM_OK, "%s", error.message);
  CHECK (work.kv_bytes == 8 * 2 * 128 / 32 * 34, "%llu", (unsigned long long) work.kv_bytes);
  lm_model_close (model);
}

int
main (void)
{
  static const check_test TESTS[] = {
    { "sync equals a cold run", test_sync },
    { "logits are the same for 1 to 5 threads", test_threads, .is_portable = true },
    { "prefill and decoding have threads of their own number", test_two_thread_counts,
      .is_portable = true },
    { "a cache in 8 bits is no less exact about it", test_eight_bits },
    { "score gives every position's logits", test_score },
    { "limits are errors that say by how much", test_limits, .is_portable = true },
    { "cancel acts at once", test_cancel, .is_portable = true },
    { "progress is told and can stop", test_progress, .is_portable = true },
    { "a file that becomes shorter is an error", test_file_becomes_shorter, .is_portable = true },
    { "two sessions share a model", test_shared_model, .is_portable = true },
    { "unusable models are refused by name", test_refused, .is_portable = true },
    { "heads that 8 bits do not fit are refused", test_small_heads, .is_portable = true },
    { "the work of a token is known", test_work },
    { "the level of instructions can be chosen", test_level },
  };
  int fd, status;

  if (level_is_missing ())
    return 0;
  if (getenv ("LINNET_TEST_EMULATED") != NULL || getenv ("LINNET_TEST_BRIEF") != NULL)
    n_text = N_BRIEF;
  fd = mkstemp (model_path);
  close (fd);
  for (int i = 0; i < N_TOKENS; i++)
    text[i] = (i * i + 3 * i + 7) % 256;
  if (!synth_write (model_path, "qwen2", LM_TYPE_Q8_0, NULL))
    return 1;
  status = check_main (TESTS, sizeof TESTS / sizeof *TESTS);
  unlink (model_path);
  return status;
}
