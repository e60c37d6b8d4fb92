/* SPDX-License-Identifier: GPL-3.0-or-later
 * Memory: what lm_model_memory() says beforehand, and what a process then really has. */
#include <math.h>

#include "check.h"
#include "lm.h"

#define N_CTX     2048 /* tokens */
#define N_THREADS 2

/* A worker's stack, the allocator's own, and pages of which only a part is used. */
#define SLACK_BYTES (2 << 20)

static lm_token text[N_CTX];

/* Bytes that this process has had in memory at its peak since reset_peak(); 0: nobody tells. */
static long long
read_peak (void)
{
  FILE *file = fopen ("/proc/self/status", "r");
  char line[256];
  long long kilobytes = 0;

  while (file != NULL && fgets (line, sizeof line, file) != NULL)
    if (sscanf (line, "VmHWM: %lld kB", &kilobytes) == 1)
      break;
  if (file != NULL)
    fclose (file);
  return kilobytes * 1024;
}

static bool
reset_peak (void)
{
  FILE *file = fopen ("/proc/self/clear_refs", "w");
  bool is_reset = file != NULL && fputs ("5", file) >= 0;

  return file != NULL && fclose (file) == 0 && is_reset;
}

/* Reads the whole context but one token, and writes that. */
static void
fill_context (lm_model *model, lm_kv_type kv_type)
{
  lm_error error = { 0 };
  lm_session *session =
      lm_session_new (model, &(lm_session_options) { .n_ctx = N_CTX, .kv_type = kv_type }, &error);

  CHECK (session != NULL && lm_session_sync (session, text, N_CTX - 1, &error) == LM_OK &&
             lm_session_append (session, text[0], &error) == LM_OK,
         "%s", error.message);
  lm_session_free (session);
}

/* A second copy of the weights would be half as much again. */
static void
check_peak (lm_kv_type kv_type)
{
  lm_error error = { 0 };
  lm_memory memory;
  lm_model *model;
  long long before, taken;

  if (!reset_peak () || read_peak () == 0) {
    check_skip ("this system does not say how much memory a process has at its peak");
    return;
  }
  before = read_peak ();
  model = lm_model_open (getenv ("LINNET_DEMO_MODEL"),
                         &(lm_model_options) { .n_threads = N_THREADS }, &error);
  CHECK (model != NULL && lm_model_memory (model, N_CTX, kv_type, &memory, &error) == LM_OK, "%s",
         error.message);
  if (model == NULL)
    return;
  fill_context (model, kv_type);
  taken = read_peak () - before;
  lm_model_close (model);
  printf ("# %lld bytes taken, %lld foretold\n", taken, (long long) memory.total);
  CHECK (fabs ((double) taken - (double) memory.total) < 0.03 * (double) memory.total + SLACK_BYTES,
         "%lld bytes taken, %lld foretold", taken, (long long) memory.total);
}

static void
test_peak (void)
{
  if (getenv ("LINNET_TEST_BRIEF") != NULL) {
    check_skip ("a sanitizer has memory of its own");
    return;
  }
  check_peak (LM_KV_F16);
  check_peak (LM_KV_Q8_0);
}

/* It is the same at each level of opening. */
static void
test_levels (void)
{
  lm_memory memory[3], bytes[3];
  lm_error error = { 0 };

  for (int level = LM_OPEN_FULL; level <= LM_OPEN_METADATA; level++) {
    lm_model *model =
        lm_model_open (getenv ("LINNET_DEMO_MODEL"),
                       &(lm_model_options) { .level = level, .n_threads = N_THREADS }, &error);

    CHECK (model != NULL &&
               lm_model_memory (model, N_CTX, LM_KV_F16, &memory[level], &error) == LM_OK &&
               lm_model_memory (model, N_CTX, LM_KV_Q8_0, &bytes[level], &error) == LM_OK,
           "%s", error.message);
    lm_model_close (model);
  }
  /* 8 layers × (keys + values) × 2 heads × 64 × 2048 tokens × 2 bytes */
  CHECK (memory[0].kv_cache == 8ull * 2 * 2 * 64 * N_CTX * 2, "%d", (int) memory[0].kv_cache);
  CHECK (bytes[0].kv_cache * 64 == memory[0].kv_cache * 34, "%d", (int) bytes[0].kv_cache);
  CHECK (bytes[0].scratch == memory[0].scratch, "scratch");
  CHECK (memory[0].weights == memory[2].weights, "weights");
  CHECK (memory[0].total == memory[0].weights + memory[0].kv_cache + memory[0].scratch, "total");
  CHECK (fabs ((double) memory[2].total / (double) memory[0].total - 1) < 0.03, "%.3f",
         (double) memory[2].total / (double) memory[0].total);
}

int
main (void)
{
  static const check_test TESTS[] = {
    { "a full context takes what was foretold", test_peak },
    { "what is foretold does not depend on the level of opening", test_levels },
  };

  for (int i = 0; i < N_CTX; i++)
    text[i] = (i * i + 3 * i + 7) % 256;
  return check_main (TESTS, sizeof TESTS / sizeof *TESTS);
}
