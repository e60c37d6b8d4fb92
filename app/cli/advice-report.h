/* SPDX-License-Identifier: GPL-3.0-or-later
 * Advice on stdout. */
#pragma once

#include "advisor/linnet-advice.h"

G_BEGIN_DECLS

/* The recommendation with its reasons, and a table of all models in their best quantisation. */
void advice_report_print (const LinnetAdviceList *list, const LinnetMachine *machine);

/* Everything, as JSON. */
void advice_report_print_json (const LinnetAdviceList *list,
                               const LinnetMachine *machine,
                               const LinnetMeasurements *measurements,
                               const LinnetWishes *wishes);

G_END_DECLS
