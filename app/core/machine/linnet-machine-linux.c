/* SPDX-License-Identifier: GPL-3.0-or-later
 * Processor and memory from /proc and /sys. On systems without them nothing is found. */
#include <string.h>

#include "machine/linnet-machine-private.h"

/* A processor number beyond this is nonsense, and must not fill the memory. */
#define MAX_CPUS 8192

char *
linnet_machine_read (const char *root, const char *path)
{
  g_autofree char *full = g_build_filename (root, path, NULL);
  char *text = NULL;

  if (!g_file_get_contents (full, &text, NULL, NULL))
    return NULL;
  return g_strstrip (text);
}

GHashTable *
linnet_machine_parse_cpu_list (const char *list)
{
  GHashTable *set = g_hash_table_new (NULL, NULL);
  g_auto (GStrv) parts = g_strsplit (list != NULL ? list : "", ",", -1);

  for (guint i = 0; parts[i] != NULL; i++) {
    char *end = NULL;
    guint64 first = g_ascii_strtoull (parts[i], &end, 10);
    guint64 last = first;

    if (end == parts[i])
      continue;
    if (*end == '-')
      last = g_ascii_strtoull (end + 1, NULL, 10);
    for (guint64 cpu = first; cpu <= MIN (last, MAX_CPUS); cpu++)
      g_hash_table_add (set, GUINT_TO_POINTER ((guint) cpu));
  }
  return set;
}

/* "key : value" and "key: value" lines; the value of the first line with that key. Transfer full.
 */
static char *
find_value (const char *text, const char *key)
{
  gsize length = strlen (key);

  for (const char *line = text; line != NULL && *line != '\0';) {
    const char *end = strchr (line, '\n');
    gsize line_length = end != NULL ? (gsize) (end - line) : strlen (line);

    if (line_length > length && strncmp (line, key, length) == 0 &&
        strchr (" \t:", line[length]) != NULL) {
      const char *colon = memchr (line + length, ':', line_length - length);

      if (colon != NULL)
        return g_strstrip (g_strndup (colon + 1, line_length - (gsize) (colon + 1 - line)));
    }
    line = end != NULL ? end + 1 : NULL;
  }
  return NULL;
}

/* The name without what says nothing: "(R)", "(TM)", "CPU", the nominal clock. Transfer full. */
static char *
tidy_name (const char *name)
{
  g_auto (GStrv) words = g_strsplit_set (name, " \t", -1);
  g_autoptr (GString) tidy = g_string_new (NULL);

  for (guint i = 0; words[i] != NULL; i++) {
    g_autoptr (GString) word = g_string_new (words[i]);

    g_string_replace (word, "(R)", "", 0);
    g_string_replace (word, "(TM)", "", 0);
    g_string_replace (word, "(tm)", "", 0);
    if (word->len == 0 || g_str_equal (word->str, "CPU"))
      continue;
    if (g_str_equal (word->str, "@"))
      break;
    g_string_append_printf (tidy, "%s%s", tidy->len > 0 ? " " : "", word->str);
  }
  return tidy->len > 0 ? g_string_free (g_steal_pointer (&tidy), FALSE) : NULL;
}

static char *
find_name (const char *cpuinfo, const char *root)
{
  static const char *const keys[] = { "model name", "Model", "Hardware", "cpu model" };
  g_autofree char *tree = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autofree char *name = find_value (cpuinfo, keys[i]);

    if (name != NULL && name[0] != '\0' && g_utf8_validate (name, -1, NULL))
      return tidy_name (name);
  }
  /* Boards with a device tree say what they are there. */
  tree = linnet_machine_read (root, "proc/device-tree/model");
  return tree != NULL && tree[0] != '\0' && g_utf8_validate (tree, -1, NULL) ? tidy_name (tree)
                                                                             : NULL;
}

