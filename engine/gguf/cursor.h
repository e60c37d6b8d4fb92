/* SPDX-License-Identifier: GPL-3.0-or-later
 * A position in a file that cannot leave it. */
#pragma once

#include <string.h>

#include "gguf/gguf.h"
#include "util/error.h"

/* More than this and it is no length, only damage. */
#define LM_PLAUSIBLE_LENGTH ((uint64_t) 1 << 40)

typedef struct {
  const unsigned char *data;
  size_t size;
  size_t position; /* ≤ size */
  lm_error *error; /* NULL allowed */
} lm_cursor;

static inline size_t
lm_cursor_get_remaining (const lm_cursor *cursor)
{
  return cursor->size - cursor->position;
}

/* Whether n things of at least size bytes each can follow. what: the part of the file, for the
 * error. */
static inline lm_status
lm_cursor_check (const lm_cursor *cursor, uint64_t n, uint64_t size, const char *what)
{
  uint64_t bytes;

  if (!lm_mul (n, size, &bytes) || bytes > LM_PLAUSIBLE_LENGTH)
    return lm_fail (cursor->error, LM_ERROR_FORMAT, what, (int64_t) cursor->position,
                    "The file is damaged: the size given for %s is absurd.", what);
  if (bytes > lm_cursor_get_remaining (cursor))
    return lm_fail (cursor->error, LM_ERROR_TRUNCATED, what,
                    (int64_t) (bytes - lm_cursor_get_remaining (cursor)),
                    "The file ends too early, within %s.", what);
  return LM_OK;
}

/* The next size bytes into value, which stays as it is on failure. */
static inline lm_status
lm_cursor_read (lm_cursor *cursor, void *value, size_t size, const char *what)
{
  lm_status status = lm_cursor_check (cursor, 1, size, what);

  if (status == LM_OK) {
    memcpy (value, cursor->data + cursor->position, size);
    cursor->position += size;
  }
  return status;
}

static inline lm_status
lm_cursor_read_u32 (lm_cursor *cursor, uint32_t *value, const char *what)
{
  return lm_cursor_read (cursor, value, sizeof *value, what);
}

static inline lm_status
lm_cursor_read_u64 (lm_cursor *cursor, uint64_t *value, const char *what)
{
  return lm_cursor_read (cursor, value, sizeof *value, what);
}

/* A string: its length in 64 bits, then its bytes, lent. */
static inline lm_status
lm_cursor_read_string (lm_cursor *cursor, lm_slice *string, const char *what)
{
  uint64_t length;
  lm_status status = lm_cursor_read_u64 (cursor, &length, what);

  if (status == LM_OK)
    status = lm_cursor_check (cursor, length, 1, what);
  if (status == LM_OK) {
    *string = (lm_slice) { (const char *) cursor->data + cursor->position, (size_t) length };
    cursor->position += (size_t) length;
  }
  return status;
}
