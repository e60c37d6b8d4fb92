/* SPDX-License-Identifier: GPL-3.0-or-later
 * linnet-cli tokenize: stdin into token ids, on one line. */
#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdio.h>

#include "cli.h"
#include "input.h"

int
cli_run_tokenize (char **arguments)
{
  g_autofree char *path = NULL;
  gboolean special = FALSE;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &path, N_ ("The model"), N_ ("FILE") },
    { "special", 0, 0, G_OPTION_ARG_NONE, &special,
      N_ ("Take text such as <|im_end|> for the control token it names"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (LinnetModel) model = NULL;
  g_autoptr (GString) text = NULL;
  g_autoptr (GArray) tokens = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  if (!cli_parse (arguments, entries, NULL, NULL,
                  _ ("Reads a text from standard input and prints the ids of its tokens."),
                  &status))
    return status;
  model = cli_open_model (path, LINNET_MODEL_LEVEL_TOKENIZER, NULL, NULL, NULL);
  if (model == NULL)
    return CLI_FAILED;
  text = cli_read_input (&error);
  if (text == NULL)
    return cli_fail (error);
  tokens = linnet_model_tokenize (model, text->str, (gssize) text->len, special, &error);
  if (tokens == NULL)
    return cli_fail (error);
  for (guint i = 0; i < tokens->len; i++)
    printf ("%s%d", i > 0 ? " " : "", g_array_index (tokens, gint32, i));
  putchar ('\n');
  return CLI_OK;
}
