/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMachine on copies of other computers' /proc and /sys, in tests/data/machine. */
#include <glib.h>

#include "machine/linnet-machine-private.h"

#define GIB ((guint64) 1 << 30)
#define KB  ((guint64) 1024)

static LinnetMachine *
read_tree (const char *name)
{
  g_autofree char *root = g_build_filename (g_getenv ("LINNET_TEST_DATA"), "machine", name, NULL);

  g_assert_true (g_file_test (root, G_FILE_TEST_IS_DIR));
  return linnet_machine_new (root);
}

/* Two cores with two threads each, eight with one; nothing is limited. */
static void
test_laptop (void)
{
  g_autoptr (LinnetMachine) machine = read_tree ("laptop");
  g_auto (GStrv) lines = linnet_machine_describe (machine);

  g_assert_cmpstr (machine->processor, ==, "12th Gen Intel Core i5-1235U");
  g_assert_cmpuint (machine->n_cores, ==, 10);
  g_assert_cmpuint (machine->n_threads, ==, 12);
  g_assert_cmpfloat (machine->quota, ==, 0);
  g_assert_cmpuint (machine->n_workers, ==, 12);
  g_assert_cmphex (machine->isa, ==, LINNET_ISA_AVX2 | LINNET_ISA_AVX_VNNI);
  g_assert_cmpuint (machine->memory, ==, 16100352 * KB);
  g_assert_cmpuint (machine->available, ==, 9 * GIB);
  g_assert_false (machine->limited);

  g_assert_cmpuint (g_strv_length (lines), ==, 3);
  g_assert_cmpstr (lines[0], ==, "12th Gen Intel Core i5-1235U · 10 cores, 12 threads · AVX-VNNI");
  g_assert_nonnull (strstr (lines[1], "9.0"));
  /* 7.2 GiB may be used: 7B takes 4.3 GB and working memory, 14B would take 8.6 GB. */
  g_assert_nonnull (strstr (lines[2], "7B"));
}

/* The tightest of the nested groups counts, and cache that can be given back is free memory. */
static void
test_container (void)
{
  g_autoptr (LinnetMachine) machine = read_tree ("container");
  g_auto (GStrv) lines = linnet_machine_describe (machine);

  g_assert_cmpstr (machine->processor, ==, "AMD EPYC 9B14");
  /* Processors 0–3 and 6 are allowed; 2 and 6 are one core. */
  g_assert_cmpuint (machine->n_threads, ==, 5);
  g_assert_cmpuint (machine->n_cores, ==, 4);
  g_assert_cmpfloat_with_epsilon (machine->quota, 1.5, 1e-9);
  g_assert_cmpuint (machine->n_workers, ==, 2);
  g_assert_cmphex (machine->isa, ==, LINNET_ISA_AVX2 | LINNET_ISA_AVX512 | LINNET_ISA_AVX512_VNNI);
  g_assert_cmpuint (machine->memory, ==, 4 * GIB);
  g_assert_cmpuint (machine->available, ==, 2 * GIB);
  g_assert_true (machine->limited);
  g_assert_nonnull (strstr (lines[0], "1.5"));
  g_assert_nonnull (strstr (lines[0], "AVX-512 VNNI"));
  g_assert_null (strstr (lines[0], "AVX2"));
  g_assert_nonnull (strstr (lines[1], "granted"));
}

/* Version 1, an old kernel without MemAvailable, no affinity and no topology. */
static void
test_docker (void)
{
  g_autoptr (LinnetMachine) machine = read_tree ("docker");
  g_auto (GStrv) lines = linnet_machine_describe (machine);

  g_assert_cmpstr (machine->processor, ==, "Intel Xeon E5-2680 v4");
  g_assert_cmpuint (machine->n_threads, ==, 4);
  g_assert_cmpuint (machine->n_cores, ==, 4);
  g_assert_cmpfloat_with_epsilon (machine->quota, 2, 1e-9);
  g_assert_cmpuint (machine->n_workers, ==, 2);
  g_assert_cmpuint (machine->memory, ==, GIB);
  g_assert_cmpuint (machine->available, ==, GIB - (268435456 - 134217728));
  g_assert_true (machine->limited);
  /* 0.8 of 0.875 GiB is too little even for 0.5B beside its working memory. */
  g_assert_nonnull (strstr (lines[2], "Too little"));
}

/* No processor name in cpuinfo; version 1's way to say that there is no limit. */
static void
test_board (void)
{
  g_autoptr (LinnetMachine) machine = read_tree ("board");

  g_assert_cmpstr (machine->processor, ==, "Raspberry Pi 5 Model B Rev 1.0");
  g_assert_cmpuint (machine->n_threads, ==, 4);
  g_assert_cmpuint (machine->n_cores, ==, 4);
  g_assert_cmphex (machine->isa, ==, LINNET_ISA_NEON | LINNET_ISA_DOTPROD);
  g_assert_cmpuint (machine->memory, ==, 4143104 * KB);
  g_assert_cmpuint (machine->available, ==, 3 * GIB);
  g_assert_false (machine->limited);
}

/* Where nothing can be read, what is said is still true. */
static void
test_nothing (void)
{
  g_autoptr (LinnetMachine) machine = read_tree ("..");
  g_auto (GStrv) lines = linnet_machine_describe (machine);

  g_assert_null (machine->processor);
  g_assert_cmpuint (machine->n_threads, ==, g_get_num_processors ());
  g_assert_cmpuint (machine->n_cores, ==, machine->n_threads);
  g_assert_cmpuint (machine->n_workers, ==, machine->n_threads);
  g_assert_cmpuint (machine->memory, ==, 0);
  g_assert_cmpuint (machine->available, ==, 0);
  g_assert_cmpuint (g_strv_length (lines), ==, 3);
}

/* This computer, whatever it is. */
static void
test_here (void)
{
  g_autoptr (LinnetMachine) machine = linnet_machine_new (NULL);

  g_assert_cmpuint (machine->n_cores, >=, 1);
  g_assert_cmpuint (machine->n_threads, >=, machine->n_cores);
  g_assert_cmpuint (machine->n_workers, >=, 1);
  g_assert_cmpuint (machine->n_workers, <=, machine->n_threads);
  g_assert_cmpuint (machine->available, <=, machine->memory);
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
  g_test_add_func ("/machine/laptop", test_laptop);
  g_test_add_func ("/machine/container", test_container);
  g_test_add_func ("/machine/docker", test_docker);
  g_test_add_func ("/machine/board", test_board);
  g_test_add_func ("/machine/nothing", test_nothing);
  g_test_add_func ("/machine/here", test_here);
  g_test_add_func ("/machine/cpu-list", test_cpu_list);
  return g_test_run ();
}
