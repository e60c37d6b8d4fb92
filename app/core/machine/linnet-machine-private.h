/* SPDX-License-Identifier: GPL-3.0-or-later
 * The readers of /proc and /sys that fill a LinnetMachine. What is missing or makes no sense there
 * leaves the fields as they are. */
#pragma once

#include "machine/linnet-machine.h"

G_BEGIN_DECLS

/* A processor number beyond this is nonsense, and must not fill the memory. */
#define LINNET_MACHINE_MAX_CPUS 8192

/* ---- Text (linnet-machine-text.c) --------------------------------------------------------- */

/* Contents of a text file below root, stripped, cut at the first NUL; NULL if it cannot be read or
 * is too long to be one of the system's. Transfer full. */
char *linnet_machine_read (const char *root, const char *path);

/* The same as a number from its beginning; FALSE: there is none. */
gboolean linnet_machine_read_number (const char *root, const char *path, gint64 *number);

/* "key : value" and "key: value" lines; the value of the first line with that key. NULL text has
 * none. Transfer full. */
char *linnet_machine_find_value (const char *text, const char *key);

/* "16384 kB" of such a line in bytes; 0: there is none. */
guint64 linnet_machine_find_kilobytes (const char *text, const char *key);

/* The numbers of "0-3,8,10-11". NULL list: no number. Transfer full. */
GHashTable *linnet_machine_parse_cpu_list (const char *list);

/* The names in a folder below root that begin with prefix, in their order, some at most. Transfer
 * full. */
GStrv linnet_machine_list (const char *root, const char *folder, const char *prefix);

/* ---- Readers ------------------------------------------------------------------------------ */

/* Processors that exist and that this process may run on. Transfer full. */
GHashTable *linnet_machine_find_allowed (const char *root);

/* Sets processor, is_virtual, n_threads, isa and the cores. */
void linnet_machine_read_processor (LinnetMachine *self, const char *root);

/* Sets n_cores, n_fast_cores, n_slow_cores and cache. cpuinfo: NULL allowed. */
void linnet_machine_read_cores (LinnetMachine *self,
                                const char *root,
                                const char *cpuinfo,
                                GHashTable *allowed);

/* Sets memory, available, swap, swap_used and own_bytes. */
void linnet_machine_read_memory (LinnetMachine *self, const char *root);

/* Lowers quota, memory, available and swap to what the control group leaves, versions 1 and 2. */
void linnet_machine_apply_cgroup (LinnetMachine *self, const char *root);

/* Sets power, battery_percent and power_profile. */
void linnet_machine_read_power (LinnetMachine *self, const char *root);

/* Sets temperature, clock_hz and clock_limit_hz. */
void linnet_machine_read_sensors (LinnetMachine *self, const char *root);

G_END_DECLS
