/* SPDX-License-Identifier: GPL-3.0-or-later
 * What linnet-cli machine --json prints. */
#include "machine-json.h"
#include "linnet-json.h"

#include <math.h>

static const char *const POWERS[] = {
  [LINNET_POWER_UNKNOWN] = NULL,
  [LINNET_POWER_MAINS] = "mains",
  [LINNET_POWER_BATTERY] = "battery",
};

static const char *const PROFILES[] = {
  [LINNET_POWER_PROFILE_UNKNOWN] = NULL,
  [LINNET_POWER_PROFILE_SAVER] = "saver",
  [LINNET_POWER_PROFILE_BALANCED] = "balanced",
  [LINNET_POWER_PROFILE_PERFORMANCE] = "performance",
};

/* NULL text is null. */
static void
add_number (JsonBuilder *builder, const char *name, double number, gboolean known)
{
  json_builder_set_member_name (builder, name);
  if (known)
    json_builder_add_double_value (builder, number);
  else
    json_builder_add_null_value (builder);
}

static void
add_integer (JsonBuilder *builder, const char *name, guint64 number, gboolean known)
{
  json_builder_set_member_name (builder, name);
  if (known)
    json_builder_add_int_value (builder, (gint64) MIN (number, (guint64) G_MAXINT64));
  else
    json_builder_add_null_value (builder);
}

static void
add_processor (JsonBuilder *builder, const LinnetMachine *machine)
{
  g_auto (GStrv) isa = linnet_isa_list (machine->isa);
  gboolean kinds = machine->n_fast_cores > 0;

  linnet_json_add_string (builder, "processor", machine->processor);
  add_integer (builder, "cores", machine->n_cores, TRUE);
  add_integer (builder, "fast_cores", machine->n_fast_cores, kinds);
  add_integer (builder, "slow_cores", machine->n_slow_cores, kinds);
  add_integer (builder, "threads", machine->n_threads, TRUE);
  add_number (builder, "granted_processors", machine->quota, machine->quota > 0);
  json_builder_set_member_name (builder, "instructions");
  json_builder_begin_array (builder);
  for (guint i = 0; isa[i] != NULL; i++)
    json_builder_add_string_value (builder, isa[i]);
  json_builder_end_array (builder);
  add_integer (builder, "cache_bytes", machine->cache, machine->cache > 0);
  linnet_json_add_boolean (builder, "virtual", machine->is_virtual);
}

static void
add_memory (JsonBuilder *builder, const LinnetMachine *machine)
{
  gboolean known = machine->memory > 0;

  add_integer (builder, "memory_bytes", machine->memory, known);
  add_integer (builder, "available_bytes", machine->available, machine->available > 0);
  add_integer (builder, "model_limit_bytes", linnet_machine_get_memory_limit (machine), known);
  linnet_json_add_boolean (builder, "limited", machine->limited);
  add_integer (builder, "own_bytes", machine->own_bytes, machine->own_bytes > 0);
  add_integer (builder, "swap_bytes", machine->swap, known);
  add_integer (builder, "swap_used_bytes", machine->swap_used, known);
}

static void
add_disk (JsonBuilder *builder, const char *folder)
{
  guint64 bytes = 0;
  gboolean known = linnet_machine_get_free_disk (folder, &bytes, NULL);

  json_builder_set_member_name (builder, "disk");
  json_builder_begin_object (builder);
  linnet_json_add_string (builder, "folder", folder);
  add_integer (builder, "free_bytes", bytes, known);
  json_builder_end_object (builder);
}

JsonNode *
cli_machine_to_json (const LinnetMachine *machine,
                     const LinnetMeasurements *measurements,
                     const char *folder)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_processor (builder, machine);
  add_memory (builder, machine);
  linnet_json_add_string (builder, "power", POWERS[machine->power]);
  add_integer (builder, "battery_percent", (guint64) MAX (machine->battery_percent, 0),
               machine->battery_percent >= 0);
  linnet_json_add_string (builder, "power_profile", PROFILES[machine->power_profile]);
  add_number (builder, "temperature_celsius", machine->temperature, !isnan (machine->temperature));
  add_number (builder, "clock_hz", machine->clock_hz, machine->clock_hz > 0);
  add_number (builder, "clock_limit_hz", machine->clock_limit_hz, machine->clock_limit_hz > 0);
  add_disk (builder, folder);
  json_builder_set_member_name (builder, "measurements");
  if (measurements != NULL)
    json_builder_add_value (builder, linnet_measurements_to_json (measurements));
  else
    json_builder_add_null_value (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}
