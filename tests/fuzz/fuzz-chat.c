/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fuzzes chat templates: recognising any text, and rendering any conversation in what it is taken
 * for. Input: a byte of flags, the template, and for each message a NUL, a byte for the role and
 * the text.
 *
 * Every run that is emitted must lie inside a message or outside of all of them as its flag says:
 * what a person types can then never become markup. */
#include <stdlib.h>
#include <string.h>

#include "chat/chat.h"

#define MAX_MESSAGES 12

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

typedef struct {
  const lm_message *messages;
  size_t n_messages;
  size_t n_runs;
  size_t n_allowed; /* runs until emit says stop */
} run_check;

static bool
is_inside (const lm_message *message, const char *text, size_t length)
{
  uintptr_t begin = (uintptr_t) message->text;
  uintptr_t at = (uintptr_t) text;

  return at >= begin && at - begin <= message->length && length <= message->length - (at - begin);
}

static bool
check_run (const char *text, size_t length, bool is_markup, void *user_data)
{
  run_check *check = user_data;
  bool is_from_message = false;

  for (size_t i = 0; i < check->n_messages; i++)
    is_from_message = is_from_message || is_inside (&check->messages[i], text, length);
  if (length == 0 || is_from_message == is_markup || check->n_runs == check->n_allowed)
    abort ();
  return ++check->n_runs < check->n_allowed;
}

/* A copy in an allocation of its own, so that the address sanitizer sees a read past its end. */
static char *
copy_bytes (const uint8_t *bytes, size_t length)
{
  char *copy = malloc (length > 0 ? length : 1);

  if (copy == NULL)
    abort ();
  if (length > 0)
    memcpy (copy, bytes, length);
  return copy;
}

/* The bytes up to a NUL or the end; *data moves behind the NUL. */
static char *
take_part (const uint8_t **data, size_t *size, size_t *length)
{
  const uint8_t *stop = *size > 0 ? memchr (*data, 0, *size) : NULL;
  char *part;

  *length = stop != NULL ? (size_t) (stop - *data) : *size;
  part = copy_bytes (*data, *length);
  *data += *length + (stop != NULL);
  *size -= *length + (stop != NULL);
  return part;
}

static void
render (const lm_chat_template *chat, const lm_message *messages, size_t n, uint8_t flags)
{
  run_check check = { .messages = messages, .n_messages = n, .n_allowed = SIZE_MAX };
  lm_error error = { 0 };
  lm_status status =
      lm_chat_template_render (chat, messages, n, flags & 1, check_run, &check, &error);
  size_t n_runs = check.n_runs;

  if (status != error.code || (status != LM_OK && status != LM_ERROR_ARGUMENT) ||
      (status != LM_OK && n_runs > 0))
    abort ();
  if (n_runs == 0)
    return;
  check.n_runs = 0;
  check.n_allowed = 1 + (flags >> 1) % n_runs;
  status = lm_chat_template_render (chat, messages, n, flags & 1, check_run, &check, NULL);
  if (status != LM_ERROR_CANCELLED || check.n_runs != check.n_allowed)
    abort ();
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  lm_message messages[MAX_MESSAGES];
  char *texts[MAX_MESSAGES];
  size_t n = 0;
  uint8_t flags = size > 0 ? data[0] : 0;
  size_t length;
  char *jinja;
  lm_chat_template chat;

  if (size == 0)
    return 0;
  data++;
  size--;
  jinja = take_part (&data, &size, &length);
  lm_chat_template_init_text (&chat, jinja, length, "<s>", "</s>");
  if (lm_chat_family_get_stops (chat.family)[0] == NULL)
    abort ();
  while (n < MAX_MESSAGES && size > 0) {
    lm_role role = (lm_role) (data[0] % 3);

    data++;
    size--;
    texts[n] = take_part (&data, &size, &length);
    messages[n] = (lm_message) { .role = role, .text = texts[n], .length = length };
    n++;
  }
  render (&chat, messages, n, flags);
  for (size_t i = 0; i < n; i++)
    free (texts[i]);
  free (jinja);
  return 0;
}
