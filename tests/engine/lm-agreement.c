/* SPDX-License-Identifier: GPL-3.0-or-later
 * lm-agreement MODEL GOLDEN: prints how well the engine agrees with a golden file on a model. */
#include <stdio.h>
#include <stdlib.h>

#include "golden.h"

int
main (int argc, char **argv)
{
  lm_error error = { 0 };
  golden_result r;
  char message[256];
  lm_model *model = argc == 3 ? lm_model_open (argv[1], NULL, &error) : NULL;
  lm_session *session =
      model != NULL ? lm_session_new (model, &(lm_session_options) { .n_ctx = 1024 }, &error)
                    : NULL;
  int status = EXIT_FAILURE;

  if (argc != 3)
    fprintf (stderr, "usage: lm-agreement MODEL GOLDEN\n");
  else if (session == NULL)
    fprintf (stderr, "lm-agreement: %s\n", error.message);
  else if (!golden_compare (session, &(const char *) { argv[2] }, 1, &r, message))
    fprintf (stderr, "lm-agreement: %s\n", message);
  else {
    printf ("mean |Δlogp| %.6f  max %.4f  KL %.2e  best %zu/%zu\n", r.mean_difference,
            r.max_difference, r.mean_kl, r.n_best_equal, r.n_best_checked);
    status = EXIT_SUCCESS;
  }
  lm_session_free (session);
  lm_model_close (model);
  return status;
}
