/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every error of the engine becomes a sentence for people. */
#include <errno.h>
#include <string.h>

#include "engine/linnet-engine-private.h"

typedef struct {
  lm_error failure;
  int code;         /* of LINNET_ENGINE_ERROR */
  const char *says; /* must be in the sentence */
} Case;

static const Case cases[] = {
  { { LM_ERROR_IO, ENOENT, "", "m" }, LINNET_ENGINE_ERROR_IO, "not there" },
  { { LM_ERROR_IO, EACCES, "", "m" }, LINNET_ENGINE_ERROR_IO, "not allowed" },
  { { LM_ERROR_IO, EISDIR, "", "m" }, LINNET_ENGINE_ERROR_IO, "folder" },
  { { LM_ERROR_IO, EIO, "", "m" }, LINNET_ENGINE_ERROR_IO, "(" },
  { { LM_ERROR_IO, 0, "", "m" }, LINNET_ENGINE_ERROR_IO, "could not be read." },
  { { LM_ERROR_IO, G_MAXINT64, "", "m" }, LINNET_ENGINE_ERROR_IO, "could not be read." },
  { { LM_ERROR_FORMAT, 0, "magic", "m" }, LINNET_ENGINE_ERROR_FORMAT, "GGUF" },
  { { LM_ERROR_TRUNCATED, 5000000, "", "m" }, LINNET_ENGINE_ERROR_FORMAT, "5.0" },
  { { LM_ERROR_TRUNCATED, 0, "", "m" }, LINNET_ENGINE_ERROR_FORMAT, "too early" },
  { { LM_ERROR_ARCHITECTURE, 0, "mamba", "m" }, LINNET_ENGINE_ERROR_UNSUPPORTED, "“mamba”" },
  { { LM_ERROR_TENSOR, 0, "blk.3.ffn_up.weight", "m" },
    LINNET_ENGINE_ERROR_FORMAT,
    "“blk.3.ffn_up.weight”" },
  { { LM_ERROR_TYPE, 0, "output.weight", "m" }, LINNET_ENGINE_ERROR_UNSUPPORTED, "output.weight" },
  { { LM_ERROR_TOKENIZER, 0, "bert", "m" }, LINNET_ENGINE_ERROR_UNSUPPORTED, "“bert”" },
  { { LM_ERROR_TOKENIZER, 0, "", "m" }, LINNET_ENGINE_ERROR_UNSUPPORTED, "“?”" },
  { { LM_ERROR_MEMORY, 3221225472, "", "m" }, LINNET_ENGINE_ERROR_MEMORY, "3.0" },
  { { LM_ERROR_MEMORY, 0, "", "m" }, LINNET_ENGINE_ERROR_MEMORY, "not enough" },
  { { LM_ERROR_STATE, 0, "model", "m" }, LINNET_ENGINE_ERROR_STATE, "another model" },
  { { LM_ERROR_STATE, 0, "version", "m" }, LINNET_ENGINE_ERROR_STATE, "another version" },
  { { LM_ERROR_STATE, 0, "kv_type", "m" }, LINNET_ENGINE_ERROR_STATE, "number of bits" },
  { { LM_ERROR_STATE, 9, "context", "m" }, LINNET_ENGINE_ERROR_STATE, "larger context" },
  { { LM_ERROR_STATE, 0, "damage", "m" }, LINNET_ENGINE_ERROR_STATE, "damaged" },
  { { LM_ERROR_ARGUMENT, 80, "kv_type", "m" }, LINNET_ENGINE_ERROR_UNSUPPORTED, "heads of 80" },
  { { LM_ERROR_ARGUMENT, 0, "system after user", "m" },
    LINNET_ENGINE_ERROR_FAILED,
    "(system after user)" },
  { { LM_ERROR_ARGUMENT, 0, "", "There are no logits." },
    LINNET_ENGINE_ERROR_FAILED,
    "(There are no logits)" },
  { { LM_ERROR_ARGUMENT, 0, "%s%n%s", "m" }, LINNET_ENGINE_ERROR_FAILED, "%s%n%s" },
};

