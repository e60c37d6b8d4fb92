/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMachine on other computers' /proc and /sys, in tests/data/machine, and on nonsense. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "machine-tree.h"
#include "machine/linnet-machine-private.h"

#define MIB ((guint64) 1 << 20)
#define GIB ((guint64) 1 << 30)
#define KB  ((guint64) 1024)

#define X86_AVX512 (LINNET_ISA_AVX2 | LINNET_ISA_AVX512 | LINNET_ISA_AVX512_VNNI)

/* What is expected of a tree. */
typedef struct {
  const char *tree;
  LinnetMachine machine; /* temperature 0: unknown */
  const char *words;     /* what one of the lines for people says */
} Case;

static const Case CASES[] = {
  { "laptop-4gb",
    { .processor = (char *) "Intel Core i3-6006U",
      .n_cores = 2,
      .n_threads = 4,
      .n_workers = 4,
      .isa = LINNET_ISA_AVX2,
      .cache = 3 * MIB,
      .memory = 3909176 * KB,
      .available = 1536 * MIB,
      .own_bytes = 98 * MIB,
      .swap = 4194300 * KB,
      .swap_used = (4194300 - 2621436) * KB,
      .power = LINNET_POWER_BATTERY,
      .battery_percent = 41,
      .power_profile = LINNET_POWER_PROFILE_SAVER,
      .temperature = 63,
      .clock_hz = 1.999998e9,
      .clock_limit_hz = 2e9 },
    "0.5B" },
  { "office-8gb",
    { .processor = (char *) "Intel Core i5-8250U",
      .n_cores = 4,
      .n_threads = 8,
      .n_workers = 8,
      .isa = LINNET_ISA_AVX2,
      .cache = 6 * MIB,
      .memory = 8029380 * KB,
      .available = 5 * GIB,
      .own_bytes = 128 * MIB,
      .swap = 2097148 * KB,
      .power = LINNET_POWER_MAINS,
      .battery_percent = 88,
      .power_profile = LINNET_POWER_PROFILE_BALANCED,
      .temperature = 57,
      .clock_hz = 3.3917e9,
      .clock_limit_hz = 3.4e9 },
    "3B" },
  { "desktop-16gb",
    { .processor = (char *) "12th Gen Intel Core i5-12400",
      .n_cores = 6,
      .n_threads = 12,
      .n_workers = 12,
      .isa = LINNET_ISA_AVX2 | LINNET_ISA_AVX_VNNI,
      .cache = 18 * MIB,
      .memory = 16157012 * KB,
      .available = 12 * GIB,
      .own_bytes = 64 * MIB,
      .swap = 8388604 * KB,
      .battery_percent = -1,
      .power_profile = LINNET_POWER_PROFILE_BALANCED,
      .temperature = 36,
      .clock_hz = 8e8,
      .clock_limit_hz = 4.4e9 },
    "14B" },
  { "hybrid",
    { .processor = (char *) "12th Gen Intel Core i5-1235U",
      .n_cores = 10,
      .n_fast_cores = 2,
      .n_slow_cores = 8,
      .n_threads = 12,
      .n_workers = 12,
      .isa = LINNET_ISA_AVX2 | LINNET_ISA_AVX_VNNI,
      .memory = 16100352 * KB,
      .available = 9 * GIB,
      .swap = 2097148 * KB,
      .swap_used = (2097148 - 1048572) * KB,
      .power = LINNET_POWER_MAINS,
      .battery_percent = 100,
      .power_profile = LINNET_POWER_PROFILE_SAVER,
      .clock_hz = 1.3e9,
      .clock_limit_hz = 4.4e9 },
    "10 cores (2 fast, 8 slow), 12 threads · AVX-VNNI" },
  { "ryzen-32gb",
    { .processor = (char *) "AMD Ryzen 9 7900X 12-Core Processor",
      .n_cores = 12,
      .n_threads = 24,
      .n_workers = 24,
      .isa = X86_AVX512,
      .cache = 64 * MIB,
      .memory = 32037420 * KB,
      .available = 24 * GIB,
      .own_bytes = 5 * GIB,
      .swap = 8388604 * KB,
      .swap_used = 8192 * KB,
      .battery_percent = -1,
      .power_profile = LINNET_POWER_PROFILE_PERFORMANCE,
      .temperature = 48.625,
      .clock_hz = 4.691e9,
      .clock_limit_hz = 5.733e9 },
    "32B" },
  { "server",
    { .processor = (char *) "Intel Xeon Gold 6430",
      .n_cores = 24,
      .n_threads = 48,
      .quota = 24,
      .n_workers = 24,
      .isa = X86_AVX512 | LINNET_ISA_AVX_VNNI | LINNET_ISA_AMX_INT8,
      .cache = 60 * MIB,
      .memory = 64 * GIB,
      .available = 62 * GIB,
      .limited = TRUE,
      .own_bytes = 512 * MIB,
      .battery_percent = -1,
      .power_profile = LINNET_POWER_PROFILE_PERFORMANCE,
      .temperature = 51,
      .clock_hz = 2.6e9,
      .clock_limit_hz = 3.4e9 },
    "AVX-512 VNNI, AMX" },
  { "raspberry-pi-5",
    { .processor = (char *) "Raspberry Pi 5 Model B Rev 1.0",
      .n_cores = 4,
      .n_threads = 4,
      .n_workers = 4,
      .isa = LINNET_ISA_NEON | LINNET_ISA_DOTPROD,
      .memory = 4143104 * KB,
      .available = 3 * GIB,
      .swap = 204796 * KB,
      .battery_percent = -1,
      .power_profile = LINNET_POWER_PROFILE_BALANCED,
      .temperature = 52.35,
      .clock_hz = 1.5e9,
      .clock_limit_hz = 2.4e9 },
    "4 cores · dotprod" },
  { "phone",
    { .processor = (char *) "Fairphone 5",
      .n_cores = 8,
      .n_fast_cores = 4,
      .n_slow_cores = 4,
      .n_threads = 8,
      .n_workers = 8,
      .isa = LINNET_ISA_NEON | LINNET_ISA_DOTPROD | LINNET_ISA_I8MM,
      .memory = 7600000 * KB,
      .available = 4 * GIB,
      .power = LINNET_POWER_BATTERY,
      .battery_percent = 77,
      .temperature = 46 },
    "3B" },
  { "virtual",
    { .processor = (char *) "AMD EPYC-Milan Processor",
      .n_cores = 2,
      .n_threads = 4,
      .n_workers = 4,
      .isa = LINNET_ISA_AVX2,
      .is_virtual = TRUE,
      .memory = 8147200 * KB,
      .available = 7 * GIB,
      .battery_percent = -1,
      .clock_hz = 2.595124e9 },
    "7B" },
  { "container",
    { .processor = (char *) "AMD EPYC 9B14",
      /* Processors 0–3 and 6 are allowed; 2 and 6 are one core. */
      .n_cores = 4,
      .n_threads = 5,
      .quota = 1.5,
      .n_workers = 2,
      .isa = X86_AVX512,
      .memory = 4 * GIB,
      .available = 2 * GIB,
      .limited = TRUE,
      .swap = GIB,
      .swap_used = 4096,
      .battery_percent = -1,
      .clock_hz = 1.3e9 },
    "5 threads, of which 1.5 may be used · AVX-512 VNNI" },
  { "docker",
    { .processor = (char *) "Intel Xeon E5-2680 v4",
      .n_cores = 4,
      .n_threads = 4,
      .quota = 2,
      .n_workers = 2,
      .isa = LINNET_ISA_AVX2,
      .memory = GIB,
      .available = GIB - (268435456 - 134217728),
      .limited = TRUE,
      .swap = 2097148 * KB,
      .battery_percent = -1,
      .clock_hz = 1.3e9 },
    "Too little" },
  { "hostile",
    { .n_cores = LINNET_MACHINE_MAX_CPUS + 1,
      .n_threads = LINNET_MACHINE_MAX_CPUS + 1,
      .n_workers = LINNET_MACHINE_MAX_CPUS + 1,
      .power = LINNET_POWER_BATTERY,
      .battery_percent = -1 },
    "could not be found out" },
};

