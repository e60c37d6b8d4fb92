/* SPDX-License-Identifier: GPL-3.0-or-later
 * The line that says how a pull is going, for people. */
#pragma once

#include "library/linnet-pull.h"

G_BEGIN_DECLS

/* Translated; "" before it begins. Transfer full. */
char *linnet_pull_format_status (LinnetPull *pull);

G_END_DECLS
