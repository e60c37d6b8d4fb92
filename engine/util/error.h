/* SPDX-License-Identifier: GPL-3.0-or-later
 * Filling an lm_error, and arithmetic that cannot overflow unseen. */
#pragma once

#include "lm.h"

#ifdef __GNUC__
#define LM_PRINTF(f, a) __attribute__ ((format (printf, f, a)))
#else
#define LM_PRINTF(f, a)
#endif

/* Fills error (NULL allowed) and returns code, so that a failing function can end with
 * `return lm_fail (…)`. subject: NULL or text from outside; cut to fit, made valid UTF-8, control
 * characters replaced. format makes the sentence. */
lm_status lm_fail (
    lm_error *error, lm_status code, const char *subject, int64_t number, const char *format, ...)
    LM_PRINTF (5, 6);

/* a + b and a × b in *result; false, with *result 0, where it would not fit. */
static inline bool
lm_add (uint64_t a, uint64_t b, uint64_t *result)
{
  *result = a > UINT64_MAX - b ? 0 : a + b;
  return a <= UINT64_MAX - b;
}

static inline bool
lm_mul (uint64_t a, uint64_t b, uint64_t *result)
{
  bool fits = b == 0 || a <= UINT64_MAX / b;

  *result = fits ? a * b : 0;
  return fits;
}

/* malloc() of n × size bytes, 64-byte aligned and zeroed; NULL when it does not fit. Free with
 * lm_aligned_free(). */
void *lm_aligned_alloc (uint64_t n, uint64_t size);
void lm_aligned_free (void *memory); /* NULL allowed */
