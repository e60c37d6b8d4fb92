/* SPDX-License-Identifier: GPL-3.0-or-later
 * The files of one download in its folder: NAME.part, which is locked while it is open, its journal
 * NAME.part.json, and NAME when it is done. Everything here blocks: for the writer thread. */
#pragma once

#include "library/linnet-download-private.h"

G_BEGIN_DECLS

typedef struct _LinnetDisk LinnetDisk;

/* Makes the folder and the part if they are missing. LINNET_DOWNLOAD_ERROR throughout. */
LinnetDisk *linnet_disk_open (const char *folder, const char *name, GError **error);
void linnet_disk_close (LinnetDisk *self);
/* Whether the part that is open still has its name. */
gboolean linnet_disk_is_in_place (LinnetDisk *self);
/* What is in the part; NULL: nothing that can be trusted. */
LinnetJournal *linnet_disk_load (LinnetDisk *self);
/* What the system has taken is on the disk now. Where it is not, the system says so once: from then
 * on nothing may be believed that was written since the last time. */
gboolean linnet_disk_flush (LinnetDisk *self, GError **error);
/* Claims what is in the part, which has been flushed. */
void linnet_disk_save (LinnetDisk *self, const LinnetJournal *journal);
/* Removes the journal, then all bytes. */
gboolean linnet_disk_empty (LinnetDisk *self, GError **error);
/* Sparse. */
gboolean linnet_disk_set_size (LinnetDisk *self, guint64 bytes, GError **error);
guint64 linnet_disk_get_size (LinnetDisk *self);
gboolean
linnet_disk_read (LinnetDisk *self, guint64 offset, guint8 *bytes, gsize n_bytes, GError **error);
gboolean linnet_disk_write (
    LinnetDisk *self, guint64 offset, const guint8 *bytes, gsize n_bytes, GError **error);
/* Renames the part, which has been flushed, and removes the journal. */
gboolean linnet_disk_place (LinnetDisk *self, GError **error);

gboolean linnet_disk_check_room (const char *folder, guint64 n_bytes, GError **error);
/* Removes part and journal, and the finished file if is_finished. */
void linnet_disk_remove (const char *folder, const char *name, gboolean is_finished);
/* bytes: 0: of any size. */
gboolean linnet_disk_has_final (const char *folder, const char *name, guint64 bytes);
guint64 linnet_disk_get_final_bytes (const char *folder, const char *name);
/* NULL: it cannot be read, or *serial is not wanted_serial any more. */
char *
linnet_disk_hash_final (const char *folder, const char *name, const int *serial, int wanted_serial);

G_END_DECLS
