/* SPDX-License-Identifier: GPL-3.0-or-later
 * Errors, checked arithmetic, aligned memory, repaired text. */
#include "check.h"
#include "util/error.h"
#include "util/hash.h"
#include "util/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

static void
test_fail (void)
{
  lm_error error = { 0 };

  CHECK (lm_fail (&error, LM_ERROR_IO, "a file", 5, "It is %s.", "gone") == LM_ERROR_IO, "code");
  CHECK (error.code == LM_ERROR_IO && error.number == 5, "code and number");
  CHECK (strcmp (error.subject, "a file") == 0, "‘%s’", error.subject);
  CHECK (strcmp (error.message, "It is gone.") == 0, "‘%s’", error.message);
  CHECK (lm_fail (NULL, LM_ERROR_TYPE, "x", 0, "x") == LM_ERROR_TYPE, "nobody listens");
  lm_fail (&error, LM_ERROR_TYPE, NULL, 0, "No subject.");
  CHECK (error.subject[0] == '\0' && error.number == 0, "nothing of the former error is left");
  lm_fail (&error, LM_ERROR_TYPE, "the subject", 0, "One.");
  lm_fail (&error, LM_ERROR_TYPE, error.subject, 0, "Of %s.", error.subject);
  CHECK (strcmp (error.message, "Of the subject.") == 0 &&
             strcmp (error.subject, "the subject") == 0,
         "an error may be made from itself: ‘%s’", error.message);
}

static void
test_fail_long (void)
{
  char text[1000];
  lm_error error;

  /* "é" from an even and from an odd position: the cut may not fall within it. */
  for (int start = 0; start < 2; start++) {
    memset (text, 'x', sizeof text);
    for (size_t i = (size_t) start; i + 2 < sizeof text; i += 2)
      memcpy (text + i, "\xc3\xa9", 2);
    text[sizeof text - 1] = '\0';
    lm_fail (&error, LM_ERROR_FORMAT, text, 0, "%s", text);
    CHECK (strlen (error.subject) >= sizeof error.subject - 3, "%zu", strlen (error.subject));
    CHECK (strncmp (error.subject, text, strlen (error.subject)) == 0, "the beginning is kept");
    CHECK (lm_utf8_repair (error.subject, strlen (error.subject), false, NULL, 0) ==
               strlen (error.subject),
           "the subject is valid");
    CHECK (strlen (error.message) >= sizeof error.message - 6, "%zu", strlen (error.message));
  }
  lm_fail (&error, LM_ERROR_FORMAT, "a\nb\x1b[31m\xff", 0, "%s", "c\td");
  CHECK (strcmp (error.subject, "a b [31m" REPLACEMENT) == 0, "‘%s’", error.subject);
  CHECK (strcmp (error.message, "c d") == 0, "‘%s’", error.message);
}

static void
test_arithmetic (void)
{
  uint64_t result = 7;

  CHECK (lm_add (UINT64_MAX - 1, 1, &result) && result == UINT64_MAX, "a sum");
  CHECK (!lm_add (UINT64_MAX, 1, &result) && result == 0, "no sum");
  CHECK (lm_mul (0xffffffff, 0x100000001, &result) && result == UINT64_MAX, "a product");
  CHECK (!lm_mul ((uint64_t) 1 << 32, (uint64_t) 1 << 32, &result) && result == 0, "no product");
  CHECK (lm_mul (0, UINT64_MAX, &result) && result == 0, "nothing");
  CHECK (lm_mul (UINT64_MAX, 0, &result) && result == 0, "nothing");
}

static void
test_memory (void)
{
  for (uint64_t n = 0; n < 300; n++) {
    unsigned char *memory = lm_aligned_alloc (n, 3);

    CHECK (memory != NULL && (uintptr_t) memory % 64 == 0, "%llu", (unsigned long long) n);
    for (uint64_t i = 0; i < 3 * n; i++) {
      CHECK (memory[i] == 0, "byte %llu", (unsigned long long) i);
      memory[i] = 0xff;
    }
    lm_aligned_free (memory);
  }
  lm_aligned_free (NULL);
  CHECK (lm_aligned_alloc ((uint64_t) 1 << 33, (uint64_t) 1 << 33) == NULL, "2^66 bytes");
  CHECK (lm_aligned_alloc (UINT64_MAX, 1) == NULL, "2^64 − 1 bytes");
  CHECK (lm_aligned_alloc ((uint64_t) 1 << 63, 1) == NULL, "2^63 bytes");
}

