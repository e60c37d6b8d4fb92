/* SPDX-License-Identifier: GPL-3.0-or-later
 * Saved sessions: what is restored is what was saved, and nothing else is taken for it. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "level.h"
#include "lm.h"
#include "state-sample.h"

#define N_VOCAB  384
#define N_TOKENS 600 /* more than two chunks of a file */

/* Where things are in the file. */
enum { AT_VERSION = 8, AT_ROWS = 24, AT_N_TOKENS = 32, AT_TOKENS = 40 };

static lm_token text[N_TOKENS];
static lm_kv_type kv_type = LM_KV_F16; /* of the sessions that open_session() opens */

static lm_session *
open_session (uint64_t seed, uint32_t n_ctx, lm_model **model)
{
  const lm_session_options options = { .n_ctx = n_ctx, .kv_type = kv_type };
  lm_session *session = state_sample_open (seed, level_name (), &options, model);

  if (session == NULL) {
    printf ("Bail out! no session\n");
    exit (1);
  }
  return session;
}

static bool
same_logits (const lm_session *a, const lm_session *b)
{
  const float *x = lm_session_get_logits (a), *y = lm_session_get_logits (b);

  return x != NULL && y != NULL && memcmp (x, y, N_VOCAB * sizeof *x) == 0;
}

static size_t
count_tokens (const lm_session *session)
{
  size_t n;

  lm_session_get_tokens (session, &n);
  return n;
}

/* ---- Restoring what was saved ------------------------------------------------------------- */

/* A restored session goes on as the one that was saved, bit for bit, whatever its context is. */
static void
test_round_trip (void)
{
  static const size_t LENGTHS[] = { 1, 2, 16, 17, 255, 256, 257, 513, N_TOKENS - 1 };
  /* of 64 values of a key, or a value */
  const size_t row_bytes = kv_type == LM_KV_F16 ? 64 * 2 : 64 + 64 / 32 * 2;
  lm_model *model, *model_too;
  lm_session *session = open_session (1, N_TOKENS, &model);
  lm_session *restored = open_session (1, N_TOKENS + 7, &model_too);

  for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++) {
    size_t n = LENGTHS[i], n_bytes, n_restored;
    unsigned char *bytes;
    lm_error error = { 0 };
    lm_session_stats stats;

    CHECK (lm_session_sync (session, text, n, NULL) == LM_OK, "sync");
    bytes = state_sample_save (session, &n_bytes);
    /* 2 layers × 2 heads × (keys + values) a token, and the token */
    CHECK (n_bytes == 40 + n * (2 * 2 * 2 * row_bytes + 4) + 8, "%zu bytes", n_bytes);
    CHECK (state_sample_restore (restored, bytes, n_bytes, &error) == LM_OK, "%zu: %s", n,
           error.message);
    CHECK (memcmp (lm_session_get_tokens (restored, &n_restored), text, n * sizeof *text) == 0,
           "tokens");
    CHECK (n_restored == n, "%zu, not %zu", n_restored, n);
    CHECK (lm_session_get_logits (restored) == NULL, "logits are not saved");
    lm_session_reset_stats (restored);
    CHECK (lm_session_sync (restored, text, n, NULL) == LM_OK, "sync");
    lm_session_get_stats (restored, &stats);
    CHECK (stats.prefill_tokens == 1 && stats.reused_tokens == n - 1, "%d read, %d reused",
           (int) stats.prefill_tokens, (int) stats.reused_tokens);
    CHECK (same_logits (session, restored), "%zu: logits", n);
    CHECK (lm_session_append (session, 65, NULL) == LM_OK, "append");
    CHECK (lm_session_append (restored, 65, NULL) == LM_OK, "append");
    CHECK (same_logits (session, restored), "%zu: logits of the next", n);
    free (bytes);
  }
  state_sample_close (session, model);
  state_sample_close (restored, model_too);
}

static void
test_eight_bits (void)
{
  kv_type = LM_KV_Q8_0;
  test_round_trip ();
  kv_type = LM_KV_F16;
}

