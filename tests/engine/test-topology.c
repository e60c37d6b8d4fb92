/* SPDX-License-Identifier: GPL-3.0-or-later
 * The processor's cores, read from small folders like Linux's /sys, good and bad, and what is made
 * of them. */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "util/topology.h"

#define MAX_PATH_BYTES 1024

static char sys[600];

/* ---- Folders ------------------------------------------------------------------------------ */

static void
make_sys (void)
{
  const char *parent = getenv ("TMPDIR");

  snprintf (sys, sizeof sys, "%.500s/linnet-topology-XXXXXX", parent != NULL ? parent : "/tmp");
  if (mkdtemp (sys) == NULL) {
    printf ("Bail out! cannot make %s\n", sys);
    exit (1);
  }
}

/* Removes a folder and all in it. */
static void
remove_folder (const char *path)
{
  DIR *folder = opendir (path);
  const struct dirent *entry;
  char name[MAX_PATH_BYTES];

  while (folder != NULL && (entry = readdir (folder)) != NULL) {
    if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
      continue;
    CHECK ((size_t) snprintf (name, sizeof name, "%s/%s", path, entry->d_name) < sizeof name,
           "a short name");
    if (unlink (name) != 0)
      remove_folder (name);
  }
  if (folder != NULL)
    closedir (folder);
  rmdir (path);
}

/* Writes n bytes to a file below sys, and the folders it needs. */
static void
write_bytes (const char *name, const char *bytes, size_t n)
{
  char path[MAX_PATH_BYTES];
  FILE *file;

  snprintf (path, sizeof path, "%s/%s", sys, name);
  for (char *slash = path + strlen (sys); (slash = strchr (slash + 1, '/')) != NULL; *slash = '/') {
    *slash = '\0';
    CHECK (mkdir (path, 0700) == 0 || errno == EEXIST, "%s", path);
  }
  file = fopen (path, "wb");
  CHECK (file != NULL && fwrite (bytes, 1, n, file) == n, "%s", path);
  if (file != NULL)
    fclose (file);
}

static void
write_text (const char *name, const char *text)
{
  write_bytes (name, text, strlen (text));
}

static void
write_siblings (unsigned processor, const char *text)
{
  char name[100];

  snprintf (name, sizeof name, "devices/system/cpu/cpu%u/topology/thread_siblings_list", processor);
  write_text (name, text);
}

static void
write_capacity (unsigned processor, const char *text)
{
  char name[100];

  snprintf (name, sizeof name, "devices/system/cpu/cpu%u/cpu_capacity", processor);
  write_text (name, text);
}

static lm_processors
first_processors (unsigned n)
{
  lm_processors set = { 0 };

  for (unsigned i = 0; i < n; i++)
    lm_processors_add (&set, i);
  return set;
}

/* What is read of the allowed processors, in words. */
static const char *
read_as_text (lm_processors allowed)
{
  static char text[100];
  lm_topology t = { 0 };

  lm_topology_read_sys (sys, &allowed, &t);
  snprintf (text, sizeof text, "%u logical, %u fast, %u slow: decode %u, prefill %u", t.n_logical,
            t.n_performance, t.n_efficiency, lm_topology_choose_decode (&t),
            lm_topology_choose_prefill (&t));
  return text;
}

#define CHECK_READ(allowed, expected) check_read (__LINE__, allowed, expected)

static void
check_read (int line, lm_processors allowed, const char *expected)
{
  const char *text = read_as_text (allowed);

  CHECK (strcmp (text, expected) == 0, "line %d: %s, not %s", line, text, expected);
}

/* ---- Processors --------------------------------------------------------------------------- */

/* Eight cores of two threads, numbered as Intel and AMD do: 0 and 8 are one core. */
static void
test_smt (void)
{
  lm_processors some = { 0 };

  make_sys ();
  for (unsigned i = 0; i < 16; i++) {
    char text[20];

    snprintf (text, sizeof text, "%u,%u\n", i % 8, i % 8 + 8);
    write_siblings (i, text);
  }
  CHECK_READ (first_processors (16), "16 logical, 8 fast, 0 slow: decode 8, prefill 8");
  CHECK_READ (first_processors (3), "3 logical, 3 fast, 0 slow: decode 3, prefill 3");
  lm_processors_add (&some, 9);
  lm_processors_add (&some, 10);
  lm_processors_add (&some, 2);
  CHECK_READ (some, "3 logical, 2 fast, 0 slow: decode 2, prefill 2");
  remove_folder (sys);
}

/* An Intel Core of the 12th generation: 0 to 11 are six fast cores of two threads, 12 to 15 four
 * slow ones. */
static void
test_intel_hybrid (void)
{
  lm_processors slow = { 0 }, few = { 0 };

  make_sys ();
  for (unsigned i = 0; i < 16; i++) {
    char text[20];

    snprintf (text, sizeof text, i < 12 ? "%u-%u\n" : "%u\n", i < 12 ? i / 2 * 2 : i,
              i / 2 * 2 + 1);
    write_siblings (i, text);
  }
  write_text ("devices/cpu_core/cpus", "0-11\n");
  write_text ("devices/cpu_atom/cpus", "12-15\n");
  CHECK_READ (first_processors (16), "16 logical, 6 fast, 4 slow: decode 6, prefill 10");
  for (unsigned i = 12; i < 16; i++)
    lm_processors_add (&slow, i);
  CHECK_READ (slow, "4 logical, 0 fast, 4 slow: decode 4, prefill 4");
  few = slow;
  lm_processors_add (&few, 0);
  lm_processors_add (&few, 1);
  CHECK_READ (few, "6 logical, 1 fast, 4 slow: decode 5, prefill 5");
  remove_folder (sys);
}

