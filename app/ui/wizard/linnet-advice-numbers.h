/* SPDX-License-Identifier: GPL-3.0-or-later
 * The figures behind an advice, for experts. A pure function. */
#pragma once

#include "advisor/linnet-advice.h"

G_BEGIN_DECLS

/* title and value are translated. */
typedef void (*LinnetAdviceNumberFunc) (const char *title, const char *value, gpointer user_data);

/* Calls func with each figure, in the order in which they are to be read. */
void linnet_advice_foreach_number (const LinnetAdvice *advice,
                                   LinnetAdviceNumberFunc func,
                                   gpointer user_data);

G_END_DECLS
