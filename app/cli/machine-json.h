/* SPDX-License-Identifier: GPL-3.0-or-later
 * This computer as JSON. */
#pragma once

#include <json-glib/json-glib.h>

#include "machine/linnet-machine.h"
#include "machine/linnet-measurements.h"

G_BEGIN_DECLS

/* An object whose members are null where nothing is known. folder: where models are kept;
 * measurements: NULL allowed. Transfer full. */
JsonNode *cli_machine_to_json (const LinnetMachine *machine,
                               const LinnetMeasurements *measurements,
                               const char *folder);

G_END_DECLS