static void
check_repair (const char *text, size_t length, const char *expected)
{
  char buffer[64];
  size_t n = lm_utf8_repair (text, length, false, buffer, sizeof buffer);

  CHECK (strcmp (buffer, expected) == 0 && n == strlen (expected), "‘%s’ is not ‘%s’", buffer,
         expected);
  /* Cut at every length: a prefix that is valid, and the same result. */
  for (size_t size = 1; size <= n; size++) {
    char *small = malloc (size);

    CHECK (lm_utf8_repair (text, length, false, small, size) == n, "the length does not change");
    CHECK (strlen (small) < size && strncmp (small, expected, strlen (small)) == 0 &&
               lm_utf8_repair (small, strlen (small), false, NULL, 0) == strlen (small),
           "cut to %zu: ‘%s’", size, small);
    free (small);
  }
}

static void
test_repair (void)
{
  check_repair ("", 0, "");
  check_repair ("abc", 3, "abc");
  check_repair ("a\0b", 3, "a" REPLACEMENT "b");
  check_repair ("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80", 9, "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80");
  check_repair ("\xe4\xb8", 2, REPLACEMENT REPLACEMENT);
  check_repair ("\xc0\x80", 2, REPLACEMENT REPLACEMENT);                 /* overlong */
  check_repair ("\xe0\x9f\xbf", 3, REPLACEMENT REPLACEMENT REPLACEMENT); /* overlong */
  check_repair ("\xed\xa0\x80", 3, REPLACEMENT REPLACEMENT REPLACEMENT); /* surrogate */
  check_repair ("\xf4\x8f\xbf\xbf", 4, "\xf4\x8f\xbf\xbf");              /* U+10FFFF */
  check_repair ("\xf4\x90\x80", 3, REPLACEMENT REPLACEMENT REPLACEMENT); /* beyond */
  check_repair ("\xf0\x8f\xbf", 3, REPLACEMENT REPLACEMENT REPLACEMENT); /* overlong */
  check_repair ("\x80x\xffy", 4, REPLACEMENT "x" REPLACEMENT "y");
}

/* However the bytes are cut into pieces, the sum is the same; whichever bit changes, it is not. */
static void
test_hash (void)
{
  enum { N = 200 };
  unsigned char bytes[N];
  uint64_t sums[N + 1];
  lm_hash hash;

  for (int i = 0; i < N; i++)
    bytes[i] = (unsigned char) (i * 37 + 11);
  for (size_t n = 0; n <= N; n++) {
    lm_hash_init (&hash);
    lm_hash_add (&hash, bytes, n);
    sums[n] = lm_hash_get (&hash);
    for (size_t k = 0; k < n; k++)
      CHECK (sums[k] != sums[n], "%zu and %zu bytes", k, n);
    for (size_t step = 1; step < 70; step += 3) {
      lm_hash_init (&hash);
      for (size_t at = 0; at < n; at += step)
        lm_hash_add (&hash, bytes + at, n - at < step ? n - at : step);
      CHECK (lm_hash_get (&hash) == sums[n], "%zu bytes in pieces of %zu", n, step);
    }
  }
  for (int bit = 0; bit < 8 * N; bit++) {
    bytes[bit / 8] ^= (unsigned char) (1 << bit % 8);
    lm_hash_init (&hash);
    lm_hash_add (&hash, bytes, N);
    CHECK (lm_hash_get (&hash) != sums[N], "bit %d", bit);
    bytes[bit / 8] ^= (unsigned char) (1 << bit % 8);
  }
}

int
main (void)
{
  static const check_test tests[] = {
    { "an error is filled", test_fail },
    { "long and wild text is made fit to show", test_fail_long },
    { "checked sums and products", test_arithmetic },
    { "aligned memory", test_memory },
    { "text made valid UTF-8", test_repair },
    { "a checksum", test_hash },
  };

  return check_main (tests, sizeof tests / sizeof tests[0]);
}
