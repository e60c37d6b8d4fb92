/* SPDX-License-Identifier: GPL-3.0-or-later
 * Temperature and clock, from /sys and /proc. */
#include <math.h>
#include <string.h>

#include "machine/linnet-machine-private.h"

/* What a sensor may say; all else is not a temperature of a running processor, or no clock. */
#define LEAST_CELSIUS 1
#define MOST_CELSIUS  125
#define LEAST_HZ      1e7
#define MOST_HZ       2e10
#define MAX_CLOCKS    64 /* processors asked for theirs */

/* ---- Temperature -------------------------------------------------------------------------- */

/* Those that measure the processor, by the beginning of their names. */
static const char *const ZONES[] = { "x86_pkg_temp", "cpu-thermal", "cpu_thermal", "cpu",
                                     "soc-thermal",  "soc_thermal", "CPU",         "TCPU" };
static const char *const CHIPS[] = { "coretemp", "k10temp", "zenpower", "cpu_thermal", "fam15h" };

static gboolean
is_one_of (const char *name, const char *const *known, guint n)
{
  for (guint i = 0; name != NULL && i < n; i++) {
    if (g_str_has_prefix (name, known[i]))
      return TRUE;
  }
  return FALSE;
}

/* Takes the temperature of a file, in thousandths of a degree, if it is the highest so far. */
static void
take_temperature (LinnetMachine *self, const char *root, const char *folder, const char *file)
{
  g_autofree char *path = g_build_filename (folder, file, NULL);
  gint64 thousandths;
  double celsius;

  if (!linnet_machine_read_number (root, path, &thousandths))
    return;
  celsius = (double) thousandths / 1000;
  if (celsius >= LEAST_CELSIUS && celsius <= MOST_CELSIUS &&
      (isnan (self->temperature) || celsius > self->temperature))
    self->temperature = celsius;
}

/* The chips of lm-sensors; the first value of each is the whole processor's. */
static void
read_chips (LinnetMachine *self, const char *root)
{
  g_auto (GStrv) names = linnet_machine_list (root, "sys/class/hwmon", "hwmon");

  for (guint i = 0; names[i] != NULL; i++) {
    g_autofree char *folder = g_build_filename ("sys/class/hwmon", names[i], NULL);
    g_autofree char *file = g_build_filename (folder, "name", NULL);
    g_autofree char *name = linnet_machine_read (root, file);

    if (is_one_of (name, CHIPS, G_N_ELEMENTS (CHIPS)))
      take_temperature (self, root, folder, "temp1_input");
  }
}

static void
read_zones (LinnetMachine *self, const char *root)
{
  g_auto (GStrv) names = linnet_machine_list (root, "sys/class/thermal", "thermal_zone");

  for (guint i = 0; names[i] != NULL; i++) {
    g_autofree char *folder = g_build_filename ("sys/class/thermal", names[i], NULL);
    g_autofree char *file = g_build_filename (folder, "type", NULL);
    g_autofree char *type = linnet_machine_read (root, file);

    if (is_one_of (type, ZONES, G_N_ELEMENTS (ZONES)))
      take_temperature (self, root, folder, "temp");
  }
}

/* ---- Clock -------------------------------------------------------------------------------- */

static double
check_clock (double hz)
{
  return hz >= LEAST_HZ && hz <= MOST_HZ ? hz : 0;
}

/* The highest of "cpu MHz" lines. */
static double
find_clock (const char *cpuinfo)
{
  double highest = 0;

  for (const char *line = cpuinfo; line != NULL; line = strchr (line, '\n')) {
    const char *colon;

    line += *line == '\n';
    if (!g_str_has_prefix (line, "cpu MHz"))
      continue;
    colon = line + strcspn (line, ":\n");
    if (*colon == ':')
      highest = MAX (highest, check_clock (g_ascii_strtod (colon + 1, NULL) * 1e6));
  }
  return highest;
}

/* The highest that any processor's file says, in kilohertz. */
static double
read_clock (const char *root, GHashTable *allowed, const char *file)
{
  double highest = 0;
  guint n = 0;
  GHashTableIter iter;
  gpointer cpu;

  g_hash_table_iter_init (&iter, allowed);
  while (n++ < MAX_CLOCKS && g_hash_table_iter_next (&iter, &cpu, NULL)) {
    g_autofree char *path =
        g_strdup_printf ("sys/devices/system/cpu/cpu%u/cpufreq/%s", GPOINTER_TO_UINT (cpu), file);
    gint64 kilohertz;

    if (linnet_machine_read_number (root, path, &kilohertz))
      highest = MAX (highest, check_clock ((double) kilohertz * 1000));
  }
  return highest;
}

void
linnet_machine_read_sensors (LinnetMachine *self, const char *root)
{
  g_autofree char *cpuinfo = linnet_machine_read (root, "proc/cpuinfo");
  g_autoptr (GHashTable) allowed = linnet_machine_find_allowed (root);

  read_chips (self, root);
  if (isnan (self->temperature))
    read_zones (self, root);
  /* cpuinfo first: asking each processor wakes it. */
  self->clock_hz = find_clock (cpuinfo);
  if (self->clock_hz == 0)
    self->clock_hz = read_clock (root, allowed, "scaling_cur_freq");
  self->clock_limit_hz = read_clock (root, allowed, "cpuinfo_max_freq");
  if (self->clock_limit_hz > 0)
    self->clock_hz = MIN (self->clock_hz, self->clock_limit_hz);
}
