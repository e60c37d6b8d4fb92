/* SPDX-License-Identifier: GPL-3.0-or-later
 * Filling an lm_error, and memory whose size cannot overflow unseen. */
#include "util/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/utf8.h"

#define ALIGNMENT 64

lm_status
lm_fail (
    lm_error *error, lm_status code, const char *subject, int64_t number, const char *format, ...)
{
  /* Formatted aside: subject and the arguments may point into *error. */
  lm_error filled = { .code = code, .number = number };
  char message[sizeof filled.message];
  va_list arguments;

  if (error == NULL)
    return code;
  va_start (arguments, format);
  if (vsnprintf (message, sizeof message, format, arguments) < 0)
    message[0] = '\0';
  va_end (arguments);
  lm_utf8_repair (message, strlen (message), true, filled.message, sizeof filled.message);
  if (subject != NULL)
    lm_utf8_repair (subject, strlen (subject), true, filled.subject, sizeof filled.subject);
  *error = filled;
  return code;
}

/* calloc() rather than aligned_alloc(): large zeroed memory then costs nothing until it is used.
 * The address to free is kept just before the aligned one. */
void *
lm_aligned_alloc (uint64_t n, uint64_t size)
{
  uint64_t bytes;
  char *memory;
  char *aligned;

  if (!lm_mul (n, size, &bytes) || !lm_add (bytes, ALIGNMENT + sizeof (void *), &bytes) ||
      bytes > PTRDIFF_MAX)
    return NULL;
  memory = calloc (1, (size_t) bytes);
  if (memory == NULL)
    return NULL;
  aligned = memory + sizeof (void *) + ALIGNMENT - 1;
  aligned -= (uintptr_t) aligned % ALIGNMENT;
  memcpy (aligned - sizeof (void *), &memory, sizeof memory);
  return aligned;
}

void
lm_aligned_free (void *memory)
{
  char *start;

  if (memory == NULL)
    return;
  memcpy (&start, (char *) memory - sizeof (void *), sizeof start);
  free (start);
}
