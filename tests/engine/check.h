/* SPDX-License-Identifier: GPL-3.0-or-later
 * The few lines of test harness the engine's tests need: no GLib, so that they run under every
 * sanitizer and emulator. Prints TAP. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_n_failures; /* in the test that is running */
static const char *check_skip_reason;

/* Records a failure and goes on. The arguments after the condition are a printf message. */
#define CHECK(condition, ...)                                                                      \
  ((condition) ? (void) 0 : check_failed (__FILE__, __LINE__, #condition, __VA_ARGS__))

static inline void __attribute__ ((format (printf, 4, 5)))
check_failed (const char *file, int line, const char *condition, const char *format, ...)
{
  va_list arguments;

  check_n_failures++;
  if (check_n_failures > 20)
    return;
  printf ("# %s:%d: %s: ", file, line, condition);
  va_start (arguments, format);
  vprintf (format, arguments);
  va_end (arguments);
  printf ("\n");
}

/* Says why the running test cannot run here; return from it afterwards. */
static inline void
check_skip (const char *reason)
{
  check_skip_reason = reason;
}

typedef struct {
  const char *name;
  void (*run) (void);
  bool is_portable; /* asks little of the processor that others do not: not for an emulator */
} check_test;

static inline int
check_main (const check_test *tests, int n_tests)
{
  int n_failed = 0;

  setvbuf (stdout, NULL, _IOLBF, 0);
  printf ("1..%d\n", n_tests);
  for (int i = 0; i < n_tests; i++) {
    check_n_failures = 0;
    check_skip_reason = NULL;
    if (tests[i].is_portable && getenv ("LINNET_TEST_EMULATED") != NULL)
      check_skip ("it would take an emulator long");
    else
      tests[i].run ();
    n_failed += check_n_failures > 0;
    printf ("%s %d - %s", check_n_failures > 0 ? "not ok" : "ok", i + 1, tests[i].name);
    if (check_skip_reason != NULL)
      printf (" # SKIP %s", check_skip_reason);
    printf ("\n");
  }
  return n_failed > 0;
}
