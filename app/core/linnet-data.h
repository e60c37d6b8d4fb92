/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where the files are that come with Linnet: the catalogue and the demo model. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The path of the file of that name, in the folder that LINNET_DATA_DIR names, where it was
 * installed, or in the build that this program is a part of. Transfer full; NULL: it is not
 * there. */
char *linnet_data_find (const char *name);

G_END_DECLS
