/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetInhibit: keeps the computer from going to sleep by itself while something runs, where the
 * system lets one. Main thread. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _LinnetInhibit LinnetInhibit;

/* From now on, until it is freed. why: a translated sentence for those who ask the system. */
LinnetInhibit *linnet_inhibit_new (const char *why);
void linnet_inhibit_free (LinnetInhibit *self); /* NULL allowed */

G_END_DECLS
