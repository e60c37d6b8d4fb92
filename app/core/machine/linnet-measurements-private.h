/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the files of LinnetMeasurements share. */
#pragma once

#include "machine/linnet-measurements.h"

G_BEGIN_DECLS

/* The literal that equals type; NULL: there is no such type. */
const char *linnet_measurements_intern_type (const char *type);

G_END_DECLS
