/* SPDX-License-Identifier: GPL-3.0-or-later
 * What Windows and macOS say of the computer through calls of their own; Linux says it in files.
 * Plain C without GLib, so that a cross compiler without it can compile the implementations. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum {
  LINNET_SYSTEM_UNKNOWN,
  LINNET_SYSTEM_MAINS,
  LINNET_SYSTEM_BATTERY,
} LinnetSystemPower;

typedef enum {
  LINNET_SYSTEM_PROFILE_UNKNOWN,
  LINNET_SYSTEM_PROFILE_SAVER,
  LINNET_SYSTEM_PROFILE_BALANCED,
  LINNET_SYSTEM_PROFILE_PERFORMANCE,
} LinnetSystemProfile;

/* 0, or as said, where the system does not tell. */
typedef struct {
  char processor[256]; /* UTF-8; "" */
  unsigned n_threads;
  unsigned n_cores;
  unsigned n_fast_cores; /* both 0 where all are alike */
  unsigned n_slow_cores;
  bool is_virtual;
  uint64_t cache_bytes; /* of all last-level caches together */
  uint64_t memory_bytes;
  uint64_t available_bytes;
  uint64_t own_bytes; /* that this process holds and no file does */
  uint64_t swap_bytes;
  uint64_t swap_used_bytes;
  LinnetSystemPower power;
  int battery_percent; /* −1 */
  LinnetSystemProfile profile;
  double clock_hz;
  double clock_limit_hz;
} LinnetSystem;

/* Fills all of system. Any thread. */
void linnet_system_read (LinnetSystem *system);