static void
test_empty (void)
{
  lm_model *model;
  lm_session *session = open_session (1, 16, &model);
  size_t n_bytes;
  unsigned char *bytes = state_sample_save (session, &n_bytes);

  CHECK (n_bytes == 48, "%zu", n_bytes);
  CHECK (lm_session_sync (session, text, 5, NULL) == LM_OK, "sync");
  CHECK (state_sample_restore (session, bytes, n_bytes, NULL) == LM_OK, "restore");
  CHECK (count_tokens (session) == 0, "empty");
  free (bytes);
  state_sample_close (session, model);
}

/* ---- Refusing the rest -------------------------------------------------------------------- */

/* After a refusal the session is empty, and as good as new. */
static void
check_refused (lm_session *session,
               const unsigned char *bytes,
               size_t n_bytes,
               lm_status code,
               const char *subject)
{
  lm_error error = { 0 };
  lm_status status = state_sample_restore (session, bytes, n_bytes, &error);

  CHECK (status == code && error.code == code, "%s: %d", subject, status);
  CHECK (strcmp (error.subject, subject) == 0, "%s, not %s", error.subject, subject);
  CHECK (error.message[0] != '\0', "no sentence");
  CHECK (count_tokens (session) == 0 && lm_session_get_logits (session) == NULL, "not empty");
}

static void
test_damage (void)
{
  lm_model *model;
  lm_session *session = open_session (1, 16, &model);
  lm_session *fresh = lm_session_new (model, &(lm_session_options) { .n_ctx = 16 }, NULL);
  size_t n_bytes;
  unsigned char *bytes, *longer;

  CHECK (lm_session_sync (session, text, 3, NULL) == LM_OK, "sync");
  bytes = state_sample_save (session, &n_bytes);
  for (size_t i = 0; i < n_bytes; i++) {
    lm_error error = { 0 };

    bytes[i] ^= (unsigned char) (1 << i % 8);
    CHECK (state_sample_restore (session, bytes, n_bytes, &error) != LM_OK, "byte %zu", i);
    CHECK (error.code == (i < 8 ? LM_ERROR_FORMAT : LM_ERROR_STATE), "byte %zu: %d", i, error.code);
    CHECK (count_tokens (session) == 0, "byte %zu: not empty", i);
    bytes[i] ^= (unsigned char) (1 << i % 8);
  }
  for (size_t n = 0; n < n_bytes; n++)
    check_refused (session, bytes, n, n < 8 ? LM_ERROR_FORMAT : LM_ERROR_STATE,
                   n < 8 ? "magic" : "damage");
  longer = calloc (1, n_bytes + 1);
  memcpy (longer, bytes, n_bytes);
  check_refused (session, longer, n_bytes + 1, LM_ERROR_STATE, "damage");

  CHECK (lm_session_sync (session, text, 9, NULL) == LM_OK, "usable");
  CHECK (lm_session_sync (fresh, text, 9, NULL) == LM_OK, "sync");
  CHECK (same_logits (session, fresh), "as if nothing had happened");
  CHECK (state_sample_restore (session, bytes, n_bytes, NULL) == LM_OK, "the whole one is good");
  free (longer);
  free (bytes);
  lm_session_free (fresh);
  state_sample_close (session, model);
}