static void
test_sentences (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    linnet_engine_error_from_lm (&error, &cases[i].failure, "/some/where/模型 1%.gguf");
    g_assert_error (error, LINNET_ENGINE_ERROR, cases[i].code);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, cases[i].says));
    g_assert_nonnull (strstr (error->message, "“模型 1%.gguf”"));
    g_assert_null (strstr (error->message, "/some/where"));
    g_assert_true (g_str_has_suffix (error->message, "."));
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  }
}

static void
test_context (void)
{
  const lm_error one = { LM_ERROR_CONTEXT, 1, "", "m" };
  const lm_error many = { LM_ERROR_CONTEXT, 1234, "", "m" };
  g_autoptr (GError) one_error = NULL;
  g_autoptr (GError) many_error = NULL;

  linnet_engine_error_from_lm (&one_error, &one, "a.gguf");
  g_assert_error (one_error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_CONTEXT);
  g_assert_nonnull (strstr (one_error->message, "1 token longer"));
  linnet_engine_error_from_lm (&many_error, &many, "a.gguf");
  g_assert_error (many_error, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_CONTEXT);
  g_assert_nonnull (strstr (many_error->message, "1234 tokens longer"));
  g_assert_nonnull (strstr (many_error->message, "new chat"));
}

static void
test_cancelled (void)
{
  const lm_error failure = { LM_ERROR_CANCELLED, 0, "", "m" };
  g_autoptr (GError) error = NULL;

  linnet_engine_error_from_lm (&error, &failure, "a.gguf");
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  linnet_engine_error_from_lm (NULL, &failure, "a.gguf");
}

/* About a saved state, the sentences speak of that and not of a model. */
static void
test_state (void)
{
  static const Case STATE_CASES[] = {
    { { LM_ERROR_FORMAT, 0, "magic", "m" }, LINNET_ENGINE_ERROR_FORMAT, "not a saved state" },
    { { LM_ERROR_IO, EACCES, "a", "m" }, LINNET_ENGINE_ERROR_IO, "read" },
    { { LM_ERROR_IO, 0, "a", "m" }, LINNET_ENGINE_ERROR_IO, "(?)" },
    { { LM_ERROR_STATE, 0, "damage", "m" }, LINNET_ENGINE_ERROR_STATE, "damaged" },
    { { LM_ERROR_MEMORY, 0, "", "m" }, LINNET_ENGINE_ERROR_MEMORY, "memory" },
  };
  const lm_error full = { LM_ERROR_IO, ENOSPC, "a", "m" };
  g_autoptr (GError) written = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (STATE_CASES); i++) {
    g_autoptr (GError) error = NULL;

    linnet_engine_error_from_state (&error, &STATE_CASES[i].failure, "/some/where/a", FALSE);
    g_assert_error (error, LINNET_ENGINE_ERROR, STATE_CASES[i].code);
    g_assert_nonnull (strstr (error->message, STATE_CASES[i].says));
    g_assert_nonnull (strstr (error->message, "“a”"));
    g_assert_null (strstr (error->message, "GGUF"));
  }
  linnet_engine_error_from_state (&written, &full, "/some/where/a", TRUE);
  g_assert_error (written, LINNET_ENGINE_ERROR, LINNET_ENGINE_ERROR_IO);
  g_assert_nonnull (strstr (written->message, "written"));
}

/* A status that is added to lm.h must be thought of here. */
static void
test_every_status (void)
{
  for (int code = LM_OK + 1; code <= LM_ERROR_ARGUMENT; code++) {
    gboolean has_case = code == LM_ERROR_CONTEXT || code == LM_ERROR_CANCELLED;

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
      has_case = has_case || (int) cases[i].failure.code == code;
    g_assert_true (has_case);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine-error/sentences", test_sentences);
  g_test_add_func ("/engine-error/context", test_context);
  g_test_add_func ("/engine-error/cancelled", test_cancelled);
  g_test_add_func ("/engine-error/state", test_state);
  g_test_add_func ("/engine-error/every-status", test_every_status);
  return g_test_run ();
}
