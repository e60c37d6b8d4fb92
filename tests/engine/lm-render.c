/* SPDX-License-Identifier: GPL-3.0-or-later
 * lm-render TEMPLATE BOS EOS CONVERSATIONS: what the engine makes of them, in the format of golden
 * files, for test-chat-jinja.py to compare with the real Jinja. */
#include <stdio.h>
#include <stdlib.h>

#include "chat-cases.h"

int
main (int argc, char **argv)
{
  lm_chat_template chat;
  chat_cases cases;
  chat_output output = { 0 };
  size_t length;
  char *jinja;

  if (argc != 5) {
    fprintf (stderr, "Usage: %s TEMPLATE BOS EOS CONVERSATIONS\n", argv[0]);
    return 2;
  }
  jinja = chat_read_file (argv[1], &length);
  if (jinja == NULL || !chat_cases_read (&cases, argv[4])) {
    fprintf (stderr, "%s: cannot read the template or the conversations\n", argv[0]);
    free (jinja);
    return 1;
  }
  lm_chat_template_init_text (&chat, jinja, length, argv[2], argv[3]);
  for (size_t i = 0; i < cases.n_cases; i++) {
    const chat_case *one = &cases.cases[i];

    if (chat_output_render (&output, &chat, one->messages, one->n_messages, one->add_prompt,
                            NULL) != LM_OK) {
      printf ("%s refused\n", one->name);
      continue;
    }
    printf ("%s ok %zu\n", one->name, output.length);
    fwrite (output.text, 1, output.length, stdout);
    printf ("\n");
  }
  chat_output_clear (&output);
  chat_cases_clear (&cases);
  free (jinja);
  return 0;
}