static void
check_processor (const LinnetMachine *machine, const LinnetMachine *expected)
{
  g_assert_cmpstr (machine->processor, ==, expected->processor);
  g_assert_cmpuint (machine->n_cores, ==, expected->n_cores);
  g_assert_cmpuint (machine->n_fast_cores, ==, expected->n_fast_cores);
  g_assert_cmpuint (machine->n_slow_cores, ==, expected->n_slow_cores);
  g_assert_cmpuint (machine->n_threads, ==, expected->n_threads);
  g_assert_cmpfloat_with_epsilon (machine->quota, expected->quota, 1e-9);
  g_assert_cmpuint (machine->n_workers, ==, expected->n_workers);
  g_assert_cmphex (machine->isa, ==, expected->isa);
  g_assert_cmpint (machine->is_virtual, ==, expected->is_virtual);
  g_assert_cmpuint (machine->cache, ==, expected->cache);
}

static void
check_memory (const LinnetMachine *machine, const LinnetMachine *expected)
{
  g_assert_cmpuint (machine->memory, ==, expected->memory);
  g_assert_cmpuint (machine->available, ==, expected->available);
  g_assert_cmpint (machine->limited, ==, expected->limited);
  g_assert_cmpuint (machine->own_bytes, ==, expected->own_bytes);
  g_assert_cmpuint (machine->swap, ==, expected->swap);
  g_assert_cmpuint (machine->swap_used, ==, expected->swap_used);
}

