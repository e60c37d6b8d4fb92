/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which processors are one core, which cores are fast, and what they cache, from /sys. */
#include <string.h>

#include "machine/linnet-machine-private.h"

#define MAX_CACHE_INDEX 8
#define MAX_CACHE_BYTES ((guint64) 4 << 30)

/* Cores of one kind differ by some percent where each has a clock of its own; another kind is less
 * than this part as fast. */
#define SLOW_PART 0.75

/* A file of a processor's folder. Transfer full; NULL: there is none. */
static char *
read_cpu_file (const char *root, guint cpu, const char *file)
{
  g_autofree char *path = g_strdup_printf ("sys/devices/system/cpu/cpu%u/%s", cpu, file);

  return linnet_machine_read (root, path);
}

/* ---- Cores -------------------------------------------------------------------------------- */

/* For each processor of /proc/cpuinfo, by its number, "package/core". Transfer full. */
static GHashTable *
find_cores_in_cpuinfo (const char *cpuinfo)
{
  GHashTable *cores = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_auto (GStrv) entries = g_strsplit (cpuinfo != NULL ? cpuinfo : "", "\n\n", -1);

  for (guint i = 0; entries[i] != NULL; i++) {
    g_autofree char *number = linnet_machine_find_value (entries[i], "processor");
    g_autofree char *package = linnet_machine_find_value (entries[i], "physical id");
    g_autofree char *core = linnet_machine_find_value (entries[i], "core id");
    guint64 cpu;

    if (number != NULL && core != NULL &&
        g_ascii_string_to_unsigned (number, 10, 0, LINNET_MACHINE_MAX_CPUS, &cpu, NULL))
      g_hash_table_insert (cores, GUINT_TO_POINTER ((guint) cpu),
                           g_strdup_printf ("%s/%s", package != NULL ? package : "0", core));
  }
  return cores;
}

/* What threads of one core have in common and others have not; NULL: nothing says. Transfer full.
 */
static char *
find_core (const char *root, guint cpu, GHashTable *in_cpuinfo)
{
  char *siblings = read_cpu_file (root, cpu, "topology/thread_siblings_list");

  if (siblings == NULL)
    siblings = read_cpu_file (root, cpu, "topology/core_cpus_list");
  if (siblings != NULL && siblings[0] != '\0')
    return siblings;
  g_free (siblings);
  return g_strdup (g_hash_table_lookup (in_cpuinfo, GUINT_TO_POINTER (cpu)));
}

/* ---- Kinds -------------------------------------------------------------------------------- */

/* How fast a processor is beside the others: its capacity, or its highest clock; 0: unknown. */
static gint64
read_strength (const char *root, guint cpu, const char *file)
{
  g_autofree char *path = g_strdup_printf ("sys/devices/system/cpu/cpu%u/%s", cpu, file);
  gint64 strength;

  return linnet_machine_read_number (root, path, &strength) && strength > 0 ? strength : 0;
}

/* The processors whose strength is the least of all, if that is clearly less than the most; NULL:
 * all are alike, or one does not say. Transfer full. */
static GHashTable *
find_weak (const char *root, GHashTable *allowed, const char *file)
{
  g_autoptr (GHashTable) weak = g_hash_table_new (NULL, NULL);
  gint64 least = G_MAXINT64, most = 0;
  GHashTableIter iter;
  gpointer cpu;

  g_hash_table_iter_init (&iter, allowed);
  while (g_hash_table_iter_next (&iter, &cpu, NULL)) {
    gint64 strength = read_strength (root, GPOINTER_TO_UINT (cpu), file);

    if (strength == 0)
      return NULL;
    most = MAX (most, strength);
    if (strength < least) {
      least = strength;
      g_hash_table_remove_all (weak);
    }
    if (strength == least)
      g_hash_table_add (weak, cpu);
  }
  return (double) least < (double) most * SLOW_PART ? g_steal_pointer (&weak) : NULL;
}

/* The processors of the slower kind; NULL: there is one kind only. Transfer full. */
static GHashTable *
find_slow (const char *root, GHashTable *allowed)
{
  /* Intel's hybrid processors say which kind is which. */
  g_autofree char *fast = linnet_machine_read (root, "sys/devices/cpu_core/cpus");
  g_autofree char *slow = linnet_machine_read (root, "sys/devices/cpu_atom/cpus");
  GHashTable *weak;

  if (fast != NULL && slow != NULL)
    return linnet_machine_parse_cpu_list (slow);
  weak = find_weak (root, allowed, "cpu_capacity");
  return weak != NULL ? weak : find_weak (root, allowed, "cpufreq/cpuinfo_max_freq");
}

/* ---- Caches ------------------------------------------------------------------------------- */

/* "32768K" in bytes; 0: senseless. */
static guint64
parse_size (const char *text)
{
  char *end = NULL;
  guint64 size = g_ascii_strtoull (text, &end, 10);
  guint shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;

  return size <= MAX_CACHE_BYTES >> shift ? size << shift : 0;
}

/* Adds the largest cache of a processor to caches, by whom it serves. */
static guint64
read_cache (const char *root, guint cpu, GHashTable *caches)
{
  g_autofree char *best = NULL;
  guint64 largest = 0;

  for (guint i = 0; i < MAX_CACHE_INDEX; i++) {
    g_autofree char *size_file = g_strdup_printf ("cache/index%u/size", i);
    g_autofree char *shared_file = g_strdup_printf ("cache/index%u/shared_cpu_list", i);
    g_autofree char *size = read_cpu_file (root, cpu, size_file);
    guint64 bytes = size != NULL ? parse_size (size) : 0;

    if (size == NULL)
      break;
    if (bytes <= largest)
      continue;
    largest = bytes;
    g_free (best);
    best = read_cpu_file (root, cpu, shared_file);
  }
  if (largest == 0 ||
      !g_hash_table_add (caches, best != NULL ? g_steal_pointer (&best) : g_strdup ("")))
    return 0;
  return largest;
}

/* ---- The whole ---------------------------------------------------------------------------- */

void
linnet_machine_read_cores (LinnetMachine *self,
                           const char *root,
                           const char *cpuinfo,
                           GHashTable *allowed)
{
  g_autoptr (GHashTable) in_cpuinfo = find_cores_in_cpuinfo (cpuinfo);
  g_autoptr (GHashTable) cores = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) caches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) slow = find_slow (root, allowed);
  GHashTableIter iter;
  gpointer cpu;

  self->n_cores = self->n_fast_cores = self->n_slow_cores = 0;
  g_hash_table_iter_init (&iter, allowed);
  while (g_hash_table_iter_next (&iter, &cpu, NULL)) {
    char *core = find_core (root, GPOINTER_TO_UINT (cpu), in_cpuinfo);

    self->cache += read_cache (root, GPOINTER_TO_UINT (cpu), caches);
    if (core == NULL)
      core = g_strdup_printf ("alone %u", GPOINTER_TO_UINT (cpu));
    if (!g_hash_table_add (cores, core))
      continue;
    self->n_cores++;
    if (slow != NULL && g_hash_table_contains (slow, cpu))
      self->n_slow_cores++;
    else
      self->n_fast_cores++;
  }
  /* One kind alone is no kind. */
  if (self->n_slow_cores == 0 || self->n_fast_cores == 0)
    self->n_slow_cores = self->n_fast_cores = 0;
}
