/* SPDX-License-Identifier: GPL-3.0-or-later
 * The readers of /proc and /sys that fill a LinnetMachine. */
#pragma once

#include "machine/linnet-machine.h"

G_BEGIN_DECLS

/* Contents of a small text file below root, stripped; NULL if it cannot be read. Transfer full. */
char *linnet_machine_read (const char *root, const char *path);

/* The numbers of "0-3,8,10-11". NULL list: no number. Transfer full. */
GHashTable *linnet_machine_parse_cpu_list (const char *list);

/* Sets processor, n_cores, n_threads and isa. */
void linnet_machine_read_processor (LinnetMachine *self, const char *root);

/* Sets memory and available. */
void linnet_machine_read_memory (LinnetMachine *self, const char *root);

/* Lowers quota, memory and available to what the control group leaves, versions 1 and 2. */
void linnet_machine_apply_cgroup (LinnetMachine *self, const char *root);

G_END_DECLS
