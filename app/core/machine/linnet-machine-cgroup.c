/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the control groups (containers, systemd slices) leave of the computer. */
#include <string.h>

#include "machine/linnet-machine-private.h"

/* Where a group's figures are, and how their names differ between the two versions. */
typedef struct {
  const char *mount;      /* below root */
  const char *controller; /* in /proc/self/cgroup; "": version 2 */
  const char *limit;
  const char *usage;
  const char *inactive;   /* of memory.stat: cache that is given back when asked for */
  const char *swap_limit; /* NULL: there is no figure for swap alone */
  const char *swap_usage;
} MemoryFiles;

static const MemoryFiles MEMORY_V2 = {
  "sys/fs/cgroup",       "", "memory.max", "memory.current", "inactive_file", "memory.swap.max",
  "memory.swap.current",
};
static const MemoryFiles MEMORY_V1 = {
  "sys/fs/cgroup/memory",
  "memory",
  "memory.limit_in_bytes",
  "memory.usage_in_bytes",
  "total_inactive_file",
  NULL,
  NULL,
};

/* The path of this process's group: lines are "id:controllers:path". Transfer full; NULL: none. */
static char *
find_group (const char *root, const char *controller)
{
  g_autofree char *text = linnet_machine_read (root, "proc/self/cgroup");
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++) {
    g_auto (GStrv) fields = g_strsplit (lines[i], ":", 3);
    g_auto (GStrv) controllers = NULL;

    if (g_strv_length (fields) != 3)
      continue;
    controllers = g_strsplit (fields[1], ",", -1);
    if (controller[0] == '\0' ? fields[1][0] == '\0'
                              : g_strv_contains ((const char *const *) controllers, controller))
      /* A group outside of this namespace begins with "/..": only the top can be seen. */
      return g_strdup (strstr (fields[2], "..") == NULL ? fields[2] : "");
  }
  return NULL;
}

/* A number, FALSE if the file is missing or says "max" or −1. */
static gboolean
read_number (
    const char *root, const char *mount, const char *group, const char *file, guint64 *number)
{
  g_autofree char *path = g_build_filename (mount, group, file, NULL);
  g_autofree char *text = linnet_machine_read (root, path);
  char *end = NULL;

  if (text == NULL || !g_ascii_isdigit (text[0]))
    return FALSE;
  *number = g_ascii_strtoull (text, &end, 10);
  return end != text;
}

static guint64
read_stat (const char *root, const char *mount, const char *group, const char *key)
{
  g_autofree char *path = g_build_filename (mount, group, "memory.stat", NULL);
  g_autofree char *text = linnet_machine_read (root, path);
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);
  gsize length = strlen (key);

  for (guint i = 0; lines[i] != NULL; i++) {
    if (g_str_has_prefix (lines[i], key) && lines[i][length] == ' ')
      return g_ascii_strtoull (lines[i] + length + 1, NULL, 10);
  }
  return 0;
}

/* Cuts group to its parent; FALSE at the top. A container may not see its own path below the
 * mount, but always sees its limits at the top, which is why all of the path is walked. */
static gboolean
go_up (char *group)
{
  char *slash = strrchr (group, '/');

  if (group[0] == '\0' || slash == NULL)
    return FALSE;
  *slash = '\0';
  return TRUE;
}

static void
apply_swap (LinnetMachine *self, const char *root, const MemoryFiles *files, const char *group)
{
  guint64 limit, usage;

  if (files->swap_limit == NULL ||
      !read_number (root, files->mount, group, files->swap_limit, &limit) || limit >= self->swap)
    return;
  self->swap = limit;
  if (read_number (root, files->mount, group, files->swap_usage, &usage))
    self->swap_used = usage;
}

static void
apply_memory (LinnetMachine *self, const char *root, const MemoryFiles *files)
{
  g_autofree char *group = find_group (root, files->controller);
  guint64 limit, usage;

  if (group == NULL)
    return;
  do {
    apply_swap (self, root, files, group);
    if (!read_number (root, files->mount, group, files->limit, &limit))
      continue;
    /* Version 1 says "no limit" as a huge number. */
    if (limit == 0 || limit > G_MAXINT64 / 2)
      continue;
    if (self->memory == 0 || limit < self->memory) {
      self->memory = limit;
      self->limited = TRUE;
    }
    if (read_number (root, files->mount, group, files->usage, &usage)) {
      guint64 cache = read_stat (root, files->mount, group, files->inactive);
      guint64 used = usage > cache ? usage - cache : 0;
      guint64 left = limit > used ? limit - used : 0;

      self->available = self->available > 0 ? MIN (self->available, left) : left;
    }
  } while (go_up (group));
}

static void
lower_quota (LinnetMachine *self, gint64 quota, gint64 period)
{
  double processors;

  if (quota <= 0 || period <= 0)
    return;
  processors = (double) quota / (double) period;
  if (self->quota == 0 || processors < self->quota)
    self->quota = processors;
}

/* cpu.max: "200000 100000" or "max 100000", microseconds. */
static void
apply_quota_v2 (LinnetMachine *self, const char *root)
{
  g_autofree char *group = find_group (root, "");

  if (group == NULL)
    return;
  do {
    g_autofree char *path = g_build_filename ("sys/fs/cgroup", group, "cpu.max", NULL);
    g_autofree char *text = linnet_machine_read (root, path);
    char *end = NULL;

    if (text != NULL) {
      gint64 quota = g_ascii_strtoll (text, &end, 10);

      lower_quota (self, quota, g_ascii_strtoll (end, NULL, 10));
    }
  } while (go_up (group));
}

static void
apply_quota_v1 (LinnetMachine *self, const char *root)
{
  g_autofree char *group = find_group (root, "cpu");
  guint64 quota, period;

  if (group == NULL)
    return;
  do {
    if (read_number (root, "sys/fs/cgroup/cpu", group, "cpu.cfs_quota_us", &quota) &&
        read_number (root, "sys/fs/cgroup/cpu", group, "cpu.cfs_period_us", &period))
      lower_quota (self, (gint64) MIN (quota, G_MAXINT64),
                   (gint64) MIN (period, (guint64) G_MAXINT64));
  } while (go_up (group));
}

void
linnet_machine_apply_cgroup (LinnetMachine *self, const char *root)
{
  apply_quota_v2 (self, root);
  apply_quota_v1 (self, root);
  apply_memory (self, root, &MEMORY_V2);
  apply_memory (self, root, &MEMORY_V1);
}
