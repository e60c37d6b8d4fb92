/* SPDX-License-Identifier: GPL-3.0-or-later
 * Mains or battery, and what the system prefers, from /sys. */
#include "machine/linnet-machine-private.h"

#define SUPPLIES "sys/class/power_supply"

/* What all supplies together say. */
typedef struct {
  gboolean has_mains;
  gboolean on_mains;
  gboolean has_battery;
  gboolean discharging;
  guint n_batteries; /* that tell how full they are */
  gint64 percent;    /* of them together */
} Supplies;

/* Transfer full; NULL: there is none. */
static char *
read_supply (const char *root, const char *supply, const char *file)
{
  g_autofree char *path = g_build_filename (SUPPLIES, supply, file, NULL);

  return linnet_machine_read (root, path);
}

static gboolean
supply_says (const char *root, const char *supply, const char *file, const char *value)
{
  g_autofree char *text = read_supply (root, supply, file);

  return g_strcmp0 (text, value) == 0;
}

static void
add_battery (Supplies *all, const char *root, const char *supply)
{
  g_autofree char *path = g_build_filename (SUPPLIES, supply, "capacity", NULL);
  gint64 percent;

  /* A slot without a battery, or the battery of a mouse. */
  if (supply_says (root, supply, "present", "0") || supply_says (root, supply, "scope", "Device"))
    return;
  all->has_battery = TRUE;
  all->discharging = all->discharging || supply_says (root, supply, "status", "Discharging");
  if (linnet_machine_read_number (root, path, &percent) && percent >= 0 && percent <= 100) {
    all->percent += percent;
    all->n_batteries++;
  }
}

static void
add_supply (Supplies *all, const char *root, const char *supply)
{
  g_autofree char *type = read_supply (root, supply, "type");
  gboolean online = supply_says (root, supply, "online", "1");

  if (g_strcmp0 (type, "Battery") == 0) {
    add_battery (all, root, supply);
  } else if (g_strcmp0 (type, "Mains") == 0) {
    all->has_mains = TRUE;
    all->on_mains = all->on_mains || online;
  } else if (g_strcmp0 (type, "USB") == 0) {
    /* A socket that may or may not charge: only that it does says something. */
    all->on_mains = all->on_mains || online;
  }
}

static void
read_supplies (LinnetMachine *self, const char *root)
{
  g_auto (GStrv) names = linnet_machine_list (root, SUPPLIES, "");
  Supplies all = { 0 };

  for (guint i = 0; names[i] != NULL; i++)
    add_supply (&all, root, names[i]);
  if (all.n_batteries > 0)
    self->battery_percent = (int) (all.percent / all.n_batteries);
  if (all.on_mains || (all.has_mains && !all.has_battery))
    self->power = LINNET_POWER_MAINS;
  else if (all.has_battery)
    /* Without a word about the mains, a battery that does not get emptier hangs on it. */
    self->power = all.discharging || all.has_mains ? LINNET_POWER_BATTERY : LINNET_POWER_MAINS;
}

/* ---- Profile ------------------------------------------------------------------------------ */

typedef struct {
  const char *word;
  LinnetPowerProfile profile;
} Word;

/* Documentation/ABI/testing/sysfs-platform_profile */
static const Word PLATFORM_PROFILES[] = {
  { "low-power", LINNET_POWER_PROFILE_SAVER },
  { "cool", LINNET_POWER_PROFILE_SAVER },
  { "quiet", LINNET_POWER_PROFILE_SAVER },
  { "balanced", LINNET_POWER_PROFILE_BALANCED },
  { "balanced-performance", LINNET_POWER_PROFILE_PERFORMANCE },
  { "performance", LINNET_POWER_PROFILE_PERFORMANCE },
};

/* Documentation/admin-guide/pm/intel_pstate.rst, amd-pstate.rst */
static const Word PREFERENCES[] = {
  { "power", LINNET_POWER_PROFILE_SAVER },
  { "balance_power", LINNET_POWER_PROFILE_BALANCED },
  { "default", LINNET_POWER_PROFILE_BALANCED },
  { "balance_performance", LINNET_POWER_PROFILE_BALANCED },
  { "performance", LINNET_POWER_PROFILE_PERFORMANCE },
};

/* Documentation/admin-guide/pm/cpufreq.rst */
static const Word GOVERNORS[] = {
  { "powersave", LINNET_POWER_PROFILE_SAVER },
  { "conservative", LINNET_POWER_PROFILE_BALANCED },
  { "ondemand", LINNET_POWER_PROFILE_BALANCED },
  { "schedutil", LINNET_POWER_PROFILE_BALANCED },
  { "performance", LINNET_POWER_PROFILE_PERFORMANCE },
};

static gboolean
look_up (
    const char *root, const char *path, const Word *words, guint n, LinnetPowerProfile *profile)
{
  g_autofree char *text = linnet_machine_read (root, path);

  for (guint i = 0; text != NULL && i < n; i++) {
    if (g_str_equal (text, words[i].word)) {
      *profile = words[i].profile;
      return TRUE;
    }
  }
  return FALSE;
}

void
linnet_machine_read_power (LinnetMachine *self, const char *root)
{
  LinnetPowerProfile *profile = &self->power_profile;

  read_supplies (self, root);
  /* The governor says the least: with the drivers that have a preference it is always powersave. */
  if (!look_up (root, "sys/firmware/acpi/platform_profile", PLATFORM_PROFILES,
                G_N_ELEMENTS (PLATFORM_PROFILES), profile) &&
      !look_up (root, "sys/devices/system/cpu/cpu0/cpufreq/energy_performance_preference",
                PREFERENCES, G_N_ELEMENTS (PREFERENCES), profile))
    look_up (root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", GOVERNORS,
             G_N_ELEMENTS (GOVERNORS), profile);
}