static void
check_state (const LinnetMachine *machine, const LinnetMachine *expected)
{
  g_assert_cmpint (machine->power, ==, expected->power);
  g_assert_cmpint (machine->battery_percent, ==, expected->battery_percent);
  g_assert_cmpint (machine->power_profile, ==, expected->power_profile);
  if (expected->temperature == 0)
    g_assert_true (isnan (machine->temperature));
  else
    g_assert_cmpfloat_with_epsilon (machine->temperature, expected->temperature, 1e-6);
  g_assert_cmpfloat_with_epsilon (machine->clock_hz, expected->clock_hz, 1e4);
  g_assert_cmpfloat_with_epsilon (machine->clock_limit_hz, expected->clock_limit_hz, 1);
}

/* True of any computer. */
static void
check_sane (const LinnetMachine *machine)
{
  g_auto (GStrv) lines = linnet_machine_describe (machine);

  g_assert_cmpuint (machine->n_cores, >=, 1);
  g_assert_cmpuint (machine->n_threads, >=, machine->n_cores);
  g_assert_cmpuint (machine->n_threads, <=, LINNET_MACHINE_MAX_CPUS + 1);
  g_assert_cmpuint (machine->n_workers, >=, 1);
  g_assert_cmpuint (machine->n_workers, <=, machine->n_threads);
  if (machine->n_fast_cores + machine->n_slow_cores > 0)
    g_assert_cmpuint (machine->n_fast_cores + machine->n_slow_cores, ==, machine->n_cores);
  g_assert_cmpuint (machine->available, <=, machine->memory);
  g_assert_cmpuint (linnet_machine_get_memory_limit (machine), <=, machine->memory);
  g_assert_cmpuint (machine->swap_used, <=, machine->swap);
  g_assert_cmpint (machine->battery_percent, >=, -1);
  g_assert_cmpint (machine->battery_percent, <=, 100);
  g_assert_true (isnan (machine->temperature) || fabs (machine->temperature) < 200);
  g_assert_true (machine->clock_hz >= 0 && machine->clock_hz < 1e11);
  g_assert_true (machine->processor == NULL || g_utf8_validate (machine->processor, -1, NULL));
  g_assert_cmpuint (g_strv_length (lines), ==, 3);
}

static void
test_tree (gconstpointer data)
{
  const Case *c = data;
  char *root = machine_tree_unpack (c->tree);
  g_autoptr (LinnetMachine) machine = linnet_machine_new (root);
  g_auto (GStrv) lines = linnet_machine_describe (machine);
  g_autofree char *text = g_strjoinv ("\n", lines);

  machine_tree_remove (root);
  check_sane (machine);
  check_processor (machine, &c->machine);
  check_memory (machine, &c->machine);
  check_state (machine, &c->machine);
  g_test_message ("%s", text);
  g_assert_nonnull (strstr (text, c->words));
}

