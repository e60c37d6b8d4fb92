/* SPDX-License-Identifier: GPL-3.0-or-later
 * lm-synth ARCHITECTURE TYPE OUT [OPTION …]: writes a tiny model with random weights.
 *
 * Options: KIND=TYPE (embedding, output, query_key, value, attention, gate_up, down) for a mixture,
 * vocab=N, context=N, linear=FACTOR, yarn=FACTOR,CONTEXT, rope_factors, untied, seed=N. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/gguf.h"
#include "synth.h"

static const char *const kind_names[SYNTH_N_KINDS] = { "embedding", "output",  "query_key", "value",
                                                       "attention", "gate_up", "down" };

static bool
find_type (const char *name, uint32_t *type)
{
  for (*type = 0; *type <= LM_TYPE_BF16; ++*type) {
    const lm_type_traits *traits = lm_type_get_traits (*type);

    if (traits != NULL && strcmp (traits->name, name) == 0)
      return true;
  }
  return false;
}

/* The text after "name=" in argument; NULL if it is another option. */
static const char *
get_value (const char *argument, const char *name)
{
  size_t length = strlen (name);

  if (strncmp (argument, name, length) != 0 || argument[length] != '=')
    return NULL;
  return argument + length + 1;
}

static bool
parse_option (const char *argument, synth_options *options)
{
  const char *value;
  char *end;

  for (int i = 0; i < SYNTH_N_KINDS; i++) {
    value = get_value (argument, kind_names[i]);
    if (value != NULL)
      return find_type (value, &options->types[i]);
  }
  if ((value = get_value (argument, "vocab")) != NULL)
    options->n_vocab = (uint32_t) strtoul (value, NULL, 10);
  else if ((value = get_value (argument, "context")) != NULL)
    options->n_ctx = (uint32_t) strtoul (value, NULL, 10);
  else if ((value = get_value (argument, "linear")) != NULL)
    options->linear_factor = strtof (value, NULL);
  else if ((value = get_value (argument, "seed")) != NULL)
    options->seed = strtoull (value, NULL, 10);
  else if ((value = get_value (argument, "yarn")) != NULL) {
    options->yarn_factor = strtof (value, &end);
    options->yarn_context = *end == ',' ? (uint32_t) strtoul (end + 1, NULL, 10) : 0;
    return options->yarn_context > 0;
  } else if (strcmp (argument, "rope_factors") == 0)
    options->has_rope_factors = true;
  else if (strcmp (argument, "untied") == 0)
    options->is_untied = true;
  else
    return false;
  return true;
}

int
main (int argc, char **argv)
{
  synth_options options = { .is_mixed = true };
  uint32_t type = 0;

  if (argc < 4 || !find_type (argv[2], &type)) {
    fprintf (stderr, "usage: lm-synth llama|qwen2|qwen3 TYPE OUT [OPTION …]\n");
    return 2;
  }
  for (int i = 0; i < SYNTH_N_KINDS; i++)
    options.types[i] = type;
  for (int i = 4; i < argc; i++) {
    if (!parse_option (argv[i], &options)) {
      fprintf (stderr, "lm-synth: unknown option %s\n", argv[i]);
      return 2;
    }
  }
  if (!synth_write (argv[3], argv[1], type, &options)) {
    fprintf (stderr, "lm-synth: cannot write %s\n", argv[3]);
    return 1;
  }
  return 0;
}
