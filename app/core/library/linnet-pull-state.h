/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is written down of a pull that is under way, in the folder it fetches into, so that it can
 * go on after the program has ended, however it ended. */
#pragma once

#include "library/linnet-registry.h"

G_BEGIN_DECLS

/* references: NULL-terminated, as typed. G_IO_ERROR. */
gboolean linnet_pull_state_write (const char *folder,
                                  const char *const *references,
                                  const LinnetRemoteModel *model,
                                  GError **error);
void linnet_pull_state_remove (const char *folder);

/* The state in folder; NULL: there is none, or it is damaged. references: transfer full. */
LinnetRemoteModel *linnet_pull_state_read (const char *folder, GStrv *references);

G_END_DECLS