/* No description is left without a test. */
static void
test_all (void)
{
  g_auto (GStrv) names = machine_tree_list ();

  for (guint i = 0; names[i] != NULL; i++) {
    gboolean found = FALSE;

    for (guint j = 0; j < G_N_ELEMENTS (CASES); j++)
      found = found || g_str_equal (CASES[j].tree, names[i]);
    if (!found)
      g_error ("tests/data/machine/%s.tree is in no test", names[i]);
  }
}

/* ---- Nonsense ----------------------------------------------------------------------------- */

static void
spoil_file (const char *path, GRand *random)
{
  guint kind = (guint) g_rand_int_range (random, 0, 4);
  guint length = kind == 0 ? 0 : (guint) g_rand_int_range (random, 1, 3000);
  g_autofree char *bytes = g_malloc (length + 1);

  for (guint i = 0; i < length; i++) {
    guint number = g_rand_int (random);

    bytes[i] = kind == 1 ? (char) number : kind == 2 ? "0123456789-,KMG \n"[number % 17] : '9';
  }
  g_assert_true (g_file_set_contents_full (path, bytes, (gssize) length, G_FILE_SET_CONTENTS_NONE,
                                           0600, NULL));
}

/* Spoils some of the files of a tree, or all of them. */
static void
spoil (const char *folder, GRand *random, double part)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    if (g_file_test (path, G_FILE_TEST_IS_DIR))
      spoil (path, random, part);
    else if (g_rand_double (random) < part)
      spoil_file (path, random);
  }
}

static void
test_junk (void)
{
  static const char *const trees[] = { "laptop-4gb", "office-8gb", "docker", "container", "phone" };

  for (guint i = 0; i < 30; i++) {
    char *root = machine_tree_unpack (trees[i % G_N_ELEMENTS (trees)]);
    g_autoptr (GRand) random = g_rand_new_with_seed (i);
    g_autoptr (LinnetMachine) machine = NULL;

    spoil (root, random, i % 3 == 0 ? 1 : 0.3);
    machine = linnet_machine_new (root);
    check_sane (machine);
    machine_tree_remove (root);
  }
}

/* Folders and pipes in the place of files, and a file that does not end soon. */
static void
test_no_files (void)
{
  char *root = machine_tree_unpack_text (
      "\n== proc/cpuinfo/x\n\n== proc/meminfo/x\n\n== sys/class/power_supply\n\n"
      "== sys/class/thermal\n\n== sys/class/hwmon/hwmon0/name/x\n\n== proc/self/cgroup/x\n\n");
  g_autofree char *status = g_build_filename (root, "proc", "self", "status", NULL);
  g_autofree char *long_text = g_strnfill (8 << 20, '\n');
  g_autoptr (LinnetMachine) machine = NULL;

  g_assert_true (g_file_set_contents (status, long_text, 8 << 20, NULL));
  machine = linnet_machine_new (root);
  machine_tree_remove (root);
  check_sane (machine);
  g_assert_null (machine->processor);
  g_assert_cmpuint (machine->memory, ==, 0);
  g_assert_cmpuint (machine->own_bytes, ==, 0);
}

/* Where nothing can be read, what is said is still true. */
static void
test_nothing (void)
{
  g_autofree char *root = g_dir_make_tmp ("linnet-machine-XXXXXX", NULL);
  g_autoptr (LinnetMachine) machine = linnet_machine_new (root);

  g_rmdir (root);
  check_sane (machine);
  g_assert_null (machine->processor);
  g_assert_cmpuint (machine->n_threads, ==, g_get_num_processors ());
  g_assert_cmpuint (machine->n_cores, ==, machine->n_threads);
  g_assert_cmpuint (machine->n_workers, ==, machine->n_threads);
  g_assert_cmpuint (machine->memory, ==, 0);
  g_assert_cmpuint (machine->available, ==, 0);
  g_assert_cmpint (machine->power, ==, LINNET_POWER_UNKNOWN);
  g_assert_cmpint (machine->battery_percent, ==, -1);
  g_assert_true (isnan (machine->temperature));
}

