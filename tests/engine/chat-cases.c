/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading conversations, and renderings kept whole. */
#include "chat-cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
chat_read_file (const char *path, size_t *length)
{
  FILE *file = fopen (path, "rb");
  char *data = NULL;
  long size = -1;

  if (file != NULL && fseek (file, 0, SEEK_END) == 0)
    size = ftell (file);
  if (size >= 0 && fseek (file, 0, SEEK_SET) == 0)
    data = malloc ((size_t) size + 1);
  if (data != NULL && fread (data, 1, (size_t) size, file) != (size_t) size) {
    free (data);
    data = NULL;
  }
  if (data != NULL) {
    data[size] = '\0';
    if (length != NULL)
      *length = (size_t) size;
  }
  if (file != NULL)
    fclose (file);
  return data;
}

char *
chat_path (const char *folder, const char *name, const char *suffix)
{
  size_t size = strlen (folder) + strlen (name) + strlen (suffix) + 2;
  char *path = malloc (size);

  if (path == NULL)
    abort ();
  snprintf (path, size, "%s/%s%s", folder, name, suffix);
  return path;
}

/* ---- Conversations ------------------------------------------------------------------------ */

/* Ends the word at *text with a NUL and moves past it; NULL when there is none before end. */
static char *
take_word (char **text, char *end, char delimiter)
{
  char *word = *text;
  char *stop = memchr (word, delimiter, (size_t) (end - word));

  if (stop == NULL)
    return NULL;
  *stop = '\0';
  *text = stop + 1;
  return word;
}

static bool
read_message (lm_message *message, char **text, char *end)
{
  char *role = take_word (text, end, ' ');
  char *length = role != NULL ? take_word (text, end, '\n') : NULL;

  if (length == NULL)
    return false;
  message->role = strcmp (role, "system") == 0 ? LM_ROLE_SYSTEM
                  : strcmp (role, "user") == 0 ? LM_ROLE_USER
                                               : LM_ROLE_ASSISTANT;
  message->length = strtoul (length, NULL, 10);
  message->text = *text;
  if (message->length >= (size_t) (end - *text) || message->text[message->length] != '\n')
    return false;
  *text += message->length + 1;
  return true;
}

static bool
read_case (chat_case *one, char **text, char *end)
{
  char *prompt;
  char *count;

  one->name = take_word (text, end, ' ');
  prompt = one->name != NULL ? take_word (text, end, ' ') : NULL;
  count = prompt != NULL ? take_word (text, end, '\n') : NULL;
  if (count == NULL)
    return false;
  one->add_prompt = strcmp (prompt, "prompt") == 0;
  one->n_messages = strtoul (count, NULL, 10);
  one->messages = calloc (one->n_messages + 1, sizeof *one->messages);
  if (one->messages == NULL)
    abort ();
  for (size_t i = 0; i < one->n_messages; i++)
    if (!read_message (&one->messages[i], text, end))
      return false;
  return true;
}

bool
chat_cases_read (chat_cases *cases, const char *path)
{
  size_t length;
  char *text;
  char *end;

  *cases = (chat_cases) { .data = chat_read_file (path, &length) };
  if (cases->data == NULL)
    return false;
  text = cases->data;
  end = text + length;
  while (text < end) {
    chat_case *longer = realloc (cases->cases, (cases->n_cases + 1) * sizeof *longer);

    if (longer == NULL)
      abort ();
    cases->cases = longer;
    longer[cases->n_cases] = (chat_case) { 0 };
    cases->n_cases++;
    if (!read_case (&longer[cases->n_cases - 1], &text, end)) {
      chat_cases_clear (cases);
      return false;
    }
  }
  return true;
}

void
chat_cases_clear (chat_cases *cases)
{
  for (size_t i = 0; i < cases->n_cases; i++)
    free (cases->cases[i].messages);
  free (cases->cases);
  free (cases->data);
  *cases = (chat_cases) { 0 };
}

bool
chat_template_line_read (chat_template_line *line, char **text)
{
  char *end = *text + strlen (*text);
  char *known;
  char *bos;
  char *eos;

  line->name = take_word (text, end, ' ');
  line->family = line->name != NULL ? take_word (text, end, ' ') : NULL;
  known = line->family != NULL ? take_word (text, end, ' ') : NULL;
  bos = known != NULL ? take_word (text, end, ' ') : NULL;
  eos = bos != NULL ? take_word (text, end, '\n') : NULL;
  if (eos == NULL)
    return false;
  line->is_known = strcmp (known, "known") == 0;
  line->bos = strcmp (bos, "-") == 0 ? "" : bos;
  line->eos = strcmp (eos, "-") == 0 ? "" : eos;
  return true;
}

/* ---- Renderings --------------------------------------------------------------------------- */

static bool
append (const char *text, size_t length, bool is_markup, void *user_data)
{
  chat_output *output = user_data;

  output->text = realloc (output->text, output->length + length);
  output->kinds = realloc (output->kinds, output->length + length);
  if (output->text == NULL || output->kinds == NULL)
    abort ();
  memcpy (output->text + output->length, text, length);
  memset (output->kinds + output->length, is_markup ? 'm' : 't', length);
  output->length += length;
  return true;
}

lm_status
chat_output_render (chat_output *output,
                    const lm_chat_template *chat,
                    const lm_message *messages,
                    size_t n_messages,
                    bool add_prompt,
                    lm_error *error)
{
  output->length = 0;
  return lm_chat_template_render (chat, messages, n_messages, add_prompt, append, output, error);
}

void
chat_output_clear (chat_output *output)
{
  free (output->text);
  free (output->kinds);
  *output = (chat_output) { 0 };
}