/* Files whose checksum is right, but which were made by somebody else. */
static void
test_forged (void)
{
  const uint64_t many[] = { 17, UINT32_MAX, (uint64_t) 1 << 32, UINT64_MAX / 4, UINT64_MAX };
  lm_model *model;
  lm_session *session = open_session (1, 16, &model);
  size_t n_bytes;
  unsigned char *bytes, *forged;

  CHECK (lm_session_sync (session, text, 3, NULL) == LM_OK, "sync");
  bytes = state_sample_save (session, &n_bytes);
  forged = malloc (n_bytes);
  for (int i = 0; i < 8; i++) {
    static const lm_token wrong[] = { N_VOCAB, -1, INT32_MAX, INT32_MIN };
    const uint64_t fewer = (uint64_t) (i % 3);
    const char *subject = i < 4 ? "damage" : i < 6 ? "version" : "kv_type";

    memcpy (forged, bytes, n_bytes);
    if (i < 4)
      memcpy (forged + AT_TOKENS + 4 * (i % 3), &wrong[i], 4);
    else
      forged[i < 6 ? AT_VERSION + 4 * (i % 2) : AT_ROWS + 4 * (i % 2)] ^= 2;
    state_sample_sign (forged, n_bytes);
    check_refused (session, forged, n_bytes, LM_ERROR_STATE, subject);

    memcpy (forged, bytes, n_bytes);
    memcpy (forged + AT_N_TOKENS, &fewer, sizeof fewer);
    state_sample_sign (forged, n_bytes);
    check_refused (session, forged, n_bytes, LM_ERROR_STATE, "damage");
  }
  for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
    memcpy (forged, bytes, n_bytes);
    memcpy (forged + AT_N_TOKENS, &many[i], sizeof many[i]);
    state_sample_sign (forged, n_bytes);
    check_refused (session, forged, n_bytes, LM_ERROR_STATE, "context");
  }
  /* What cannot be told from a real one is taken, whatever it makes the model say. */
  memcpy (forged, bytes, n_bytes);
  memset (forged + AT_TOKENS + 12, 0xff, n_bytes - AT_TOKENS - 12 - 8);
  state_sample_sign (forged, n_bytes);
  CHECK (state_sample_restore (session, forged, n_bytes, NULL) == LM_OK, "NaNs");
  CHECK (lm_session_sync (session, text, 9, NULL) == LM_OK, "computes all the same");
  free (forged);
  free (bytes);
  state_sample_close (session, model);
}

static void
test_mismatch (void)
{
  lm_model *model, *other_model, *reference_model, *short_model;
  lm_session *session = open_session (1, 64, &model);
  lm_session *other = open_session (2, 64, &other_model);
  lm_session *shorter = open_session (1, 9, &short_model);
  lm_session *reference =
      state_sample_open (1, "reference", &(lm_session_options) { .n_ctx = 64 }, &reference_model);
  lm_error error = { 0 };
  size_t n_bytes;
  unsigned char *bytes;

  CHECK (lm_session_sync (session, text, 10, NULL) == LM_OK, "sync");
  bytes = state_sample_save (session, &n_bytes);
  CHECK (lm_session_sync (other, text, 10, NULL) == LM_OK, "sync");
  check_refused (other, bytes, n_bytes, LM_ERROR_STATE, "model");
  check_refused (shorter, bytes, n_bytes, LM_ERROR_STATE, "context");
  state_sample_restore (shorter, bytes, n_bytes, &error);
  CHECK (error.number == 1, "%d tokens over", (int) error.number);
  if (strcmp (lm_model_get_info (model)->cpu_level, "reference") != 0)
    check_refused (reference, bytes, n_bytes, LM_ERROR_STATE, "model");
  free (bytes);
  state_sample_close (session, model);
  state_sample_close (other, other_model);
  state_sample_close (shorter, short_model);
  state_sample_close (reference, reference_model);
}

/* A state of one type of cache is none of the other's, an empty one neither. */
static void
test_other_cache (void)
{
  lm_model *models[2];
  lm_session *sessions[2];
  lm_error error = { 0 };

  for (int i = 0; i < 2; i++) {
    kv_type = i == 0 ? LM_KV_F16 : LM_KV_Q8_0;
    sessions[i] = open_session (1, 64, &models[i]);
  }
  kv_type = LM_KV_F16;
  for (size_t i = 0; i < 4; i++) {
    lm_session *from = sessions[i % 2], *to = sessions[1 - i % 2];
    size_t n_bytes;
    unsigned char *bytes;

    if (i >= 2)
      CHECK (lm_session_sync (from, text, 10, NULL) == LM_OK, "sync");
    bytes = state_sample_save (from, &n_bytes);
    CHECK (lm_session_sync (to, text, 5, NULL) == LM_OK, "sync");
    check_refused (to, bytes, n_bytes, LM_ERROR_STATE, "kv_type");
    state_sample_restore (to, bytes, n_bytes, &error);
    CHECK (strstr (error.message, "KV cache") != NULL, "%s", error.message);
    CHECK (lm_session_sync (from, text, 5, NULL) == LM_OK, "sync");
    CHECK (state_sample_restore (from, bytes, n_bytes, &error) == LM_OK, "its own");
    CHECK (state_sample_restore (from, NULL, 0, &error) != LM_OK, "made empty");
    free (bytes);
  }
  for (int i = 0; i < 2; i++)
    state_sample_close (sessions[i], models[i]);
}

