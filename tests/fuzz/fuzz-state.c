/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fuzzes restoring a saved session. Input: a byte of flags and the file. Flag 1: the model's
 * identity is made right, flag 2: the checksum; without them nothing would ever get past these. The
 * seeds were made by lm-state. */
#include <stdlib.h>
#include <string.h>

#include "state-sample.h"

#define N_CTX       8
#define AT_MODEL    16 /* the identity's place in the file, and its size */
#define MODEL_BYTES 8

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
require (bool condition)
{
  if (!condition)
    abort ();
}

/* One session for all runs: each has to leave it usable for the next. */
static lm_session *
get_session (unsigned char identity[MODEL_BYTES])
{
  static lm_model *model;
  static lm_session *session;
  static unsigned char own[MODEL_BYTES];

  if (session == NULL) {
    unsigned char *saved;
    size_t n_bytes;

    session = state_sample_open (1, "reference", &(lm_session_options) { .n_ctx = N_CTX }, &model);
    require (session != NULL);
    saved = state_sample_save (session, &n_bytes);
    require (saved != NULL && n_bytes >= AT_MODEL + MODEL_BYTES);
    memcpy (own, saved + AT_MODEL, MODEL_BYTES);
    free (saved);
  }
  memcpy (identity, own, MODEL_BYTES);
  return session;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  unsigned char identity[MODEL_BYTES];
  lm_session *session = get_session (identity);
  unsigned char *bytes;
  const lm_token *tokens;
  lm_error error = { 0 };
  lm_status status;
  size_t n;

  if (size == 0)
    return 0;
  bytes = malloc (size);
  require (bytes != NULL);
  memcpy (bytes, data + 1, size - 1);
  if ((data[0] & 1) && size - 1 >= AT_MODEL + MODEL_BYTES)
    memcpy (bytes + AT_MODEL, identity, MODEL_BYTES);
  if (data[0] & 2)
    state_sample_sign (bytes, size - 1);

  status = state_sample_restore (session, bytes, size - 1, &error);
  tokens = lm_session_get_tokens (session, &n);
  require (status == error.code && lm_session_get_logits (session) == NULL);
  require (n <= N_CTX && (status == LM_OK || n == 0));
  /* What was restored can be computed with. */
  if (n > 0 && n < N_CTX)
    require (lm_session_append (session, tokens[0], NULL) == LM_OK);
  free (bytes);
  return 0;
}
