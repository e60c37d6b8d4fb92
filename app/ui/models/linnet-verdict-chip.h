/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetVerdictChip: whether a model runs here, as a colour, a sign and words. */
#pragma once

#include <adwaita.h>

#include "advisor/linnet-advice.h"

G_BEGIN_DECLS

#define LINNET_TYPE_VERDICT_CHIP (linnet_verdict_chip_get_type ())
G_DECLARE_FINAL_TYPE (LinnetVerdictChip, linnet_verdict_chip, LINNET, VERDICT_CHIP, AdwBin)

GtkWidget *linnet_verdict_chip_new (void);
void linnet_verdict_chip_set_verdict (LinnetVerdictChip *self, LinnetVerdict verdict);

G_END_DECLS