static LinnetIsa
find_isa (const char *cpuinfo)
{
  static const struct {
    LinnetIsa isa;
    const char *needs[5];
  } levels[] = {
    { LINNET_ISA_AVX2, { "avx2", "fma", "f16c" } },
    { LINNET_ISA_AVX_VNNI, { "avx_vnni" } },
    { LINNET_ISA_AVX512, { "avx512f", "avx512bw", "avx512dq", "avx512vl" } },
    { LINNET_ISA_AVX512_VNNI, { "avx512_vnni", "avx512vl" } },
    { LINNET_ISA_AMX_INT8, { "amx_tile", "amx_int8" } },
    { LINNET_ISA_NEON, { "asimd" } },
    { LINNET_ISA_DOTPROD, { "asimddp" } },
    { LINNET_ISA_I8MM, { "i8mm" } },
  };
  g_autofree char *x86 = find_value (cpuinfo, "flags");
  g_autofree char *arm = find_value (cpuinfo, "Features");
  g_auto (GStrv) flags = NULL;
  LinnetIsa isa = 0;

  flags = g_strsplit (x86 != NULL ? x86 : arm != NULL ? arm : "", " ", -1);
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++) {
    gboolean all = TRUE;

    for (guint j = 0; levels[i].needs[j] != NULL; j++)
      all = all && g_strv_contains ((const char *const *) flags, levels[i].needs[j]);
    if (all)
      isa |= levels[i].isa;
  }
  return isa;
}

/* Processors that exist and that this process may run on. Transfer full. */
static GHashTable *
find_allowed (const char *root)
{
  g_autofree char *online = linnet_machine_read (root, "sys/devices/system/cpu/online");
  g_autofree char *status = linnet_machine_read (root, "proc/self/status");
  g_autofree char *list = find_value (status, "Cpus_allowed_list");
  g_autoptr (GHashTable) allowed = linnet_machine_parse_cpu_list (list);
  g_autoptr (GHashTable) present = linnet_machine_parse_cpu_list (online);
  GHashTableIter iter;
  gpointer cpu;

  if (g_hash_table_size (allowed) == 0)
    return g_steal_pointer (&present);
  if (g_hash_table_size (present) == 0)
    return g_steal_pointer (&allowed);
  g_hash_table_iter_init (&iter, allowed);
  while (g_hash_table_iter_next (&iter, &cpu, NULL)) {
    if (!g_hash_table_contains (present, cpu))
      g_hash_table_iter_remove (&iter);
  }
  return g_steal_pointer (&allowed);
}

/* Threads of one core share the list of its siblings. */
static guint
count_cores (const char *root, GHashTable *allowed)
{
  g_autoptr (GHashTable) cores = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer cpu;

  g_hash_table_iter_init (&iter, allowed);
  while (g_hash_table_iter_next (&iter, &cpu, NULL)) {
    g_autofree char *path = g_strdup_printf (
        "sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", GPOINTER_TO_UINT (cpu));
    char *siblings = linnet_machine_read (root, path);

    if (siblings == NULL)
      return g_hash_table_size (allowed);
    g_hash_table_add (cores, siblings);
  }
  return g_hash_table_size (cores);
}

/* Entries of /proc/cpuinfo, where /sys does not say. */
static guint
count_entries (const char *cpuinfo)
{
  g_auto (GStrv) lines = g_strsplit (cpuinfo, "\n", -1);
  guint n = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    n += g_str_has_prefix (lines[i], "processor") && strchr (lines[i], ':') != NULL;
  return n;
}

void
linnet_machine_read_processor (LinnetMachine *self, const char *root)
{
  g_autofree char *cpuinfo = linnet_machine_read (root, "proc/cpuinfo");
  g_autoptr (GHashTable) allowed = find_allowed (root);

  if (cpuinfo != NULL) {
    self->processor = find_name (cpuinfo, root);
    self->isa = find_isa (cpuinfo);
  }
  self->n_threads = g_hash_table_size (allowed);
  if (self->n_threads > 0)
    self->n_cores = count_cores (root, allowed);
  else if (cpuinfo != NULL)
    self->n_threads = count_entries (cpuinfo);
}

/* "16384 kB" in bytes. */
static guint64
read_kilobytes (const char *meminfo, const char *key)
{
  g_autofree char *value = find_value (meminfo, key);

  return value != NULL ? g_ascii_strtoull (value, NULL, 10) * 1024 : 0;
}

void
linnet_machine_read_memory (LinnetMachine *self, const char *root)
{
  g_autofree char *meminfo = linnet_machine_read (root, "proc/meminfo");

  if (meminfo == NULL)
    return;
  self->memory = read_kilobytes (meminfo, "MemTotal");
  self->available = read_kilobytes (meminfo, "MemAvailable");
  if (self->available == 0)
    self->available = read_kilobytes (meminfo, "MemFree") + read_kilobytes (meminfo, "Cached");
}
