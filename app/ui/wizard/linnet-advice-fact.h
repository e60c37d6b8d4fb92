/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetAdviceFact: one fact about a model on its card: what it is about, the fact, and a sentence
 * on what it means.
 *
 * Properties: "icon-name", "title" (strings). */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define LINNET_TYPE_ADVICE_FACT (linnet_advice_fact_get_type ())
G_DECLARE_FINAL_TYPE (LinnetAdviceFact, linnet_advice_fact, LINNET, ADVICE_FACT, AdwBin)

/* detail: NULL for none. */
void linnet_advice_fact_set (LinnetAdviceFact *self, const char *value, const char *detail);

G_END_DECLS
