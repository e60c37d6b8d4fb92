/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetSettings: the program's GSettings, where their schema is installed, and what they say about
 * loading models. */
#pragma once

#include "engine/linnet-engine.h"
#include "machine/linnet-machine.h"

G_BEGIN_DECLS

/* NULL where the schema is not installed, or is an older version's. Transfer full. */
GSettings *linnet_settings_new (void);

/* Sets threads, context length and type of cache to what is set; as zero-initialised without
 * settings (NULL allowed). Threads that are left to the program are those for machine. */
void linnet_settings_get_load_options (GSettings *settings,
                                       const LinnetMachine *machine,
                                       LinnetLoadOptions *options);

G_END_DECLS
