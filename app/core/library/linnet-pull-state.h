/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is written down of a pull that is under way, in the folder it fetches into, so that it can
 * go on after the program has ended, however it ended. */
#pragma once

#include "library/linnet-download.h"
#include "library/linnet-registry.h"

G_BEGIN_DECLS

/* references: NULL-terminated, as typed. G_IO_ERROR. */
gboolean linnet_pull_state_write (const char *folder,
                                  const char *const *references,
                                  const LinnetRemoteModel *model,
                                  GError **error);
void linnet_pull_state_remove (const char *folder);

/* Removes the model's files, and the folder if nothing else is in it. */
void linnet_pull_state_remove_files (const char *folder, const LinnetRemoteModel *model);
/* Cancels the download of the model's files, and removes them and the folder, sooner or later. */
void linnet_pull_state_discard (const char *folder,
                                const LinnetRemoteModel *model,
                                LinnetDownload *download);

/* Bytes that are in folder already. Blocks, but not for long. */
guint64 linnet_pull_state_count_kept (const char *folder, const LinnetRemoteModel *model);

/* The state in folder; NULL: there is none, or it is damaged. references: transfer full. */
LinnetRemoteModel *linnet_pull_state_read (const char *folder, GStrv *references);

G_END_DECLS