/* ---- Files -------------------------------------------------------------------------------- */

static int
count_files (const char *folder)
{
  DIR *stream = opendir (folder);
  int n = -2; /* . and .. */

  while (stream != NULL && readdir (stream) != NULL)
    n++;
  if (stream != NULL)
    closedir (stream);
  return n;
}

/* A file that cannot be written leaves the old one as it was, and nothing beside it. */
static void
test_files (void)
{
  char folder[] = "/tmp/linnet-state-XXXXXX";
  char path[64], below[80];
  const struct rlimit small = { 3000, RLIM_INFINITY };
  struct rlimit before;
  struct stat status;
  lm_model *model;
  lm_session *session = open_session (1, 64, &model);
  lm_error error = { 0 };

  CHECK (mkdtemp (folder) != NULL, "%s", folder);
  snprintf (path, sizeof path, "%s/模型.state", folder);
  snprintf (below, sizeof below, "%s/none", path);
  CHECK (lm_session_restore (session, path, &error) == LM_ERROR_IO, "missing");
  CHECK (error.number == ENOENT && strcmp (error.subject, "模型.state") == 0, "%s", error.subject);
  CHECK (lm_session_restore (session, folder, &error) == LM_ERROR_IO, "a folder");
  CHECK (error.number == EISDIR, "%d", (int) error.number);
  CHECK (lm_session_sync (session, text, 2, NULL) == LM_OK, "sync");
  CHECK (lm_session_save (session, below, &error) == LM_ERROR_IO, "nowhere");
  CHECK (lm_session_save (session, folder, &error) == LM_ERROR_IO, "over a folder");
  CHECK (count_files (folder) == 0, "%d files", count_files (folder));

  CHECK (lm_session_save (session, path, &error) == LM_OK, "%s", error.message);
  CHECK (stat (path, &status) == 0 && (status.st_mode & 0777) == 0600, "private");
  CHECK (lm_session_sync (session, text, 20, NULL) == LM_OK, "sync");
  signal (SIGXFSZ, SIG_IGN);
  getrlimit (RLIMIT_FSIZE, &before);
  setrlimit (RLIMIT_FSIZE, &small);
  CHECK (lm_session_save (session, path, &error) == LM_ERROR_IO, "no room");
  CHECK (error.number == EFBIG, "%d", (int) error.number);
  setrlimit (RLIMIT_FSIZE, &before);
  CHECK (count_files (folder) == 1, "%d files", count_files (folder));
  CHECK (lm_session_restore (session, path, &error) == LM_OK, "the old one: %s", error.message);
  CHECK (count_tokens (session) == 2, "%zu", count_tokens (session));
  CHECK (lm_session_sync (session, text, 20, NULL) == LM_OK, "sync");
  CHECK (lm_session_save (session, path, &error) == LM_OK, "%s", error.message);
  CHECK (lm_session_restore (session, path, &error) == LM_OK, "%s", error.message);
  CHECK (count_tokens (session) == 20, "%zu", count_tokens (session));
  unlink (path);
  rmdir (folder);
  state_sample_close (session, model);
}

int
main (void)
{
  static const check_test TESTS[] = {
    { "a restored session goes on as the saved one", test_round_trip },
    { "so does one with a cache in 8 bits", test_eight_bits },
    { "an empty session", test_empty },
    { "every byte changed and every length cut is refused", test_damage },
    { "forged files are refused or harmless", test_forged },
    { "another model, level or context is refused", test_mismatch },
    { "a state of another type of cache is refused", test_other_cache },
    { "files are written whole or not at all", test_files },
  };

  if (level_is_missing ())
    return 0;
  for (int i = 0; i < N_TOKENS; i++)
    text[i] = (i * i + 3 * i + 7) % 256;
  return check_main (TESTS, sizeof TESTS / sizeof *TESTS);
}