/* ---- This computer ------------------------------------------------------------------------ */

static void
test_here (void)
{
  g_autoptr (LinnetMachine) machine = linnet_machine_new (NULL);

  check_sane (machine);
#ifdef __linux__
  g_assert_cmpuint (machine->memory, >, 0);
  g_assert_cmpuint (machine->own_bytes, >, 100000);
#endif
}

static void
test_disk (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *missing =
      g_build_filename (g_get_tmp_dir (), "linnet-no-such-folder", "models", "more", NULL);
  guint64 here = 0, later = 0;

  g_assert_true (linnet_machine_get_free_disk (g_get_tmp_dir (), &here, &error));
  g_assert_no_error (error);
  g_assert_true (linnet_machine_get_free_disk (missing, &later, &error));
  g_assert_no_error (error);
  g_test_message ("%.1f GB are free", (double) here * 1e-9);
  g_assert_cmpfloat (fabs ((double) later - (double) here), <, 1e9);
}

static void
test_limit (void)
{
  static const struct {
    guint64 memory, available, limit;
  } cases[] = {
    { 0, 0, 0 },
    { 4 * GIB, GIB / 2, 0 },
    { 4 * GIB, GIB, GIB / 2 },
    { 8 * GIB, 8 * GIB, 7 * GIB },
    { 64 * GIB, 64 * GIB, 62 * GIB },
    { 8 * GIB, 0, 4 * GIB - GIB / 2 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    LinnetMachine machine = { .memory = cases[i].memory, .available = cases[i].available };

    g_assert_cmpuint (linnet_machine_get_memory_limit (&machine), ==, cases[i].limit);
  }
}

/* Threads that nobody asked for are as many as a quota grants, and the engine's choice without one.
 */
static void
test_threads (void)
{
  static const struct {
    const char *tree;
    int n_threads;
  } cases[] = {
    { "office-8gb", 0 }, { "hybrid", 0 }, { "server", 24 }, { "container", 2 }, { "docker", 2 },
  };
  /* More than there are cores: a core's second thread helps neither reading nor writing. */
  LinnetMachine machine = { .n_cores = 6, .n_threads = 12, .quota = 9, .n_workers = 9 };

  g_assert_cmpint (linnet_machine_choose_threads (&machine), ==, 6);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    char *root = machine_tree_unpack (cases[i].tree);
    g_autoptr (LinnetMachine) tree = linnet_machine_new (root);

    machine_tree_remove (root);
    g_assert_cmpint (linnet_machine_choose_threads (tree), ==, cases[i].n_threads);
  }
}

static void
test_cpu_list (void)
{
  static const struct {
    const char *list;
    guint size;
  } cases[] = {
    { NULL, 0 },          { "", 0 },       { "0", 1 },   { "0-3", 4 },
    { "0-3,8,10-11", 7 }, { "3-1", 0 },    { "x,2", 1 }, { "0-18446744073709551615", 8193 },
    { "5,5,5", 1 },       { " 1 - 2", 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GHashTable) set = linnet_machine_parse_cpu_list (cases[i].list);

    g_assert_cmpuint (g_hash_table_size (set), ==, cases[i].size);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (CASES); i++) {
    g_autofree char *path = g_strconcat ("/machine/tree/", CASES[i].tree, NULL);

    g_test_add_data_func (path, &CASES[i], test_tree);
  }
  g_test_add_func ("/machine/all", test_all);
  g_test_add_func ("/machine/junk", test_junk);
  g_test_add_func ("/machine/no-files", test_no_files);
  g_test_add_func ("/machine/nothing", test_nothing);
  g_test_add_func ("/machine/here", test_here);
  g_test_add_func ("/machine/disk", test_disk);
  g_test_add_func ("/machine/limit", test_limit);
  g_test_add_func ("/machine/threads", test_threads);
  g_test_add_func ("/machine/cpu-list", test_cpu_list);
  return g_test_run ();
}
