/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetMachine: putting together what the readers found. */
#include "machine/linnet-machine.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <math.h>

#include "engine/linnet-model.h"
#include "machine/linnet-machine-private.h"
#include "machine/linnet-system.h"

/* Of the memory that is free an eighth stays so, for what other programs come to need. */
#define RESERVE_PART  8
#define RESERVE_LEAST ((guint64) 512 << 20)
#define RESERVE_MOST  ((guint64) 2 << 30)

static guint
count_workers (const LinnetMachine *self)
{
  guint granted;

  if (self->quota <= 0)
    return self->n_threads;
  granted = (guint) CLAMP (ceil (self->quota), 1, G_MAXINT);
  return MIN (self->n_threads, granted);
}

/* ---- Systems without /proc ---------------------------------------------------------------- */

#if defined(_WIN32) || defined(__APPLE__)
/* What the engine can compute with says what the processor has. */
static LinnetIsa
find_isa (void)
{
  static const struct {
    const char *level;
    LinnetIsa isa;
  } levels[] = {
    { "amx-int8", LINNET_ISA_AMX_INT8 },
    { "avx512-vnni", LINNET_ISA_AVX512 | LINNET_ISA_AVX512_VNNI },
    { "avx-vnni", LINNET_ISA_AVX_VNNI },
    { "avx2", LINNET_ISA_AVX2 },
    { "i8mm", LINNET_ISA_I8MM },
    { "dotprod", LINNET_ISA_DOTPROD },
    { "neon", LINNET_ISA_NEON },
  };
  g_auto (GStrv) found = linnet_cpu_level_list ();
  LinnetIsa isa = 0;

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++) {
    if (g_strv_contains ((const char *const *) found, levels[i].level))
      isa |= levels[i].isa;
  }
  return isa;
}

static void
read_system (LinnetMachine *self)
{
  LinnetSystem system;

  linnet_system_read (&system);
  if (system.processor[0] != '\0' && g_utf8_validate (system.processor, -1, NULL))
    self->processor = g_strstrip (g_strdup (system.processor));
  self->n_threads = system.n_threads;
  self->n_cores = system.n_cores;
  self->n_fast_cores = system.n_fast_cores;
  self->n_slow_cores = system.n_slow_cores;
  self->isa = find_isa ();
  self->is_virtual = system.is_virtual;
  self->cache = system.cache_bytes;
  self->memory = system.memory_bytes;
  self->available = system.available_bytes;
  self->own_bytes = system.own_bytes;
  self->swap = system.swap_bytes;
  self->swap_used = system.swap_used_bytes;
  self->power = (LinnetPower) system.power;
  self->battery_percent = system.battery_percent;
  self->power_profile = (LinnetPowerProfile) system.profile;
  self->clock_hz = system.clock_hz;
  self->clock_limit_hz = system.clock_limit_hz;
}
#else
static void
read_system (LinnetMachine *self)
{
}
#endif

/* ---- The whole ---------------------------------------------------------------------------- */

static void
read_files (LinnetMachine *self, const char *root)
{
  linnet_machine_read_processor (self, root);
  linnet_machine_read_memory (self, root);
  linnet_machine_apply_cgroup (self, root);
  linnet_machine_read_power (self, root);
  linnet_machine_read_sensors (self, root);
}

/* What can be said whatever was read. */
static void
make_consistent (LinnetMachine *self)
{
  if (self->n_threads == 0)
    self->n_threads = MAX (g_get_num_processors (), 1);
  if (self->n_cores == 0 || self->n_cores > self->n_threads) {
    self->n_cores = self->n_threads;
    self->n_fast_cores = self->n_slow_cores = 0;
  }
  self->available = MIN (self->available, self->memory);
  self->swap_used = MIN (self->swap_used, self->swap);
  self->n_workers = count_workers (self);
}

LinnetMachine *
linnet_machine_new (const char *root)
{
  LinnetMachine *self = g_new0 (LinnetMachine, 1);

  self->battery_percent = -1;
  self->temperature = NAN;
  read_files (self, root != NULL ? root : "/");
  if (root == NULL)
    read_system (self);
  make_consistent (self);
  return self;
}

void
linnet_machine_free (LinnetMachine *self)
{
  if (self == NULL)
    return;
  g_free (self->processor);
  g_free (self);
}

int
linnet_machine_choose_threads (const LinnetMachine *self)
{
  g_return_val_if_fail (self != NULL, 0);

  if (self->n_workers >= self->n_threads)
    return 0;
  return (int) MIN (MIN (self->n_cores, self->n_workers), G_MAXINT);
}

guint64
linnet_machine_get_memory_limit (const LinnetMachine *self)
{
  guint64 available, reserve;

  g_return_val_if_fail (self != NULL, 0);

  /* Where nothing says what is free, half of what there is, if even that is known. */
  available = self->available > 0 ? self->available : self->memory / 2;
  reserve = CLAMP (available / RESERVE_PART, RESERVE_LEAST, RESERVE_MOST);
  return available > reserve ? available - reserve : 0;
}

/* ---- Disk --------------------------------------------------------------------------------- */

/* The nearest that exists of a file and the folders that it is in. */
static GFile *
find_existing (const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);

  while (!g_file_query_exists (file, NULL)) {
    GFile *parent = g_file_get_parent (file);

    if (parent == NULL)
      break;
    g_object_unref (file);
    file = parent;
  }
  return g_steal_pointer (&file);
}

gboolean
linnet_machine_get_free_disk (const char *folder, guint64 *bytes, GError **error)
{
  g_autoptr (GFile) file = NULL;
  g_autoptr (GFileInfo) info = NULL;

  g_return_val_if_fail (folder != NULL, FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);

  *bytes = 0;
  file = find_existing (folder);
  info = g_file_query_filesystem_info (file, G_FILE_ATTRIBUTE_FILESYSTEM_FREE, NULL, error);
  if (info == NULL) {
    g_prefix_error (error, _ ("The free space on the disk could not be found out: "));
    return FALSE;
  }
  if (!g_file_info_has_attribute (info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE)) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         _ ("The disk does not say how much space is free on it."));
    return FALSE;
  }
  *bytes = g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE);
  return TRUE;
}
