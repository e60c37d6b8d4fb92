/* SPDX-License-Identifier: GPL-3.0-or-later
 * An advice in words and colours: what a quantisation is, what a licence allows, how a verdict
 * looks. Pure functions. */
#pragma once

#include "advisor/linnet-advice.h"

G_BEGIN_DECLS

/* What "Q4_K_M" means, in a sentence; static. */
const char *linnet_quantisation_explain (const char *quantisation);

/* What the licence of model means; translated. Transfer full. */
char *linnet_licence_explain (const LinnetCatalogueModel *model);

/* Static: the name of an icon, and a style class with the colour to go with it. */
const char *linnet_verdict_get_icon (LinnetVerdict verdict);
const char *linnet_verdict_get_css_class (LinnetVerdict verdict);

/* "about 9 words a second: a 100-character answer in about 8 s". Transfer full. */
char *linnet_advice_describe_speed (const LinnetAdvice *advice);

/* "Q4_K_M · 1.9 GB · about 9 words a second": below the name of a model. Transfer full. */
char *linnet_advice_describe_briefly (const LinnetAdvice *advice);

G_END_DECLS