/* ARM: four little cores, three big ones and one biggest; then kinds that differ by a little. */
static void
test_arm (void)
{
  static const char *const CAPACITIES[] = {
    "250\n", "250\n", "250\n", "250\n", "870\n", "870\n", "870\n", "1024\n",
  };

  make_sys ();
  for (unsigned i = 0; i < 8; i++) {
    char text[20];

    snprintf (text, sizeof text, "%u\n", i);
    write_siblings (i, text);
    write_capacity (i, CAPACITIES[i]);
  }
  CHECK_READ (first_processors (8), "8 logical, 4 fast, 4 slow: decode 4, prefill 8");
  CHECK_READ (first_processors (5), "5 logical, 1 fast, 4 slow: decode 5, prefill 5");
  CHECK_READ (first_processors (4), "4 logical, 4 fast, 0 slow: decode 4, prefill 4");
  for (unsigned i = 0; i < 4; i++)
    write_capacity (i, "1000\n");
  CHECK_READ (first_processors (8), "8 logical, 8 fast, 0 slow: decode 8, prefill 8");
  remove_folder (sys);
}

/* A virtual machine or sandbox where /sys says nothing. */
static void
test_nothing (void)
{
  lm_processors last = { 0 };

  make_sys ();
  CHECK_READ (first_processors (2), "2 logical, 2 fast, 0 slow: decode 2, prefill 2");
  lm_processors_add (&last, LM_MAX_PROCESSORS - 1);
  lm_processors_add (&last, LM_MAX_PROCESSORS);
  CHECK_READ (last, "1 logical, 1 fast, 0 slow: decode 1, prefill 1");
  CHECK (!lm_processors_has (&last, LM_MAX_PROCESSORS), "beyond the last");
  remove_folder (sys);
  CHECK_READ (first_processors (3), "3 logical, 3 fast, 0 slow: decode 3, prefill 3");
  memset (sys, 'x', sizeof sys - 1);
  CHECK_READ (first_processors (3), "3 logical, 3 fast, 0 slow: decode 3, prefill 3");
}

static void
test_garbage (void)
{
  static const char *const LISTS[] = {
    "",       "\n",    "-",          "0-",       "1,0,",        "0-4096",  "4096",
    "1-0",    " 0,1",  "0;1",        "0,1\n\n?", "99999999999", "0--1",    "0,1-",
    "0-1\n ", "0 - 1", "4294967296", "x",        "0x1",         "0-1 0-1",
  };
  static char long_text[5000];

  make_sys ();
  write_siblings (1, "1\n");
  for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) {
    write_siblings (0, LISTS[i]);
    write_text ("devices/cpu_core/cpus", LISTS[i]);
    write_text ("devices/cpu_atom/cpus", "0");
    write_capacity (0, "?");
    write_capacity (1, "1024");
    CHECK_READ (first_processors (2), "2 logical, 2 fast, 0 slow: decode 2, prefill 2");
  }
  remove_folder (sys);

  /* Text that goes on and on, a zero byte, a folder in a file's place, numbers that contradict. */
  make_sys ();
  for (size_t i = 0; i + 1 < sizeof long_text; i += 2)
    memcpy (long_text + i, "0,", 2);
  long_text[sizeof long_text - 1] = '\0';
  write_siblings (0, long_text);
  write_bytes ("devices/system/cpu/cpu1/topology/thread_siblings_list",
               "0\0"
               "1\n",
               4);
  write_text ("devices/system/cpu/cpu2/topology/thread_siblings_list/x", "0\n");
  write_siblings (3, "0-4095\n");
  write_siblings (4, "4-5\n");
  write_siblings (5, "5\n");
  CHECK_READ (first_processors (6), "6 logical, 5 fast, 0 slow: decode 5, prefill 5");
  remove_folder (sys);
}

static void
test_this_computer (void)
{
  lm_topology t = { 0 };
  unsigned n_cores;

  lm_topology_get (&t);
  n_cores = t.n_performance + t.n_efficiency;
  CHECK (n_cores >= 1 && n_cores <= t.n_logical, "%u cores of %u processors", n_cores, t.n_logical);
  CHECK (lm_topology_choose_decode (&t) >= 1 && lm_topology_choose_decode (&t) <= n_cores,
         "decode");
  CHECK (lm_topology_choose_prefill (&t) == n_cores, "prefill");
  printf ("# %u processors, %u + %u cores\n", t.n_logical, t.n_performance, t.n_efficiency);
}

int
main (void)
{
  static const check_test tests[] = {
    { "cores with hyper-threads", test_smt },
    { "Intel's fast and slow cores", test_intel_hybrid },
    { "ARM's big and little cores", test_arm },
    { "a system that says nothing", test_nothing },
    { "files that make no sense", test_garbage },
    { "this computer", test_this_computer },
  };

  return check_main (tests, sizeof tests / sizeof tests[0]);
}
