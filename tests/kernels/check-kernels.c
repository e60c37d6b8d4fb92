/* SPDX-License-Identifier: GPL-3.0-or-later
 * check-kernels [--seed N] [--level NAME | --best NAME] [--brief] [--bench [TYPE]]: every function
 * of every level that this computer has, or of the one named, which it must have, and with --best
 * no better one, against the reference and sums in double precision. After the manner of x264's
 * checkasm. */
#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "kernels-test.h"
#include "util/cpu.h"

static const char *const LEVELS[] = {
  "reference",
#ifdef __aarch64__
  "neon",
  "dotprod",
  "i8mm",
#else
  "avx2",      "avx-vnni", "avx512-vnni", "avx512-bf16", "amx-int8", AMX_MODEL_NAME,
#endif
};

const lm_kernels *kernels_level;
uint64_t kernels_random;
bool kernels_are_brief;

static int n_failures; /* in the check that is running */

void
check_failed (const char *file, int line, const char *format, ...)
{
  va_list arguments;

  if (n_failures++ >= 20)
    return;
  printf ("# %s:%d: ", file, line);
  va_start (arguments, format);
  vprintf (format, arguments);
  va_end (arguments);
  printf ("\n");
}

static const struct {
  const char *name;
  void (*run) (void);
  const char *(*why_not) (void); /* it says nothing of the level; NULL, either: it does */
} CHECKS[] = {
  { "products of whole numbers are exact", check_matmul_whole },
  { "products of random numbers are within the bound", check_matmul_random },
  { "products of extremes are within the bound", check_matmul_extreme },
  { "products do not depend on what else is in the call", check_matmul_split },
  { "products of many columns, from stretches of panels", check_matmul_stretches,
    why_no_stretches },
  { "what is not finite stays with its token", check_matmul_not_finite },
  { "products of VNNI and of tiles are the same bits", check_matmul_same, why_not_same },
  { "rms_norm and add", check_vectors },
  { "rope", check_rope },
  { "to_half", check_halves },
  { "silu_mul", check_silu },
  { "attend", check_attention },
};
#define N_CHECKS (sizeof CHECKS / sizeof *CHECKS)

/* NULL: this computer does not have it. The model of the tiles is only in this test, and needs what
 * the level needs beside them. */
static const lm_kernels *
find_level (const char *name)
{
  uint32_t features = lm_cpu_get_features ();

#ifdef HAVE_AMX_MODEL
  if (strcmp (name, AMX_MODEL_NAME) == 0)
    return lm_kernels_select ("avx512-vnni", features) != NULL ? &lm_amxmodel_kernels : NULL;
#endif
  return lm_kernels_select (name, features);
}

/* Runs all checks at one level, which may be missing or not; the numbers of their TAP lines begin
 * after first. Gives how many failed. */
static int
check_level (const char *name, bool is_needed, int first, uint64_t seed)
{
  int n_failed = 0;

  kernels_level = find_level (name);
  if (kernels_level == NULL && is_needed) {
    printf ("Bail out! This computer does not have %s\n", name);
    return 1;
  }
  for (size_t i = 0; i < N_CHECKS; i++) {
    int number = first + (int) i + 1;
    const char *why_not = NULL;

    if (kernels_level == NULL)
      why_not = "this computer does not have it";
    else if (CHECKS[i].why_not != NULL)
      why_not = CHECKS[i].why_not ();
    if (why_not != NULL) {
      printf ("ok %d - %s: %s # SKIP %s\n", number, name, CHECKS[i].name, why_not);
      continue;
    }
    n_failures = 0;
    kernels_random = seed;
    CHECKS[i].run ();
    n_failed += n_failures > 0;
    printf ("%s %d - %s: %s\n", n_failures > 0 ? "not ok" : "ok", number, name, CHECKS[i].name);
  }
  return n_failed;
}

typedef struct {
  uint64_t seed;
  const char *only; /* level; NULL: all */
  bool is_best;
  bool is_bench;
  const char *type; /* to bench; NULL: all */
} arguments;

static bool
parse (int argc, char **argv, arguments *a)
{
  for (int i = 1; i < argc; i++) {
    if (strcmp (argv[i], "--bench") == 0) {
      a->is_bench = true;
      a->type = i + 1 < argc ? argv[i + 1] : NULL;
      return true;
    }
    if (strcmp (argv[i], "--brief") == 0) {
      kernels_are_brief = true;
    } else if (i + 1 == argc) {
      return false;
    } else if (strcmp (argv[i], "--seed") == 0) {
      a->seed = strtoull (argv[++i], NULL, 10);
    } else if (strcmp (argv[i], "--level") == 0 || strcmp (argv[i], "--best") == 0) {
      a->is_best = strcmp (argv[i], "--best") == 0;
      a->only = argv[++i];
    } else {
      return false;
    }
  }
  return true;
}

int
main (int argc, char **argv)
{
  enum { N_LEVELS = sizeof LEVELS / sizeof *LEVELS };
  arguments a = { .seed = (uint64_t) time (NULL) };
  const char *best = lm_kernels_select (NULL, lm_cpu_get_features ())->name;
  int n_failed = 0;

  setvbuf (stdout, NULL, _IOLBF, 0);
  if (!parse (argc, argv, &a)) {
    fputs ("usage: check-kernels [--seed N] [--level NAME | --best NAME] [--brief]"
           " [--bench [TYPE]]\n",
           stderr);
    return 2;
  }
  if (a.is_bench) {
    bench_kernels (a.type);
    return 0;
  }
  printf ("1..%d\n# seed %" PRIu64 "\n", (a.only != NULL ? 1 : N_LEVELS) * (int) N_CHECKS, a.seed);
  if (a.is_best && strcmp (best, a.only) != 0) {
    printf ("Bail out! The best level of this computer is %s\n", best);
    return 1;
  }
  if (a.only != NULL)
    return check_level (a.only, true, 0, a.seed) > 0;
  for (int i = 0; i < N_LEVELS; i++)
    n_failed += check_level (LEVELS[i], false, i * (int) N_CHECKS, a.seed);
  return n_failed > 0;
}
