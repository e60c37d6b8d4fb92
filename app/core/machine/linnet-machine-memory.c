/* SPDX-License-Identifier: GPL-3.0-or-later
 * Memory and swap from /proc. What the firmware gave to the graphics processor is not in MemTotal,
 * and so never counted. */
#include "machine/linnet-machine-private.h"

#include <stdio.h>

/* Pages of files are had back when they are needed, and are in MemAvailable; the others are not. */
static guint64
read_own_bytes (const char *root)
{
  g_autofree char *status = linnet_machine_read (root, "proc/self/status");
  guint64 anonymous = linnet_machine_find_kilobytes (status, "RssAnon");
  guint64 shared = linnet_machine_find_kilobytes (status, "RssShmem");

  return anonymous + shared > 0 ? anonymous + shared
                                : linnet_machine_find_kilobytes (status, "VmRSS");
}

void
linnet_machine_read_memory (LinnetMachine *self, const char *root)
{
  g_autofree char *meminfo = linnet_machine_read (root, "proc/meminfo");
  guint64 swap_free;

  self->own_bytes = read_own_bytes (root);
  if (meminfo == NULL)
    return;
  self->memory = linnet_machine_find_kilobytes (meminfo, "MemTotal");
  self->available = linnet_machine_find_kilobytes (meminfo, "MemAvailable");
  /* Kernels before 3.14. */
  if (self->available == 0)
    self->available = linnet_machine_find_kilobytes (meminfo, "MemFree") +
                      linnet_machine_find_kilobytes (meminfo, "Cached");
  self->swap = linnet_machine_find_kilobytes (meminfo, "SwapTotal");
  swap_free = linnet_machine_find_kilobytes (meminfo, "SwapFree");
  self->swap_used = self->swap > swap_free ? self->swap - swap_free : 0;
}

guint64
linnet_machine_get_own_peak (void)
{
  g_autofree char *status = linnet_machine_read ("/", "proc/self/status");

  return linnet_machine_find_kilobytes (status, "VmHWM");
}

/* As proc_pid_clear_refs(5) says. */
void
linnet_machine_reset_own_peak (void)
{
  FILE *file = fopen ("/proc/self/clear_refs", "w");

  if (file == NULL)
    return;
  fputs ("5", file);
  fclose (file);
}
