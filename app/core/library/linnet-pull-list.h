/* SPDX-License-Identifier: GPL-3.0-or-later
 * LinnetPullList: the pulls of this program, those that an earlier run left unfinished among them,
 * as a GListModel of LinnetPull; those that are done or cancelled leave it. While one is running,
 * the computer is kept from going to sleep. Main thread.
 *
 * Signal "finished" (LinnetPull): it is done, failed or cancelled. */
#pragma once

#include "library/linnet-pull.h"

G_BEGIN_DECLS

#define LINNET_TYPE_PULL_LIST (linnet_pull_list_get_type ())
G_DECLARE_FINAL_TYPE (LinnetPullList, linnet_pull_list, LINNET, PULL_LIST, GObject)

LinnetPullList *linnet_pull_list_new (LinnetLibrary *library);
LinnetLibrary *linnet_pull_list_get_library (LinnetPullList *self); /* borrowed */

/* Starts a pull, or the one of that name that is there already. Borrowed; NULL:
 * LINNET_LIBRARY_ERROR_REFERENCE. */
LinnetPull *
linnet_pull_list_add (LinnetPullList *self, const char *const *references, GError **error);
/* The pull of the first of references, if it is there; borrowed. */
LinnetPull *linnet_pull_list_find (LinnetPullList *self, const char *name);

G_END_DECLS
