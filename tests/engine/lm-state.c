/* SPDX-License-Identifier: GPL-3.0-or-later
 * lm-state N OUT: writes a seed for fuzz-state: its flags and a saved session of N tokens. */
#include <stdio.h>
#include <stdlib.h>

#include "state-sample.h"

#define N_CTX 8

int
main (int argc, char **argv)
{
  static const lm_token text[N_CTX] = { 72, 101, 108, 108, 111, 258, 10, 383 };
  unsigned long n = argc == 3 ? strtoul (argv[1], NULL, 10) : N_CTX + 1;
  unsigned char *bytes;
  lm_session *session;
  lm_model *model;
  size_t n_bytes;
  FILE *file;
  bool ok;

  if (n > N_CTX) {
    fprintf (stderr, "usage: lm-state N OUT, N at most %d\n", N_CTX);
    return 2;
  }
  session = state_sample_open (1, "reference", &(lm_session_options) { .n_ctx = N_CTX }, &model);
  if (session == NULL || (n > 0 && lm_session_sync (session, text, n, NULL) != LM_OK) ||
      (bytes = state_sample_save (session, &n_bytes)) == NULL ||
      (file = fopen (argv[2], "wb")) == NULL) {
    fprintf (stderr, "lm-state: cannot write %s\n", argv[2]);
    return 1;
  }
  ok = fputc (3, file) != EOF && fwrite (bytes, 1, n_bytes, file) == n_bytes;
  ok = fclose (file) == 0 && ok;
  free (bytes);
  state_sample_close (session, model);
  return ok ? 0 : 1;
}
