/* SPDX-License-Identifier: GPL-3.0-or-later
 * The processor's name, its instructions and which of it this process may use, from /proc. */
#include <string.h>

#include "machine/linnet-machine-private.h"

#define MAX_NAME_BYTES 200

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

/* Whether it can be shown to people. */
static gboolean
is_name (const char *name)
{
  if (name == NULL || name[0] == '\0' || strlen (name) > MAX_NAME_BYTES ||
      !g_utf8_validate (name, -1, NULL))
    return FALSE;
  for (const char *c = name; *c != '\0'; c = g_utf8_next_char (c)) {
    if (g_unichar_iscntrl (g_utf8_get_char (c)) && *c != '\t')
      return FALSE;
  }
  return TRUE;
}

static char *
find_name (const char *cpuinfo, const char *root)
{
  static const char *const keys[] = { "model name", "Model", "Hardware", "cpu model" };
  g_autofree char *tree = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autofree char *name = linnet_machine_find_value (cpuinfo, keys[i]);

    if (is_name (name))
      return tidy_name (name);
  }
  /* Boards with a device tree say what they are there. */
  tree = linnet_machine_read (root, "proc/device-tree/model");
  return is_name (tree) ? tidy_name (tree) : NULL;
}

/* The words of the line that lists what the processor can do. Transfer full. */
static GStrv
find_flags (const char *cpuinfo)
{
  g_autofree char *x86 = linnet_machine_find_value (cpuinfo, "flags");
  g_autofree char *arm = linnet_machine_find_value (cpuinfo, "Features");

  return g_strsplit (x86 != NULL ? x86 : arm != NULL ? arm : "", " ", -1);
}

static LinnetIsa
find_isa (const char *const *flags)
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
  LinnetIsa isa = 0;

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++) {
    gboolean all = TRUE;

    for (guint j = 0; levels[i].needs[j] != NULL; j++)
      all = all && g_strv_contains (flags, levels[i].needs[j]);
    if (all)
      isa |= levels[i].isa;
  }
  return isa;
}

/* x86 says it in a flag, the others where their firmware or hypervisor leaves its name. */
static gboolean
find_virtual (const char *root, const char *const *flags)
{
  static const char *const products[] = { "Virtual Machine", "VirtualBox", "VMware", "KVM",
                                          "QEMU" };
  g_autofree char *hypervisor = linnet_machine_read (root, "sys/hypervisor/type");
  g_autofree char *product = linnet_machine_read (root, "sys/class/dmi/id/product_name");

  if (g_strv_contains (flags, "hypervisor") || (hypervisor != NULL && hypervisor[0] != '\0'))
    return TRUE;
  for (guint i = 0; product != NULL && i < G_N_ELEMENTS (products); i++) {
    if (strstr (product, products[i]) != NULL)
      return TRUE;
  }
  return FALSE;
}

GHashTable *
linnet_machine_find_allowed (const char *root)
{
  g_autofree char *online = linnet_machine_read (root, "sys/devices/system/cpu/online");
  g_autofree char *status = linnet_machine_read (root, "proc/self/status");
  g_autofree char *list = linnet_machine_find_value (status, "Cpus_allowed_list");
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

/* Entries of /proc/cpuinfo, where /sys does not say. */
static guint
count_entries (const char *cpuinfo)
{
  guint n = 0;

  for (const char *line = cpuinfo; line != NULL; line = strchr (line, '\n')) {
    line += *line == '\n';
    n += g_str_has_prefix (line, "processor\t") || g_str_has_prefix (line, "processor ") ||
         g_str_has_prefix (line, "processor:");
  }
  return MIN (n, LINNET_MACHINE_MAX_CPUS);
}

void
linnet_machine_read_processor (LinnetMachine *self, const char *root)
{
  g_autofree char *cpuinfo = linnet_machine_read (root, "proc/cpuinfo");
  g_autoptr (GHashTable) allowed = linnet_machine_find_allowed (root);

  if (cpuinfo != NULL) {
    g_auto (GStrv) flags = find_flags (cpuinfo);

    self->processor = find_name (cpuinfo, root);
    self->isa = find_isa ((const char *const *) flags);
    self->is_virtual = find_virtual (root, (const char *const *) flags);
  }
  self->n_threads = g_hash_table_size (allowed);
  if (self->n_threads == 0 && cpuinfo != NULL) {
    self->n_threads = count_entries (cpuinfo);
    for (guint i = 0; i < self->n_threads; i++)
      g_hash_table_add (allowed, GUINT_TO_POINTER (i));
  }
  linnet_machine_read_cores (self, root, cpuinfo, allowed);
}
